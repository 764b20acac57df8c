"""The refusal of an authorisation (AI Act, Regulation (EU) 2024/1689, art. 26(10)): the use stops, what came of it goes."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.primitives.errors import ConflictError
from countenance.primitives.text import N_
from countenance.records.denying import deny_case, destroy_probes
from countenance.records.events import Event
from countenance.records.named import find_case


def client_of(step: Step) -> str:
    """The client whose case it is."""
    return str(find_case(step.params.text("case")).client_id)


def deny(step: Step) -> Outcome:
    """Refuse a case's authorisation. The case stays as a tombstone: who refused it, when and why."""
    case = find_case(step.params.text("case"))
    if case.denied_at is not None:
        raise ConflictError(
            N_("The authorisation of {case} has been refused already."), code="case-denied", case=case.code
        )
    authority, reason = step.params.line("authority"), step.params.text("reason")
    denied = deny_case(step.workspace, step.tx, case, authority=authority, reason=reason, at=step.now)
    step.afterwards.append(lambda: destroy_probes(step.workspace, denied.probes))
    counts = {
        "searches": denied.searches,
        "candidates": denied.candidates,
        "probes": len(denied.probes),
    }
    return Outcome(
        record={"case": case.code, "client": case.client.name, "state": "denied", "removed": counts},
        event=Event.CASE_DENIED,
        details={"case": str(case.pk), "authority": authority, "reason": reason, **counts},
        jurisdiction=case.on_behalf_of_jurisdiction,
        purpose=case.purpose,
        client=str(case.client_id),
    )
