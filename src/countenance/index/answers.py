"""What the index answers: scored rows and the coverage of the scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from countenance.biometrics.templates import SpaceId


class ScoredRow(NamedTuple):
    """One reference and its comparison score: the cosine of two centred unit vectors, -1..1.

    A tuple, since a search makes hundreds, and these are made five times as fast as frozen dataclasses.
    """

    reference_id: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """How much of what was permitted has been scanned. Says nothing of what was not permitted.

    `searched` of `permitted` references; `not_searchable`: permitted, but without a template in the probe's space
    or not loaded yet. searched + not_searchable == permitted.
    """

    searched: int
    permitted: int
    not_searchable: int


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Best rows first (ties by reference id), all at or above the floor, and the coverage."""

    rows: tuple[ScoredRow, ...]
    coverage: Coverage
    space_id: SpaceId
    grant_id: str


class NotSearchable(StrEnum):
    """Why a reference that is in the index cannot be searched."""

    KEY_DESTROYED = "key-destroyed"  # erased halfway: the key is gone, the row will follow
    DAMAGED = "damaged"  # the sealed bytes, or what they opened to, are not a template
    MISSING = "missing"  # no sealed template stands under the reference


@dataclass(frozen=True, kw_only=True)
class SpaceStatistics:
    """What is loaded of one space. `rows`: searchable references. `resident_bytes`: of their matrices."""

    space_id: SpaceId
    dimension: int
    rows: int
    resident_bytes: int


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """The state of one index process, for operators: it speaks of all galleries and is no answer to a search.

    `references`: enrolled as of `seq`, the number of the last change applied. `not_searchable`: by reason.
    """

    references: int
    spaces: tuple[SpaceStatistics, ...]
    not_searchable: Mapping[NotSearchable, int]
    seq: int
