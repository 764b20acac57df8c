"""Storage limits, holds and the purge: with the clock moved on, what is due is gone to the last byte, and nothing else."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from erasing_scan import Planted, everything
from house import House, photograph

from countenance.policy.pack import shipped_pack_files
from countenance.policy.terms import DataKind
from countenance.primitives.errors import NotFoundError, RefusedError, UsageError
from countenance.records import models
from countenance.records.erasing.certificate import certificate_of
from countenance.records.erasing.steps import finish
from countenance.service.upkeep import by_clock
from countenance.tlog import store as log_store
from countenance.tlog.leaf import parse_leaf

SELFIE = photograph("P001", "amateur_selfie")


@pytest.fixture
def filled(house: House) -> House:
    """Two people, a search in a case."""
    house.enrol(house.person("Agathe Untel"), photograph("P001"))
    house.enrol(house.person("Bernard Sansnom"), photograph("P002"))
    assert house.search(SELFIE).candidates
    return house


def limit(house: House, kind: str, days: int) -> None:
    made = house.act("retention-set", kind=kind, days=days, owner="operator", reason="test")
    if "waits_for" in made:
        house.act("approve", house.deputy, proposal=made["proposal"])


def purge(house: House) -> list[dict[str, Any]]:
    begun = house.act("purge")["purged"]
    finish(house.workspace)
    return [
        row
        for row in house.act("records-read", listing="erasures")["erasures"]
        if row["erasure"] in {each["erasure"] for each in begun}
    ]


def test_every_kind_has_a_limit_and_an_owner(sqlite_house: House) -> None:
    rows = sqlite_house.act("records-read", listing="retention")["retention"]
    assert {row["data"] for row in rows} == {kind.value for kind in DataKind}
    assert all(row["owner"] == "Archive of Saint-Laurent" and row["by"] for row in rows)
    with pytest.raises(UsageError):
        sqlite_house.act("retention-set", kind="probe", days=0, owner="operator", reason="x")
    with pytest.raises(NotFoundError):
        sqlite_house.act("retention-set", kind="probe", days=3, owner="nobody", reason="x")
    assert "waits_for" not in sqlite_house.act(
        "retention-set", kind="probe", days=20, owner="operator", reason="x"
    )
    longer = sqlite_house.act("retention-set", kind="probe", days=21, owner="operator", reason="x")
    assert longer["waits_for"] == "second-person"
    held = {row["data"]: row for row in sqlite_house.act("records-read", listing="retention")["retention"]}
    assert (held["probe"]["days"], held["probe"]["owner"]) == (20, "operator")


def test_nobody_sets_a_limit_that_a_law_does_not_let_them(sqlite_house: House) -> None:
    """Of the packs that govern the operator's place or a gallery's the shortest counts, also where nothing was set."""
    house = sqlite_house

    def listed(kind: str) -> dict[str, Any]:
        rows = house.act("records-read", listing="retention")["retention"]
        return next(row for row in rows if row["data"] == kind)

    assert (listed("probe")["days"], listed("probe")["at_most"]) == (30, 30)
    assert (listed("template")["days"], listed("template")["at_most"]) == (None, None)
    for days in (31, "purpose"):
        with pytest.raises(UsageError) as refused:
            house.act("retention-set", kind="probe", days=days, owner="operator", reason="x")
        assert refused.value.code == "retention-law"
    # With a gallery in Illinois its law is among them: three years for a template, whatever was set before.
    limit(house, "template", 2_000)
    files = shipped_pack_files("US-IL")
    waiting = house.act("policy-activate", files=files, signatures=house.vouched(files))
    house.act("approve", house.deputy, proposal=waiting["proposal"])
    house.act("gallery-add", name="chicago", purposes=["missing-person"], jurisdiction="US-IL", notice="n")
    assert (listed("template")["days"], listed("template")["at_most"]) == (1_095, 1_095)
    with pytest.raises(UsageError):
        house.act("retention-set", kind="template", days=1_096, owner="operator", reason="x")


def test_requests_and_refusals_are_purged_by_the_clock(filled: House) -> None:
    """A request's dates and steps, and what refusals rested on; entries and proofs stay. What a hold keeps stays too."""
    house = filled
    code = models.ConsentReceipt.objects.get(person__label="Agathe Untel").code
    other = models.ConsentReceipt.objects.get(person__label="Bernard Sansnom").code
    numbers = []
    for value in (code, other):
        made = house.act(
            "request-open", kind="objection", pointer="receipt", value=value, name="A", contact="by post"
        )
        house.act("request-verify", request=made["request"], tier="receipt-holder", code=value)
        house.act("request-find", request=made["request"])
        house.act("request-fulfil", request=made["request"])
        numbers.append(made["request"])
    with pytest.raises(RefusedError):
        house.act("person-add", house.caseworker, label="x")
    refused = len(house.events()) - 1
    limit(house, "log-payload", 1_000)
    later(house, 366)
    purge(house)
    assert "refusal" in {row.target.partition("/")[0] for row in models.Erasure.objects.all()}
    with house.workspace.transaction() as (tx, _):
        assert log_store.read_payloads(tx, refused, refused + 1) == []
        assert log_store.read_payloads(tx, refused - 1, refused) != []  # nothing but refusals
        assert house.workspace.log.verify(tx).ok
    assert models.RequestRecord.objects.count() == 2
    later(house, 300)
    house.act(
        "hold-place", scope="person", target="Agathe Untel", authority="Court", reason="x",
        until=(house.clock() + timedelta(days=200)).isoformat(),
    )  # fmt: skip
    later(house, 66)
    marks = [number.encode() for number in numbers]
    assert all(mark in everything(house) for mark in marks)  # negative control
    purge(house)
    assert [row.number for row in models.RequestRecord.objects.all()] == [numbers[0]]
    assert [mark in everything(house) for mark in marks] == [True, False]
    later(house, 140)  # the hold is over
    purge(house)
    assert not models.RequestRecord.objects.exists()
    assert not models.RequestStepRecord.objects.exists()
    assert not any(mark in everything(house) for mark in marks)


def test_with_the_clock_moved_on_all_that_is_due_is_gone(filled: House) -> None:
    """Each kind has its turn; a byte scan finds its marks before, and none after."""
    house = filled
    limit(house, "photograph", 900)
    limit(house, "log-payload", 1_000)
    probe = models.Probe.objects.get()
    marks = {
        "picture": house.workspace.media.get(probe.picture)[13:200],
        "template": bytes(probe.template)[13:77],
        "key": house.workspace.vault._keys.wrapped([probe.pk.bytes])[probe.pk.bytes],
    }
    planted = Planted(house, models.Person.objects.get(label="Agathe Untel").pk)
    assert {
        name for name, mark in marks.items() if mark not in everything(house)
    } == set()  # negative control
    assert planted.missing(everything(house)) == set()
    assert purge(house) == []

    later(house, 31)
    plan = house.act("purge-plan")["due"]
    assert [row["data"] for row in plan] == ["probe"]
    (row,) = purge(house)
    assert (row["state"], row["stores"]["probes"], row["stores"]["persons"]) == ("done", 1, 0)
    assert {name for name, mark in marks.items() if mark in everything(house)} == set()
    assert planted.missing(everything(house)) == set()  # and nothing else

    later(house, 150)
    assert models.Candidate.objects.exists()
    (row,) = purge(house)
    assert row["stores"]["candidate-lists"] >= 1
    assert not models.Candidate.objects.exists()
    assert models.Search.objects.count() == 1  # that there was one, and under which case, stays
    entry = models.Search.objects.get().log_index
    with house.workspace.transaction() as (tx, _):
        assert log_store.read_payloads(tx, entry, entry + 1) == []  # the scores stood in its details

    later(house, 720)  # a case runs out, then is forgotten
    purge(house)
    assert models.Case.objects.get().reference == "erased"
    later(house, 30)
    purge(house)
    assert not models.Photograph.objects.exists()
    assert (
        planted.found(everything(house))
        - {"label", *(name for name in planted.marks if name.startswith("receipt"))}
        == set()
    )
    later(house, 85)
    purge(house)
    before = house.clock() - timedelta(days=1_000)
    with house.workspace.transaction() as (tx, _):
        kept = {number for row in models.Erasure.objects.all() for number in row.entries}
        old = {index for index, leaf in log_store.read_entries(tx, 0, 200) if parse_leaf(leaf).at < before}
        left = {index for index, _ in log_store.read_payloads(tx, 0, 200)}
    assert len(old) > 5
    assert old & left <= kept
    assert left - old  # younger ones stay
    assert house.act("purge-plan")["due"] == []


def later(house: House, days: int) -> None:
    """Some days on; accounts are confirmed in time, each by the other."""
    while days:
        step = min(days, 60)
        house.clock.move(timedelta(days=step))
        house.act("account-certify", house.deputy, name="operator")
        house.act("account-certify", house.operator, name="deputy")
        days -= step


def test_the_searchers_upkeep_purges_by_itself_with_a_certificate(filled: House) -> None:
    filled.clock.move(timedelta(days=91))
    by_clock(filled.workspace)
    assert not models.Probe.objects.exists()
    erasure = models.Erasure.objects.get()
    document = certificate_of(filled.workspace, erasure.code).document
    assert document["scope"] == "limit"
    assert {"store": "probes", "count": 1}.items() <= next(
        each for each in document["stores"] if each["store"] == "probes"
    ).items()  # type: ignore[union-attr, index, arg-type]
    before = len(filled.events())
    by_clock(filled.workspace)
    assert len(filled.events()) == before  # nothing due, nothing written


class TestHolds:
    """Dated, visible, and stronger than erasing until they end."""

    def place(self, house: House, days: int = 60, **which: str) -> str:
        ((scope, target),) = which.items()
        until = (house.clock() + timedelta(days=days)).isoformat()
        record = house.act(
            "hold-place",
            scope=scope,
            target=target,
            until=until,
            authority="Court, file 1",
            reason="evidence",
        )
        return str(record["hold"])

    def test_it_has_an_end_an_authority_and_is_seen(self, sqlite_house: House) -> None:
        house = sqlite_house
        house.person("Agathe Untel")
        with pytest.raises(UsageError):
            self.place(house, days=400, person="Agathe Untel")
        with pytest.raises(UsageError):
            house.act("hold-place", scope="person", target="Agathe Untel", authority="x", reason="x")
        code = self.place(house, person="Agathe Untel")
        (row,) = house.act("records-read", listing="holds")["holds"]
        assert (row["hold"], row["authority"], row["placed_by"]) == (code, "Court, file 1", "operator")
        assert "Agathe" not in str(row)
        with pytest.raises(RefusedError):
            self.place(
                house.__class__(**{**vars(house), "operator": house.caseworker}), person="Agathe Untel"
            )

    def test_what_is_held_is_not_erased_until_the_hold_ends(self, filled: House) -> None:
        house = filled
        code = self.place(house, person="Agathe Untel")
        with pytest.raises(RefusedError) as refused:
            house.act("erase", scope="person", target="Agathe Untel", ground="request Q-1")
        assert (refused.value.reason, refused.value.authority) == ("held", "Court, file 1")
        house.act("consent-withdraw", person="Agathe Untel")
        assert "Agathe Untel" not in [
            each.person for each in house.search(SELFIE).candidates
        ]  # it opens nothing
        face = models.Face.objects.get(person__label="Agathe Untel")
        assert face.pk in set(house.workspace.vault.record_ids())  # but nothing is destroyed either
        house.act("hold-lift", hold=code, reason="settled")
        house.act("erase", scope="person", target="Agathe Untel", ground="request Q-1")
        assert face.pk not in set(house.workspace.vault.record_ids())

    def test_an_order_of_a_whole_source_leaves_what_is_held_and_takes_it_afterwards(
        self, filled: House
    ) -> None:
        house = filled
        code = self.place(house, person="Agathe Untel")
        made = house.act("erase", scope="source", target="archive", ground="order 1")
        house.act("approve", house.deputy, proposal=made["proposal"])
        finish(house.workspace)
        assert list(models.Person.objects.values_list("label", flat=True)) == [
            "Agathe Untel",
            "Bernard Sansnom",
        ]
        assert models.Face.objects.count() == 1
        (row,) = house.act("records-read", listing="erasures")["erasures"]
        assert (row["state"], row["kept_back"]) == ("done", {code: 2})
        assert certificate_of(house.workspace, str(row["erasure"])).document["kept_back"] == {code: 2}
        assert house.search(SELFIE).candidates == ()  # its source is withdrawn
        purge(house)
        assert models.Face.objects.count() == 1
        later(house, 61)
        purge(house)
        assert not models.Photograph.objects.exists()

    def test_a_purge_passes_over_what_is_held_and_says_so(self, filled: House) -> None:
        house = filled
        self.place(house, days=200, client="Tracing")
        later(house, 91)
        (row,) = house.act("purge-plan")["due"]
        assert (row["data"], row["kept_back"]) == ("probe", True)
        purge(house)
        assert models.Probe.objects.count() == 1


def test_it_goes_on_where_it_stopped(filled: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house = filled
    later(house, 91)
    (begun,) = house.act("purge")["purged"]
    assert begun["state"] == "started"
    assert uuid.UUID(house.id)
    (left,) = house.act("purge-plan")["incomplete"]
    assert left["erasure"] == begun["erasure"]
    assert house.act("purge")["purged"] == []  # gone on with, not begun again
    house.reopen()
    finish(house.workspace)
    assert house.act("purge-plan") == {"due": [], "incomplete": []}
    assert not models.Probe.objects.exists()
