"""A CSV of comparison scores from any system: probe, probe_person, reference, reference_person, score.

Read twice: for the persons that have a reference, and for the scores. A probe whose person is in no reference is
non-mated. Rows of one probe must lie together, so that memory holds one search at a time.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from countenance.evaluation.layout import SCORE_COLUMNS
from countenance.evaluation.pairs import HighScores, PairCounts
from countenance.evaluation.searches import KEPT, Searches
from countenance.evaluation.values import NOT_ACQUIRED, Bins
from countenance.primitives.errors import FormatError, UsageError
from countenance.primitives.text import N_

_AT_ONCE = 200_000

type Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoreFile:
    """What a file of scores gave. `counts`: all comparisons. `searches`: one for each probe, all in one split."""

    counts: PairCounts
    searches: Searches
    persons: int
    probes: int
    not_acquired: int


@dataclass(frozen=True, kw_only=True)
class _Row:
    probe: str
    probe_person: str
    reference_person: str
    score: float


def read_scores(data: Path, progress: Progress | None = None) -> ScoreFile:
    """Read a file of scores. An empty score is a failure to acquire. Raises FormatError, UsageError."""
    number: dict[str, int] = {}
    enrolled: set[str] = set()
    low, high, total = math.inf, -math.inf, 0
    for row in _rows(data):
        enrolled.add(row.reference_person)
        for name in (row.probe_person, row.reference_person):
            number.setdefault(name, len(number))
        total += 1
        if math.isfinite(row.score):
            low, high = min(low, row.score), max(high, row.score)
    if not total or low > high:
        raise UsageError(N_("{path} holds no comparison score."), code="scores-empty", path=str(data))
    # Cosines keep their natural bins; other scores get as many over their own range.
    bins = Bins() if low >= -1.0001 and high <= 1.0001 else Bins(start=low, step=(high - low) / 20_000)
    return _Reader(bins, number, enrolled, total).read(data, progress)


class _Reader:
    def __init__(self, bins: Bins, number: dict[str, int], enrolled: set[str], total: int) -> None:
        self._bins, self._number, self._enrolled, self._total = bins, number, enrolled, total
        persons = len(number)
        self._mated, self._non_mated = np.zeros(bins.count, np.int64), np.zeros(bins.count, np.int64)
        self._mated_attempts = np.zeros(persons, np.int64)
        self._non_mated_attempts = np.zeros(persons, np.int64)
        self._high = HighScores(-math.inf)
        self._mated_score: list[float] = []
        self._mated_person: list[int] = []
        self._waiting: list[tuple[float, int, int]] = []
        self._own: list[tuple[float, int, int]] = []  # score, rank, person
        self._strangers: list[tuple[list[float], int]] = []
        self._lost = 0

    def read(self, data: Path, progress: Progress | None) -> ScoreFile:
        seen: set[str] = set()
        probe, person, best = "", "", dict[str, float]()
        for count, row in enumerate(_rows(data)):
            if row.probe != probe:
                if probe:
                    self._search(person, best)
                if row.probe in seen:
                    raise FormatError(
                        N_("The rows of one probe do not lie together in {path} (line {line})."),
                        remedy=N_("Sort the file by the column probe."),
                        code="scores-order",
                        path=str(data),
                        line=count + 2,
                    )
                seen.add(row.probe)
                probe, person, best = row.probe, row.probe_person, {}
            best[row.reference_person] = max(best.get(row.reference_person, -math.inf), row.score)
            self._compare(row)
            if progress is not None and count % _AT_ONCE == 0:
                progress(count, self._total)
        self._search(person, best)
        self._flush()
        return self._result(len(seen))

    def _compare(self, row: _Row) -> None:
        first, second = self._number[row.probe_person], self._number[row.reference_person]
        self._lost += not math.isfinite(row.score)
        if first == second:
            self._mated_attempts[first] += 1
            self._mated_score.append(row.score)
            self._mated_person.append(first)
            return
        self._non_mated_attempts[first] += 1
        self._non_mated_attempts[second] += 1
        if math.isfinite(row.score):
            self._waiting.append((row.score, first, second))
            if len(self._waiting) >= _AT_ONCE:
                self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        score, first, second = (np.array(part) for part in zip(*self._waiting, strict=True))
        self._waiting.clear()
        self._non_mated += np.bincount(self._bins.place(score.astype(np.float32)), minlength=self._bins.count)
        self._high.add(score, first, second)

    def _search(self, person: str, best: dict[str, float]) -> None:
        if person in self._enrolled:
            mate = best.pop(person, NOT_ACQUIRED)
            rank = 1 + sum(score > mate for score in best.values())
            self._own.append((mate, rank, self._number[person]))
        else:
            tops = sorted(best.values(), reverse=True)[:KEPT]
            self._strangers.append((tops, self._number[person]))

    def _result(self, probes: int) -> ScoreFile:
        score = np.array(self._mated_score, np.float32)
        self._mated += np.bincount(self._bins.place(score[np.isfinite(score)]), minlength=self._bins.count)
        high = self._high.arrays()
        width = max((len(tops) for tops, _ in self._strangers), default=1)
        tail = np.full((len(self._strangers), width), NOT_ACQUIRED, np.float32)
        for place, (tops, _) in enumerate(self._strangers):
            tail[place, : len(tops)] = tops
        counts = PairCounts(
            bins=self._bins,
            mated=self._mated,
            non_mated=self._non_mated,
            mated_attempts=self._mated_attempts,
            non_mated_attempts=self._non_mated_attempts,
            mated_score=score,
            mated_person=np.array(self._mated_person, np.int32),
            high_score=high[0],
            high_first=high[1],
            high_second=high[2],
            high_from=self._high.floor,
        )
        searches = Searches(
            sizes=np.array([len(self._enrolled)], np.int64),
            mate_score=np.array([one[0] for one in self._own], np.float32),
            mate_rank=np.array([[one[1]] for one in self._own], np.int32).reshape(-1, 1),
            mate_person=np.array([one[2] for one in self._own], np.int32),
            mate_quality=np.full(len(self._own), np.nan),
            top=tail[:, :1],
            tail=tail,
            stranger=np.array([person for _, person in self._strangers], np.int32),
        )
        return ScoreFile(
            counts=counts,
            searches=searches,
            persons=len(self._number),
            probes=probes,
            not_acquired=self._lost,
        )


def _rows(data: Path) -> Iterator[_Row]:
    line = 1
    try:
        with data.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            if not set(SCORE_COLUMNS) <= set(reader.fieldnames or ()):
                raise FormatError(
                    N_("{path} needs the columns {columns}."),
                    code="scores-columns",
                    path=str(data),
                    columns=", ".join(SCORE_COLUMNS),
                )
            for row in reader:
                line += 1
                yield _read_row(row)
    except (OSError, UnicodeDecodeError, csv.Error, ValueError, TypeError, AttributeError) as error:
        raise FormatError(
            N_(
                "Line {line} of {path} is no comparison: persons and a score that is a number, or empty, are needed."
            ),
            code="scores-line",
            path=str(data),
            line=line,
        ) from error


def _read_row(row: dict[str, str]) -> _Row:
    written = row["score"].strip()
    score = float(written) if written else NOT_ACQUIRED
    if written and not math.isfinite(score):
        raise ValueError("not a number")
    names = [row[name].strip() for name in SCORE_COLUMNS[:4]]
    if not all(names):
        raise ValueError("a name is missing")
    return _Row(probe=names[0], probe_person=names[1], reference_person=names[3], score=score)
