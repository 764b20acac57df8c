"""Fillers: faces of synthetic people, planted among the candidates of a review.

A filler is a use of a person's face. So it is nobody's: the pictures were made by a machine (openpeople, MIT licence),
belong to no source and no gallery, and need no basis. What a living person's reference would need instead, consent to
this very purpose, no policy pack offers; so no gallery is drawn from.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_

FILLERS_PER_REVIEW = 2


@dataclass(frozen=True, kw_only=True)
class Filler:
    """One filler. `eye_share`: distance of the eyes as a share of the crop's width. `crop`: JPEG."""

    name: str
    eye_share: float
    crop: bytes = field(repr=False)


@cache
def fillers() -> dict[str, Filler]:
    """All fillers by name, each checked against its SHA-256. Raises IntegrityError."""
    folder = files("countenance.review").joinpath("fillers")
    listed = json.loads(folder.joinpath("fillers.json").read_text("utf-8"))["fillers"]
    found = {}
    for entry in listed:
        crop = folder.joinpath(f"{entry['name']}.jpg").read_bytes()
        if sha256_hex(crop) != entry["sha256"]:
            raise IntegrityError(
                N_("The filler {filler} is not the picture that belongs to this release."),
                remedy=N_("Install the release again."),
                code="filler-damaged",
                filler=entry["name"],
            )
        found[entry["name"]] = Filler(name=entry["name"], eye_share=entry["eye_share"], crop=crop)
    return found


def draw(count: int) -> list[str]:
    """Names of `count` fillers, at random and each once."""
    return secrets.SystemRandom().sample(sorted(fillers()), count)
