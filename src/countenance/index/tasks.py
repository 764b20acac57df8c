"""What upkeep writes: rows of the head, of segments, or from the encrypted records, in a segment's order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import SpaceId
from countenance.index import changes
from countenance.index.answers import NotSearchable
from countenance.index.blocks import HeadBlock, Rows, packed_codes
from countenance.index.codes import Bytes8, Codec, Exact, unpack
from countenance.index.held import HeldSegment, Part
from countenance.index.naming import Ids, joined_ids
from countenance.index.opening import Unseal, open_templates
from countenance.index.segment import SegmentRows
from countenance.primitives.sql import Transaction

_PAGE = 8_192


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Some rows. `codes`: None where they are still to be made."""

    ids: Ids | Sequence[str]
    classes: npt.NDArray[np.int64]
    exact: Exact
    codes: Bytes8 | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Segments to write in the place of `inputs`. `pieces`: hand over the rows as they were when the work was planned.

    `as_of`: removals up to this number are carried out in them.
    """

    gallery_id: str
    space_id: SpaceId
    codec: Codec
    as_of: int
    inputs: tuple[str, ...] = ()
    pieces: tuple[Callable[[], Batch], ...] = ()
    closed: tuple[tuple[str, int, NotSearchable], ...] = ()


def rewriting(gallery: str, space: SpaceId, part: Part, chosen: Sequence[HeldSegment], seq: int) -> Task:
    """`chosen` segments without their dead rows, as one."""
    return Task(
        gallery_id=gallery,
        space_id=space,
        codec=part.codec,
        as_of=seq,
        inputs=tuple(one.live.id for one in chosen),
        pieces=tuple(_reading(one, rows) for one in chosen if len(rows := one.alive())),
        closed=tuple((name, *told) for one in chosen for name, told in one.closed.items()),
    )


def copied(block: HeadBlock, rows: Rows) -> Callable[[], Batch]:
    """Rows of the head."""
    # Now, since heads change with the next search; order and codes are made later.
    piece = Batch(ids=block.references(rows), classes=block.classes(rows), exact=block.exact(rows))
    return lambda: piece


def _reading(one: HeldSegment, rows: Rows) -> Callable[[], Batch]:
    # Later: a segment does not change, and which of its rows were alive is known.
    def read() -> Batch:
        return Batch(
            ids=one.segment.ids(rows),
            classes=one.classes(rows),
            exact=one.exact(rows),
            codes=unpack(packed_codes(one.scanner()), len(one), one.segment.dimension)[rows],
        )

    return read


def from_records(
    unseal: Unseal, tx: Transaction, codec: Codec, gallery: str, space: SpaceId, through: int
) -> tuple[Batch, tuple[tuple[str, int, NotSearchable], ...]]:
    """Every reference of a gallery and space enrolled up to number `through`, from its sealed template."""
    references: list[str] = []
    classes: list[int] = []
    closed: list[tuple[str, int, NotSearchable]] = []
    parts: list[Exact] = []
    last = 0
    while page := changes.read_changes(tx, after=last, limit=_PAGE, through=through):
        last = page[-1].seq
        page = [one for one in page if one.op == "add" and (one.gallery_id, one.space_id) == (gallery, space)]
        contents = open_templates(page, unseal)
        vectors = []
        for one in page:
            content = contents[one.seq]
            if isinstance(content, NotSearchable):
                closed.append((one.reference_id, one.class_id, content))
            else:
                vectors.append(content)
                references.append(one.reference_id)
                classes.append(one.class_id)
        if vectors:
            parts.append(codec.exact(codec.rotate(np.stack(vectors))))
    return (
        Batch(ids=references, classes=np.array(classes, np.int64), exact=_joined(parts, codec.dimension)),
        tuple(closed),
    )


def collect(task: Task) -> SegmentRows:
    """The rows of a task, in a segment's order."""
    pieces = [make() for make in task.pieces]
    dimension = task.codec.dimension
    if not pieces:
        return SegmentRows(
            ids=Ids.of([]),
            classes=np.zeros(0, np.int64),
            codes=np.zeros((0, dimension // 4), np.uint8),
            exact=_joined([], dimension),
        )
    ids = joined_ids([one.ids if isinstance(one.ids, Ids) else Ids.of(one.ids) for one in pieces])
    classes = np.concatenate([one.classes for one in pieces])
    exact = _joined([one.exact for one in pieces], dimension)
    codes = np.concatenate(
        [one.codes if one.codes is not None else task.codec.codes(one.exact) for one in pieces]
    )
    order = np.lexsort((ids.sortable, classes))
    if (order[1:] > order[:-1]).all():
        return SegmentRows(ids=ids, classes=classes, codes=codes, exact=exact)
    return SegmentRows(
        ids=ids.take(order),
        classes=classes[order],
        codes=codes[order],
        exact=Exact(values=exact.values[order], scales=exact.scales[order]),
    )


def _joined(parts: Sequence[Exact], dimension: int) -> Exact:
    if not parts:
        return Exact(values=np.zeros((0, dimension), np.int8), scales=np.zeros(0, np.float32))
    return Exact(
        values=np.concatenate([part.values for part in parts]),
        scales=np.concatenate([part.scales for part in parts]),
    )


def cut(rows: SegmentRows, start: int, end: int) -> SegmentRows:
    """Rows from `start` up to `end`."""
    part = slice(start, end)
    return SegmentRows(
        ids=rows.ids.take(part),
        classes=rows.classes[part],
        codes=rows.codes[part],
        exact=Exact(values=rows.exact.values[part], scales=rows.exact.scales[part]),
    )
