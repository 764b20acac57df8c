"""Notices that move a request's due date, each dated and with its reason; and the two ends that are no answer."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.policy.terms import ExtensionReason, PauseReason
from countenance.primitives.errors import ConflictError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import RequestClockRecord, RequestRecord
from countenance.rights.authorities import complaint_to
from countenance.rights.clocks import EXTENSION, PAUSE, RESUME, check_extension, check_pause, read_clock
from countenance.rights.desk import close, open_request, outcome, receipt_for
from countenance.rights.values import RequestState, RequestStep


def pause(step: Step) -> Outcome:
    """Stop the clock, for a reason that the law of the request knows."""
    row = _row(step)
    reason = step.params.choice("reason", PauseReason)
    check_pause(read_clock(step.workspace, row, step.now), reason)
    return _notice(step, row, PAUSE, reason.value, RequestStep.PAUSED, Event.REQUEST_PAUSED)


def resume(step: Step) -> Outcome:
    """Let the clock run on; the days it stood are added."""
    row = _row(step)
    if not read_clock(step.workspace, row, step.now).paused:
        raise ConflictError(N_("The clock of this request runs."), code="clock-runs")
    return _notice(step, row, RESUME, "resumed", RequestStep.RESUMED, Event.REQUEST_RESUMED)


def extend(step: Step) -> Outcome:
    """Take more time, once, for a reason that the law knows, by a notice sent in time."""
    row = _row(step)
    reason = step.params.choice("reason", ExtensionReason)
    reading = read_clock(step.workspace, row, step.now)
    check_extension(reading, reason, row.received_at, step.now)
    return _notice(step, row, EXTENSION, reason.value, RequestStep.EXTENDED, Event.REQUEST_EXTENDED)


def refuse(step: Step) -> Outcome:
    """Refuse a request: with the reason, the rule it rests on, and where one may complain."""
    row = _row(step)
    reason, authority = step.params.text("reason"), step.params.line("authority")
    close(step, row, RequestState.REFUSED)
    told = {"reason": reason, "authority": authority, "complain_to": complaint_to(row)}
    receipt = receipt_for(step, row, RequestStep.REFUSED, **told)
    return outcome(step, row, Event.REQUEST_REFUSED, receipt, authority=authority)


def withdraw(step: Step) -> Outcome:
    """The requester wants nothing any more."""
    row = _row(step)
    close(step, row, RequestState.WITHDRAWN)
    receipt = receipt_for(step, row, RequestStep.WITHDRAWN)
    return outcome(step, row, Event.REQUEST_WITHDRAWN, receipt)


def _row(step: Step) -> RequestRecord:
    return open_request(step.workspace, step.params.text("request")).row


def _notice(
    step: Step, row: RequestRecord, kind: str, reason: str, told: RequestStep, event: Event
) -> Outcome:
    text = step.params.text("text", "")
    RequestClockRecord.objects.create(
        request=row, kind=kind, reason=reason, text=text, at=step.now, by=step.caller.account
    )
    receipt = receipt_for(step, row, told, reason=reason, text=text, complain_to=complaint_to(row))
    return outcome(step, row, event, receipt, reason=reason)
