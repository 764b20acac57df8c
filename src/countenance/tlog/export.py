"""The log as a folder of files that anybody's tools can read (C2SP tlog-tiles), fit to be served as it is.

Every file is written whole or not at all, the checkpoint last: a folder whose export was cut short holds its
old checkpoint, which still verifies, and the next export goes on from there. Beside the standard files lie
`history.jsonl` (earlier checkpoints, at most one per bundle, to narrow down what was rewritten) and, for an
authority, `payload/` (salts and details that are not forgotten).
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from countenance.primitives.errors import (
    ConflictError,
    CountenanceError,
    IntegrityError,
    UnavailableError,
)
from countenance.primitives.files import write_atomically
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_
from countenance.tlog import store
from countenance.tlog.leaf import Payload
from countenance.tlog.merkle import EMPTY_ROOT, leaf_hash
from countenance.tlog.note import Checkpoint, VerifierKey, open_checkpoint
from countenance.tlog.tiles import (
    TILE_WIDTH,
    CachedTiles,
    TileId,
    bundles_of,
    encode_bundle,
    range_hash,
    tiles_of,
)

_PUBLIC = 0o644  # leaves, tiles and checkpoints are made to be shown
_PRIVATE = 0o600


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """`size`: entries under the exported checkpoint. `written`, `kept`: files. `payloads`: details handed
    out.
    """

    directory: Path
    size: int
    written: int
    kept: int
    payloads: int


def export_log(tx: Transaction, directory: Path, key: VerifierKey, *, payloads: bool) -> ExportReport:
    """Write everything under the last checkpoint.

    Raises ConflictError without a checkpoint or for a folder of another log, IntegrityError where the folder
    holds what this log never said (or the log no longer says), UnavailableError if it cannot be written.
    """
    last = store.read_last_checkpoint(tx)
    if last is None:
        raise ConflictError(
            N_("The log has no signed checkpoint yet, so there is nothing that an export could prove."),
            remedy=N_("Sign a checkpoint first: countenance log checkpoint."),
        )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _check_folder(tx, directory, key, last)
        folder = _Folder(directory)
        for bundle in bundles_of(last.size):
            start = bundle.position * TILE_WIDTH
            folder.put_for_ever(bundle, _bundle(tx, start, bundle.width))
            if payloads:
                folder.put_payloads(bundle, store.read_payloads(tx, start, start + bundle.width))
        tiles = store.SqlTiles(tx)
        for tile in tiles_of(last.size):
            folder.put_for_ever(tile, tiles.tile(tile.level or 0, tile.position, tile.width))
        folder.put("history.jsonl", _history(tx, last.size))
        folder.put("checkpoint", store.cosigned_note(tx, last).encode())
        folder.drop_stale(last.size)
    except OSError as error:
        raise UnavailableError(
            N_("The export could not be written to {directory}: {reason}."),
            remedy=N_("Make room or choose another folder, then export again: it goes on where it stopped."),
            directory=str(directory),
            reason=error.strerror or type(error).__name__,
        ) from error
    return ExportReport(
        directory=directory,
        size=last.size,
        written=folder.written,
        kept=folder.kept,
        payloads=folder.payloads,
    )


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.written = self.kept = self.payloads = 0

    def put(self, name: str, data: bytes, mode: int = _PUBLIC) -> None:
        """Write a file unless it holds these bytes already."""
        file = self._path / name
        if file.is_file() and file.stat().st_size == len(data) and file.read_bytes() == data:
            self.kept += 1
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, data, mode=mode)
        self.written += 1

    def put_for_ever(self, tile: TileId, data: bytes) -> None:
        """Write a file that may never change (tlog-tiles: the resource is immutable)."""
        file = self._path / tile.path
        if file.is_file() and file.read_bytes() != data:
            raise IntegrityError(
                N_("{path} in the export folder is not what the log holds."),
                remedy=N_("Verify that folder; export into an empty one and compare."),
                path=tile.path,
            )
        self.put(tile.path, data)

    def put_payloads(self, bundle: TileId, rows: list[tuple[int, Payload]]) -> None:
        """Write what is not forgotten; what is forgotten goes from the folder too."""
        full = TileId(None, bundle.position, TILE_WIDTH).path
        name = full.replace("tile/entries", "payload") + ".jsonl"
        if not rows:
            (self._path / name).unlink(missing_ok=True)
            return
        lines = [
            json.dumps({"index": entry, "salt": each.salt.hex(), "details": each.details.decode()}) + "\n"
            for entry, each in rows
        ]
        self.put(name, "".join(lines).encode(), _PRIVATE)
        self.payloads += len(rows)

    def drop_stale(self, size: int) -> None:
        """Remove partial tiles whose full tile is here now (tlog-tiles, Partial Tiles)."""
        for tile in [*tiles_of(size), *bundles_of(size)]:
            stale = self._path / (tile.path + ".p")
            if tile.width == TILE_WIDTH and stale.is_dir():
                shutil.rmtree(stale)


def _bundle(tx: Transaction, start: int, width: int) -> bytes:
    """The entries of one bundle, checked against the tile that goes out beside them."""
    rows = store.read_entries(tx, start, start + width)
    hashes = b"".join(leaf_hash(leaf) for _, leaf in rows)
    expected = store.SqlTiles(tx).tile(0, start // TILE_WIDTH, width)
    if hashes != expected:
        found = {position: leaf_hash(leaf) for position, leaf in rows}
        wrong = next(i for i in range(width) if found.get(start + i) != expected[i * 32 : i * 32 + 32])
        raise IntegrityError(
            N_("Entry {entry} of the log is not the one that was logged."), entry=start + wrong
        )
    return encode_bundle([leaf for _, leaf in rows])


def _history(tx: Transaction, size: int) -> bytes:
    """Earlier checkpoints, the last one within each bundle, one JSON string a line."""
    kept = {row.size // TILE_WIDTH: row.note for row in store.read_checkpoints(tx) if row.size < size}
    return "".join(json.dumps(note) + "\n" for note in kept.values()).encode()


def _check_folder(tx: Transaction, directory: Path, key: VerifierKey, last: store.CheckpointRow) -> None:
    """A folder that holds an export already must hold an earlier state of this very log."""
    file = directory / "checkpoint"
    if not file.exists():
        return
    try:
        there: Checkpoint = open_checkpoint(file.read_text(encoding="utf-8"), key)
    except (CountenanceError, ValueError) as error:
        raise ConflictError(
            N_("The folder {directory} holds another log, or a checkpoint that its key did not sign."),
            remedy=N_("Export into an empty folder."),
            directory=str(directory),
        ) from error
    if there.size > last.size:
        raise IntegrityError(
            N_(
                "The folder's checkpoint covers {old} entries, this log only {size}: the log was rolled back."
            ),
            old=there.size,
            size=last.size,
        )
    tiles = CachedTiles(store.SqlTiles(tx), there.size)
    root = range_hash(tiles, (0, there.size)) if there.size else EMPTY_ROOT
    if root != there.root:
        raise IntegrityError(
            N_("One of the first {old} entries is not the one that the folder's checkpoint covers."),
            old=there.size,
        )
