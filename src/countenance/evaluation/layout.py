"""What is to be evaluated, as people have it: a folder per person, a CSV of photographs, LFW's file of pairs.

A picture's person is the name of its folder, or the column `person`. All other columns of a CSV are groups that somebody
declared; nothing is estimated. Names stay in this process: no result holds one.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from countenance.primitives.errors import FormatError, NotFoundError, UsageError
from countenance.primitives.text import N_

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".avif", ".gif", ".jp2", ".heic", ".heif"}
)
SCORE_COLUMNS = ("probe", "probe_person", "reference", "reference_person", "score")
_MOST_GROUPS = 8


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """One file. `groups`: label for each declared dimension, "" for none."""

    path: Path
    person: str
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One line of a pairs file: places of two photographs, and the set it belongs to."""

    first: int
    second: int
    mated: bool
    fold: int


def is_scores(data: Path) -> bool:
    """Whether `data` is a CSV of comparison scores rather than of photographs."""
    return data.is_file() and set(SCORE_COLUMNS) <= set(_header(data))


def read_photographs(data: Path) -> tuple[Photograph, ...]:
    """The photographs of a folder with a folder for each person, or of a CSV (`path, person`, groups), in order of name.

    Raises NotFoundError, UsageError (no folder for each person), FormatError (the CSV).
    """
    if data.is_dir():
        return _folder(data)
    if not data.exists():
        raise NotFoundError(N_("There is no folder and no file {path}."), code="data-missing", path=str(data))
    return _table(data)


def _folder(data: Path) -> tuple[Photograph, ...]:
    found: list[Photograph] = []
    for folder in sorted(data.iterdir()):
        if not folder.is_dir() or folder.name.startswith("."):
            continue
        person = os.fsencode(folder.name).decode("utf-8", "replace")
        found.extend(
            Photograph(path=path, person=person)
            for path in sorted(folder.iterdir())
            if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
        )
    if not found:
        raise UsageError(
            N_("{path} holds no folder with photographs: a folder for each person is needed."),
            remedy=N_(
                "For example {path}/First_Last/First_Last_0001.jpg; or give a CSV with the columns path and person."
            ),
            code="data-layout",
            path=str(data),
        )
    return tuple(found)


def _header(data: Path) -> list[str]:
    try:
        with data.open(newline="", encoding="utf-8-sig") as stream:
            return [name.strip() for name in next(csv.reader(stream), [])]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(
            N_("{path} is neither a folder nor a CSV that can be read."), code="data-csv", path=str(data)
        ) from error


def _table(data: Path) -> tuple[Photograph, ...]:
    names = _header(data)
    dimensions = [name for name in names if name not in {"path", "person"}]
    if (
        not {"path", "person"} <= set(names)
        or len(set(names)) != len(names)
        or len(dimensions) > _MOST_GROUPS
    ):
        raise FormatError(
            N_(
                "{path} needs the columns path and person, each once, and at most {most} others, which are groups; "
                "a CSV of scores needs {scores}."
            ),
            code="data-columns",
            path=str(data),
            most=_MOST_GROUPS,
            scores=", ".join(SCORE_COLUMNS),
        )
    found = []
    try:
        with data.open(newline="", encoding="utf-8-sig") as stream:
            for number, row in enumerate(csv.reader(stream)):
                if number == 0 or not row:
                    continue
                line = dict(zip(names, (value.strip() for value in row), strict=False))
                if len(row) != len(names) or not line["path"] or not line["person"]:
                    raise FormatError(
                        N_(
                            "Line {line} of {path} does not have a path, a person and as many values as columns."
                        ),
                        code="data-line",
                        path=str(data),
                        line=number + 1,
                    )
                found.append(
                    Photograph(
                        path=data.parent / line["path"],
                        person=line["person"],
                        groups={name: line[name] for name in dimensions},
                    )
                )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FormatError(
            N_("{path} is neither a folder nor a CSV that can be read."), code="data-csv", path=str(data)
        ) from error
    if not found:
        raise FormatError(N_("{path} names no photograph."), code="data-empty", path=str(data))
    return tuple(found)


def read_pairs(pairs: Path, photographs: tuple[Photograph, ...]) -> tuple[Pair, ...]:
    """LFW's pairs file: "10<TAB>300", then in each of 10 sets 300 mated lines `name n m` and 300 non-mated `name n name m`.

    A photograph is `name/name_nnnn` with any suffix. Raises FormatError, NotFoundError.
    """
    try:
        lines = [line.split() for line in pairs.read_text("utf-8-sig").splitlines() if line.strip()]
        folds, size = (int(value) for value in lines[0])
    except (OSError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise FormatError(
            N_(
                '{path} is no file of pairs: its first line must hold the number of sets and of pairs, as "10 300".'
            ),
            code="pairs",
            path=str(pairs),
        ) from error
    if len(lines) != 1 + 2 * folds * size:
        raise FormatError(
            N_("{path} should hold {wanted} pairs by its first line; it holds {count}."),
            code="pairs",
            path=str(pairs),
            wanted=2 * folds * size,
            count=len(lines) - 1,
        )
    places = {(one.person, one.path.stem): place for place, one in enumerate(photographs)}
    found = []
    for number, words in enumerate(lines[1:]):
        if len(words) not in {3, 4} or not re.fullmatch(r"\d+", words[1]) or not words[-1].isdigit():
            raise FormatError(
                N_("Line {line} of {path} is no pair."), code="pairs", path=str(pairs), line=number + 2
            )
        other = words[0] if len(words) == 3 else words[2]
        found.append(
            Pair(
                first=_place(places, words[0], words[1], pairs, number),
                second=_place(places, other, words[-1], pairs, number),
                mated=len(words) == 3,
                fold=number // (2 * size),
            )
        )
    return tuple(found)


def _place(places: Mapping[tuple[str, str], int], name: str, number: str, pairs: Path, line: int) -> int:
    place = places.get((name, f"{name}_{int(number):04d}"))
    if place is None:
        raise NotFoundError(
            N_("Line {line} of {path} names a photograph that is not in the folder."),
            remedy=N_("Give the folder that the file of pairs was made for, complete."),
            code="pairs-photograph",
            path=str(pairs),
            line=line + 2,
        )
    return place
