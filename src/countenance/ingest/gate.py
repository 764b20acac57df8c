"""Steps 1 and 2, and the same questions again in every batch: may this account ingest this source now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from countenance.policy.decisions import Decision, Refused
from countenance.policy.purposes import Purpose
from countenance.policy.questions import Act, ActQuestion, EnrolQuestion
from countenance.records.facts import basis_facts, gallery_facts
from countenance.records.identity import (
    Caller,
    SignedRequest,
    caller_facts,
    require_act,
    spend,
    verify,
)
from countenance.records.models import Account, Source
from countenance.records.refusing import log_refusal
from countenance.records.restrictions import act_refusal, ingest_refusal
from countenance.records.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """A caller whom policy lets ingest, and the pack that said so."""

    caller: Caller
    pack: str


def admit(workspace: Workspace, request: SignedRequest) -> Admitted:
    """Check the signature and ask policy. Writes nothing but a refusal, which is logged before it is raised.

    Raises RefusedError.
    """
    require_act(request, Act.INGEST.value)
    now = workspace.clock()
    caller = verify(request, workspace_id=str(workspace.settings.id), now=now)
    decision: Decision = act_refusal(workspace, caller.account, Act.INGEST, now) or workspace.policy().decide(
        _question(caller, now)
    )
    if isinstance(decision, Refused):
        with workspace.transaction() as (tx, moment):
            spend(request, moment)
            log_refusal(workspace, tx, caller, Act.INGEST, decision, moment)
        raise decision.error()
    return Admitted(caller=caller, pack=decision.pack)


def refusal_now(workspace: Workspace, caller: Caller, source: Source, now: datetime) -> Refused | None:
    """What stops the whole run at this moment, or None: the account, the source, the gallery or its lock.

    `source`: read afresh, with gallery and basis. Reasons that concern a face only are no business of this.
    """
    account = Account.objects.select_related("organisation", "sponsor").get(pk=caller.account.pk)
    closed = act_refusal(workspace, account, Act.INGEST, now) or ingest_refusal(
        workspace, account, source, now
    )
    if closed is not None:
        return closed
    engine = workspace.policy()
    act = engine.decide(_question(Caller(account=account, facts=caller_facts(account)), now))
    if isinstance(act, Refused):
        return act
    gallery, basis = gallery_facts(source.gallery), basis_facts(source.basis, source, now)
    if basis.live and gallery.live and not gallery.suspended and not gallery.ingest_locked:
        return None
    # Something that concerns all faces has ended: policy names the rule.
    for word in sorted(source.basis.purposes):
        question = EnrolQuestion(basis=basis, gallery=gallery, purpose=Purpose(word), person=None, now=now)
        decision = engine.decide(question)
        if isinstance(decision, Refused):
            return decision
    return None


def _question(caller: Caller, now: datetime) -> ActQuestion:
    return ActQuestion(caller=caller.facts, act=Act.INGEST, client_id=None, approvals=1, now=now)
