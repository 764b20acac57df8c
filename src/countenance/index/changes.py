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


def read_clock(tx: Transaction, mark_seq: int) -> tuple[int, str | None]:
    """The last number given out, and the mark written at `mark_seq` (None where there is none, as seen from here)."""
    rows = tx.execute(
        "select index_clock.seq, index_change.reference_id from index_clock"
        " left join index_change on index_change.seq = %s and index_change.op = 'mark' where index_clock.id = 1",
        (mark_seq,),
    )
    seq, mark = rows[0]
    return integer(seq), None if mark is None else str(mark)


def read_changes(tx: Transaction, *, after: int, limit: int) -> list[Change]:
    """The next `limit` changes after number `after`, in order, with the sealed templates of those added."""
    rows = tx.execute(
        "select c.seq, c.op, c.reference_id, c.face_id, c.gallery_id, c.class_id, c.space_id, s.dimension, t.sealed"
        " from index_change c left join index_template t"
        " on t.face_id = c.face_id and t.space_id = c.space_id and c.op = 'add'"
        " left join index_space s on s.space_id = c.space_id"
        " where c.seq > %s order by c.seq limit %s",
        (after, limit),
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
