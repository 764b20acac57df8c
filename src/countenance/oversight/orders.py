"""Orders of an authority: previewed, issued, lifted, certified, and (a delete) destroyed.

An order is in force from the transaction that issues it: grants that are out die, an ingest stops at its next batch, and
each refusal names the order, its authority and its date. Only that authority lifts it.
"""

from __future__ import annotations

from datetime import date
from functools import partial

from countenance.acting.step import Outcome, Step
from countenance.oversight import authorities
from countenance.oversight.targets import Target, counts, read_target
from countenance.policy.places import within
from countenance.policy.restrictions import OrderKind, TargetKind
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.ids import new_code, read_code
from countenance.primitives.text import N_
from countenance.records import closing
from countenance.records.erasing.planning import plan
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.steps import begin, finish
from countenance.records.erasing.vocabulary import ResidencyRule, ScopeKind
from countenance.records.events import Event
from countenance.records.models import Order, Organisation

_TARGETS = tuple(kind for kind in TargetKind if kind is not TargetKind.ACCOUNT)


def authority_of(step: Step) -> str | None:
    """The authority whose order it is, for policy."""
    return str(find(step.params.text("order")).authority_id)


def preview(step: Step) -> Outcome:
    """What an order would touch, in counts; nothing changes."""
    kind, target = _asked(step)
    record: dict[str, Json] = {
        "kind": kind.value,
        "target": target.kind.value,
        "target_name": target.name,
        "touches": counts(target.kind, target.id),
    }
    if kind is OrderKind.DELETE:
        foreseen = plan(step.workspace, _scope(target.kind, target.id, ResidencyRule.PRECAUTIONARY))
        record["destroys"] = {store.value: number for store, number in sorted(foreseen.stores.items())}
        record["uncertain"] = foreseen.uncertain
        record["backups_until"] = iso(foreseen.backups_until)
    return Outcome(
        record=record,
        event=Event.ORDER_PREVIEWED,
        details={"kind": kind.value, "target": target.kind.value, "target_id": target.id},
        jurisdiction=target.place or None,
    )


def issue(step: Step) -> Outcome:
    """Issue an order, in force at once."""
    authority = authorities.own(step)
    assert authority is not None  # policy lets nobody else come here
    kind, target = _asked(step)
    _check_reach(authority, target)
    destroy_from = step.params.moment("destroy_from")
    if (destroy_from is not None) != (kind is OrderKind.DELETE):
        raise UsageError(
            N_("An order to delete says from when on it destroys, and no other order does."),
            remedy=N_("Give --destroy-from DATE with delete, and with delete only."),
            code="order-date",
        )
    ends_at = step.params.moment("ends_at")
    if ends_at is not None and ends_at <= step.now:
        raise UsageError(N_("The order would end before it begins."), code="order-date")
    details: dict[str, Json] = {
        "code": new_code("O"),
        "kind": kind.value,
        "target": target.kind.value,
        "target_id": target.id,
        "target_name": target.name,
        "authority": {"id": str(authority.pk), "name": authority.name, "place": authority.jurisdiction},
        "number": step.params.line("number"),
        "dated": _dated(step),
        "text": step.params.text("text", ""),
        "document_sha256": _document(step),
        "ends_at": iso(ends_at) if ends_at else None,
        "destroy_from": iso(destroy_from) if destroy_from else None,
    }
    touched = counts(target.kind, target.id)
    order = closing.issue_order(
        step.workspace,
        step.tx,
        details,
        account=step.caller.account,
        at=step.now,
        log_index=step.workspace.log.head(step.tx).size,
    )
    return Outcome(
        record={**describe(order), "touches": touched},
        event=Event.ORDER_ISSUED,
        details={**details, "touches": touched},
        jurisdiction=target.place or None,
        client=target.id if target.kind is TargetKind.CLIENT else None,
    )


def lift(step: Step) -> Outcome:
    """Lift an order; only its authority may."""
    order = find(step.params.text("order"))
    if order.lifted_at is not None:
        raise ConflictError(
            N_("The order {order} has been lifted already."), code="order-lifted", order=order.code
        )
    if order.destroyed_at is not None:
        raise ConflictError(
            N_("What {order} ordered has been destroyed; there is nothing to lift."),
            code="order-destroyed",
            order=order.code,
        )
    reason = step.params.text("reason")
    closing.lift_order(step.workspace, step.tx, order.code, reason=reason, at=step.now)
    order.refresh_from_db()
    return Outcome(
        record=describe(order),
        event=Event.ORDER_LIFTED,
        details={"code": order.code, "reason": reason},
        client=order.target_id if order.target == TargetKind.CLIENT.value else None,
    )


def destroy(step: Step) -> Outcome:
    """Carry an order to delete out; takes two persons of the authority, and its date.

    What it reaches is unfindable since it was issued. Here it is destroyed, by the one mechanism of erasing, which spares
    what a dated hold keeps and says so.
    """
    order = find(step.params.text("order"))
    if order.kind != OrderKind.DELETE.value or order.lifted_at is not None or order.destroyed_at is not None:
        raise ConflictError(
            N_("{order} is no order to delete that still waits."), code="order-not-waiting", order=order.code
        )
    if order.destroy_from is None or step.now < order.destroy_from:
        raise ConflictError(
            N_("{order} destroys nothing before {date}."),
            remedy=N_("Until then what it reaches is locked."),
            code="order-too-early",
            order=order.code,
            date=order.destroy_from.date().isoformat() if order.destroy_from else "-",
        )
    rule = step.params.choice("rule", ResidencyRule, ResidencyRule.PRECAUTIONARY)
    erasure = begin(
        step.workspace,
        step.tx,
        _scope(TargetKind(order.target), order.target_id, rule),
        now=step.now,
        ground=f"order {order.code} ({order.number})",
        account=step.caller.account,
    )
    order.destroyed_at, order.erasure = step.now, erasure.code
    order.save(update_fields=["destroyed_at", "erasure"])
    step.afterwards.append(partial(_finish, step))
    return Outcome(
        record={**describe(order), "rule": rule.value},
        event=Event.ORDER_DESTROYED,
        details={"code": order.code, "erasure": erasure.code, "rule": rule.value},
        client=order.target_id if order.target == TargetKind.CLIENT.value else None,
    )


def _finish(step: Step) -> None:
    """Destroy what is unfindable by now; where it cannot be finished, start-up goes on with it."""
    finish(step.workspace)


def _scope(kind: TargetKind, target_id: str, rule: ResidencyRule) -> ErasureScope:
    """What an order reaches, for the mechanism of erasing."""
    scope = {
        TargetKind.PLACE: ScopeKind.JURISDICTION,
        TargetKind.CLIENT: ScopeKind.CLIENT,
        TargetKind.GALLERY: ScopeKind.GALLERY,
        TargetKind.SOURCE: ScopeKind.SOURCE,
    }[kind]
    return ErasureScope(kind=scope, target=target_id, rule=rule if scope is ScopeKind.JURISDICTION else None)


def find(text: str) -> Order:
    """The order of this code, or of the authority's own number where that names one only. Raises NotFoundError."""
    orders = Order.objects.select_related("authority", "issued_by")
    order = orders.filter(code=read_code(text) or text).first()
    if order is None:
        numbered = list(orders.filter(number=text.strip())[:2])
        order = numbered[0] if len(numbered) == 1 else None
    if order is None:
        raise NotFoundError(
            N_("There is no order {order}."),
            remedy=N_("See them with: countenance order list"),
            code="order-missing",
            order=text,
        )
    return order


def describe(order: Order) -> dict[str, Json]:
    """What is shown of an order."""
    return {
        "order": order.code,
        "kind": order.kind,
        "target": order.target,
        "target_name": order.target_name,
        "authority": order.authority.name,
        "number": order.number,
        "dated": order.dated.isoformat(),
        "text": order.text or None,
        "document_sha256": order.document_sha256 or None,
        "issued_by": order.issued_by.name if order.issued_by else None,
        "issued_at": iso(order.issued_at),
        "log_entry": order.log_index,
        "ends_at": iso(order.ends_at) if order.ends_at else None,
        "destroy_from": iso(order.destroy_from) if order.destroy_from else None,
        "erasure": order.erasure or None,
        "state": _state(order),
    }


def _state(order: Order) -> str:
    if order.lifted_at:
        return "lifted"
    return "destroyed" if order.destroyed_at else "in-force"


def _asked(step: Step) -> tuple[OrderKind, Target]:
    kind = step.params.choice("kind", OrderKind)
    target = read_target(step, _TARGETS)
    if kind is OrderKind.CEASE_COLLECTING and target.kind is TargetKind.CLIENT:
        raise UsageError(N_("A client takes nothing in, so there is nothing to cease."), code="order-nothing")
    return kind, target


def _check_reach(authority: Organisation, target: Target) -> None:
    """An authority orders where it has jurisdiction."""
    if not within(target.place, authority.jurisdiction):
        raise UsageError(
            N_("{authority} has jurisdiction in {place}, and {target} stands in {where}."),
            remedy=N_(
                "Order by place: what is held about the people of {place} is reached wherever it lies."
            ),
            code="order-reach",
            authority=authority.name,
            place=authority.jurisdiction,
            target=target.name,
            where=target.place,
        )


def _dated(step: Step) -> str:
    moment = step.params.moment("dated") or step.now
    if moment > step.now:
        raise UsageError(N_("The order is dated in the future."), code="order-date")
    return date(moment.year, moment.month, moment.day).isoformat()


def _document(step: Step) -> str:
    """SHA-256 of the order's document, as handed in; the document itself belongs to an inquiry, or to nobody here."""
    given = step.params.text("document_sha256", "").lower()
    if given and (
        len(given) != len(sha256_hex(b"")) or not all(digit in "0123456789abcdef" for digit in given)
    ):
        raise UsageError(N_("A SHA-256 is 64 hexadecimal digits."), code="sha256")
    return given
