"""Places: ISO 3166-1 alpha-2 (`CA`) and ISO 3166-2 (`CA-QC`) codes."""

from __future__ import annotations

from typing import Any

from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_


def check_place(text: str) -> str:
    """`text` as a code in capitals. Raises UsageError where ISO 3166 has no such place."""
    import pycountry  # its tables take a tenth of a second to load

    code = text.strip().upper()
    places: Any = pycountry  # it publishes no types
    known = places.countries.get(alpha_2=code) if len(code) == 2 else places.subdivisions.get(code=code)
    if known is None:
        raise UsageError(
            N_("{value} is not a place of ISO 3166."),
            remedy=N_("Write a country as CA, a province or state as CA-QC."),
            code="place",
            value=text,
        )
    return code


def country(place: str) -> str:
    """The country part of a code: `CA` of `CA-QC`."""
    return place.partition("-")[0]


def within(place: str, whole: str) -> bool:
    """Whether `place` is `whole` or a part of it: `CA-QC` of `CA`, never the reverse."""
    return place == whole or place.startswith(whole + "-")
