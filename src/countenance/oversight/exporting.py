"""A candidate list leaves as a file: asked for, permitted, logged; or refused by a lock or an order on disclosure."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.policy.decisions import Refused
from countenance.policy.restrictions import Effect
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Search
from countenance.records.restrictions import result_refusal


def client_of(step: Step) -> str | None:
    """The client whose search it is."""
    case = _find(step).case
    return str(case.client_id) if case is not None else None


def closed(step: Step) -> Refused | None:
    """What speaks against disclosing it."""
    return result_refusal(step.workspace, step.caller.account, _find(step), Effect.EXPORT, step.now)


def export(step: Step) -> Outcome:
    """Only the entry; the file is written by the door from the answer that it holds."""
    search = _find(step)
    case = search.case
    return Outcome(
        record={"search": str(search.pk), "entry": search.log_index},
        event=Event.RESULT_EXPORTED,
        details={"search": str(search.pk), "case": str(case.pk) if case else None},
        jurisdiction=case.on_behalf_of_jurisdiction if case else None,
        purpose=search.purpose,
        client=str(case.client_id) if case else None,
    )


def _find(step: Step) -> Search:
    """The search that a log entry is about."""
    number = step.params.number("entry", default=-1, least=0, most=2**53)
    search = (
        Search.objects.select_related("case", "gallery", "account__organisation")
        .filter(log_index=number)
        .first()
    )
    if search is None:
        raise NotFoundError(
            N_("Entry {entry} of the log is not a search that is held here."),
            code="search-missing",
            entry=number,
        )
    return search
