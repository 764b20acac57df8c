"""Leases, fences, locks and clocks: who may write, and what stops a run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from ingest_setup import QUICK, Desk, live_references

from countenance.biometrics.vocabulary import Detail, PhotographState
from countenance.ingest import ledger
from countenance.ingest.gate import admit
from countenance.ingest.journal import Journal
from countenance.ingest.ledger import NewItem, claim
from countenance.ingest.listing import Unread
from countenance.ingest.store import Store
from countenance.ingest.taken import Taken
from countenance.primitives.errors import RefusedError, UnavailableError
from countenance.records.models import Face, Gallery, IngestItem, IngestRun, IngestShard, Photograph, Source
from countenance.records.replaying import replay_entry


def listed_run(desk: Desk, journal: Journal, count: int) -> IngestRun:
    source = Source.objects.get()
    with desk.workspace.transaction() as (_, now):
        run = ledger.start_run(
            source, source.registered_by, detail=Detail.STANDARD, extraction="x", manifest_sha256="", now=now
        )
    listing = claim(desk.workspace, run, journal, QUICK, listing=True)
    assert listing is not None
    items = (NewItem(path=f"{number}.jpg", rows=[]) for number in range(count))
    ledger.write_listing(
        desk.workspace, run, listing, journal.owner, items, shard_items=4, stop=threading.Event()
    )
    return IngestRun.objects.get(pk=run.pk)


def test_shards_go_to_one_owner_at_a_time(archive: Desk) -> None:
    workspace = archive.workspace
    with Journal(workspace) as first, Journal(workspace) as second:
        run = listed_run(archive, first, 10)
        assert run.listed
        taken = [claim(workspace, run, owner, QUICK) for owner in (first, second, first)]
        assert [each.number for each in taken if each] == [0, 1, 2]
        assert claim(workspace, run, second, QUICK) is None
        assert [item.position for item in IngestItem.objects.order_by("position")] == list(range(10))
        # Its lease runs out: another takes the shard over, and the first may not write any more.
        clock = workspace.clock
        workspace.clock = lambda: clock() + timedelta(seconds=QUICK.lease_seconds + 1)
        again = claim(workspace, run, second, QUICK)
        assert again is not None
        assert taken[0] is not None
        assert (again.number, again.fence) == (0, taken[0].fence + 1)
        assert ledger.still_held([taken[0]], first.owner) == set()
        assert ledger.still_held([again], second.owner) == {again.shard}


def test_a_dead_owners_shard_is_free_at_once(archive: Desk) -> None:
    workspace = archive.workspace
    with Journal(workspace) as second:
        with Journal(workspace) as first:
            run = listed_run(archive, first, 3)
            held = claim(workspace, run, first, QUICK)
            assert held is not None
            assert claim(workspace, run, second, QUICK) is None
        taken = claim(workspace, run, second, QUICK)
        assert taken is not None
        assert taken.fence == held.fence + 1
        other_machine = IngestShard.objects.get(pk=taken.shard)
        other_machine.owner = "elsewhere/ingest-00.journal"
        other_machine.save()
        assert claim(workspace, run, second, QUICK) is None  # only its lease can tell


def test_what_is_written_under_an_old_fence_is_dropped(archive: Desk) -> None:
    workspace = archive.workspace
    with Journal(workspace) as first, Journal(workspace) as second:
        run = listed_run(archive, first, 3)
        old = claim(workspace, run, first, QUICK)
        assert old is not None
        IngestShard.objects.filter(pk=old.shard).update(leased_until=None)
        assert claim(workspace, run, second, QUICK) is not None
        caller = admit(workspace, archive.sign("ingest", source="archive")).caller
        store = Store(workspace, caller, run, Source.objects.get(), first)
        item = IngestItem.objects.get(position=0)
        result = Unread(state=PhotographState.FAILED, reason="missing")
        written = store.write([Taken(item=item.pk, path=item.path, claim=old, result=result)])
        assert (written.lost, written.items.total()) == (1, 0)
        assert IngestItem.objects.get(position=0).state == "pending"


def test_a_listing_that_was_cut_short_is_made_anew(archive: Desk) -> None:
    workspace = archive.workspace
    with Journal(workspace) as journal:
        source = Source.objects.get()
        with workspace.transaction() as (_, now):
            run = ledger.start_run(
                source,
                source.registered_by,
                detail=Detail.STANDARD,
                extraction="x",
                manifest_sha256="",
                now=now,
            )
        for stop, count in ((True, 3), (False, 5)):
            IngestShard.objects.filter(run=run).update(leased_until=None)
            listing = claim(workspace, run, journal, QUICK, listing=True) or pytest.fail("no claim")
            stopped = threading.Event()
            if stop:
                stopped.set()
            items = (NewItem(path=f"{number}.jpg", rows=[]) for number in range(count))
            ledger.write_listing(workspace, run, listing, journal.owner, items, shard_items=4, stop=stopped)
            assert IngestRun.objects.get(pk=run.pk).listed is not stop
            IngestShard.objects.filter(run=run, finished_at__isnull=True).update(owner="")
        assert IngestItem.objects.count() == 5


def _lock(_: Desk) -> None:
    from django.utils import timezone

    Gallery.objects.update(ingest_locked_at=timezone.now())


def _withdraw(desk: Desk) -> None:
    if Source.objects.filter(withdrawn_at__isnull=True).exists():
        desk.do("source-withdraw", name="archive")


def _suspend(desk: Desk) -> None:
    if not desk.workspace.policy():
        return
    from django.utils import timezone

    from countenance.records.models import Account

    Account.objects.filter(name="operator").update(suspended_at=timezone.now())


@pytest.mark.parametrize(
    ("act", "reason"),
    [(_lock, "gallery-ingest-locked"), (_withdraw, "basis-not-live"), (_suspend, "account-suspended")],
)
def test_a_permission_that_ends_stops_the_run(
    archive: Desk, portraits: dict[str, bytes], act: Callable[[Desk], None], reason: str
) -> None:
    for number in range(30):
        archive.put(f"{number:02}.jpg", portraits["P001"][:-2] + bytes([number, 0xFF, 0xD9]))
    with pytest.raises(RefusedError) as refused:
        archive.ingest(progress=lambda _: act(archive))
    assert refused.value.reason == reason
    assert Photograph.objects.count() < 30
    kept = set(Face.objects.exclude(crop="").values_list("id", flat=True))
    assert set(archive.workspace.vault.record_ids()) == kept
    assert not IngestShard.objects.exclude(owner="").filter(finished_at__isnull=True).exists()
    last = len(archive.events()) - 1
    assert "act-refused" in archive.events()[last]
    again = replay_entry(archive.workspace, last)
    assert (again.logged, again.differences) == (refused.value.rule, ())
    if reason == "basis-not-live":
        assert live_references() == []
        assert kept == set()


def test_a_clock_set_back_stops_the_run(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    clock = archive.workspace.clock
    archive.ingest()
    archive.workspace.clock = lambda: clock() - timedelta(minutes=2)
    archive.put("b.jpg", portraits["P002"])
    with pytest.raises(UnavailableError) as set_back:
        archive.ingest()
    assert set_back.value.code == "clock-set-back"
    assert Photograph.objects.count() == 1
    archive.workspace.clock = clock
    assert archive.ingest().photographs == {"done": 2}


def test_leaves_no_file_behind(archive: Desk, portraits: dict[str, bytes]) -> None:
    archive.put("a.jpg", portraits["P001"])
    archive.ingest()
    assert list(Path(archive.directory / "run").glob("ingest-*")) == []
