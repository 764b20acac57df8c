"""Tiles of the tree and bundles of entries, as C2SP tlog-tiles lays them out, without any I/O.

A tile holds up to 256 consecutive hashes of one level; level `l` counts subtrees of `256**l` leaves. A
bundle holds the entries that the level 0 tile of the same position holds the hashes of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from countenance.primitives.errors import FormatError
from countenance.primitives.text import N_
from countenance.tlog.merkle import HASH_SIZE, Range, complete_subtrees, join

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT  # hashes in a full tile, entries in a full bundle
TILE_BYTES = TILE_WIDTH * HASH_SIZE
ENTRY_BYTES_MAX = 0xFFFF  # the length prefix has 16 bits

_PATH = re.compile(
    r"tile/(entries|0|[1-5]?[0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


@dataclass(frozen=True)
class TileId:
    """`level`: 0..63, or None for a bundle of entries. `position`: counted within the level. `width`:
    1..256.
    """

    level: int | None
    position: int
    width: int

    @property
    def path(self) -> str:
        """Where tlog-tiles puts it, such as `tile/0/x001/234.p/17`."""
        kind = "entries" if self.level is None else str(self.level)
        digits = f"{self.position:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        name = "/".join(f"x{group}" for group in groups[:-1]) + ("/" if len(groups) > 1 else "") + groups[-1]
        return f"tile/{kind}/{name}" + ("" if self.width == TILE_WIDTH else f".p/{self.width}")


def parse_tile_path(path: str) -> TileId:
    """The tile that a path names. Raises FormatError for a path that tlog-tiles would not write."""
    found = _PATH.fullmatch(path)
    if found is not None:
        kind, digits, partial = found.groups()
        position = int(digits.replace("x", "").replace("/", ""))
        tile = TileId(None if kind == "entries" else int(kind), position, int(partial or TILE_WIDTH))
        if tile.path == path:  # one spelling only: no needless leading group, no width of 256 or more
            return tile
    raise FormatError(N_("{path} is not the path of a tile."), path=path)


def width_in(size: int, level: int, position: int) -> int:
    """How many hashes tile `position` of `level` holds in a tree of `size` leaves: 0..256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - position * TILE_WIDTH))


def tiles_of(size: int) -> Iterator[TileId]:
    """Every tile of a tree of `size` leaves, level by level, full ones first, then the partial one."""
    level = 0
    while (count := size >> (TILE_HEIGHT * level)) > 0:
        for position in range(-(-count // TILE_WIDTH)):
            yield TileId(level, position, width_in(size, level, position))
        level += 1


def bundles_of(size: int) -> Iterator[TileId]:
    """Every bundle of entries of a log of `size` entries."""
    for position in range(-(-size // TILE_WIDTH)):
        yield TileId(None, position, width_in(size, 0, position))


def read_edge(reader: TileReader, size: int) -> dict[int, bytes]:
    """The partial tiles of a tree of `size` leaves by level; they alone determine its root."""
    edge: dict[int, bytes] = {}
    level = 0
    while (count := size >> (TILE_HEIGHT * level)) > 0:
        position, width = divmod(count, TILE_WIDTH)
        if width:
            edge[level] = reader.tile(level, position, width)
        level += 1
    return edge


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries, each after its length as a big-endian uint16. Raises ValueError for one of more than 65,535
    bytes.
    """
    if any(len(entry) > ENTRY_BYTES_MAX for entry in entries):
        raise ValueError("an entry of a bundle has at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def fold(hashes: bytes) -> bytes:
    """The subtree hash over a power of two of hashes (concatenated)."""
    row = hashes
    while len(row) > HASH_SIZE:  # node_hash, written out: this loop is nearly all the time of a proof
        row = b"".join([sha256(b"\x01" + row[i : i + 64]).digest() for i in range(0, len(row), 64)])
    return row


class TileReader(Protocol):
    """Where tiles are kept."""

    def tile(self, level: int, position: int, width: int) -> bytes:
        """The first `width` hashes of a tile, concatenated. Raises IntegrityError where it does not hold as
        many.
        """
        ...


class CachedTiles:
    """A reader that reads each tile once: one proof needs several nodes of the same tile."""

    def __init__(self, reader: TileReader, size: int) -> None:
        self._reader = reader
        self._size = size
        self._known: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, position: int, width: int) -> bytes:
        key = (level, position)
        data = self._known.get(key)
        if data is None:
            data = self._reader.tile(level, position, width_in(self._size, level, position))
            self._known[key] = data
        return data[: width * HASH_SIZE]


def range_hash(reader: TileReader, leaves: Range) -> bytes:
    """The subtree hash over a range of leaves, from tiles; `EMPTY_ROOT` for the empty range."""
    return join([_node(reader, height, index) for height, index in complete_subtrees(*leaves)])


def _node(reader: TileReader, height: int, index: int) -> bytes:
    level, inner = divmod(height, TILE_HEIGHT)
    first = index << inner
    position, offset = divmod(first, TILE_WIDTH)
    end = offset + (1 << inner)
    return fold(reader.tile(level, position, end)[offset * HASH_SIZE : end * HASH_SIZE])


class TreeBuilder:
    """Grows a tree in memory and remembers which tiles changed. Starts from the partial tiles of a tree.

    `edge`: the bytes of the partial tiles of a tree of `size` leaves, by level.
    """

    def __init__(self, size: int, edge: dict[int, bytes]) -> None:
        self.size = size
        self._edge = dict(edge)
        self.changed: dict[tuple[int, int], bytes] = {}  # (level, position): whole bytes of the tile

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Append leaf hashes."""
        carry, level = b"".join(leaves), 0
        while carry:
            row = self._edge.get(level, b"") + carry
            position = (self.size >> (TILE_HEIGHT * level)) // TILE_WIDTH
            above: list[bytes] = []
            for start in range(0, len(row) - TILE_BYTES + 1, TILE_BYTES):
                tile = row[start : start + TILE_BYTES]
                self.changed[level, position] = tile
                above.append(fold(tile))
                position += 1
            rest = row[len(above) * TILE_BYTES :]
            if rest:
                self.changed[level, position] = rest
            self._edge[level] = rest
            carry, level = b"".join(above), level + 1
        self.size += len(leaves)
