"""The path of every act that changes the records, and of every list that is read from them.

1. authorise   the request is signed by an account, fresh, and new
2. policy      the act is permitted to this account, with as many signatures as it needs
3. record      the act's own handler changes rows, and nothing else
4. log         one entry in the same transaction, refusals included
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from countenance.acting.step import Handler, Handlers, Outcome, Step
from countenance.policy.decisions import Decision, Permitted, Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.questions import TWO_PERSON_ACTS, Act, ActQuestion
from countenance.policy.replay import question_json
from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.errors import IntegrityError, NotFoundError, UsageError
from countenance.primitives.ids import bound_code, new_id
from countenance.primitives.text import N_
from countenance.records.ending import destroy_ended_keys
from countenance.records.erasing.steps import finish
from countenance.records.events import Event
from countenance.records.identity import Caller, SignedRequest, authenticate, caller_facts
from countenance.records.models import Account, Approval, Proposal
from countenance.records.params import Params
from countenance.records.refusing import log_refusal
from countenance.records.requests import destroy_closed_requests
from countenance.records.restrictions import act_refusal
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry

APPROVE = "approve"
"""Not an act of its own: a further signature under an act that waits."""

PROPOSAL_LIFE = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class ActResult:
    """What came of an act. `record`: what to show; `log_entry`: its index, None for a list that was only read."""

    act: str
    record: Json
    log_entry: int | None


def perform(workspace: Workspace, request: SignedRequest, handlers: Handlers) -> ActResult:
    """Carry out a signed act by its handler in `handlers`.

    Raises RefusedError (policy, identity), UsageError and its kin (params), NotFoundError, ConflictError.
    A refusal by policy is logged before it is raised; any other error leaves no trace and no change.
    """
    refusal: Refused | None = None
    result: ActResult | None = None
    with workspace.transaction() as (tx, now):
        caller = authenticate(request, workspace_id=str(workspace.settings.id), now=now)
        act, params, proposal = _what(request, now)
        step = Step(
            workspace=workspace,
            tx=tx,
            caller=caller,
            params=Params(params),
            now=now,
            proposer=_proposer(proposal),
        )
        handler = _handler(handlers, act)
        client_id = handler.client_of(step)
        engine = handler.engine(step)
        two = act in TWO_PERSON_ACTS or handler.needs_two(step)
        asked = ActQuestion(
            caller=caller.facts, act=act, client_id=client_id, approvals=2 if two else 1, now=now
        )
        if proposal is not None:
            asked = replace(asked, approvals=_signatures(workspace, proposal, caller, asked, engine))
        decision: Decision = (
            act_refusal(workspace, caller.account, act, now) or handler.closed(step) or engine.decide(asked)
        )
        if two and asked.approvals < 2 and not isinstance(decision, Refused):
            decision = _second_person(engine.book.hash)
        if not isinstance(decision, Refused):
            decision = handler.against(step) or decision
        if isinstance(decision, Refused):
            refusal = decision
            log_refusal(workspace, tx, caller, act, decision, now, question=question_json(asked))
        elif two and proposal is None:
            result = _propose(step, act, request)
        else:
            outcome = handler.carry_out(step)
            if proposal is not None:
                _sign(proposal, caller, request, now)
                Proposal.objects.filter(pk=proposal.pk).update(carried_out_at=now)
            result = _log(step, act, outcome, decision, asked)
    if refusal is not None:
        raise refusal.error()
    assert result is not None
    destroy_ended_keys(workspace)
    finish(workspace, bulk=False)
    for afterwards in step.afterwards:
        afterwards()
    destroy_closed_requests(workspace)
    return result


def _what(request: SignedRequest, now: datetime) -> tuple[Act, Json, Proposal | None]:
    """The act, its params, and the proposal it belongs to when this is a further signature."""
    if request.act != APPROVE:
        try:
            return Act(request.act), request.params, None
        except ValueError as error:
            raise UsageError(N_("There is no act {act}."), code="act-unknown", act=request.act) from error
    code = Params(request.params).text("proposal")
    proposal = Proposal.objects.select_for_update().filter(code=code).first()
    if proposal is None or proposal.carried_out_at is not None or proposal.expires_at <= now:
        raise NotFoundError(
            N_("Nothing waits for a signature under {proposal}."),
            remedy=N_("It may have been carried out already, or be older than seven days."),
            code="proposal-missing",
            proposal=code,
        )
    if proposal.code != _code_of(proposal.pk, proposal.act, proposal.params):
        raise IntegrityError(
            N_("The proposal {proposal} is not what was proposed under this code."),
            remedy=N_("Somebody has changed the records. Sign nothing, and look into it."),
            code="proposal-changed",
            proposal=code,
        )
    return Act(proposal.act), proposal.params, proposal


def _handler(handlers: Handlers, act: Act) -> Handler:
    handler = handlers.get(act)
    if handler is None:
        raise UsageError(N_("There is no act {act}."), code="act-unknown", act=act.value)
    return handler


def _code_of(key: UUID, act: str, params: Json) -> str:
    """A proposal's code, bound to its content: who signs the code has signed what was proposed, and nothing else."""
    return bound_code("P", sha256(canonical_json({"id": str(key), "act": act, "params": params})).digest())


def _signatures(
    workspace: Workspace, proposal: Proposal, caller: Caller, asked: ActQuestion, engine: PolicyEngine
) -> int:
    """How many different people, with different keys, stand under the act: the caller, and earlier signers who might
    still sign it now.
    """
    earlier = [
        approval
        for approval in proposal.approvals.select_related("account__organisation", "account__sponsor")
        if approval.account_id != caller.account.pk
        and bytes(approval.public_key) != bytes(caller.account.public_key)
        and act_refusal(workspace, approval.account, asked.act, asked.now) is None
        and isinstance(
            engine.decide(replace(asked, caller=caller_facts(approval.account), approvals=2)), Permitted
        )
    ]
    return 1 + len(earlier)


def _proposer(proposal: Proposal | None) -> Account | None:
    first = proposal and proposal.approvals.select_related("account").order_by("signed_at").first()
    return first.account if first else None


def _second_person(pack: str) -> Refused:
    """The refusal of what takes two persons by a rule of the house, whatever the pack says of the act."""
    return Refused(
        reason="second-person-needed",
        rule="ACT-01",
        authority="Rule of the house: two persons",
        since="2026-11-01",
        explanation=N_("This takes two persons, with an account and a key each."),
        pack=pack,
    )


def _propose(step: Step, act: Act, request: SignedRequest) -> ActResult:
    key = new_id()
    proposal = Proposal.objects.create(
        id=key,
        code=_code_of(key, act.value, step.params.json),
        act=act.value,
        params=step.params.json,
        proposed_at=step.now,
        expires_at=step.now + PROPOSAL_LIFE,
    )
    _sign(proposal, step.caller, request, step.now)
    entry = _entry(
        step, Event.PROPOSAL_MADE, details={"act": act.value, "proposal": proposal.code}, pack=None
    )
    (appended,) = step.workspace.record(step.tx, [entry])
    return ActResult(
        act=act.value,
        record={"proposal": proposal.code, "act": act.value, "waits_for": "second-person"},
        log_entry=appended.index,
    )


def _sign(proposal: Proposal, caller: Caller, request: SignedRequest, now: datetime) -> None:
    Approval.objects.create(
        proposal=proposal,
        account=caller.account,
        public_key=bytes(caller.account.public_key),
        signature=request.signature,
        signed_at=now,
    )


def _log(step: Step, act: Act, outcome: Outcome, decision: Permitted, asked: ActQuestion) -> ActResult:
    if outcome.event is None:
        if outcome.further:
            step.workspace.record(step.tx, outcome.further)
        return ActResult(act=act.value, record=outcome.record, log_entry=None)
    entry = _entry(
        step,
        outcome.event,
        details={**outcome.details, "rule": decision.rule, "question": question_json(asked)},
        pack=decision.pack,
        jurisdiction=outcome.jurisdiction,
        purpose=outcome.purpose,
        client=outcome.client,
    )
    appended, *_ = step.workspace.record(step.tx, [entry, *outcome.further])
    outcome.logged(appended.index)
    return ActResult(act=act.value, record=outcome.record, log_entry=appended.index)


def _entry(
    step: Step,
    event: Event,
    *,
    details: dict[str, Json],
    pack: str | None,
    jurisdiction: str | None = None,
    purpose: str | None = None,
    client: str | None = None,
) -> NewEntry:
    return NewEntry(
        event=event.value,
        at=step.now,
        purpose=purpose,
        jurisdiction=jurisdiction,
        client=client,
        pack=pack,
        details={"account": str(step.caller.account.pk), **details},
    )
