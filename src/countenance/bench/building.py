"""An index of generated templates, of any size: drawn piece by piece, written straight into segments.

Templates are never held in whole, so brute force is done on the way: for each probe, how many references score above its
mate. Everything that is served is real: encrypted segment files, the live set in SQLite, grants with their MAC. Only
records are left out: rows go straight into segments, as making them again from the records would write them.
"""

from __future__ import annotations

import copy
import os
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from countenance.bench.generator import TemplateGenerator, Templates
from countenance.biometrics.templates import SpaceId, Template
from countenance.index import live
from countenance.index.answers import Answer
from countenance.index.codes import Codec, Exact
from countenance.index.index import Index
from countenance.index.live import LiveSegment
from countenance.index.naming import Ids
from countenance.index.schema import schema
from countenance.index.stores import SegmentFiles, SegmentKeys
from countenance.index.upkeep import MOST_ROWS
from countenance.index.writing import SegmentRows, write_segment
from countenance.policy.grants import AuthorityKind, Grant, compute_mac
from countenance.policy.purposes import Purpose
from countenance.primitives.sql import SqliteTransaction, Transaction, open_sqlite, sqlite_transaction
from countenance.vault.media import FolderMediaStore

SPACE = SpaceId("generated-0000000000000001")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GALLERY = "gallery"
BANDS = {"0.3-0.4": (0.3, 0.4), "0.4-0.5": (0.4, 0.5), ">0.5": (0.5, 1.01)}
"""True scores of mated pairs, from and up to."""

SHARES = {"0.01%": 0.0001, "1%": 0.01, "10%": 0.1, "50%": 0.5, "100%": 1.0}
"""Shares of the rows that the permission classes 1, 1-2, 1-3 .. together have."""

LISTED = 50
"""A mate is found where it is among so many."""

_KEY, _SEED = bytes(range(32)), bytes(range(32, 64))  # of a gallery that holds nobody
_PROBES = {1_000_000: 1_000, 10_000_000: 300}
"""Mated probes of a band, by templates at most; above, 100: brute force takes most of the time there."""

_PIECE = 50_000

type Progress = Callable[[int], None]
"""Told how many templates are written."""


class _Keys:
    """Keys of segments in memory: what the vault costs is one small row a segment."""

    def __init__(self) -> None:
        self._held: dict[str, bytes] = {}

    def wrap(self, segment_id: str, key: bytes) -> bytes:
        self._held[segment_id] = key
        return b"wrapped"

    def unwrap(self, segment_id: str, _wrapped: bytes) -> bytes | None:
        return self._held.get(segment_id)

    def destroy(self, segment_ids: Sequence[str]) -> None:
        for segment_id in segment_ids:
            self._held.pop(segment_id, None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Mates:
    """Mated probes of one band. `probes`: float32 (n, dimension); `references`: their mates' ids; `scores`: float32 (n,),
    true; `above`: int64 (n,), how many references brute force puts before the mate.
    """

    probes: Templates
    references: tuple[str, ...]
    scores: Templates
    above: npt.NDArray[np.int64]


class GeneratedIndex:
    """Draws, writes and serves. The caller gives a folder and deletes it afterwards."""

    def __init__(self, folder: Path, templates: int, dimension: int, seed: int) -> None:
        """Raises UsageError for a length that the index does not code."""
        self.count, self.dimension = templates, dimension
        self._folder = folder
        self.codec = Codec(dimension, _SEED)
        self.draw = TemplateGenerator(seed, dimension)
        self.mates: dict[str, Mates] = {}
        self._rng = np.random.default_rng(seed)
        self._files, self._keys = FolderMediaStore(folder / "segments"), _Keys()
        self._database = open_sqlite(folder / "records.sqlite3")
        with self.begin() as tx:
            for statement in schema("sqlite"):
                tx.execute(statement)

    def close(self) -> None:
        self._database.close()

    def beside(self) -> GeneratedIndex:
        """The same, with a connection of its own: for a second thread."""
        twin = copy.copy(self)
        twin._database = open_sqlite(self._folder / "records.sqlite3")  # noqa: SLF001 - its own kind
        return twin

    @contextmanager
    def begin(self) -> Iterator[SqliteTransaction]:
        """A transaction that writes."""
        with sqlite_transaction(self._database) as tx:
            yield tx

    def build(self, progress: Progress) -> float:
        """Draw, code and write everything; returns the seconds of coding and writing.

        Raises UnavailableError (`disk-full`).
        """
        spent, written = 0.0, 0
        waiting: list[tuple[npt.NDArray[np.uint8], Templates]] = []
        while written < self.count:
            rows = min(MOST_ROWS, self.count - written)
            for start in range(0, rows, _PIECE):
                people = self.draw.people(min(_PIECE, rows - start))
                references = self.draw.photographs(people)
                ids = np.frombuffer(self._rng.bytes(16 * len(people)), np.uint8).reshape(-1, 16)
                if not self.mates:
                    self._choose_probes(people, references, ids)
                else:
                    self._brute_force(references)
                waiting.append((ids, references))
            began = time.perf_counter()
            self._write(waiting)
            spent += time.perf_counter() - began
            waiting = []
            written += rows
            progress(written)
        return spent

    def index(self, *, background: bool = False, threads: int = 1) -> Index:
        """An index that has opened nothing yet."""
        return Index(
            mac_key=_KEY,
            unseal=lambda items: [sealed for _, _, sealed in items],
            seeds=lambda _: _SEED,
            files=self._files,
            keys=self._keys,
            background=background,
            threads=threads,
        )

    def forget_files(self) -> None:
        """Ask the system to keep nothing of the segments in memory (posix_fadvise(2)), as after a start of the machine."""
        if not hasattr(os, "posix_fadvise"):
            return
        for path in self._files.directory.rglob("*"):
            if path.is_file():
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                finally:
                    os.close(descriptor)

    def search(self, index: Index, probe: Template, classes: int = len(SHARES)) -> Answer:
        """One search under a genuine grant, with the first so many permission classes permitted."""
        tx = SqliteTransaction(self._database)
        return index.search(tx, _granted(classes), probe, floor=0.2, now=NOW, epoch=0)

    def probes(self) -> list[Template]:
        """All mated probes."""
        return [
            Template(vector=one, norm=8.0, space_id=SPACE)
            for mates in self.mates.values()
            for one in mates.probes
        ]

    def _choose_probes(self, people: Templates, references: Templates, ids: npt.NDArray[np.uint8]) -> None:
        probes = self.draw.photographs(people)
        true = np.einsum("ij,ij->i", probes, references)
        most = next((number for size, number in _PROBES.items() if self.count <= size), 100)
        for band, (low, high) in BANDS.items():
            rows = np.flatnonzero((true >= low) & (true < high))[:most]
            # A hair more than its own score keeps the mate itself from being counted.
            above = (probes[rows] @ references.T > true[rows, None] + 1e-6).sum(axis=1)
            self.mates[band] = Mates(
                probes=probes[rows],
                references=tuple(str(uuid.UUID(bytes=ids[row].tobytes())) for row in rows),
                scores=true[rows],
                above=above.astype(np.int64),
            )

    def _brute_force(self, references: Templates) -> None:
        for mates in self.mates.values():
            mates.above[:] += (mates.probes @ references.T > mates.scores[:, None]).sum(axis=1)

    def _write(self, waiting: Sequence[tuple[npt.NDArray[np.uint8], Templates]]) -> None:
        ids = Ids(rows=np.concatenate([one for one, _ in waiting]), width=0)
        shares = list(SHARES.values())
        classes = np.searchsorted(shares, self._rng.random(len(ids))).clip(0, len(shares) - 1) + 1
        write_straight(
            self.begin,
            self._files,
            self._keys,
            self.codec,
            seed=_SEED,
            gallery_id=GALLERY,
            space_id=SPACE,
            ids=ids,
            classes=classes,
            templates=(references for _, references in waiting),
        )


def write_straight(
    begin: Callable[[], AbstractContextManager[Transaction]],
    files: SegmentFiles,
    keys: SegmentKeys,
    codec: Codec,
    *,
    seed: bytes,
    gallery_id: str,
    space_id: SpaceId,
    ids: Ids,
    classes: npt.NDArray[np.int64],
    templates: Iterable[Templates],
) -> None:
    """Put references into one segment without records. `templates`: float32 (n, dimension), piece by piece, in the order
    of `ids` and `classes`. Raises UnavailableError (`disk-full`).
    """
    exact = [codec.exact(codec.rotate(piece)) for piece in templates]
    order = np.lexsort((ids.sortable, classes))
    rows = SegmentRows(
        ids=ids.take(order),
        classes=classes[order],
        codes=np.concatenate([codec.codes(one) for one in exact])[order],
        exact=Exact(
            values=np.concatenate([one.values for one in exact])[order],
            scales=np.concatenate([one.scales for one in exact])[order],
        ),
    )
    made = LiveSegment(
        id=live.new_segment_id(),
        gallery_id=gallery_id,
        space_id=space_id,
        dimension=codec.dimension,
        rows=len(order),
        as_of=0,
    )
    with begin() as tx:
        live.note_building(tx, [made.id], NOW)
    write_segment(
        files,
        keys,
        segment_id=made.id,
        gallery_id=gallery_id,
        space_id=space_id,
        dimension=codec.dimension,
        seed=seed,
        rows=rows,
    )
    with begin() as tx:
        live.replace(tx, inputs=[], outputs=[made], sealed=None, now=NOW)
        kinds, numbers = np.unique(classes, return_counts=True)
        for kind, number in zip(kinds.tolist(), numbers.tolist(), strict=True):
            live.count(tx, {(gallery_id, kind, ""): number, (gallery_id, kind, space_id): number})


@cache
def _granted(classes: int) -> Grant:
    # Policy makes a grant before the index is asked; its MAC is verified at each search.
    return grant(classes)


def grant(classes: int) -> Grant:
    """A genuine grant on the first so many permission classes."""
    made = Grant(
        id="bench",
        authority_kind=AuthorityKind.EVALUATION,
        authority_id="bench",
        purpose=Purpose.MISSING_PERSON,
        on_behalf_of="CA",
        gallery_id=GALLERY,
        permission_classes=tuple(range(1, classes + 1)),
        k=20,
        expires_at=NOW + timedelta(days=1),
        pack_hash="0" * 64,
        revocation_epoch=0,
    )
    return replace(made, mac=compute_mac(made, _KEY))
