"""Locks and suspensions: each alone has exactly its effect, at once, and is lifted by whoever may."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from house import PURPOSE, House, photograph
from oversight_parts import SELFIE, found_person, people, refused_as, two

from countenance.ingest.gate import refusal_now
from countenance.policy.decisions import Refused
from countenance.primitives.errors import ConflictError, RefusedError, UsageError
from countenance.records import models
from countenance.records.identity import verify
from countenance.search.values import LoggedCandidates

TARGETS: dict[str, dict[str, str]] = {
    "gallery": {"gallery": "people"},
    "source": {"source": "archive"},
    "place": {"place": "CA"},
    "client": {"client": "Tracing"},
    "account": {"account": "carol"},
}
OPERATOR_ACCOUNT = {"account": "operator"}


def collects(house: House) -> bool:
    """Whether the operator may take something in from the source at this moment, as ingest asks."""
    signed = house.operator.sign(workspace_id=house.id, act="ingest", params={}, at=house.clock())
    caller = verify(signed, workspace_id=house.id, now=house.clock())
    source = models.Source.objects.select_related("gallery", "basis").get(name="archive")
    return refusal_now(house.workspace, caller, source, house.clock()) is None


def searches(house: House) -> bool:
    """Whether the person is found. A search that finds nothing, where a source is closed, counts as no."""
    answer = house.search(SELFIE)
    return isinstance(answer, LoggedCandidates) and people(answer) == ["P001"]


def discloses(house: House, entry: int) -> bool:
    """Whether a candidate list that was made before may leave as a file."""
    try:
        house.act("search-export", house.caseworker, entry=entry)
    except RefusedError:
        return False
    return True


def made_before(house: House) -> int:
    answer = house.search(SELFIE)
    assert isinstance(answer, LoggedCandidates)
    return answer.log_entry


@pytest.mark.parametrize("target", ["gallery", "source", "place"])
@pytest.mark.parametrize("kind", ["ingest", "search", "export"])
def test_each_lock_alone_has_exactly_its_effect_and_ends_with_it(
    house: House, target: str, kind: str
) -> None:
    found_person(house)
    entry = made_before(house)
    state = {"ingest": collects(house), "search": searches(house), "export": discloses(house, entry)}
    assert state == {"ingest": True, "search": True, "export": True}

    lock = house.act("lock-set", kind=kind, reason="A test", **TARGETS[target])["lock"]
    state = {"ingest": collects(house), "search": searches(house), "export": discloses(house, entry)}
    assert state == {name: name != kind for name in state}

    two(house, "lock-lift", lock=lock)
    assert (collects(house), searches(house), discloses(house, entry)) == (True, True, True)


@pytest.mark.parametrize(
    ("target", "kind", "closed"),
    [
        ("client", "search", "search"),
        ("client", "export", "export"),
        ("account", "search", "search"),
        ("account", "export", "export"),
    ],
)
def test_a_lock_on_a_client_or_a_person_s_account_has_exactly_its_effect(
    sqlite_house: House, target: str, kind: str, closed: str
) -> None:
    house = sqlite_house
    found_person(house)
    entry = made_before(house)
    house.act("lock-set", kind=kind, reason="A test", **TARGETS[target])
    state = {"ingest": collects(house), "search": searches(house), "export": discloses(house, entry)}
    assert state == {name: name != closed for name in state}


def test_a_lock_on_ingest_of_one_operator_leaves_the_other(sqlite_house: House) -> None:
    house = sqlite_house
    house.act("lock-set", kind="ingest", account="deputy", reason="A test")
    assert collects(house)
    house.act("lock-set", kind="ingest", account="operator", reason="A test")
    assert not collects(house)


def test_a_lock_of_exports_of_an_account_closes_the_log_s_export(sqlite_house: House) -> None:
    house = sqlite_house
    assert house.act("log-export") == {}
    code = house.act("lock-set", kind="export", account="operator", reason="A test")["lock"]
    refused = refused_as(house, "log-export")
    assert (refused.reason, refused.rule) == ("lock-export", code)
    assert house.act("log-export", house.deputy) == {}


def test_what_a_closed_source_holds_is_in_no_list_no_count_and_no_coverage(house: House) -> None:
    found_person(house)
    house.act(
        "source-add",
        name="other",
        gallery="people",
        basis="consent",
        purposes=[PURPOSE],
        jurisdiction="CA",
        evidence="Forms",
        location="/nowhere",
        holder="Museum",
        contact="m@example.org",
        notice="Photographs.",
    )
    house.enrol(house.person("P002"), photograph("P002"), source="other")
    before = house.search(SELFIE)
    assert isinstance(before, LoggedCandidates)
    assert (before.coverage.searched, before.coverage.permitted) == (2, 2)

    lock = house.act("lock-set", kind="search", source="archive", reason="A test")["lock"]
    during = house.search(SELFIE)
    assert isinstance(during, LoggedCandidates)
    assert "P001" not in people(during)
    assert (during.coverage.searched, during.coverage.permitted, during.coverage.not_searchable) == (1, 1, 0)
    assert people(house.search(photograph("P002", "amateur_selfie"))) == ["P002"]

    two(house, "lock-lift", lock=lock)
    after = house.search(SELFIE)
    assert people(after) == ["P001"]
    assert isinstance(after, LoggedCandidates)
    assert after.coverage.searched == 2


def test_a_source_closed_twice_opens_with_the_last_lock(sqlite_house: House) -> None:
    house = sqlite_house
    found_person(house)
    first = house.act("lock-set", kind="search", source="archive", reason="One")["lock"]
    second = house.act("lock-set", kind="all", source="archive", reason="Two")["lock"]
    two(house, "lock-lift", lock=first)
    assert people(house.search(SELFIE)) == []
    two(house, "lock-lift", lock=second)
    assert people(house.search(SELFIE)) == ["P001"]


def test_a_jurisdiction_s_suspension_closes_clients_galleries_and_requesters_of_that_place(
    house: House,
) -> None:
    """Each alone: a client there, a requester of record there, a gallery there."""
    found_person(house)
    cases = {}
    for place in ("CA-BC", "CA-ON"):
        house.act(
            "client-add", name=f"Force {place}", jurisdiction=place, purposes=[PURPOSE], until="2028-01-01"
        )
        key = house.account(f"worker-{place.lower()}", "caseworker", f"Force {place}")
        for requester in ("CA-BC", "CA-ON"):
            cases[place, requester] = (
                key,
                house.act(
                    "case-open",
                    key,
                    purpose=PURPOSE,
                    reference="F",
                    on_behalf_of=f"Requester of {requester}",
                    on_behalf_of_jurisdiction=requester,
                )["case"],
            )

    def state() -> dict[tuple[str, str], bool]:
        return {
            name: isinstance(house.search(SELFIE, key=key, case=case), LoggedCandidates)
            for name, (key, case) in cases.items()
        }

    assert set(state().values()) == {True}
    lock = house.act("lock-set", kind="all", place="CA-BC", reason="A test")["lock"]
    assert {name for name, answered in state().items() if answered} == {("CA-ON", "CA-ON")}
    refused = refused_as(house, "case-close", cases["CA-BC", "CA-BC"][0], case=cases["CA-BC", "CA-BC"][1])
    assert (refused.reason, refused.rule) == ("lock-all", lock)

    models.Gallery.objects.update(jurisdiction="CA-BC")
    house.workspace.revoke_grants()
    assert set(state().values()) == {False}
    two(house, "lock-lift", lock=lock)
    assert set(state().values()) == {True}


def test_a_suspension_while_a_search_runs_leaves_it_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the scan, before the log: the grant is dead, policy is asked again, and the lock is named."""
    from countenance.search import path

    found_person(house)
    scan, codes = path._scan, []

    def scan_then_lock(*args: Any) -> Any:
        answer = scan(*args)
        if not codes:
            codes.append(house.act("lock-set", kind="all", place="CA", reason="A test")["lock"])
        return answer

    monkeypatch.setattr(path, "_scan", scan_then_lock)
    answer = house.search(SELFIE)
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.rule) == ("lock-all", codes[0])
    assert models.Search.objects.count() == 0


def test_what_waits_for_a_second_signature_dies_with_its_first_signer_s_lock(sqlite_house: House) -> None:
    house = sqlite_house
    two(house, "authority-add", name="Commission", jurisdiction="CA")
    house.act("client-suspend", name="Tracing", reason="A test")
    waiting = house.act("client-reinstate", name="Tracing")["proposal"]
    house.act("account-suspend", house.deputy, name="operator", reason="A test")
    refused = refused_as(house, "approve", house.deputy, proposal=waiting)
    assert refused.reason == "second-person-needed"


def test_one_person_alone_lifts_no_lock(sqlite_house: House) -> None:
    house = sqlite_house
    lock = house.act("lock-set", kind="search", gallery="people", reason="A test")["lock"]
    waiting = house.act("lock-lift", lock=lock)
    assert waiting["waits_for"] == "second-person"
    assert (
        refused_as(house, "approve", house.operator, proposal=waiting["proposal"]).reason
        == "second-person-needed"
    )
    assert (
        refused_as(house, "lock-set", house.caseworker, kind="all", place="CA", reason="x").reason
        == "role-may-not"
    )


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"kind": "all", "client": "Tracing"}, "lock-suspends"),
        ({"kind": "ingest", "client": "Tracing"}, "lock-nothing"),
        ({"kind": "search"}, "target"),
        ({"kind": "search", "place": "CA", "gallery": "people"}, "target"),
    ],
)
def test_a_lock_names_one_thing_that_it_can_close(
    sqlite_house: House, params: dict[str, str], code: str
) -> None:
    with pytest.raises(UsageError) as caught:
        sqlite_house.act("lock-set", reason="A test", **params)
    assert caught.value.code == code


def test_a_lock_is_met_by_another_process_at_its_next_request(sqlite_house: House) -> None:
    """Another connection of its own, as another process has: what it has cached is dropped with the epoch."""
    house = sqlite_house
    found_person(house)
    assert people(house.search(SELFIE)) == ["P001"]
    done = threading.Event()

    def elsewhere() -> None:
        from countenance.records.database import disconnect

        house.act("lock-set", kind="search", gallery="people", reason="A test")
        disconnect()
        done.set()

    threading.Thread(target=elsewhere).start()
    assert done.wait(30)
    answer = house.search(SELFIE)
    assert isinstance(answer, Refused)
    assert answer.reason == "lock-search"


def test_a_proposal_can_be_taken_back(sqlite_house: House) -> None:
    house = sqlite_house
    house.act("client-suspend", name="Tracing", reason="A test")
    waiting = house.act("client-reinstate", name="Tracing")["proposal"]
    assert (
        house.act("proposal-cancel", house.deputy, proposal=waiting, reason="Too early")["state"]
        == "cancelled"
    )
    with pytest.raises(Exception, match="Nothing waits"):
        house.act("approve", house.deputy, proposal=waiting)
    assert house.events()[-1] == "proposal-cancelled"
    assert house.act("records-read", listing="proposals")["proposals"] == []


def test_a_founding_operator_is_not_closed_by_the_other_s_suspension(house: House) -> None:
    house.act("account-suspend", house.deputy, name="operator", reason="Left in a hurry")
    assert house.act("lock-set", house.deputy, kind="search", gallery="people", reason="Go on")["lock"]
    assert refused_as(house, "records-read", house.operator, listing="status").reason == "account-suspended"


def test_a_sponsor_can_be_changed_and_opens_what_its_suspension_closed(sqlite_house: House) -> None:
    house = sqlite_house
    carol = house.account("dora", "caseworker")
    house.act("account-suspend", house.deputy, name="operator", reason="Left")
    assert refused_as(house, "records-read", carol, listing="cases").reason == "account-without-sponsor"
    assert house.act("account-sponsor", house.deputy, name="dora")["sponsor"] == "deputy"
    assert "cases" in house.act("records-read", carol, listing="cases")
    with pytest.raises(ConflictError):
        house.act("account-sponsor", house.deputy, name="dora", sponsor="carol")
    with pytest.raises(ConflictError):
        house.act("account-sponsor", house.deputy, name="dora", sponsor="operator")
    with pytest.raises(ConflictError):
        house.act("account-sponsor", house.deputy, name="deputy")


def test_a_wrong_basis_is_corrected_by_two_and_what_rested_on_it_ends(house: House) -> None:
    found_person(house)
    told = {
        "name": "archive",
        "basis": "consent",
        "purposes": [PURPOSE],
        "jurisdiction": "CA-QC",
        "evidence": "Consent forms, binder 8",
        "reason": "The forms are those of the Quebec office",
    }
    assert house.act("source-correct", **told)["waits_for"] == "second-person"
    assert people(house.search(SELFIE)) == ["P001"]
    corrected = two(house, "source-correct", **told)
    assert (corrected["jurisdiction"], corrected["references_ended"]) == ("CA-QC", 1)
    assert people(house.search(SELFIE)) == []
    assert models.Face.objects.get().crop == ""  # its key is destroyed
    assert house.events()[-2] == "source-corrected"
