"""Locks: set by one operator, at once; lifted by two. What an authority closed is no lock, and no operator opens it."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.oversight.targets import counts, read_target
from countenance.policy.restrictions import LockKind, TargetKind
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.ids import new_code, read_code
from countenance.primitives.text import N_
from countenance.records import closing
from countenance.records.events import Event
from countenance.records.models import Lock, Order

_OWN_SUSPENSION = {
    TargetKind.CLIENT: "countenance client suspend",
    TargetKind.ACCOUNT: "countenance account suspend",
    TargetKind.GALLERY: "countenance gallery suspend",
}


def set_lock(step: Step) -> Outcome:
    """Close one effect (or all: a suspension) on one thing, at once and in every process."""
    target = read_target(step, TargetKind)
    kind = step.params.choice("kind", LockKind)
    if kind is LockKind.ALL and target.kind in _OWN_SUSPENSION:
        raise UsageError(
            N_("To suspend it whole there is an act of its own."),
            remedy=N_("Use: {command}"),
            code="lock-suspends",
            command=_OWN_SUSPENSION[target.kind],
        )
    if kind is LockKind.INGEST and target.kind is TargetKind.CLIENT:
        raise UsageError(N_("A client takes nothing in, so there is nothing to lock."), code="lock-nothing")
    details: dict[str, Json] = {
        "code": new_code("L"),
        "kind": kind.value,
        "target": target.kind.value,
        "target_id": target.id,
        "target_name": target.name,
        "reason": step.params.text("reason"),
    }
    lock = closing.set_lock(step.workspace, step.tx, details, account=step.caller.account, at=step.now)
    return Outcome(
        record={**describe(lock), "touches": counts(target.kind, target.id)},
        event=Event.LOCK_SET,
        details=details,
        jurisdiction=target.place or None,
        client=target.id if target.kind is TargetKind.CLIENT else None,
    )


def lift_lock(step: Step) -> Outcome:
    """Open again what an operator closed; takes two persons."""
    lock = _find(step.params.text("lock"))
    closing.lift_lock(step.workspace, step.tx, lock.code, at=step.now)
    lock.refresh_from_db()
    return Outcome(
        record=describe(lock),
        event=Event.LOCK_LIFTED,
        details={"code": lock.code, "reason": step.params.text("reason", "")},
        client=lock.target_id if lock.target == TargetKind.CLIENT.value else None,
    )


def describe(lock: Lock) -> dict[str, Json]:
    """What is shown of a lock."""
    return {
        "lock": lock.code,
        "kind": lock.kind,
        "target": lock.target,
        "target_name": lock.target_name,
        "reason": lock.reason,
        "set_by": lock.set_by.name if lock.set_by else None,
        "set_at": iso(lock.set_at),
        "state": "lifted" if lock.lifted_at else "in-force",
    }


def _find(text: str) -> Lock:
    code = read_code(text) or text
    order = Order.objects.filter(code=code).select_related("authority").first()
    if order is not None:
        raise ConflictError(
            N_("{order} is an order of {authority}; no operator lifts it."),
            remedy=N_("The authority lifts it with: countenance order lift {order}"),
            code="order-of-authority",
            order=order.code,
            authority=order.authority.name,
        )
    lock = Lock.objects.select_related("set_by").filter(code=code, lifted_at=None).first()
    if lock is None:
        raise NotFoundError(
            N_("There is no lock {lock} in force."),
            remedy=N_("See them with: countenance lock list"),
            code="lock-missing",
            lock=text,
        )
    return lock
