"""Locks and orders in force, as every path asks for them: before any rule, and again wherever it asks policy again.

They are read afresh wherever the revocation epoch has moved: whoever sets or lifts one moves it in the same transaction.
So an act that begins after that, in whatever process, meets it, and one that is under way meets it at its next step.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from countenance.policy.decisions import Refused
from countenance.policy.questions import Act
from countenance.policy.restrictions import (
    Effect,
    LockKind,
    OrderKind,
    Restriction,
    TargetKind,
    Touched,
    first_refusal,
)
from countenance.records.models import Account, Case, Gallery, Lock, Order, Search, Source

if TYPE_CHECKING:
    from countenance.records.workspace import Workspace

LOCK_AUTHORITY = "Operator of the workspace: lock"

EFFECT_OF_ACT = {Act.INGEST: Effect.INGEST, Act.SEARCH_EXPORT: Effect.EXPORT, Act.LOG_EXPORT: Effect.EXPORT}
"""Acts that collect or disclose. A search is no act of this kind: its own path asks. A backup stays with the operator."""


def in_force() -> tuple[Restriction, ...]:
    """Every lock and order that is not lifted, orders first: an authority's word is named before the operator's."""
    orders = (
        Order.objects.filter(lifted_at__isnull=True)
        .select_related("authority")
        .order_by("issued_at", "kind", "pk")
    )
    locks = Lock.objects.filter(lifted_at__isnull=True).order_by("set_at", "kind", "pk")
    return (*map(of_order, orders), *map(of_lock, locks))


def of_order(order: Order) -> Restriction:
    """An order as what it forbids."""
    return Restriction(
        code=order.code,
        kind=OrderKind(order.kind),
        target=TargetKind(order.target),
        target_id=order.target_id,
        authority=f"{order.authority.name}, {order.number}",
        since=order.dated.isoformat(),
        begins=order.issued_at,
        ends=order.ends_at,
    )


def of_lock(lock: Lock) -> Restriction:
    """A lock as what it forbids."""
    return Restriction(
        code=lock.code,
        kind=LockKind(lock.kind),
        target=TargetKind(lock.target),
        target_id=lock.target_id,
        authority=LOCK_AUTHORITY,
        since=lock.set_at.date().isoformat(),
        begins=lock.set_at,
    )


def of_gallery(gallery: Gallery) -> tuple[Restriction, ...]:
    """What is closed in a gallery by itself, as rules HOUSE-50 and HOUSE-52 tell whoever would search it."""
    closed = (
        ("HOUSE-50", LockKind.ALL, gallery.suspended_at),
        ("HOUSE-52", LockKind.SEARCH, gallery.search_locked_at),
    )
    return tuple(
        Restriction(
            code=rule,
            kind=kind,
            target=TargetKind.GALLERY,
            target_id=str(gallery.pk),
            authority=LOCK_AUTHORITY,
            since=at.date().isoformat(),
            begins=at,
        )
        for rule, kind, at in closed
        if at is not None
    )


def refusal(
    workspace: Workspace, effect: Effect | None, touched: Touched, now: datetime, *, epoch: int | None = None
) -> Refused | None:
    """What speaks against `effect` (None: any act at all) on what is touched, or None.

    `epoch`: the revocation epoch, where the caller has just read it.
    """
    standing = workspace.restrictions(epoch)
    if not standing:
        return None
    return first_refusal(standing, effect, touched, now=now, pack=workspace.policy(epoch).book.hash)


def of_account(account: Account) -> Touched:
    """What any act of this account touches."""
    organisation = account.organisation
    return Touched(
        account=str(account.pk),
        client=str(organisation.pk) if organisation else None,
        service=frozenset({organisation.jurisdiction}) if organisation else frozenset(),
    )


def act_refusal(workspace: Workspace, account: Account, act: Act, now: datetime) -> Refused | None:
    """What speaks against an act of this account: that it, or its client, is closed; or what the act does.

    An authority is never closed by what it, or anybody, ordered or locked.
    """
    if account.organisation is not None and account.organisation.is_authority:
        return None
    touched = of_account(account)
    effect = EFFECT_OF_ACT.get(act)
    whole = refusal(workspace, None, touched, now)
    return whole if whole is not None or effect is None else refusal(workspace, effect, touched, now)


def search_refusal(
    workspace: Workspace,
    account: Account,
    case: Case | None,
    gallery: Gallery,
    now: datetime,
    *,
    epoch: int | None = None,
    effect: Effect = Effect.SEARCH,
) -> Refused | None:
    """What speaks against a search of this account in this gallery; with another `effect`, against using its result."""
    base = of_account(account)
    if base.client is not None and (
        refused := refusal(workspace, None, base, now, epoch=epoch)
    ):  # its client is suspended
        return refused
    places = base.service | {gallery.jurisdiction}
    if case is not None:
        places |= {case.on_behalf_of_jurisdiction}
    touched = Touched(
        account=base.account,
        client=base.client,
        gallery=str(gallery.pk),
        service=places,
        holdings=frozenset({gallery.jurisdiction}),
    )
    return refusal(workspace, effect, touched, now, epoch=epoch)


def rows_are_open(
    workspace: Workspace,
    place: str,
    now: datetime,
    *,
    epoch: int | None = None,
    effect: Effect = Effect.SEARCH,
) -> bool:
    """Whether what is held under a basis of this place may be reached. What may not is left out without a word."""
    held = Touched(holdings=frozenset({place}))
    return refusal(workspace, effect, held, now, epoch=epoch) is None


def ingest_refusal(
    workspace: Workspace, account: Account | None, source: Source, now: datetime
) -> Refused | None:
    """What speaks against taking anything in from `source` (read with gallery and basis)."""
    places = frozenset({source.gallery.jurisdiction, source.basis.jurisdiction})
    touched = Touched(
        account=str(account.pk) if account else None,
        gallery=str(source.gallery_id),
        source=str(source.pk),
        holdings=places,
    )
    return refusal(workspace, Effect.INGEST, touched, now)


def is_withheld(source: Source, restrictions: Iterable[Restriction], now: datetime) -> bool:
    """Whether a lock or an order keeps what came from `source` out of every search."""
    touched = Touched(source=str(source.pk))
    return first_refusal(restrictions, Effect.SEARCH, touched, now=now, pack="") is not None


def result_refusal(
    workspace: Workspace, account: Account, search: Search, effect: Effect, now: datetime
) -> Refused | None:
    """What speaks against using (SEARCH) or handing on (EXPORT) a candidate list that was made earlier."""
    if own := of_gallery(search.gallery):
        touched = Touched(gallery=str(search.gallery_id))
        refused = first_refusal(own, effect, touched, now=now, pack=workspace.policy().book.hash)
        if refused is not None:
            return refused
    refused = search_refusal(workspace, account, search.case, search.gallery, now, effect=effect)
    if refused is not None:
        return refused
    places = search.candidates.values_list(
        "face__photograph__source_id", "reference__permission_class__jurisdiction"
    )
    for source, place in set(places):
        touched = Touched(source=str(source), holdings=frozenset({place}))
        if (refused := refusal(workspace, effect, touched, now)) is not None:
            return refused
    return None
