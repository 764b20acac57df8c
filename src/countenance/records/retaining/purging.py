"""The purge: everything that is past its limit, kind by kind, by the one mechanism of erasing.

Each kind with something due becomes an erasure of its own: resumed where it stopped, incomplete until its last byte is gone,
with a certificate. What a hold keeps is counted on it; once the hold is over, the next purge takes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from countenance.policy.terms import DataKind
from countenance.records.database import DjangoTransaction, open_reading
from countenance.records.erasing.due import PURGED, due, target_of
from countenance.records.erasing.scope import ErasureScope, scope_again_of
from countenance.records.erasing.selecting import NOTHING_SPARED, Selection, Spared
from countenance.records.erasing.steps import begin, incomplete
from countenance.records.erasing.stores import Walk, walk_stores
from countenance.records.erasing.vocabulary import ErasureState, ScopeKind, Store
from countenance.records.holding import spared, standing
from countenance.records.models import Account, Erasure, Gallery
from countenance.records.retaining.limits import Limit, limits
from countenance.records.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Due:
    """What is past the limit of one kind. `stores`: how many would go, by store. `kept_back`: whether holds keep some."""

    limit: Limit
    scope: ErasureScope
    stores: dict[Store, int]
    kept_back: bool


def plan_purge(workspace: Workspace) -> list[Due]:
    """What a purge would destroy now, kind by kind. Reads only."""
    now = workspace.clock()
    spare = spared(now)
    found = []
    for limit, scope in _scopes(workspace, now):
        batches = _batches(scope, spare)
        counts: Counter[Store] = Counter()
        with open_reading() as tx:
            for batch in batches:
                walk = Walk(workspace=workspace, tx=tx, chosen=batch, now=now, destroy=False)
                counts.update({store: number for store, number in walk_stores(walk).items() if number})
                counts[Store.LOG_PAYLOADS] += len(batch.payloads)
        kept = bool(spare.holds) and _size(_batches(scope, NOTHING_SPARED)) > _size(batches)
        if counts.total() or kept:
            found.append(
                Due(limit=limit, scope=scope, stores={s: n for s, n in counts.items() if n}, kept_back=kept)
            )
    return found


def begin_purge(
    workspace: Workspace, tx: DjangoTransaction, *, now: datetime, account: Account | None
) -> list[Erasure]:
    """Begin an erasure for each kind with something due, in the open transaction; after its commit call `finish`.

    Kinds whose last purge is not complete are gone on with, not begun again.
    """
    spare = spared(now)
    under_way = {erasure.target.partition("/")[0] for erasure in incomplete() if erasure.scope == "limit"}
    begun = []
    for limit, scope in _scopes(workspace, now):
        if limit.kind.value in under_way or not any(_batches(scope, spare)):
            continue
        ground = f"limit of {limit.days} days for {limit.kind.value}"
        begun.append(begin(workspace, tx, scope, now=now, ground=ground, account=account))
    return begun + follow_up(workspace, tx, now=now)


def follow_up(workspace: Workspace, tx: DjangoTransaction, *, now: datetime) -> list[Erasure]:
    """Erase what holds kept back from an erasure, once they are all over."""
    still = set(standing(now).values_list("code", flat=True))
    rows = Erasure.objects.filter(state=ErasureState.DONE.value, followed_by="").exclude(kept_back={})
    begun = []
    for erasure in rows.exclude(scope=ScopeKind.LIMIT.value).order_by("started_at"):
        if still.isdisjoint(erasure.kept_back):
            again = begin(workspace, tx, scope_again_of(erasure), now=now, ground=erasure.ground)
            erasure.followed_by = again.code
            erasure.save(update_fields=["followed_by"])
            begun.append(again)
    return begun


def is_due(workspace: Workspace) -> bool:
    """Whether a purge would do something now."""
    now = workspace.clock()
    spare = spared(now)
    if any(any(_batches(scope, spare)) for _, scope in _scopes(workspace, now)):
        return True
    rows = Erasure.objects.filter(state=ErasureState.DONE.value, followed_by="").exclude(kept_back={})
    still = set(standing(now).values_list("code", flat=True))
    return any(still.isdisjoint(row.kept_back) for row in rows.exclude(scope=ScopeKind.LIMIT.value))


def not_destroyed(workspace: Workspace) -> list[Erasure]:
    """Erasures that are not complete: what a purge could not do, or not yet."""
    del workspace
    return incomplete()


def _scopes(workspace: Workspace, now: datetime) -> list[tuple[Limit, ErasureScope]]:
    """What each limit in force means at this moment; whole galleries first."""
    known = limits(workspace)
    found: list[tuple[Limit, ErasureScope]] = []
    old = known[DataKind.GALLERY].before(now)
    if old is not None:
        galleries = Gallery.objects.filter(created_at__lt=old).order_by("created_at")
        found += [
            (known[DataKind.GALLERY], ErasureScope(kind=ScopeKind.GALLERY, target=str(key)))
            for key in galleries.values_list("pk", flat=True)
        ]
    for kind in PURGED:
        before = known[kind].before(now)
        if before is not None:
            scope = ErasureScope(kind=ScopeKind.LIMIT, target=target_of(kind, before))
            found.append((known[kind], scope))
    return found


def _batches(scope: ErasureScope, spare: Spared) -> list[Selection]:
    if scope.kind is ScopeKind.GALLERY:
        from countenance.records.erasing.selecting import select

        made: list[Callable[[], Selection]] = list(select(scope, spare=spare))
    else:
        made = list(due(scope.target, spare=spare, most=500))
    return [chosen for chosen in (batch() for batch in made) if chosen]


def _size(batches: list[Selection]) -> int:
    return sum(
        len(rows)
        for chosen in batches
        for rows in (
            *(chosen.people, chosen.photographs, chosen.faces, chosen.cases, chosen.searches),
            *(chosen.probes, chosen.reviews, chosen.requests, chosen.runs, chosen.payloads),
        )
    )
