"""Reading the log for oversight: which entries say what, so that each figure names those it was counted from."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from countenance.primitives.sql import Transaction
from countenance.tlog import store
from countenance.tlog.leaf import Leaf, parse_leaf

_PAGE = 2000


@dataclass(frozen=True, kw_only=True)
class LoggedEntry:
    """One entry. `details`: None where they were forgotten."""

    index: int
    leaf: Leaf
    details: dict[str, Any] | None


def entries(
    tx: Transaction, events: Collection[str], *, start: int = 0, end: int | None = None
) -> Iterator[LoggedEntry]:
    """Entries of these events with their details, oldest first, from `start` up to but without `end`."""
    head = store.read_head(tx)
    size = head.size if head is not None else 0
    stop = size if end is None else min(end, size)
    for first in range(start, stop, _PAGE):
        last = min(first + _PAGE, stop)
        leaves = [(index, parse_leaf(raw)) for index, raw in store.read_entries(tx, first, last)]
        wanted = [(index, leaf) for index, leaf in leaves if leaf.event in events]
        if not wanted:
            continue
        payloads = dict(store.read_payloads(tx, first, last))
        for index, leaf in wanted:
            payload = payloads.get(index)
            details = None if payload is None else json.loads(payload.details)
            yield LoggedEntry(index=index, leaf=leaf, details=details)


def ranges(indexes: Iterable[int]) -> str:
    """Numbers of entries as a reader writes them: `3-5, 9`."""
    runs: list[list[int]] = []
    for index in sorted(set(indexes)):
        if runs and runs[-1][1] == index - 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
