"""Read back before signing: nothing is signed that was not read from the database again and hashed anew.

Logs of certificates have failed by one flipped bit between writing an entry and signing the tree over it.
After a signature such a bit can never be put right; before it, the log refuses and says which entry it is.
"""

from __future__ import annotations

from countenance.primitives.errors import IntegrityError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_
from countenance.tlog.merkle import EMPTY_ROOT, HASH_SIZE, leaf_hash
from countenance.tlog.store import CheckpointRow, HeadRow, SqlTiles, last_position, read_entries
from countenance.tlog.tiles import TILE_WIDTH, CachedTiles, TileId, TreeBuilder, range_hash, read_edge

_REMEDY = N_("Nothing was signed. Compare the log with its last export, or restore its tables.")


def verified_root(tx: Transaction, head: HeadRow, last: CheckpointRow | None) -> bytes:
    """The root (32 bytes) over `head.size` entries, computed again from what is stored.

    1. The tree of the last checkpoint still has the root that was signed.
    2. Each entry since then is there, once, and hashes to what the level 0 tile holds for it.
    3. Each tile since then is what those entries give.
    4. The root over those tiles is taken by another way than the tiles were made.

    Raises IntegrityError naming the entry or the tile.
    """
    start = 0 if last is None else last.size
    if head.size < start or last_position(tx) != head.size - 1:
        raise IntegrityError(
            N_("The log has {size} entries, but {known} were recorded."),
            remedy=_REMEDY,
            size=last_position(tx) + 1,
            known=max(start, head.size),
        )
    tiles = SqlTiles(tx)
    before = CachedTiles(tiles, start)
    if last is not None and (range_hash(before, (0, start)) if start else EMPTY_ROOT) != last.root:
        raise IntegrityError(
            N_("One of the first {size} entries' hashes is not the one that was signed."),
            remedy=_REMEDY,
            size=start,
        )
    builder = TreeBuilder(start, read_edge(before, start))
    _read_entries_back(tx, tiles, builder, head.size)
    _compare_tiles(tiles, builder)
    return range_hash(CachedTiles(tiles, head.size), (0, head.size))


def _read_entries_back(tx: Transaction, tiles: SqlTiles, builder: TreeBuilder, size: int) -> None:
    while builder.size < size:
        first = builder.size
        end = min(size, (first // TILE_WIDTH + 1) * TILE_WIDTH)
        rows = read_entries(tx, first, end)
        position, offset = divmod(first, TILE_WIDTH)
        stored = tiles.tile(0, position, offset + end - first)[offset * HASH_SIZE :]
        found = dict(rows)
        hashes: list[bytes] = []
        for entry in range(first, end):
            at = (entry - first) * HASH_SIZE
            leaf = found.get(entry)
            if leaf is None:
                raise IntegrityError(N_("Entry {entry} of the log is gone."), remedy=_REMEDY, entry=entry)
            hashes.append(leaf_hash(leaf))
            if hashes[-1] != stored[at : at + HASH_SIZE]:
                raise IntegrityError(
                    N_("Entry {entry} of the log is not the one that was logged."),
                    remedy=_REMEDY,
                    entry=entry,
                )
        builder.extend(hashes)


def _compare_tiles(tiles: SqlTiles, builder: TreeBuilder) -> None:
    for (level, position), hashes in builder.changed.items():
        if tiles.stored(level, position) != hashes:
            path = TileId(level, position, len(hashes) // HASH_SIZE).path
            raise IntegrityError(
                N_("The log's {path} does not hold the hashes of its entries."), remedy=_REMEDY, path=path
            )
