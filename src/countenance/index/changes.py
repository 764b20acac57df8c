"""The list of changes as a reader sees it, and how a reader knows that it stands on firm ground.

**Order.** Numbers become visible in their order (`head.py`): a reader that has applied everything up to number n will
never find a smaller one later.

**Rolled back.** A reader inside an open transaction sees that transaction's own changes. Should it roll back, the
reader has applied changes that never were, and their numbers are given out again. So each call that writes begins
with a random mark, and a reader looks for the mark it stands at before it goes on: if it is gone, the reader starts
afresh.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass

from countenance.biometrics.templates import SpaceId
from countenance.primitives.sql import Transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One line of the list of changes. `dimension`: of its space. `sealed`: None where no template stands there."""

    seq: int
    op: str
    reference_id: str
    face_id: str
    gallery_id: str
    class_id: int
    space_id: SpaceId
    dimension: int
    sealed: bytes | None


def read_clock(tx: Transaction, mark_seq: int) -> tuple[int, str | None, int]:
    """The last number given out, the mark written at `mark_seq` (None where there is none, as seen from here), and the
    version of the set of segments.
    """
    rows = tx.execute(
        "select index_clock.seq, index_change.reference_id, index_live.version from index_clock"
        " join index_live on index_live.id = 1"
        " left join index_change on index_change.seq = %s and index_change.op = 'mark' where index_clock.id = 1",
        (mark_seq,),
    )
    seq, mark, version = rows[0]
    return integer(seq), None if mark is None else str(mark), integer(version)


def read_mark(tx: Transaction, through: int) -> tuple[int, str | None]:
    """Number and text of the last mark up to number `through`; (0, None) where there is none."""
    rows = tx.execute(
        "select seq, reference_id from index_change where op <> 'add' and op = 'mark' and seq <= %s"
        " order by seq desc limit 1",
        (through,),
    )
    return (integer(rows[0][0]), str(rows[0][1])) if rows else (0, None)


def read_removals(tx: Transaction, *, after: int, through: int) -> list[tuple[int, str, str, str]]:
    """(number, gallery, space, reference) of the removals after number `after` up to `through`, in order."""
    return [
        (integer(seq), str(gallery), str(space), str(reference))
        for seq, gallery, space, reference in tx.execute(
            "select seq, gallery_id, space_id, reference_id from index_change"
            " where op = 'remove' and seq > %s and seq <= %s order by seq",
            (after, through),
        )
    ]


def count_additions(tx: Transaction, *, after: int, most: int) -> int:
    """How many references were added after number `after`, counted up to `most`."""
    ((number,),) = tx.execute(
        "select count(*) from (select 1 from index_change where op = 'add' and seq > %s limit %s) as added",
        (after, most),
    )
    return integer(number)


def has_removals(tx: Transaction, *, after: int, of: tuple[str, str] | None = None) -> bool:
    """Was a reference removed after number `after`? `of`: only those of a (gallery, space)."""
    where = " and gallery_id = %s and space_id = %s" if of else ""
    sql = f"select 1 from index_change where op <> 'add' and op = 'remove' and seq > %s{where} limit 1"  # noqa: S608
    return bool(tx.execute(sql, (after, *(of or ()))))


def read_changes(tx: Transaction, *, after: int, limit: int, through: int = 2**62) -> list[Change]:
    """The next `limit` changes after number `after` up to `through`, in order, with the sealed templates of those added."""
    rows = tx.execute(
        "select c.seq, c.op, c.reference_id, c.face_id, c.gallery_id, c.class_id, c.space_id, s.dimension, t.sealed"
        " from index_change c left join index_template t"
        " on t.face_id = c.face_id and t.space_id = c.space_id and c.op = 'add'"
        " left join index_space s on s.space_id = c.space_id"
        " where c.seq > %s and c.seq <= %s order by c.seq limit %s",
        (after, through, limit),
    )
    return [
        Change(
            seq=integer(seq),
            op=str(op),
            reference_id=str(reference),
            face_id=str(face or ""),
            gallery_id=str(gallery or ""),
            class_id=integer(class_id or 0),
            space_id=SpaceId(str(space or "")),
            dimension=integer(dimension or 0),
            sealed=sealed if isinstance(sealed, bytes) else None,
        )
        for seq, op, reference, face, gallery, class_id, space, dimension, sealed in rows
    ]


def is_own(mark: str) -> bool:
    """Was the mark written by this process? Only its own open transactions show it what may yet be rolled back."""
    return mark.startswith(f"{os.getpid()}-")


def new_mark() -> str:
    """A random mark that tells whether this process wrote it."""
    return f"{os.getpid()}-{secrets.token_hex(16)}"


def integer(value: object) -> int:
    """An integer column's value, typed."""
    assert isinstance(value, int)
    return value
