"""Certificates: what an order did, told by the records and the log, and committed to by an entry of its own."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.oversight import orders
from countenance.oversight.handing import handed
from countenance.oversight.logged import entries, ranges
from countenance.oversight.targets import counts, searches_of
from countenance.policy.restrictions import Effect, TargetKind
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Order, Search
from countenance.records.restrictions import of_order
from countenance.tlog.statement import MEMBER, digest_of

_REFUSALS = (Event.ACT_REFUSED.value, Event.SEARCH_REFUSED.value)


def certify(step: Step) -> Outcome:
    """The certificate of effect of an order, as of this moment.

    It says what the order closed, which was the last answer before it, how many answers came after it (none, unless
    something is wrong), and which refusals it caused: each with the entries of the log that show it.
    """
    order = orders.find(step.params.text("order"))
    issued = order.log_index
    if issued is None:
        raise NotFoundError(
            N_(
                "The order {order} was taken over from a backup; its entry is in the log that the backup continues."
            ),
            code="order-without-entry",
            order=order.code,
        )
    statement = _statement(step, order, issued)
    record, logged = handed(step, statement)
    return Outcome(
        record=record,
        logged=logged,
        event=Event.ORDER_CERTIFIED,
        details={"order": order.code, MEMBER: digest_of(statement)},
        client=order.target_id if order.target == TargetKind.CLIENT.value else None,
    )


def _statement(step: Step, order: Order, issued: int) -> dict[str, Json]:
    target = TargetKind(order.target)
    reached = Search.objects.filter(searches_of(target, order.target_id)).distinct()
    # What the order does not stop, and what was made after it was lifted, are no breach of it.
    after = reached.filter(log_index__gt=issued)
    if order.lifted_at is not None:
        after = after.filter(made_at__lt=order.lifted_at)
    stops_searches = Effect.SEARCH in of_order(order).effects
    last = (
        reached.filter(log_index__lt=issued)
        .order_by("-log_index")
        .values_list("log_index", flat=True)
        .first()
    )
    refused = [
        entry.index
        for entry in entries(step.tx, _REFUSALS, start=issued)
        if entry.details is not None and entry.details.get("rule") == order.code
    ]
    size = step.workspace.log.head(step.tx).size
    answers = sorted(after.values_list("log_index", flat=True)) if stops_searches else []
    shown = {name: value for name, value in orders.describe(order).items() if value is not None}
    return {
        "type": "certificate-of-effect",
        "workspace": str(step.workspace.settings.id),
        "made_at": iso(step.now),
        "order": shown,
        "in_force_since_entry": issued,
        "looked_through_entry": size - 1,
        "closed": counts(target, order.target_id),
        "last_answer_before": last,
        "answers_since": {"count": len(answers), "entries": ranges(answers)} if stops_searches else None,
        "refusals_since": {"count": len(refused), "entries": ranges(refused)},
    }
