"""Steps 1 and 2, and the same questions again in every batch: may this account ingest this source now?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from countenance.policy.decisions import Decision, Refused
from countenance.policy.purposes import Purpose
from countenance.policy.questions import Act, ActQuestion, EnrolQuestion, Question
from countenance.policy.replay import question_json
from countenance.primitives.canonical import Json
from countenance.records.database import DjangoTransaction
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


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """What stops an ingest. `question`: what policy was asked, so that it can be asked again; None of a lock or an order."""

    refused: Refused
    question: Question | None = None

    def log(
        self, workspace: Workspace, tx: DjangoTransaction, caller: Caller, now: datetime, **more: Json
    ) -> None:
        """One entry of the refusal, in the open transaction."""
        asked: dict[str, Json] = {} if self.question is None else {"question": question_json(self.question)}
        log_refusal(workspace, tx, caller, Act.INGEST, self.refused, now, **asked, **more)


def admit(workspace: Workspace, request: SignedRequest) -> Admitted:
    """Check the signature and ask policy. Writes nothing but a refusal, which is logged before it is raised.

    Raises RefusedError.
    """
    require_act(request, Act.INGEST.value)
    now = workspace.clock()
    caller = verify(request, workspace_id=str(workspace.settings.id), now=now)
    closed, question = act_refusal(workspace, caller.account, Act.INGEST, now), _question(caller, now)
    decision: Decision = closed or workspace.policy().decide(question)
    if isinstance(decision, Refused):
        stopped = Stopped(refused=decision, question=None if closed else question)
        with workspace.transaction() as (tx, moment):
            spend(request, moment)
            stopped.log(workspace, tx, caller, moment)
        raise decision.error()
    return Admitted(caller=caller, pack=decision.pack)


def refusal_now(workspace: Workspace, caller: Caller, source: Source, now: datetime) -> Stopped | None:
    """What stops the whole run at this moment, or None: the account, the source, the gallery or its lock.

    `source`: read afresh, with gallery and basis. Reasons that concern a face only are no business of this.
    """
    account = Account.objects.select_related("organisation", "sponsor").get(pk=caller.account.pk)
    closed = act_refusal(workspace, account, Act.INGEST, now) or ingest_refusal(
        workspace, account, source, now
    )
    if closed is not None:
        return Stopped(refused=closed)
    engine = workspace.policy()
    asked = _question(Caller(account=account, facts=caller_facts(account)), now)
    act = engine.decide(asked)
    if isinstance(act, Refused):
        return Stopped(refused=act, question=asked)
    gallery, basis = gallery_facts(source.gallery), basis_facts(source.basis, source, now)
    if basis.live and gallery.live and not gallery.suspended and not gallery.ingest_locked:
        return None
    # Something that concerns all faces has ended: policy names the rule.
    for word in sorted(source.basis.purposes):
        question = EnrolQuestion(basis=basis, gallery=gallery, purpose=Purpose(word), person=None, now=now)
        decision = engine.decide(question)
        if isinstance(decision, Refused):
            return Stopped(refused=decision, question=question)
    return None


def _question(caller: Caller, now: datetime) -> ActQuestion:
    return ActQuestion(caller=caller.facts, act=Act.INGEST, client_id=None, approvals=1, now=now)
