"""Values of one batch: a file on its way, and how it ended."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field

from countenance.biometrics.vocabulary import PhotographState
from countenance.extraction.values import ExtractionResult
from countenance.ingest.desk import Brief
from countenance.ingest.gate import Stopped
from countenance.ingest.ledger import Claim
from countenance.ingest.listing import Unread
from countenance.primitives.canonical import Json, canonical_json, sha256_hex

type FaceKey = tuple[int, int, int]
"""(item id, page, face's index on the page)."""


@dataclass(frozen=True, kw_only=True)
class Unchanged:
    """The same bytes, looked at in the same way, with the same persons and permissions as before."""


@dataclass(kw_only=True)
class Taken:
    """One file on its way. `brief` and `sha256` are None where it was not read; `result` when it is known."""

    item: int
    path: str
    claim: Claim
    brief: Brief | None = None
    sha256: str | None = None
    size: int = 0
    future: Future[ExtractionResult] | None = None
    result: ExtractionResult | Unread | Unchanged | None = None


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one file ended. `photograph`: its first page's row, where there is one."""

    state: PhotographState
    reason: str = ""
    photograph: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A face's new id, and its template sealed under that id's key."""

    face: uuid.UUID
    template: bytes


@dataclass(kw_only=True)
class Written:
    """What a batch came to."""

    items: Counter[str] = field(default_factory=Counter)
    enrolled: int = 0
    lost: int = 0  # items whose shard another process had taken over
    run_finished: bool = False


class StoppedByPolicyError(Exception):
    """Policy stops the run; carries the refusal out of the transaction, which is undone."""

    def __init__(self, stopped: Stopped) -> None:
        self.stopped = stopped
        super().__init__(stopped.refused.reason)


def fingerprint(extraction: str, words: Json) -> str:
    """What a photograph's result depends on, besides its bytes: 64 hexadecimal digits."""
    return sha256_hex(canonical_json([extraction, words]))
