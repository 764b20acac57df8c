"""Which payloads of the log name a record: the only part of an entry that can, and that can be forgotten."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from countenance.primitives.sql import Transaction
from countenance.records.models import Erasure

_ID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PAGE = 4_096


def positions_naming(tx: Transaction, ids: Collection[str]) -> Iterator[list[int]]:
    """Positions of entries whose details name one of `ids`, page by page.

    Entries of erasures are passed over: they are the list by which an erasure is repeated after a restore.
    """
    wanted = {each.encode() for each in ids}
    kept = {entry for entries in Erasure.objects.values_list("entries", flat=True) for entry in entries}
    last = -1
    while True:
        rows = tx.execute(
            "select position, details from tlog_payload where position > %s order by position limit %s",
            (last, _PAGE),
        )
        if not rows:
            return
        found: list[int] = []
        for position, details in rows:
            assert isinstance(position, int)
            last = position
            data = details if isinstance(details, bytes) else str(details).encode()
            if position not in kept and not wanted.isdisjoint(_ID.findall(data)):
                found.append(position)
        if found:
            yield found
