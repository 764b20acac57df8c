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
from countenance.index.codes import BLOCK, Bytes8, Codec, Exact, unpack
from countenance.index.held import HeldSegment, Part
from countenance.index.naming import Ids, joined_ids
from countenance.index.opening import Unseal, open_templates
from countenance.index.writing import SegmentRows
from countenance.primitives.sql import Transaction

_PAGE = 8_192
_AT_ONCE = (
    8_192  # rows that are worked on in one go: searches beside it wait a millisecond for the interpreter
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Batch:
    """Some rows. `codes`: None where they are still to be made. `ordered`: in a segment's order already."""

    ids: Ids | Sequence[str]
    classes: npt.NDArray[np.int64]
    exact: Exact
    codes: Bytes8 | None = None
    ordered: bool = False


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
    return as_it_is(Batch(ids=block.references(rows), classes=block.classes(rows), exact=block.exact(rows)))


def as_it_is(piece: Batch) -> Callable[[], Batch]:
    """Rows that are there already, as a task wants them."""
    return lambda: piece


def _reading(one: HeldSegment, rows: Rows) -> Callable[[], Batch]:
    # Later: a segment does not change, and which of its rows were alive is known.
    def read() -> Batch:
        segment, count = one.segment, len(rows)
        dimension = segment.dimension
        packed = packed_codes(one.scanner())
        ids = np.empty((count, segment.description.width or 16), np.uint8)
        classes = np.empty(count, np.int64)
        codes = np.empty((count, dimension // 4), np.uint8)
        values, scales = np.empty((count, dimension), np.int8), np.empty(count, np.float32)
        for start in range(0, count, _AT_ONCE):
            part, at = rows[start : start + _AT_ONCE], slice(start, start + _AT_ONCE)
            exact = segment.exact(part)
            ids[at], classes[at] = segment.ids(part).rows, one.classes(part)
            values[at], scales[at] = exact.values, exact.scales
            first, last = int(part[0]) // BLOCK, int(part[-1]) // BLOCK + 1
            around = unpack(packed[first:last].reshape(-1), (last - first) * BLOCK, dimension)
            codes[at] = around[part - first * BLOCK]
        return Batch(
            ids=Ids(rows=ids, width=segment.description.width),
            classes=classes,
            exact=Exact(values=values, scales=scales),
            codes=codes,
            ordered=True,
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
    only = pieces[0]
    if len(pieces) == 1 and only.ordered and isinstance(only.ids, Ids) and only.codes is not None:
        return SegmentRows(ids=only.ids, classes=only.classes, codes=only.codes, exact=only.exact)
    ids = joined_ids([one.ids if isinstance(one.ids, Ids) else Ids.of(one.ids) for one in pieces])
    classes = np.concatenate([one.classes for one in pieces])
    exact = _joined([one.exact for one in pieces], dimension)
    codes = np.concatenate(
        [one.codes if one.codes is not None else _coded(task.codec, one.exact) for one in pieces]
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


def _coded(codec: Codec, exact: Exact) -> Bytes8:
    codes = np.empty((len(exact.values), codec.dimension // 4), np.uint8)
    for start in range(0, len(codes), _AT_ONCE):
        at = slice(start, start + _AT_ONCE)
        codes[at] = codec.codes(Exact(values=exact.values[at], scales=exact.scales[at]))
    return codes


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
