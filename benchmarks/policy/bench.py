"""What a decision costs: `python benchmarks/policy/bench.py [--json] [--rounds N]`.

One process, one thread. A round asks once of everything, so that a busy moment of the machine touches all alike.
Targets: a decision p50 <= 0.3 ms; decision + grant + log entry <= 2 ms a search, of which this is the first two.
"""

from __future__ import annotations

import argparse
import json
import secrets
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from countenance.policy.book import load_book
from countenance.policy.engine import PolicyEngine
from countenance.policy.grants import Grant, verify_grant
from countenance.policy.mint import GrantMint
from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import (
    Act,
    ActQuestion,
    BasisFacts,
    CallerFacts,
    CaseFacts,
    ClientFacts,
    ConsentState,
    EnrolQuestion,
    GalleryFacts,
    PermissionClass,
    PersonFacts,
    RequesterFacts,
    SearchQuestion,
    SoughtFacts,
)

NOW = datetime(2026, 12, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
PURPOSES = frozenset({Purpose.MISSING_PERSON, Purpose.FAMILY_TRACING})


def questions() -> tuple[SearchQuestion, EnrolQuestion, ActQuestion]:
    """One question of each kind, permitted."""
    client = ClientFacts(
        id="client",
        jurisdiction="CA-ON",
        licensed_purposes=PURPOSES,
        licensed_from=NOW,
        licensed_until=LATER,
        suspended=False,
    )
    caseworker = CallerFacts(
        id="account",
        role=Role.CASEWORKER,
        client=client,
        suspended=False,
        sponsored=True,
        certified_until=LATER,
    )
    gallery = GalleryFacts(
        id="gallery",
        purposes=PURPOSES,
        jurisdiction="CA",
        live=True,
        suspended=False,
        search_locked=False,
        ingest_locked=False,
    )
    search = SearchQuestion(
        caller=caseworker,
        case=CaseFacts(
            id="case",
            client_id="client",
            purpose=Purpose.MISSING_PERSON,
            open=True,
            expires_at=LATER,
            searches_left=9,
        ),
        purpose="missing-person",
        requester=RequesterFacts(jurisdiction="CA-QC", suspended=False),
        gallery=gallery,
        permission_class=None,
        sought=SoughtFacts(),
        now=NOW,
    )
    enrol = EnrolQuestion(
        basis=BasisFacts(
            kind=BasisKind.CONSENT, purposes=PURPOSES, jurisdiction="CA", live=True, permits_unlabelled=False
        ),
        gallery=gallery,
        purpose=Purpose.MISSING_PERSON,
        person=PersonFacts(consent=ConsentState.LIVE, declared_minor=False, guardian_consent=False),
        now=NOW,
    )
    act = ActQuestion(caller=caseworker, act=Act.CASE_OPEN, client_id="client", approvals=1, now=NOW)
    return search, enrol, act


def classes(count: int) -> list[PermissionClass]:
    return [
        PermissionClass(
            id=number, gallery_id="gallery", basis=BasisKind.CONSENT, purposes=PURPOSES, jurisdiction="CA"
        )
        for number in range(count)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=1000)
    options = parser.parse_args()

    started = time.perf_counter()
    book = load_book(operator="CA-ON")
    load_ms = (time.perf_counter() - started) * 1e3
    engine, key = PolicyEngine(book), secrets.token_bytes(32)
    mint = GrantMint(engine, key)
    search, enrol, act = questions()
    grant = mint.mint(search, classes(4), k=20, epoch=0)
    assert isinstance(grant, Grant)
    work: dict[str, Callable[[], object]] = {
        "decide search": lambda: engine.decide(search),
        "decide search, a class": lambda: engine.decide(replace(search, permission_class=classes(1)[0])),
        "decide search, refused": lambda: engine.decide(replace(search, case=None)),
        "decide enrol": lambda: engine.decide(enrol),
        "decide act": lambda: engine.decide(act),
        "mint, 1 class": lambda: mint.mint(search, classes(1), k=20, epoch=0),
        "mint, 4 classes": lambda: mint.mint(search, classes(4), k=20, epoch=0),
        "mint, 16 classes": lambda: mint.mint(search, classes(16), k=20, epoch=0),
        "verify grant": lambda: verify_grant(grant, key, now=NOW, epoch=0),
    }
    spent: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(options.rounds):
        for name, task in work.items():
            begun = time.perf_counter()
            task()
            spent[name].append((time.perf_counter() - begun) * 1e3)
    result = {
        name: {
            "p50_ms": round(statistics.median(times), 4),
            "p99_ms": round(statistics.quantiles(times, n=100)[98], 4),
        }
        for name, times in spent.items()
    }
    if options.json:
        print(json.dumps({"rules": len(book.rules), "load_ms": round(load_ms, 1), **result}))
        return
    print(f"{len(book.packs)} packs: {len(book.rules)} rules, loaded and checked in {load_ms:.1f} ms")
    for name, figures in result.items():
        print(f"{name:24} p50 {figures['p50_ms']:8.3f} ms   p99 {figures['p99_ms']:8.3f} ms")


if __name__ == "__main__":
    main()
