"""Setting and lifting locks and orders: rows from the details of a log entry, so that a restored workspace can do it again.

Whoever carries one of these out has the policy's permission already; here only the rows change, what a closed source
holds is put out of reach, and every grant that is out dies.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from countenance.policy.purposes import OrganisationKind
from countenance.policy.restrictions import OrderKind, Restriction, TargetKind
from countenance.records.database import DjangoTransaction
from countenance.records.erasing.residency import people_of
from countenance.records.erasing.vocabulary import ResidencyRule
from countenance.records.models import Account, Lock, Order, Organisation, Source
from countenance.records.restrictions import in_force, is_withheld
from countenance.records.withholding import of_people, of_source, withhold
from countenance.records.workspace import Workspace

_LOCK_FIELDS = ("code", "kind", "target", "target_id", "target_name", "reason")
_ORDER_FIELDS = ("code", "kind", "target", "target_id", "target_name", "number", "text", "document_sha256")


def set_lock(
    workspace: Workspace,
    tx: DjangoTransaction,
    details: Mapping[str, Any],
    *,
    account: Account | None,
    at: datetime,
) -> Lock:
    """Set the lock that `details` describe."""
    lock, _ = Lock.objects.get_or_create(
        code=str(details["code"]),
        defaults={name: str(details[name]) for name in _LOCK_FIELDS} | {"set_by": account, "set_at": at},
    )
    _follow(workspace, tx, lock.target, lock.target_id, at)
    return lock


def lift_lock(workspace: Workspace, tx: DjangoTransaction, code: str, *, at: datetime) -> None:
    """Lift it."""
    Lock.objects.filter(code=code, lifted_at=None).update(lifted_at=at)
    lock = Lock.objects.filter(code=code).first()
    if lock is not None:
        _follow(workspace, tx, lock.target, lock.target_id, at)


def issue_order(
    workspace: Workspace,
    tx: DjangoTransaction,
    details: Mapping[str, Any],
    *,
    account: Account | None,
    at: datetime,
    log_index: int | None = None,
) -> Order:
    """Put the order in force that `details` describe. An authority that a backup does not know is written down again."""
    told = details["authority"]
    authority, _ = Organisation.objects.get_or_create(
        pk=UUID(told["id"]), defaults=authority_fields(told["name"], told["place"], at)
    )
    order, _ = Order.objects.get_or_create(
        code=str(details["code"]),
        defaults={name: str(details[name]) for name in _ORDER_FIELDS}
        | {
            "authority": authority,
            "dated": date.fromisoformat(str(details["dated"])),
            "issued_by": account,
            "issued_at": at,
            "ends_at": _moment(details.get("ends_at")),
            "destroy_from": _moment(details.get("destroy_from")),
            "log_index": log_index,
        },
    )
    _follow(workspace, tx, order.target, order.target_id, at)
    return order


def lift_order(workspace: Workspace, tx: DjangoTransaction, code: str, *, reason: str, at: datetime) -> None:
    """Lift it."""
    Order.objects.filter(code=code, lifted_at=None).update(lifted_at=at, lift_reason=reason)
    order = Order.objects.filter(code=code).first()
    if order is not None:
        _follow(workspace, tx, order.target, order.target_id, at)


def authority_fields(name: str, place: str, at: datetime) -> dict[str, Any]:
    """The columns of an organisation that is an authority: it has no licence."""
    return {
        "name": name,
        "kind": OrganisationKind.AUTHORITY.value,
        "jurisdiction": place,
        "licensed_purposes": frozenset[str](),
        "licensed_from": at,
        "licensed_until": at,
        "created_at": at,
    }


def _follow(workspace: Workspace, tx: DjangoTransaction, target: str, target_id: str, now: datetime) -> None:
    """Do to the records what is in force now, and end every grant that is out."""
    standing = in_force()
    if target == TargetKind.SOURCE.value:
        source = Source.objects.filter(pk=UUID(target_id)).first()
        if source is not None:
            withhold(workspace, tx, of_source(source), withheld=is_withheld(source, standing, now))
    elif target == TargetKind.PLACE.value:
        _follow_people(workspace, tx, target_id, standing, now)
    workspace.revoke_grants()


def _follow_people(
    workspace: Workspace,
    tx: DjangoTransaction,
    place: str,
    standing: tuple[Restriction, ...],
    now: datetime,
) -> None:
    """An order to delete closes what is held of the people of its place, wherever it lies, by the cautious rule.

    What is held under the law of the place itself is left out by every search already (`rows_are_open`).
    """
    places = [
        each.target_id
        for each in standing
        if each.kind is OrderKind.DELETE and each.target is TargetKind.PLACE and each.stands(now)
    ]
    closed = frozenset[UUID]().union(*(people_of(each, ResidencyRule.PRECAUTIONARY) for each in places))
    if place in places:
        withhold(workspace, tx, of_people(people_of(place, ResidencyRule.PRECAUTIONARY)), withheld=True)
        return
    opened = people_of(place, ResidencyRule.PRECAUTIONARY) - closed
    for source in Source.objects.filter(photographs__faces__person__in=list(opened)).distinct():
        if not is_withheld(source, standing, now):
            withhold(workspace, tx, of_people(opened) & of_source(source), withheld=False)


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
