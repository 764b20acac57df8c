"""The live set of segments, in one row of the database; the files around it; and the counts of references.

**The set.** A search sees the segments of the set and the changes after `through`, and nothing else. Whoever replaces
segments writes the new files first, then this one row: a crash leaves the old set or the new one.

**Files.** A segment that is being written is noted before its first byte, and one that leaves the set is noted in the
same transaction. So no crash leaves a key or a file that nobody knows: `read_files` lists what is still to be destroyed.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from datetime import datetime
from uuid import UUID

from countenance.biometrics.templates import SpaceId
from countenance.index.changes import integer
from countenance.primitives.errors import ConflictError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_

type CountKey = tuple[str, int, str]
"""(gallery, class, space); the space `''` stands for different references in whichever space."""

_ABANDONED_SECONDS = 86_400  # a file that another machine has been writing for a day


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveSegment:
    """One segment of the set. `as_of`: the number up to which removals are carried out in the file itself.

    `rows`: searchable references in it. `dimension`: values in a template.
    """

    id: str
    gallery_id: str
    space_id: SpaceId
    dimension: int
    rows: int
    as_of: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveSet:
    """The set. `version`: grows with each replacement. `through`: additions up to this number are in segments."""

    version: int
    through: int
    segments: tuple[LiveSegment, ...]

    @property
    def applied_through(self) -> int:
        """Removals up to this number are carried out in every segment."""
        return min((segment.as_of for segment in self.segments), default=2**62)


def new_segment_id() -> str:
    """A random id of the kind that only segments have: a UUID of version 8 (RFC 9562, 5.8).

    So whoever copies the vault's keys can leave those of segments out, however many come and go meanwhile.
    """
    drawn = bytearray(secrets.token_bytes(16))
    drawn[6], drawn[8] = 0x80 | drawn[6] & 0x0F, 0x80 | drawn[8] & 0x3F
    return str(UUID(bytes=bytes(drawn)))


def read_live(tx: Transaction) -> LiveSet:
    """The set as `tx` sees it."""
    ((version, through, text),) = tx.execute("select version, through, segments from index_live where id = 1")
    return LiveSet(
        version=integer(version),
        through=integer(through),
        segments=tuple(
            LiveSegment(
                id=one["id"],
                gallery_id=one["gallery"],
                space_id=SpaceId(one["space"]),
                dimension=one["dimension"],
                rows=one["rows"],
                as_of=one["as_of"],
            )
            for one in json.loads(str(text))
        ),
    )


def note_building(tx: Transaction, segment_ids: Iterable[str], now: datetime) -> None:
    """Note segments before the first byte of them is written."""
    tx.executemany(
        "insert into index_file (segment_id, state, owner, since) values (%s, 'building', %s, %s)",
        [(segment, owner(), int(now.timestamp())) for segment in segment_ids],
    )


def replace(
    tx: Transaction,
    *,
    inputs: Sequence[str],
    outputs: Sequence[LiveSegment],
    sealed: tuple[int, int] | None,
    now: datetime,
) -> None:
    """Put `outputs` in the place of `inputs`. `sealed`: (through as it was when the work began, through from now on).

    Raises ConflictError (`segments-changed`) where somebody else changed one of the inputs, sealed meanwhile, or gave
    the outputs up for lost; then nothing is changed and the outputs may be thrown away.
    """
    tx.execute("update index_clock set seq = seq where id = 1")  # writers of the set come one after another
    live = read_live(tx)
    for output in outputs:
        if not tx.execute(
            "delete from index_file where segment_id = %s and state = 'building' returning 1", (output.id,)
        ):
            raise _changed()
    held = {segment.id: segment for segment in live.segments}
    if any(segment not in held for segment in inputs) or (sealed and sealed[0] != live.through):
        raise _changed()
    for segment in inputs:
        del held[segment]
    tx.execute(
        "update index_live set version = version + 1, through = %s, segments = %s where id = 1",
        (sealed[1] if sealed else live.through, _text([*held.values(), *outputs])),
    )
    tx.executemany(
        "insert into index_file (segment_id, state, owner, since) values (%s, 'ended', %s, %s)",
        [(segment, owner(), int(now.timestamp())) for segment in inputs],
    )


def raise_as_of(tx: Transaction, clean: Iterable[str], seq: int) -> None:
    """Note that removals up to number `seq` are carried out in the segments `clean`. The set stays the same."""
    tx.execute("update index_clock set seq = seq where id = 1")
    known = set(clean)
    raised = [
        replace_fields(one, as_of=max(one.as_of, seq)) if one.id in known else one
        for one in read_live(tx).segments
    ]
    tx.execute("update index_live set segments = %s where id = 1", (_text(raised),))


def forget_segments(tx: Transaction, now: datetime) -> int:
    """Empty the set: everything is loaded from the sealed templates until it is sealed anew. Returns how many there were.

    For a restored database, whose segments are in no backup.
    """
    tx.execute("update index_clock set seq = seq where id = 1")
    there = read_live(tx)
    tx.execute("update index_live set version = version + 1, through = 0, segments = '[]' where id = 1")
    tx.executemany(
        "insert into index_file (segment_id, state, owner, since) values (%s, 'ended', %s, %s)",
        [(segment.id, owner(), int(now.timestamp())) for segment in there.segments],
    )
    return len(there.segments)


def end_files(
    tx: Transaction, now: datetime, *, mine: Iterable[str] = (), writing: Collection[str] | None = None
) -> list[str]:
    """Segments whose keys and files are to be destroyed now: ended ones, abandoned ones, and `mine` that were given up.

    `writing`: what this process is writing, so that all else it once began is abandoned too; None: not known here.
    """
    given_up = set(mine)
    due: list[str] = []
    rows = tx.execute("select segment_id, state, owner, since from index_file order by segment_id")
    for segment, state, who, since in rows:
        old = int(now.timestamp()) - integer(since) > _ABANDONED_SECONDS
        own = writing is not None and segment not in writing
        if state == "ended" or segment in given_up or old or _dead(str(who), own=own):
            due.append(str(segment))
    # Whoever wrote one may have put it into the set since it was read; then its line is gone, and it is not due.
    ended = "update index_file set state = 'ended' where segment_id = %s returning 1"
    found = [segment for segment in due if tx.execute(ended, (segment,))]
    # Another process may have taken ours for lost, and struck them out before the first byte of them was written.
    there = {segment.id for segment in read_live(tx).segments} if given_up else set()
    struck = sorted(given_up.difference(found, there))
    tx.executemany(
        "insert into index_file (segment_id, state, owner, since) values (%s, 'ended', %s, %s)",
        [(segment, owner(), int(now.timestamp())) for segment in struck],
    )
    return [*found, *struck]


def has_files_to_end(tx: Transaction) -> bool:
    """Is there a key or a file whose end a crash, or another process, left to do?"""
    rows = tx.execute("select state, owner from index_file")
    return any(state == "ended" or _dead(str(who), own=False) for state, who in rows)


def forget_files(tx: Transaction, segment_ids: Iterable[str]) -> None:
    """Strike out segments whose keys and files are gone."""
    tx.executemany(
        "delete from index_file where segment_id = %s and state = 'ended'",
        [(segment,) for segment in segment_ids],
    )


def count(tx: Transaction, by: Mapping[CountKey, int]) -> None:
    """Add to the counts; the caller holds the clock's lock."""
    tx.executemany(
        "update index_count set refs = refs + %s where gallery_id = %s and class_id = %s and space_id = %s",
        [(number, *key) for key, number in by.items() if number < 0],
    )
    tx.executemany(
        "insert into index_count (gallery_id, class_id, space_id, refs) values (%s, %s, %s, %s)"
        " on conflict (gallery_id, class_id, space_id) do update set refs = index_count.refs + excluded.refs",
        [(*key, number) for key, number in by.items() if number > 0],
    )


def read_counts(tx: Transaction) -> tuple[int, dict[CountKey, int]]:
    """The clock, and all counts as of it."""
    rows = tx.execute(
        "select index_clock.seq, k.gallery_id, k.class_id, k.space_id, k.refs from index_clock"
        " left join index_count k on k.refs > 0 where index_clock.id = 1"
    )
    counts = {
        (str(gallery), integer(class_id), str(space)): integer(refs)
        for _, gallery, class_id, space, refs in rows
        if gallery is not None
    }
    return integer(rows[0][0]), counts


def owner() -> str:
    """Who writes: machine and process."""
    return f"{socket.gethostname()}/{os.getpid()}"


def _text(segments: Iterable[LiveSegment]) -> str:
    return json.dumps(
        [
            {
                "id": one.id,
                "gallery": one.gallery_id,
                "space": one.space_id,
                "dimension": one.dimension,
                "rows": one.rows,
                "as_of": one.as_of,
            }
            for one in segments
        ],
        separators=(",", ":"),
    )


def _dead(who: str, *, own: bool) -> bool:
    host, _, process = who.rpartition("/")
    if host != socket.gethostname():
        return False
    if int(process) == os.getpid():
        return own
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _changed() -> ConflictError:
    return ConflictError(
        N_("The segments of the index changed while new ones were written."),
        remedy=N_("Nothing was changed; the next round of upkeep starts from what is there now."),
        code="segments-changed",
    )
