"""A machine that does anything in any order, and what must hold after each step whatever it did.

A small form runs with the other tests. `make machine STEPS=50000` runs as many steps as it is told.

Invariants, after requirements.md: nobody without a live consent is on a list (R2, R4); a closed client, gallery or case finds
nothing (R7, R8); who was erased is in no record, and their key is gone (R9), also after a restore; what is held is not
destroyed (R22); the log only grows, and verifies (R18).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from house import Authority, House, authority, found_house, photograph, shared_pool
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from countenance.extraction.values import EmbedRule, ExtractionResult
from countenance.policy.decisions import Refused
from countenance.primitives.clock import ManualClock
from countenance.primitives.errors import ConflictError, RefusedError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.ending import end_expired
from countenance.records.erasing.steps import finish
from countenance.records.workspace import Workspace
from countenance.registry.backup import backup
from countenance.registry.restore import restore
from countenance.search.values import LoggedCandidates

STEPS = int(os.environ.get("COUNTENANCE_MACHINE_STEPS", "400"))
IN_ONE_LIFE = 50
LABELS = ("P001", "P002", "P003", "P004")
_PLACE: list[Path] = []
DONE = {"steps": 0, "searches": 0, "restores": 0, "erasures": 0, "orders": 0, "destroyed": 0}


@cache
def looked_at(data: bytes, rule: EmbedRule, detail: Any) -> ExtractionResult:
    """What the workers answered for this picture; they answer the same each time."""
    return shared_pool().submit(data, detail=detail, rule=rule).result()


class Pool:
    """The extraction workers, asked once for each picture."""

    def submit(self, data: bytes, *, detail: Any, rule: EmbedRule) -> Future[ExtractionResult]:
        future: Future[ExtractionResult] = Future()
        future.set_result(looked_at(data, rule, detail))
        return future


class QuickHouse(House):
    """A house whose pictures were looked at already."""

    @property
    def pool(self) -> Any:
        return Pool()


@cache
def beginning(place: Path) -> tuple[House, Authority]:
    """What every life begins with, made once: a house with its authority, closed."""
    made = found_house(place / "beginning", None)
    its_authority = authority(made)
    made.close()
    return made, its_authority


def begin_in(directory: Path) -> tuple[House, Authority]:
    """A copy of the beginning, open, at its time."""
    made, its_authority = beginning(_PLACE[0])
    shutil.copytree(_PLACE[0] / "beginning", directory)
    clock = ManualClock(made.clock())
    return (
        QuickHouse(**{**vars(made), "clock": clock, "workspace": Workspace.open(directory, clock=clock)}),
        its_authority,
    )


class Permissions(RuleBasedStateMachine):
    """`live`: receipts that stand, by label, with their end; `found`: labels with an open reference under them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-", dir=_PLACE[0]))
        self.house, self.authority = begin_in(self.folder / "workspace")
        self.live: dict[str, tuple[str, datetime | None]] = {}
        self.found: set[str] = set()
        self.known: set[str] = set()
        self.keys_gone: set[Any] = set()
        self.closed: set[str] = set()
        self.held: str = ""
        self.saved: tuple[Path, dict[str, tuple[str, datetime | None]], set[str], set[str], str] | None = None
        self.ended: set[str] = set()
        self.size = 0
        self.certified = self.certified_when_saved = self.house.clock()
        self.restored = 0
        self.order_code = self.order_kind = ""

    def teardown(self) -> None:
        with open_reading() as tx:
            assert self.house.workspace.log.verify(tx).ok
        self.house.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- People

    @rule(label=st.sampled_from(LABELS), days=st.sampled_from([None, 20, 90]))
    def consent(self, label: str, days: int | None) -> None:
        if label in self.live:
            return
        if label not in self.known:
            self.house.act("person-add", label=label)
            self.known.add(label)
        ends = None if days is None else self.house.clock() + timedelta(days=days)
        more = {} if ends is None else {"expires_at": ends.isoformat()}
        record = self.house.act(
            "consent-record",
            person=label,
            gallery="people",
            purposes=["missing-person"],
            notice_text="x",
            **more,
        )
        self.live[label] = (record["receipts"][0]["receipt"], ends)

    @rule(label=st.sampled_from(LABELS))
    @precondition(lambda self: self.live and "order" not in self.closed)
    def enrol(self, label: str) -> None:
        """Not under an order: nothing is taken in then, and the house would do so beside the path of ingest."""
        if label in self.live and label not in self.found and not self.here(label):
            self.house.enrol(self.live[label][0], photograph(label))
            self.found.add(label)

    @rule(label=st.sampled_from(LABELS))
    @precondition(lambda self: self.live)
    def withdraw(self, label: str) -> None:
        if label not in self.live:
            return
        keys = set(self.faces(label))
        self.house.act("consent-withdraw", receipt=self.live[label][0])
        self.no_more(label)
        if label != self.held:
            self.keys_gone |= keys

    @rule(label=st.sampled_from(LABELS))
    @precondition(lambda self: self.known)
    def erase(self, label: str) -> None:
        if label not in self.known:
            return
        keys = set(self.faces(label))
        if label == self.held:
            with pytest.raises(RefusedError, match="hold"):
                self.house.act("erase", scope="person", target=label, ground="request")
            return
        self.house.act("erase", scope="person", target=label, ground="request")
        finish(self.house.workspace)
        DONE["erasures"] += 1
        self.no_more(label)
        self.known.discard(label)
        self.keys_gone |= keys

    @rule(days=st.integers(1, 30))
    def expire(self, days: int) -> None:
        self.house.clock.move(timedelta(days=days))
        if self.house.clock() - self.certified > timedelta(days=50):
            self.house.act("account-certify", self.house.deputy, name="operator")
            self.house.act("account-certify", self.house.operator, name="deputy")
            for name in ("carol", self.authority.commissioner.account, self.authority.inspector.account):
                self.house.act("account-certify", self.house.operator, name=name)
            self.certified = self.house.clock()
        for label, (_, ends) in list(self.live.items()):
            if ends is not None and ends <= self.house.clock():
                self.no_more(label)
        end_expired(self.house.workspace)

    # ---- Closing

    @rule(what=st.sampled_from(["gallery", "client"]))
    def suspend(self, what: str) -> None:
        if what in self.closed:
            return
        self.house.act(f"{what}-suspend", name={"gallery": "people", "client": "Tracing"}[what], reason="x")
        self.closed.add(what)

    @rule(what=st.sampled_from(["gallery", "client"]))
    @precondition(lambda self: self.closed & {"gallery", "client"})
    def reinstate(self, what: str) -> None:
        if what not in self.closed:
            return
        name = {"gallery": "people", "client": "Tracing"}[what]
        made = self.house.act(f"{what}-reinstate", name=name)
        self.house.act("approve", self.house.deputy, proposal=made["proposal"])
        self.closed.discard(what)

    @rule()
    @precondition(lambda self: "lock" not in self.closed)
    def lock(self) -> None:
        """What an operator can close by itself."""
        set_ = self.house.act("lock-set", kind="search", gallery="people", reason="order 1")
        self.lock_code = set_["lock"]
        self.closed.add("lock")

    @rule()
    @precondition(lambda self: "lock" in self.closed)
    def lift(self) -> None:
        made = self.house.act("lock-lift", lock=self.lock_code)
        self.house.act("approve", self.house.deputy, proposal=made["proposal"])
        self.closed.discard("lock")

    @rule(kind=st.sampled_from(["cease-offering", "delete"]))
    @precondition(lambda self: "order" not in self.closed)
    def order(self, kind: str) -> None:
        """An authority's own, for its whole place: nobody is served, or what was collected is locked and waits."""
        more = {"destroy_from": self.house.clock().isoformat()} if kind == "delete" else {}
        self.order_code = self.house.act(
            "order-issue", self.authority.commissioner, kind=kind, place="CA", number="1", **more
        )["order"]
        self.order_kind = kind
        self.closed.add("order")
        with pytest.raises((RefusedError, ConflictError)):  # no operator lifts it
            self.house.act("order-lift", order=self.order_code, reason="we would rather not")
        DONE["orders"] += 1

    @rule()
    @precondition(lambda self: "order" in self.closed and self.order_kind != "destroyed")
    def lift_order(self) -> None:
        self.house.act(
            "order-lift", self.authority.commissioner, order=self.order_code, reason="no longer needed"
        )
        self.closed.discard("order")

    @rule()
    @precondition(lambda self: self.closed - {"order"} or self.order_kind in {"cease-offering", "delete"})
    def open_up(self) -> None:
        """All that can be opened again, so that a life is not spent behind closed doors."""
        for what in sorted(self.closed & {"gallery", "client"}):
            self.reinstate(what)
        if "lock" in self.closed:
            self.lift()
        if "order" in self.closed and self.order_kind != "destroyed":
            self.lift_order()

    @rule(turn=st.integers(0, 1))
    @precondition(lambda self: "order" in self.closed and self.order_kind == "delete")
    def destroy(self, turn: int) -> None:
        """Two of the authority carry the order to delete out; what a hold keeps stays. The order stands from then on."""
        if turn:
            return  # half of them wait, so that a life goes on
        keys = {label: set(self.faces(label)) for label in self.known if label != self.held}
        waiting = self.house.act("order-destroy", self.authority.commissioner, order=self.order_code)
        self.house.act("approve", self.authority.inspector, proposal=waiting["proposal"])
        finish(self.house.workspace)
        here = set(models.Person.objects.values_list("label", flat=True))
        assert here.isdisjoint(self.found - {self.held})
        assert here >= self.known & {self.held}
        for label in self.known - here:
            self.no_more(label)
            self.keys_gone |= keys[label]
        self.known &= here
        self.order_kind = "destroyed"
        with pytest.raises(ConflictError):
            self.house.act(
                "order-lift", self.authority.commissioner, order=self.order_code, reason="too late"
            )
        DONE["destroyed"] += 1

    @rule(label=st.sampled_from(LABELS))
    def hold(self, label: str) -> None:
        if self.held:
            self.house.act("hold-lift", hold=self.hold_code, reason="settled")
            self.held = ""
        elif label in self.known:
            until = (self.house.clock() + timedelta(days=300)).isoformat()
            record = self.house.act(
                "hold-place", scope="person", target=label, until=until, authority="Court", reason="x"
            )
            self.held, self.hold_code = label, record["hold"]

    # ---- Asking

    @rule(label=st.sampled_from(LABELS))
    def search(self, label: str) -> None:
        self.new_case()
        try:
            answer = self.house.search(photograph(label))
        except RefusedError:
            assert self.closed
            return
        if self.closed == {"order"} and self.order_kind != "cease-offering":
            assert isinstance(answer, Refused) or not getattr(answer, "candidates", ())
            return
        if self.closed:
            assert isinstance(answer, Refused)
            return
        DONE["searches"] += 1
        assert isinstance(answer, LoggedCandidates), answer
        people = {each.person for each in answer.candidates}
        assert people <= self.found
        assert (label in people) == (label in self.found)
        assert answer.coverage.searched == len(self.found)

    @rule()
    @precondition(lambda self: not self.closed)
    def report(self) -> None:
        """A report names nobody who has left."""
        self.house.act("review-open", self.house.caseworker, case=self.house.case)
        record = str(self.house.act("report-make", self.house.caseworker, case=self.house.case))
        assert not [label for label in set(LABELS) - self.found if f"'{label}'" in record]

    # ---- Backups

    @rule()
    @precondition(lambda self: not self.fresh_backup)
    def save(self) -> None:
        if self.saved is not None:
            shutil.rmtree(self.saved[0])
        request = self.house.operator.sign(
            workspace_id=self.house.id, act="backup", params={}, at=self.house.clock()
        )
        backup(self.house.workspace, request, self.folder / "backup")
        self.saved = (
            self.folder / "backup",
            dict(self.live),
            set(self.found),
            set(self.known),
            self.house.case,
        )
        self.ended = set()
        self.certified_when_saved = self.certified

    @property
    def fresh_backup(self) -> bool:
        """There is one, and the certification of accounts in it holds (90 days) until `expire` renews it, a month on."""
        certified = self.certified_when_saved
        return self.saved is not None and self.house.clock() - certified <= timedelta(days=58)

    @property
    def shut(self) -> set[str]:
        """What is closed and can be opened again."""
        return self.closed - ({"order"} if self.order_kind == "destroyed" else set())

    @rule()
    @precondition(lambda self: self.fresh_backup and not self.held and not self.shut)
    def bring_back(self) -> None:
        """What ended since the backup has ended; what began since is not there."""
        self.house.workspace.checkpoint()
        log = self.folder / f"log{self.restored}"
        with open_reading() as tx:
            self.house.workspace.log.export(tx, log, payloads=True)
        self.restored += 1
        to = self.folder / f"restored{self.restored}"
        self.house.workspace.close()
        place, live, found, known, self.house.case = self.saved
        restore(place, to, log=log, clock=self.house.clock)
        self.house.workspace = Workspace.open(to, clock=self.house.clock)
        self.live = {label: kept for label, kept in live.items() if label not in self.ended}
        self.found = {label for label in found if label not in self.ended}
        self.known = {label for label in known if models.Person.objects.filter(label=label).exists()}
        self.keys_gone = set()
        shutil.rmtree(place)
        self.saved = None
        self.size = 0
        DONE["restores"] += 1
        self.certified = datetime.min.replace(tzinfo=self.house.clock().tzinfo)
        end_expired(self.house.workspace)
        for label, (_, ends) in list(self.live.items()):
            if ends is not None and ends <= self.house.clock():
                self.no_more(label)

    # ---- What must hold

    @invariant()
    def nobody_who_left_can_be_found(self) -> None:
        DONE["steps"] += 1
        if DONE["steps"] % 1_000 == 0:
            print(DONE, file=sys.__stderr__, flush=True)
        open_ones = models.Reference.objects.filter(ended_at__isnull=True)
        assert set(open_ones.values_list("face__person__label", flat=True)) == self.found
        assert self.found <= set(self.live)

    @invariant()
    def keys_of_what_ended_are_gone(self) -> None:
        assert self.keys_gone.isdisjoint(self.house.workspace.vault.record_ids())

    @invariant()
    def who_was_erased_is_in_no_record(self) -> None:
        assert set(models.Person.objects.values_list("label", flat=True)) == self.known

    @invariant()
    def the_log_only_grows(self) -> None:
        with open_reading() as tx:
            size = self.house.workspace.log.head(tx).size
        assert size >= self.size
        self.size = size

    # ---- Parts

    def no_more(self, label: str) -> None:
        self.live.pop(label, None)
        self.found.discard(label)
        self.ended.add(label)

    def faces(self, label: str) -> list[Any]:
        return list(models.Face.objects.filter(person__label=label).values_list("pk", flat=True))

    def here(self, label: str) -> bool:
        """A face of theirs that ended lies in the photograph still; the house enrols a photograph's face once."""
        return models.Face.objects.filter(person__label=label, photograph__path=f"{label}.jpg").count() > 20

    def new_case(self) -> None:
        """A fresh case where the present one is spent or over."""
        case = models.Case.objects.filter(code=self.house.case).first()
        spent = case is None or case.closed_at or case.expires_at <= self.house.clock()
        if case is not None and not spent:
            spent = models.Search.objects.filter(case=case).count() >= case.searches_allowed
        if spent and not self.closed:
            self.house.case = self.house.act(
                "case-open", self.house.caseworker, purpose="missing-person", reference="File",
                on_behalf_of="Tracing", on_behalf_of_jurisdiction="CA",
            )["case"]  # fmt: skip


def test_permissions_hold_whatever_is_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _PLACE[:] = [tmp_path]
    run_state_machine_as_test(
        Permissions,
        settings=settings(
            # Many a life ends early; a quarter more of them make up for it.
            max_examples=max(STEPS * 5 // (4 * IN_ONE_LIFE), 1),
            stateful_step_count=IN_ONE_LIFE,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],  # a failing life is told as it was; shrinking it would take hours
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        print(f"\n{DONE}")
    assert DONE["searches"]
