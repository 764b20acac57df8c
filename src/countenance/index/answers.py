"""What the index answers: scored rows and the coverage of the scan."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.biometrics.templates import SpaceId


@dataclass(frozen=True, kw_only=True)
class ScoredRow:
    """One reference and its comparison score: the cosine of two centred unit vectors, -1..1."""

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
