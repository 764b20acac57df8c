"""The synthetic people of `openpeople` (MIT) and the parts they play.

The package is a carrier of files: nothing of it is imported. Its people are generated; nobody is depicted.
"""

from __future__ import annotations

import csv
import importlib.metadata
import io
import shutil
from dataclasses import dataclass
from pathlib import Path

from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_

PEOPLE = tuple(f"P{number:03}" for number in range(1, 11))
WITHDREW = "P005"  # gave consent, and withdrew before the photographs came in
NEVER = "P003"  # never gave any
LEAVES = "P009"  # withdraws while we look on
CONSENTING = tuple(person for person in PEOPLE if person not in {WITHDREW, NEVER})

HELD_OUT = "amateur_selfie"
"""Searched with, and never taken in."""

TAKEN_IN = {
    "studio_portrait": ("portraits/{person}.jpg", "2024-05-14"),
    "studio_posture": ("standing/{person}-studio.jpg", "2024-05-14"),
    "amateur_posture": ("standing/{person}-outdoors.jpg", "2023~"),
    "emotions_sheet": ("sheets/{person}-expressions.jpg", ""),
    "character_sheet": ("sheets/{person}-views.jpg", ""),
}
"""Photograph of the package -> its path in the demonstration's source, and when it was taken (EDTF)."""

MARKED = {
    "P001": (835, 176, 155, 207),
    "P002": (1947, 975, 182, 256),
    "P003": (1959, 1444, 176, 223),
    "P004": (210, 68, 220, 285),
    "P005": (294, 1431, 135, 192),
    "P006": (1381, 531, 214, 299),
    "P007": (227, 76, 216, 290),
    "P008": (1965, 1010, 159, 211),
    "P009": (818, 959, 167, 229),
    "P010": (1384, 524, 216, 296),
}
"""One face on each sheet of expressions, as an operator marks it: left, top, width, height in pixels. The other sheet
is left unmarked, to show what becomes of a name on a picture of many faces."""


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Where everything lies. `photographs`: folder of the source. `manifest`: who is where. `probes`: by person."""

    photographs: Path
    manifest: Path
    probes: dict[str, Path]


@dataclass(frozen=True, kw_only=True)
class People:
    """The package as it is installed. `folder`: one folder for each person in it."""

    folder: Path
    version: str


def find_people() -> People:
    """The people of the package. Raises UnavailableError where it is not installed."""
    try:
        carrier = importlib.metadata.distribution("openpeople")
    except importlib.metadata.PackageNotFoundError as error:
        raise UnavailableError(
            N_("The synthetic people of the demonstration are not installed."),
            remedy=N_("Install them with: pip install 'countenance[demo]'"),
            code="demo-people-missing",
        ) from error
    return People(folder=Path(str(carrier.locate_file("openpeople/data/curated"))), version=carrier.version)


def lay_out(people: Path, folder: Path) -> Cast:
    """Copy the photographs to where an operator would keep them, and the held-out ones apart; write the manifest."""
    photographs, probes = folder / "photographs", folder / "probes"
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["path", "person", "captured_at", "source_ref", "face_box"])
    held_out: dict[str, Path] = {}
    for number, person in enumerate(PEOPLE, start=1):
        assets = people / person / "assets"
        for shelf, (name, (pattern, taken)) in enumerate(TAKEN_IN.items(), start=1):
            path = pattern.format(person=person)
            _copy(assets / f"{name}.jpg", photographs / path)
            box = ",".join(map(str, MARKED[person])) if name == "emotions_sheet" else ""
            writer.writerow([path, person, taken, f"A{shelf}-{number:02}", box])
        held_out[person] = probes / f"{person}.jpg"
        _copy(assets / f"{HELD_OUT}.jpg", held_out[person])
    manifest = folder / "manifest.csv"
    manifest.write_text(table.getvalue(), encoding="utf-8")
    return Cast(photographs=photographs, manifest=manifest, probes=held_out)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
