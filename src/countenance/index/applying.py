"""Changes of the list, applied to what one process holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from countenance.biometrics.templates import Vector
from countenance.index.answers import NotSearchable
from countenance.index.changes import Change
from countenance.index.held import Held, Position


def apply(held: Held, page: Sequence[Change], contents: dict[int, Vector | NotSearchable]) -> None:
    """A page of changes, in order. `contents`: of the templates added, by number. Callers hold the lock."""
    waiting: list[Change] = []

    def flush() -> None:
        # Runs of additions to one gallery and space are turned and coded together.
        if waiting:
            part = held.part(waiting[0].gallery_id, waiting[0].space_id, waiting[0].dimension)
            rotated = part.codec.rotate(np.stack([contents[change.seq] for change in waiting]))
            part.head.add(
                [change.reference_id for change in waiting],
                [change.class_id for change in waiting],
                [change.seq for change in waiting],
                part.codec.exact(rotated),
            )
            waiting.clear()

    for change in page:
        if change.op == "add":
            content = contents[change.seq]
            if isinstance(content, NotSearchable):
                part = held.part(change.gallery_id, change.space_id, change.dimension)
                part.closed[change.reference_id] = (change.class_id, change.seq, content)
                continue
            if waiting and (waiting[0].gallery_id, waiting[0].space_id) != (
                change.gallery_id,
                change.space_id,
            ):
                flush()
            waiting.append(change)
        elif change.op == "remove":
            flush()
            held.discard(change.gallery_id, change.space_id, change.reference_id)
    flush()
    held.position = _moved(held.position, page)


def _moved(position: Position, page: Sequence[Change]) -> Position:
    mark_seq, mark = position.mark_seq, position.mark
    for change in page:
        if change.op == "mark":
            mark_seq, mark = change.seq, change.reference_id
    return replace(position, seq=page[-1].seq, mark_seq=mark_seq, mark=mark)
