"""The ledger of a run: listed once, cut into shards, each worked on by whoever holds its lease.

A run that was interrupted is taken up again. Its listing is a shard too (number -1), so that two processes that start
together list once. A fence grows with each claim: what a process writes under an old one is refused.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched

from countenance.biometrics.vocabulary import Detail, PhotographState
from countenance.ingest.journal import Journal
from countenance.ingest.narrowing import ItemRow
from countenance.ingest.values import Tuning
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError
from countenance.primitives.ids import new_code
from countenance.primitives.text import N_
from countenance.records.models import Account, IngestItem, IngestRun, IngestShard, Photograph, Source
from countenance.records.models.ingest import PENDING
from countenance.records.workspace import Workspace

LISTING = -1
"""Number of the shard that stands for the listing itself."""
_WRITE = 5_000
_DELETE = 400


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A shard held by this process. Only a writer who still holds `fence` may write."""

    shard: uuid.UUID
    number: int
    fence: int


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """One file to list. `path`: text. `state`, `reason`: set where it will not be read."""

    path: str
    rows: list[ItemRow]
    state: PhotographState | None = None
    reason: str = ""


def open_run_of(source: Source) -> IngestRun | None:
    """The run of a source that has not finished, if there is one."""
    return IngestRun.objects.filter(source=source, finished_at__isnull=True).first()


def check_resumes(
    run: IngestRun, *, detail: Detail | None, manifest_sha256: str | None, extraction: str
) -> None:
    """Raise ConflictError where the open run was begun with something else than is asked for now."""
    changed = [
        word
        for word, differs in (
            ("detail", detail is not None and detail.value != run.detail),
            ("manifest", manifest_sha256 is not None and manifest_sha256 != run.manifest_sha256),
            ("models or limits", extraction != run.extraction),
        )
        if differs
    ]
    if changed:
        raise ConflictError(
            N_("The run {run} of this source is not finished, and was begun with another {changed}."),
            remedy=N_("Finish it as it was begun, or give it up and begin anew with --restart."),
            code="run-differs",
            run=run.code,
            changed=", ".join(changed),
        )


def start_run(
    source: Source,
    account: Account,
    *,
    detail: Detail,
    extraction: str,
    manifest_sha256: str,
    now: datetime,
) -> IngestRun:
    """A new run with its listing still to do."""
    run = IngestRun.objects.create(
        code=new_code("I"),
        source=source,
        started_by=account,
        detail=detail.value,
        extraction=extraction,
        manifest_sha256=manifest_sha256,
        started_at=now,
    )
    IngestShard.objects.create(run=run, number=LISTING)
    return run


def reopen_failed(run: IngestRun) -> int:
    """Make the failed items of a run pending again, and their shards and the run unfinished. Returns how many."""
    failed = IngestItem.objects.filter(run=run, state=PhotographState.FAILED.value)
    shards = list(failed.values_list("shard_id", flat=True).distinct())
    for part in batched(shards, _DELETE):
        IngestShard.objects.filter(pk__in=part).update(finished_at=None, owner="", leased_until=None)
    count = failed.update(state=PENDING, reason="")
    if count:
        IngestRun.objects.filter(pk=run.pk).update(finished_at=None)
    return count


def claim(
    workspace: Workspace, run: IngestRun, journal: Journal, tuning: Tuning, *, listing: bool = False
) -> Claim | None:
    """Take the first shard that nobody works on (`listing`: that of the listing); None where there is none."""
    with workspace.transaction() as (_, now):
        waiting = IngestShard.objects.filter(run=run, finished_at__isnull=True).order_by("number")
        waiting = waiting.filter(number=LISTING) if listing else waiting.filter(number__gt=LISTING)
        for shard in waiting.iterator(chunk_size=100):
            if not _free(shard, journal, now):
                continue
            fence = shard.fence + 1
            IngestShard.objects.filter(pk=shard.pk).update(
                owner=journal.owner,
                fence=fence,
                leased_until=now + timedelta(seconds=tuning.lease_seconds),
            )
            return Claim(shard=shard.pk, number=shard.number, fence=fence)
    return None


def _free(shard: IngestShard, journal: Journal, now: datetime) -> bool:
    if not shard.owner:
        return True
    if shard.owner == journal.owner:
        return False
    expired = shard.leased_until is None or shard.leased_until <= now
    return expired or not journal.alive(shard.owner)


def still_held(claims: Iterable[Claim], owner: str) -> set[uuid.UUID]:
    """Ids of those shards whose lease nobody took over; asked in the transaction that writes."""
    wanted = {claim.shard: claim.fence for claim in claims}
    rows = IngestShard.objects.filter(pk__in=wanted, owner=owner, finished_at__isnull=True)
    return {pk for pk, fence in rows.values_list("pk", "fence") if wanted[pk] == fence}


def write_listing(
    workspace: Workspace,
    run: IngestRun,
    listing: Claim,
    owner: str,
    items: Iterable[NewItem],
    *,
    shard_items: int,
    stop: threading.Event,
) -> None:
    """Write all items and their shards, then mark the run as listed. What an earlier attempt left is removed first.

    Where `stop` is set the run stays unlisted, and is listed anew when it is taken up.
    """
    with workspace.transaction():
        IngestItem.objects.filter(run=run).delete()
        IngestShard.objects.filter(run=run, number__gt=LISTING).delete()
    position = 0
    for part in batched(items, max(shard_items, _WRITE - _WRITE % shard_items)):
        with workspace.transaction():
            if stop.is_set() or not still_held([listing], owner):
                return  # or another process lists now
            _write_items(run, part, position, shard_items)
        position += len(part)
    with workspace.transaction() as (_, now):
        if still_held([listing], owner) and not stop.is_set():
            IngestShard.objects.filter(pk=listing.shard).update(finished_at=now)
            IngestRun.objects.filter(pk=run.pk).update(listed=True)


def _write_items(run: IngestRun, part: Sequence[NewItem], position: int, shard_items: int) -> None:
    numbers = range(position // shard_items, (position + len(part) - 1) // shard_items + 1)
    shards = {number: IngestShard(run=run, number=number) for number in numbers}
    IngestShard.objects.bulk_create(shards.values(), batch_size=500)
    IngestItem.objects.bulk_create(
        (
            IngestItem(
                run=run,
                shard=shards[(position + offset) // shard_items],
                position=position + offset,
                path=item.path,
                rows=item.rows,
                state=item.state.value if item.state else PENDING,
                reason=item.reason,
            )
            for offset, item in enumerate(part)
        ),
        batch_size=500,
    )


def finish_shards(claims: Iterable[Claim], now: datetime) -> None:
    """Finish those shards of which no item is pending; called with the last items of each, in their transaction."""
    for held in claims:
        if not IngestItem.objects.filter(shard=held.shard, state=PENDING).exists():
            IngestShard.objects.filter(pk=held.shard, fence=held.fence).update(
                finished_at=now, leased_until=None
            )


def release(workspace: Workspace, owner: str) -> None:
    """Let others have the shards this process did not finish."""
    with workspace.transaction():
        IngestShard.objects.filter(owner=owner, finished_at__isnull=True).update(owner="", leased_until=None)


def finish_run(run: IngestRun, now: datetime) -> bool:
    """Mark a run as finished if all its shards are; True for the one process that did so."""
    if IngestShard.objects.filter(run=run, finished_at__isnull=True).exists():
        return False
    return IngestRun.objects.filter(pk=run.pk, finished_at__isnull=True).update(finished_at=now) == 1


def give_up(run: IngestRun, now: datetime) -> None:
    """End a run whose work will not be done; what it did stays."""
    IngestShard.objects.filter(run=run, finished_at__isnull=True).update(finished_at=now)
    IngestRun.objects.filter(pk=run.pk).update(finished_at=now)


def known_photographs(source: Source) -> int:
    """How many photographs of a source the records hold."""
    return Photograph.objects.filter(source=source).count()


def run_details(run: IngestRun, source: Source) -> dict[str, Json]:
    """What the log's entries about a run have in common."""
    return {"run": str(run.pk), "source": str(source.pk)}
