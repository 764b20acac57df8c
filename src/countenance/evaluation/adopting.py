"""A report of `countenance evaluate`, read back as what a workspace may stand by: rates, sizes, groups.

What is too little to stand by is refused by name: scores of another system, another template space, no open set, fewer than
30 strangers or 30 mates (the rule of 30; ISO/IEC 19795-1:2021, annex B, asks for that many errors; with fewer persons there
cannot be as many independent ones).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from countenance.biometrics.statement import LEAST_SEEN
from countenance.evaluation.document import FORMAT
from countenance.evaluation.values import Definition
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.errors import FormatError, UsageError
from countenance.primitives.text import N_

MOST_BYTES = 4 << 20
_MOST_POINTS = 5000


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is taken from a report. `people`: enrolled. `curve`: T ascending, FPIR and FNIR at each. `sha256`: of its bytes.
    `floor_norm`, `weak_norm`: see `evaluation.quality.Floors`."""

    sha256: str
    at: datetime
    space_id: str
    people: int
    references_each: int
    strangers: int
    mates: int
    curve: Mapping[str, Sequence[float]]
    groups: tuple[Json, ...]
    floor_norm: float | None
    weak_norm: float | None


def read_report(text: str, definition: Definition) -> Report:
    """Read a report's JSON; `definition`: of a template, as the pack in use makes it.

    Raises FormatError where it is none, UsageError where it is too little to stand by.
    """
    if len(text.encode()) > MOST_BYTES:
        raise _malformed()
    try:
        held = json.loads(text)
        if held["format"] != FORMAT:
            raise _malformed()
        if held["space_id"] is None:
            raise UsageError(
                N_(
                    "This report is of scores of another system; they say nothing of this workspace's templates."
                ),
                code="evaluation-foreign",
            )
        found = [one for one in held["results"] if one["definition"] == definition.value]
        if not found:
            raise UsageError(
                N_("This report did not measure templates as the model pack makes them ({definition})."),
                remedy=N_(
                    "Measure again: countenance evaluate DATA --definition {definition} --report report.json"
                ),
                code="evaluation-definition",
                definition=definition.value,
            )
        return _report(text, held, found[0])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _malformed() from error


def _report(text: str, held: Mapping[str, Any], one: Mapping[str, Any]) -> Report:
    open_set = one["open_set"]
    if open_set is None:
        raise UsageError(
            N_(
                "This report has no open-set searches: nothing says how often a stranger's photograph brings a candidate."
            ),
            code="evaluation-no-open-set",
        )
    at = datetime.fromisoformat(held["at"])
    if at.tzinfo is None:
        raise _malformed()
    strangers, mates = _count(open_set["strangers"]), _count(open_set["mates"])
    if min(strangers, mates) < LEAST_SEEN:
        raise UsageError(
            N_(
                "This report rests on {strangers} strangers and {mates} enrolled persons; it takes {least} of each."
            ),
            remedy=N_("Measure on more persons."),
            code="evaluation-small",
            strangers=strangers,
            mates=mates,
            least=LEAST_SEEN,
        )
    floors = one.get("quality_floors", {})  # none in a report of an older release
    return Report(
        sha256=sha256_hex(text.encode()),
        at=at.astimezone(UTC),
        space_id=str(held["space_id"]),
        people=_count(open_set["N"]["value"]),
        references_each=_count(held["protocol"]["references"]),
        strangers=strangers,
        mates=mates,
        curve=_curve(one["curves"]["identification"]),
        groups=tuple(_groups(one["differentials"])),
        floor_norm=_norm(floors.get("enrol")),
        weak_norm=_norm(floors.get("weak")),
    )


def _curve(held: Mapping[str, Any]) -> dict[str, Sequence[float]]:
    """T must rise, FPIR fall, FNIR rise: a curve that does not is not one that we wrote."""
    columns = {name: [float(value) for value in held[name]] for name in ("T", "FPIR", "FNIR")}
    length = len(columns["T"])
    if not 2 <= length <= _MOST_POINTS or {len(column) for column in columns.values()} != {length}:
        raise _malformed()
    every = [value for column in columns.values() for value in column]
    rates = columns["FPIR"] + columns["FNIR"]
    rising = all(low < high for low, high in pairwise(columns["T"]))
    falling = all(low >= high for low, high in pairwise(columns["FPIR"]))
    missing_more = all(low <= high for low, high in pairwise(columns["FNIR"]))
    if not (all(map(math.isfinite, every)) and rising and falling and missing_more):
        raise _malformed()
    if not all(0 <= rate <= 1 for rate in rates):
        raise _malformed()
    return {name: tuple(column) for name, column in columns.items()}


def _groups(held: Sequence[Mapping[str, Any]]) -> list[Json]:
    """Every declared group with its rates, in few words."""
    return [
        {
            "dimension": str(each["dimension"]),
            "group": str(group["group"]),
            "persons": _count(group["persons"]),
            "enough": group["enough"] is True,
            "T": each["T"]["value"],
            "FMR": group["FMR"]["value"],
            "FNMR": group["FNMR"]["value"],
        }
        for each in held
        for group in each["groups"]
    ]


def _norm(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < math.inf:
        raise _malformed()
    return float(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _malformed()
    return value


def _malformed() -> FormatError:
    return FormatError(
        N_("This is no report of countenance evaluate, or it was changed."),
        remedy=N_("Write one: countenance evaluate DATA --report report.json"),
        code="evaluation-report",
    )
