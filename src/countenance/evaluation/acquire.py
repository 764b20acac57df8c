"""Photographs -> samples: one template of the face in the middle, in worker processes, kept in memory or an encrypted cache.

Each photograph ends in a template or in a named failure to acquire. What two files with the same bytes show is compared once.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from countenance.biometrics.vocabulary import Detail
from countenance.evaluation.cache import Cache
from countenance.evaluation.layout import Photograph
from countenance.evaluation.trials import Samples, Vectors
from countenance.evaluation.values import Definition, Floats
from countenance.extraction.pack import ModelPack
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import (
    EVALUATION_RULE,
    ExtractionFailed,
    ExtractionResult,
    PhotographExtraction,
    Unreadable,
)
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

NO_FACE = "no-face"
UNREADABLE = "not-readable"  # the file cannot be opened at all
_BLOCK = 512
_EMPTY = hashlib.sha256(b"").digest()

type Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Acquired:
    """What came of the photographs, in their order.

    `raw`: float32 (n, 2 or 1, dimension), zeros where none. `norm`: float64 (n,), NaN where none. `reason`: "" or why not.
    `copy_of`: int64 (n,), place of an earlier file with the same bytes, or -1. `digest`: uint8 (n, 32).
    """

    raw: npt.NDArray[np.float32]
    norm: Floats
    reason: tuple[str, ...]
    copy_of: npt.NDArray[np.int64]
    digest: npt.NDArray[np.uint8]


def acquire(
    photographs: Sequence[Photograph],
    pack: ModelPack,
    *,
    workers: int | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Acquired:
    """Extract every photograph. With a cache a run goes on where one before it stopped; failures of ours are tried again."""
    run = _Run(len(photographs), pack, cache)
    tell = progress or (lambda _done, _total: None)
    several = workers or _processors()
    with ExtractionPool(pack, workers=several) as pool:
        for place, photograph in enumerate(photographs):
            run.take(place, photograph, pool)
            while len(run.waiting) >= 2 * several:
                run.collect()
            tell(place + 1 - len(run.waiting), len(photographs))
        while run.waiting:
            run.collect()
            tell(len(photographs) - len(run.waiting), len(photographs))
    return run.finish()


def _processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Run:
    """The state of one run over `count` photographs."""

    def __init__(self, count: int, pack: ModelPack, cache: Cache | None) -> None:
        self._rows = 2 if pack.mirrored else 1
        self._raw = np.zeros((count, self._rows, pack.dimension), np.float32)
        self._norm = np.full(count, np.nan)
        self._reason = [""] * count
        self._digest = np.zeros((count, 32), np.uint8)
        self._cache = cache
        self._known = {} if cache is None else _read(cache, pack)
        self._block = 0 if cache is None else len(cache.names("templates-"))
        self._fresh: list[_Known] = []
        self.waiting: deque[tuple[int, bytes, Future[ExtractionResult]]] = deque()

    def take(self, place: int, photograph: Photograph, pool: ExtractionPool) -> None:
        """Read one photograph; what is known of its bytes is not computed again."""
        try:
            data = photograph.path.read_bytes()
        except OSError:
            self._reason[place] = UNREADABLE
            return
        key = hashlib.sha256(data).digest()
        self._digest[place] = np.frombuffer(key, np.uint8)
        if key in self._known:
            self._settle(place, self._known[key])
        else:
            self.waiting.append((place, key, pool.submit(data, detail=Detail.STANDARD, rule=EVALUATION_RULE)))

    def collect(self) -> None:
        """Wait for the oldest answer."""
        place, key, future = self.waiting.popleft()
        found = _read_result(future.result(), key, self._rows)
        self._settle(place, found)
        if not found.again:
            self._known[key] = found
            self._fresh.append(found)
        if len(self._fresh) >= _BLOCK:
            self._keep()

    def finish(self) -> Acquired:
        """What came of all of them."""
        self._keep()
        return Acquired(
            raw=self._raw,
            norm=self._norm,
            reason=tuple(self._reason),
            copy_of=_copies(self._digest),
            digest=self._digest,
        )

    def _settle(self, place: int, found: _Known) -> None:
        self._reason[place] = found.reason
        if found.raw is not None:
            self._raw[place], self._norm[place] = found.raw, found.norm

    def _keep(self) -> None:
        if self._cache is not None and self._fresh:
            _write(self._cache, self._block, self._fresh)
            self._block += 1
        self._fresh.clear()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """What one file gave. `again`: our side failed, so another run tries it again."""

    key: bytes
    raw: npt.NDArray[np.float32] | None
    norm: float
    reason: str
    again: bool = False


def _read_result(result: ExtractionResult, key: bytes, rows: int) -> _Known:
    if isinstance(result, Unreadable):
        return _Known(key=key, raw=None, norm=float("nan"), reason=result.reason.value)
    if isinstance(result, ExtractionFailed):
        return _Known(key=key, raw=None, norm=float("nan"), reason=result.reason.value, again=True)
    assert isinstance(result, PhotographExtraction)
    for page in result.pages:
        for face in page.faces:
            if face.template is not None and face.raw is not None and len(face.raw) == rows:
                return _Known(key=key, raw=face.raw, norm=float(face.template.norm), reason="")
    return _Known(key=key, raw=None, norm=float("nan"), reason=NO_FACE)


def _copies(digest: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    first: dict[bytes, int] = {}
    found = np.full(len(digest), -1, np.int64)
    for place, row in enumerate(digest):
        key = row.tobytes()
        if not row.any() or key == _EMPTY:
            continue
        found[place] = first.get(key, -1)
        first.setdefault(key, place)
    return found


def _write(cache: Cache, number: int, fresh: list[_Known]) -> None:
    made = [one for one in fresh if one.raw is not None]
    none = [one for one in fresh if one.raw is None]
    arrays: dict[str, npt.NDArray[np.generic]] = {
        "none_key": np.frombuffer(b"".join(one.key for one in none), np.uint8).reshape(-1, 32),
        "none_reason": np.array([one.reason for one in none], dtype="U40"),
    }
    if made:
        arrays |= {
            "key": np.frombuffer(b"".join(one.key for one in made), np.uint8).reshape(-1, 32),
            "raw": np.stack([one.raw for one in made if one.raw is not None]),
            "norm": np.array([one.norm for one in made]),
        }
    cache.put(f"templates-{number:06d}", arrays)


def _read(cache: Cache, pack: ModelPack) -> dict[bytes, _Known]:
    known: dict[bytes, _Known] = {}
    for name in cache.names("templates-"):
        block = cache.get(name)
        if block is None:
            continue
        for key, reason in zip(block["none_key"], block["none_reason"], strict=True):
            known[key.tobytes()] = _Known(key=key.tobytes(), raw=None, norm=float("nan"), reason=str(reason))
        if "raw" in block and block["raw"].shape[2] == pack.dimension:
            for key, raw, norm in zip(block["key"], block["raw"], block["norm"], strict=True):
                known[key.tobytes()] = _Known(key=key.tobytes(), raw=raw, norm=float(norm), reason="")
    return known


def vectors(acquired: Acquired, pack: ModelPack, definition: Definition) -> Vectors:
    """float32 (n, dimension): templates by `definition`; zeros where none was acquired. Raises UsageError where the pack does not
    make it."""
    raw = acquired.raw.astype(np.float64)
    length = np.maximum(np.linalg.norm(raw, axis=2, keepdims=True), 1e-12)
    unit = raw / length
    if definition is Definition.CENTRED_MIRRORED:
        if not pack.mirrored:
            raise _not_made(pack, definition)
        made = _unit(_unit(unit.sum(axis=1)) - pack.centre)
    else:
        made = unit[:, 0]
        if definition is Definition.CENTRED:
            made = _unit(made - single_centre(pack))
    made[np.array([bool(reason) for reason in acquired.reason], dtype=bool)] = 0
    return np.ascontiguousarray(made, dtype=np.float32)


def single_centre(pack: ModelPack) -> npt.NDArray[np.float64]:
    """The mean of the pack's single templates, as its calibration has it. Raises UsageError where it has none."""
    if not pack.mirrored:
        return pack.centre.astype(np.float64)
    centre = pack.calibration().get("variants", {}).get("single_centred", {}).get("centre")
    if centre is None:
        raise _not_made(pack, Definition.CENTRED)
    return np.array(centre, dtype=np.float64)


def _not_made(pack: ModelPack, definition: Definition) -> UsageError:
    return UsageError(
        N_("The pack {pack} does not say how to make {definition} templates."),
        code="definition",
        pack=pack.name,
        definition=definition.value,
    )


def _unit(made: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    unit: npt.NDArray[np.float64] = made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-12)
    return unit


def samples(
    photographs: Sequence[Photograph],
    acquired: Acquired,
    made: Vectors,
    chosen: npt.NDArray[np.bool_],
) -> Samples:
    """The samples of the photographs `chosen` (bool (n,)), persons numbered by name, groups by person.

    Raises UsageError where a person is declared to be in two groups of one dimension.
    """
    kept = [one for one, wanted in zip(photographs, chosen, strict=True) if wanted]
    names = sorted({one.person for one in kept})
    number = {name: place for place, name in enumerate(names)}
    groups: dict[str, list[str]] = {}
    for one in kept:
        for dimension, label in one.groups.items():
            labels = groups.setdefault(dimension, [""] * len(names))
            before = labels[number[one.person]]
            if before and label and before != label:
                raise UsageError(
                    N_("One person is in two groups of {dimension}: {first} and {second}."),
                    remedy=N_(
                        "A group belongs to the person: give all photographs of a person the same, or none."
                    ),
                    code="group-conflict",
                    dimension=dimension,
                    first=before,
                    second=label,
                )
            labels[number[one.person]] = label or before
    return Samples(
        vectors=made[chosen],
        person=np.array([number[one.person] for one in kept], dtype=np.int32),
        acquired=np.array([not reason for reason in acquired.reason], dtype=bool)[chosen],
        quality=acquired.norm[chosen],
        groups={dimension: tuple(labels) for dimension, labels in groups.items()},
    )
