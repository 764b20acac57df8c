"""What the ingest path answers: a plan, the progress, and how everything ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from countenance.biometrics.vocabulary import Detail


class ItemReason(StrEnum):
    """Why a file did not get as far as the extraction engine, which has reasons of its own."""

    LINK = "link"  # refused: a link to a folder, out of the source, or to nothing
    NOT_A_FILE = "not-a-file"  # unreadable: a pipe, a socket or a device
    NOT_READABLE = "not-readable"  # failed: the system would not let us read it
    MISSING = "missing"  # failed: listed, but not there when it was its turn


class Stage(StrEnum):
    """Where the time goes. `read` and `store` are this process's; the others its workers'."""

    READ = "read"
    DECODE = "decode"
    DETECT = "detect"
    ALIGN = "align"
    EMBED = "embed"
    STORE = "store"


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How the work is cut up; the defaults suit a disk and two cores.

    `batch_photographs`, `batch_seconds`: a batch is written when it has either. `shard_items`: files per shard.
    `lease_seconds`: after this long without a heartbeat another process may take a shard over. `window_per_worker`:
    photographs read ahead for each worker; `window_bytes` bounds them all.
    """

    batch_photographs: int = 32
    batch_seconds: float = 1.0
    shard_items: int = 64
    lease_seconds: float = 60.0
    window_per_worker: int = 12
    window_bytes: int = 128 << 20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an ingest would take. Estimates come from a small timed sample; nothing is written.

    `formats`: files by name ending. `skipped`: hidden files and droppings of file managers, never read. `seconds`,
    `disk_bytes`, `memory_bytes`: for `detail` with `workers`. `seconds_full`: the same with detail full.
    `photographs_known`: of this source already. `sample`: how many files were timed.
    """

    source: str
    files: int
    bytes: int
    skipped: int
    unlisted: int
    formats: Mapping[str, int]
    sample: int
    faces: int
    seconds: float
    seconds_full: float
    disk_bytes: int
    memory_bytes: int
    workers: int
    detail: Detail
    photographs_known: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is. `rate`: files per second of this process of late. `eta_seconds`: None while unknown.

    `bottleneck`: the stage that takes most of the time; None before there is any.
    """

    run: str
    total: int
    finished: int
    faces_enrolled: int
    failed: int
    rate: float
    eta_seconds: float | None
    bottleneck: Stage | None
    waiting: bool = False


@dataclass(frozen=True, kw_only=True)
class IngestResult:
    """How a run stands when `ingest` returns.

    `photographs`: files by state, `pending` among them if it was stopped. `faces`: faces by state, of the files of this
    run. `missing`: photographs known from earlier runs and not in the folder now (not counted under a manifest, which
    chooses files); nothing is done to them. `rate`: files per second of this process. `stopped`: there is more to do; the same command goes on.
    """

    run: str
    source: str
    photographs: Mapping[str, int]
    faces: Mapping[str, int]
    references: int
    missing: int
    rate: float
    seconds: float
    bottleneck: Stage | None
    stopped: bool

    @property
    def failed(self) -> int:
        """How many files failed on our side; the exit code is 1 if there are any."""
        return self.photographs.get("failed", 0)


@dataclass(frozen=True, kw_only=True)
class FaceReport:
    """One face of a file. `person`: label, None where nobody is named. `rule`: policy's, where it refused.

    `box`: left, top, width, height in displayed pixels, as `face_box` of a manifest takes them.
    """

    page: int
    number: int
    state: str
    reason: str
    rule: str
    person: str | None
    box: tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class ItemReport:
    """One file of a run, how it ended and why. `path`: within the source, one line of text whatever its bytes."""

    path: str
    state: str
    reason: str
    faces: tuple[FaceReport, ...]
