"""Where somebody lives, as a list to choose from: ISO 3166 in the reader's language, from the tables of iso-codes."""

from __future__ import annotations

import gettext
import unicodedata
from functools import cache
from typing import Any

from countenance.cli.language import Language

_FIRST = "CA"  # the country whose provinces have laws of their own here


@cache
def places(language: Language) -> tuple[tuple[str, str], ...]:
    """Codes and names: first the parts of Canada, then every country; each part in the order of the alphabet."""
    import pycountry

    tables: Any = pycountry

    def names(domain: str) -> gettext.NullTranslations:
        return gettext.translation(domain, tables.LOCALES_DIR, [language.value], fallback=True)

    parts, countries = names("iso3166-2"), names("iso3166-1")
    first = [(row.code, parts.gettext(row.name)) for row in tables.subdivisions.get(country_code=_FIRST)]
    rest = [
        (row.alpha_2, countries.gettext(getattr(row, "common_name", row.name))) for row in tables.countries
    ]
    return (*sorted(first, key=_order), *sorted(rest, key=_order))


def _order(row: tuple[str, str]) -> str:
    """Without accents, so that É stands beside E."""
    return unicodedata.normalize("NFD", row[1]).encode("ascii", "ignore").decode().casefold()
