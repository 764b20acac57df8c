"""Carrying a log on: entries of an exported log that a restored database does not have yet.

The export has been verified against the log's key before. What the database holds must be its beginning, byte for
byte; the rest is appended as it was logged, so that the next checkpoint continues every earlier one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from countenance.primitives.errors import IntegrityError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_
from countenance.tlog import store
from countenance.tlog.leaf import Leaf, Payload, parse_leaf
from countenance.tlog.log import Log
from countenance.tlog.merkle import leaf_hash
from countenance.tlog.note import open_checkpoint
from countenance.tlog.tiles import TILE_WIDTH, TreeBuilder, read_edge, width_in
from countenance.tlog.verifier import Folder, parse_bundle


@dataclass(frozen=True, kw_only=True)
class LoggedEntry:
    """An entry of the export. `details`: None where its payload is erased or was not exported."""

    index: int
    raw: bytes
    leaf: Leaf
    payload: Payload | None

    @property
    def details(self) -> dict[str, Any] | None:
        return None if self.payload is None else json.loads(self.payload.details)


def continue_log(tx: Transaction, log: Log, export: Path) -> list[LoggedEntry]:
    """Append what the database lacks; returns those entries, oldest first.

    Raises IntegrityError where the two differ in an entry that both have.
    """
    note = (export / "checkpoint").read_text(encoding="utf-8")
    checkpoint = open_checkpoint(note, log.key)
    head = store.lock_head(tx, log.origin)
    common = min(head.size, checkpoint.size)
    missing: list[LoggedEntry] = []
    for position in range(-(-checkpoint.size // TILE_WIDTH)):
        start = position * TILE_WIDTH
        entries = _bundle(export, position, width_in(checkpoint.size, 0, position))
        held = dict(store.read_entries(tx, start, min(start + len(entries), common)))
        for index in range(start, min(start + len(entries), common)):
            if held.get(index) != entries[index - start]:
                raise IntegrityError(
                    N_("Entry {entry} of the exported log is not the one that the backup holds."),
                    code="log-forked",
                    entry=index,
                )
        payloads = _payloads(export, position) if start + len(entries) > common else {}
        for index in range(max(start, common), start + len(entries)):
            raw = entries[index - start]
            missing.append(
                LoggedEntry(index=index, raw=raw, leaf=parse_leaf(raw), payload=payloads.get(index))
            )
    if missing:
        _append(tx, head, missing)
    last = store.read_last_checkpoint(tx)
    if last is None or last.size < checkpoint.size:
        latest = int(missing[-1].leaf.at.timestamp()) if missing else head.latest_at
        signed_at = max(latest, last.signed_at if last is not None else 0)
        store.insert_checkpoint(
            tx,
            store.CheckpointRow(size=checkpoint.size, signed_at=signed_at, root=checkpoint.root, note=note),
        )
    return missing


def _append(tx: Transaction, head: store.HeadRow, entries: list[LoggedEntry]) -> None:
    """Write entries as they are, with their tiles; the verified root is checked when the next checkpoint is signed."""
    builder = TreeBuilder(head.size, read_edge(store.SqlTiles(tx), head.size))
    builder.extend([leaf_hash(entry.raw) for entry in entries])
    for entry in entries:
        store.insert_entries(tx, entry.index, [entry.raw], [entry.payload] if entry.payload else [])
    store.write_tiles(tx, builder.changed)
    latest = max(head.latest_at, *(int(entry.leaf.at.timestamp()) for entry in entries))
    store.write_head(tx, builder.size, latest)


def _bundle(export: Path, position: int, width: int) -> list[bytes]:
    data = Folder(export).bundle(position, width)
    entries = None if data is None else parse_bundle(data)
    if entries is None or len(entries) < width:
        raise IntegrityError(N_("The exported log is not complete."), code="log-incomplete")
    return entries[:width]


def _payloads(export: Path, position: int) -> dict[int, Payload]:
    """Salts and details of one bundle, as the export lays them out; the verifier has checked them."""
    digits = str(position)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    path = export / "payload" / ("/".join(["x" + group for group in groups[:-1]] + groups[-1:]) + ".jsonl")
    if not path.is_file():
        return {}
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {
        int(row["index"]): Payload(salt=bytes.fromhex(row["salt"]), details=row["details"].encode())
        for row in rows
    }
