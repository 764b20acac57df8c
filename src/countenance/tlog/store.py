"""The log's rows: every SQL statement of the engine, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from countenance.primitives.errors import IntegrityError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_
from countenance.tlog.leaf import Payload
from countenance.tlog.merkle import HASH_SIZE
from countenance.tlog.tiles import TILE_WIDTH, TileId

_HEAD = "SELECT origin, size, latest_at FROM tlog_head WHERE id = 1"
_HEAD_LOCKED = "SELECT origin, size, latest_at FROM tlog_head WHERE id = 1 FOR UPDATE"
_LONGEST_LEAF = 0xFFFF
_FORGET_AT_ONCE = 500  # parameters of one statement; SQLite's oldest limit is 999


@dataclass(frozen=True, kw_only=True)
class HeadRow:
    """`size`: entries. `latest_at`: the latest time of an entry, seconds since 1970."""

    origin: str
    size: int
    latest_at: int


@dataclass(frozen=True, kw_only=True)
class CheckpointRow:
    """`signed_at`: seconds since 1970. `root`: 32 bytes. `note`: the signed note."""

    size: int
    signed_at: int
    root: bytes
    note: str


def read_head(tx: Transaction) -> HeadRow | None:
    """The head as it stands, or None before the first entry."""
    rows = tx.execute(_HEAD)
    return _head(rows[0]) if rows else None


def lock_head(tx: Transaction, origin: str) -> HeadRow:
    """The head, made if there is none, and nobody else's until the transaction ends.

    PostgreSQL locks the row. On SQLite the caller's BEGIN IMMEDIATE has locked the database.
    """
    query = _HEAD_LOCKED if tx.dialect == "postgresql" else _HEAD
    rows = tx.execute(query)
    if not rows:
        tx.execute(
            "INSERT INTO tlog_head (id, origin, size, latest_at) VALUES (1, %s, 0, 0) ON CONFLICT DO NOTHING",
            (origin,),
        )
        rows = tx.execute(query)
    return _head(rows[0])


def write_head(tx: Transaction, size: int, latest_at: int) -> None:
    """Move the head on; the caller holds its lock."""
    tx.execute("UPDATE tlog_head SET size = %s, latest_at = %s WHERE id = 1", (size, latest_at))


def insert_entries(tx: Transaction, first: int, leaves: list[bytes], payloads: list[Payload]) -> None:
    """Store leaves and their payloads at positions from `first` on."""
    tx.executemany("INSERT INTO tlog_entry (position, leaf) VALUES (%s, %s)", enumerate(leaves, first))
    tx.executemany(
        "INSERT INTO tlog_payload (position, salt, details) VALUES (%s, %s, %s)",
        ((position, each.salt, each.details) for position, each in enumerate(payloads, first)),
    )


def write_tiles(tx: Transaction, tiles: dict[tuple[int, int], bytes]) -> None:
    """Store tiles by (level, position); a partial tile is replaced by the longer one."""
    tx.executemany(
        "INSERT INTO tlog_tile (level, position, hashes) VALUES (%s, %s, %s) "
        "ON CONFLICT (level, position) DO UPDATE SET hashes = excluded.hashes",
        ((level, position, hashes) for (level, position), hashes in tiles.items()),
    )


def read_entries(tx: Transaction, start: int, end: int) -> list[tuple[int, bytes]]:
    """Position and leaf of the entries that are there, in order."""
    rows = tx.execute(
        "SELECT position, leaf FROM tlog_entry WHERE position >= %s AND position < %s ORDER BY position",
        (start, end),
    )
    return [(_whole(position), _stored(leaf)) for position, leaf in rows]


def last_position(tx: Transaction) -> int:
    """The highest position of an entry, -1 if there is none."""
    found = tx.execute("SELECT MAX(position) FROM tlog_entry")[0][0]
    return -1 if found is None else cast(int, found)


def read_payloads(tx: Transaction, start: int, end: int) -> list[tuple[int, Payload]]:
    """Position and payload of those entries whose payload is not forgotten, in order."""
    rows = tx.execute(
        "SELECT position, salt, details FROM tlog_payload "
        "WHERE position >= %s AND position < %s ORDER BY position",
        (start, end),
    )
    return [
        (_whole(position), Payload(salt=_stored(salt), details=_stored(details)))
        for position, salt, details in rows
    ]


def delete_payloads(tx: Transaction, positions: Iterable[int]) -> int:
    """Forget salts and details; returns how many there were."""
    wanted, gone = sorted(set(positions)), 0
    for start in range(0, len(wanted), _FORGET_AT_ONCE):
        some = wanted[start : start + _FORGET_AT_ONCE]
        marks = ", ".join(["%s"] * len(some))
        statement = f"DELETE FROM tlog_payload WHERE position IN ({marks}) RETURNING position"  # noqa: S608 - marks only
        gone += len(tx.execute(statement, some))
    return gone


def read_checkpoints(tx: Transaction) -> Iterator[CheckpointRow]:
    """All checkpoints, smallest first."""
    for row in tx.execute("SELECT size, signed_at, root, note FROM tlog_checkpoint ORDER BY size"):
        yield _checkpoint(row)


def read_last_checkpoint(tx: Transaction) -> CheckpointRow | None:
    """The checkpoint of the largest size, or None."""
    rows = tx.execute("SELECT size, signed_at, root, note FROM tlog_checkpoint ORDER BY size DESC LIMIT 1")
    return _checkpoint(rows[0]) if rows else None


def read_checkpoint(tx: Transaction, size: int) -> CheckpointRow | None:
    """The checkpoint of `size` leaves, or None."""
    rows = tx.execute("SELECT size, signed_at, root, note FROM tlog_checkpoint WHERE size = %s", (size,))
    return _checkpoint(rows[0]) if rows else None


def put_cosignature(tx: Transaction, size: int, witness: str, cosigned_at: int, line: str) -> None:
    """Keep a witness's signature line (ending in a newline) of the checkpoint of `size`; the latest one it gave."""
    tx.execute(
        "INSERT INTO tlog_cosignature (size, witness, cosigned_at, line) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (size, witness) DO UPDATE SET cosigned_at = excluded.cosigned_at, line = excluded.line"
        " WHERE tlog_cosignature.cosigned_at <= excluded.cosigned_at",
        (size, witness, cosigned_at, line),
    )


def cosigned_note(tx: Transaction, row: CheckpointRow) -> str:
    """The note of a checkpoint with the signature lines of its witnesses."""
    lines = tx.execute("SELECT line FROM tlog_cosignature WHERE size = %s ORDER BY witness", (row.size,))
    return row.note + "".join(str(line) for (line,) in lines)


def put_timestamp(tx: Transaction, size: int, stamped_at: int, roots: bytes, response: bytes) -> None:
    """Keep a time stamp (RFC 3161, DER) of the checkpoint of `size`, and the roots (PEM) under which it was found good."""
    tx.execute(
        "INSERT INTO tlog_timestamp (size, stamped_at, roots, response) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (size, stamped_at) DO NOTHING",
        (size, stamped_at, roots, response),
    )


def read_timestamps(tx: Transaction) -> list[tuple[int, bytes, bytes]]:
    """Size of the checkpoint, roots and response of every time stamp, oldest first."""
    rows = tx.execute("SELECT size, roots, response FROM tlog_timestamp ORDER BY size, stamped_at")
    return [(_whole(size), _stored(roots), _stored(response)) for size, roots, response in rows]


def insert_checkpoint(tx: Transaction, row: CheckpointRow) -> None:
    """Store a signed checkpoint."""
    tx.execute(
        "INSERT INTO tlog_checkpoint (size, signed_at, root, note) VALUES (%s, %s, %s, %s)",
        (row.size, row.signed_at, row.root, row.note),
    )


class SqlTiles:
    """A `TileReader` over the rows."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def tile(self, level: int, position: int, width: int) -> bytes:
        hashes = self.stored(level, position)
        if hashes is None or len(hashes) < width * HASH_SIZE:
            raise IntegrityError(
                N_("The log's {path} is missing or too short."),
                remedy=N_("Do not sign; restore the log's tables, or ask an expert to look at them."),
                path=TileId(level, position, width).path,
            )
        return hashes[: width * HASH_SIZE]

    def stored(self, level: int, position: int) -> bytes | None:
        """A tile as it is stored, or None."""
        rows = self._tx.execute(
            "SELECT hashes FROM tlog_tile WHERE level = %s AND position = %s", (level, position)
        )
        return _stored(rows[0][0]) if rows else None


class SqlSource:
    """What the verifier's audit reads, over the rows."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._tiles = SqlTiles(tx)

    def tile(self, level: int, position: int, width: int) -> bytes | None:
        hashes = self._tiles.stored(level, position)
        return None if hashes is None else hashes[: width * HASH_SIZE]  # wider by now than at this size

    def bundle(self, position: int, width: int) -> bytes | None:
        start = position * TILE_WIDTH
        rows = read_entries(self._tx, start, start + width)
        # A leaf too long for its prefix cannot have been logged: cut, it is as false as before.
        cut = [leaf[:_LONGEST_LEAF] for _, leaf in rows]
        return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in cut)


def _head(row: tuple[object, ...]) -> HeadRow:
    origin, size, latest_at = row
    return HeadRow(origin=str(origin), size=_whole(size), latest_at=_whole(latest_at))


def _checkpoint(row: tuple[object, ...]) -> CheckpointRow:
    size, signed_at, root, note = row
    return CheckpointRow(size=_whole(size), signed_at=_whole(signed_at), root=_stored(root), note=str(note))


def _stored(value: object) -> bytes:
    """A column of bytes. SQLite keeps a value of any type in any column, so who changes a row may put a text there:
    that is another value, to be named as a changed one, and no reason to fall over.
    """
    return value if isinstance(value, bytes) else b"not bytes: " + str(value).encode("utf-8", "replace")


def _whole(value: object) -> int:
    """A column of whole numbers. Raises IntegrityError."""
    if isinstance(value, int):
        return value
    raise IntegrityError(
        N_("The log's tables hold something else where a number was written."),
        remedy=N_("Do not sign; restore the log's tables, or ask an expert to look at them."),
        code="log-damaged",
    )
