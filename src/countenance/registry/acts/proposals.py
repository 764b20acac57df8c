"""Proposals: what waits for a second signature can be taken back."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Proposal


def authority_of(step: Step) -> str | None:
    """The authority whose proposal it is: nobody else takes it back. None for the operator's."""
    first = _find(step).approvals.select_related("account__organisation").order_by("signed_at").first()
    organisation = first.account.organisation if first is not None else None
    return str(organisation.pk) if organisation is not None and organisation.is_authority else None


def cancel(step: Step) -> Outcome:
    """Take a proposal back: nobody can sign it from now on. Its row stays, and so do the entries of the log."""
    proposal = _find(step)
    proposal.expires_at = step.now
    proposal.save(update_fields=["expires_at"])
    reason = step.params.text("reason", "")
    return Outcome(
        record={"proposal": proposal.code, "act": proposal.act, "state": "cancelled"},
        event=Event.PROPOSAL_CANCELLED,
        details={"proposal": proposal.code, "act": proposal.act, "reason": reason},
    )


def _find(step: Step) -> Proposal:
    code = step.params.text("proposal")
    proposal = Proposal.objects.filter(code=code, carried_out_at=None, expires_at__gt=step.now).first()
    if proposal is None:
        raise NotFoundError(
            N_("Nothing waits for a signature under {proposal}."),
            remedy=N_("See what waits with: countenance approve"),
            code="proposal-missing",
            proposal=code,
        )
    return proposal
