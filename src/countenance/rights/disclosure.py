"""What led to a person's face on a list: the search disclosed to the person it affected, and made again from what was sealed.

1. authorise   the request is signed by an account of the desk, fresh and new; the requester is verified, and theirs is a face
               that stood on the list of the search
2. policy      the act is permitted, and no lock or order keeps the result from leaving; who allowed it is named
3. reproduce   the sealed picture becomes a template again, and the sealed templates are compared again (`rights.reproducing`)
4. tell        probe and what was done to it, all candidates, scores, threshold, model, reviewers, what speaks against
5. log         an entry commits to the receipt, and the receipt to the content and to every picture by its SHA-256

Requirement R25. Of other people on the list it says rank, score and outcome, never who they are; of whoever searched, the
purpose and the place. A comparison score is no probability, and a lead is no identification: the content says both.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from countenance.acting.step import Step
from countenance.extraction.pool import ExtractionPool
from countenance.policy.decisions import Refused
from countenance.policy.questions import Act, ActQuestion
from countenance.policy.restrictions import Effect
from countenance.policy.terms import RequestKind
from countenance.primitives.canonical import Json, canonical_json, sha256_hex
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError
from countenance.primitives.text import N_
from countenance.records.database import DjangoTransaction
from countenance.records.events import Event
from countenance.records.identity import Caller, SignedRequest, require_act, spend, verify
from countenance.records.models import Search, WorkspaceState
from countenance.records.params import Params
from countenance.records.refusing import log_refusal
from countenance.records.restrictions import act_refusal, result_refusal
from countenance.records.workspace import Workspace
from countenance.rights.acts.preparing import WITHHELD
from countenance.rights.authorities import complaint_to
from countenance.rights.desk import outcome, receipt_for, verified_request
from countenance.rights.reproducing import Reproduction, own_faces, reproduce
from countenance.rights.reviewed import contrary, pairs_of, review_of
from countenance.rights.stood import mine_of, searches_of
from countenance.rights.values import RequestStep, VerifiedRequest
from countenance.tlog.leaf import NewEntry

FORMAT = "countenance-disclosure/1"


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """`content`: plain JSON, whose canonical form the receipt names. `pictures`: JPEG by file name, each named in it by hash."""

    content: Mapping[str, Json]
    pictures: Mapping[str, bytes] = field(repr=False)
    log_entry: int

    @property
    def data(self) -> bytes:
        """The content in canonical form (RFC 8785): what is hashed, and what is handed out."""
        return canonical_json(dict(self.content))


def disclose(workspace: Workspace, signed: SignedRequest, pool: ExtractionPool) -> Disclosure | Refused:
    """Disclose one search. Params: `request`; `search`, its number among those of the access package (from 1); `authority`,
    whose decision allows it.

    A refusal is a value, and logged. Raises RefusedError (identity), ConflictError where the requester is not verified or
    asks for something else, NotFoundError where none of their faces stood on such a list.
    """
    require_act(signed, Act.REQUEST_DISCLOSE.value)
    params = Params(signed.params)
    number, authority = params.text("request"), params.line("authority")
    place = params.number("search", default=1, least=1, most=100_000)
    with workspace.transaction() as (tx, now):
        caller = verify(signed, workspace_id=str(workspace.settings.id), now=now)
        spend(signed, now)
        verified = _verified(workspace, number)
        search = _search(verified, place)
        refused = _against(workspace, caller, search, now)
        if refused is not None:
            log_refusal(workspace, tx, caller, Act.REQUEST_DISCLOSE, refused, now, search=str(search.pk))
    if refused is not None:
        return refused
    again = reproduce(workspace, search, pool)
    with workspace.transaction() as (tx, now):
        verified = _verified(workspace, number)
        mine = mine_of(verified)
        own = list(search.candidates.filter(mine).select_related("face").order_by("rank"))
        pictures = {**again.pictures, **own_faces(workspace, own)}
        content = _content(workspace, verified, search, again, authority, {each.pk for each in own}, now)
        content["pictures"] = {name: sha256_hex(data) for name, data in sorted(pictures.items())}
        entry = _log(workspace, tx, caller, verified, search, content, params, now)
    return Disclosure(content=content, pictures=pictures, log_entry=entry)


def _verified(workspace: Workspace, number: str) -> VerifiedRequest:
    verified = verified_request(workspace, number)
    if verified.request.kind is not RequestKind.ACCESS:
        raise ConflictError(
            N_("The request {request} does not ask for access."),
            code="request-kind",
            request=verified.request.row.number,
        )
    return verified


def _search(verified: VerifiedRequest, place: int) -> Search:
    found = searches_of(verified)
    if place > len(found):
        raise NotFoundError(
            N_("There is no search {number} on whose list this requester stood."),
            remedy=N_("The access package numbers them: countenance request package"),
            code="disclosure-search",
            number=place,
        )
    return found[place - 1]


def _against(workspace: Workspace, caller: Caller, search: Search, now: datetime) -> Refused | None:
    """Locks and orders on the account, and on the result as something that leaves the house; then policy."""
    closed = act_refusal(workspace, caller.account, Act.REQUEST_DISCLOSE, now) or result_refusal(
        workspace, caller.account, search, Effect.EXPORT, now
    )
    if closed is not None:
        return closed
    asked = ActQuestion(caller=caller.facts, act=Act.REQUEST_DISCLOSE, client_id=None, approvals=1, now=now)
    decision = workspace.policy().decide(asked)
    return decision if isinstance(decision, Refused) else None


def _content(
    workspace: Workspace,
    verified: VerifiedRequest,
    search: Search,
    again: Reproduction,
    authority: str,
    own: AbstractSet[uuid.UUID],
    now: datetime,
) -> dict[str, Json]:
    row, state = verified.request.row, WorkspaceState.objects.get(pk=1)
    pairs = pairs_of(workspace, search, own)
    passport = workspace.models.passport()
    return {
        "format": FORMAT,
        "request": row.number,
        "language": row.language,
        "operator": state.operator,
        "allowed_by": authority,
        "made_at": iso(now),
        "search": {
            "made_at": iso(search.made_at),
            "purpose": search.purpose,
            "for_place": search.on_behalf_of,
            "gallery": search.gallery.name,
            "policy": search.pack_hash,
            "searched": search.searched,
            "of": search.permitted,
            "not_searchable": search.not_searchable,
        },
        "threshold": {
            "candidate_floor": workspace.models.candidate_floor,
            "same_model": search.space_id == workspace.models.space_id,
        },
        "model": {**passport, "space_of_search": search.space_id},
        "probe": list[Json](again.probe),
        "candidates": [
            {
                "rank": each.rank,
                "yours": each.pk in own,
                "score": round(each.score, 6),
                "references": each.references,
                "again": again.scores.get(each.pk),
                **pairs.get(each.pk, {"outcome": None, "verdicts": []}),
            }
            for each in search.candidates.order_by("rank")
        ],
        "review": review_of(search),
        "contrary": contrary(search, own, mine_of(verified), pairs),
        "reproduction": again.summary,
        "withheld": list[Json](WITHHELD),
        "complain_to": complaint_to(row),
        "notes": list[Json](_NOTES),
    }


def _log(
    workspace: Workspace,
    tx: DjangoTransaction,
    caller: Caller,
    verified: VerifiedRequest,
    search: Search,
    content: dict[str, Json],
    params: Params,
    now: datetime,
) -> int:
    row = verified.request.row
    step = Step(workspace=workspace, tx=tx, caller=caller, params=params, now=now)
    digest = sha256_hex(canonical_json(content))
    receipt = receipt_for(step, row, RequestStep.DISCLOSED, disclosure_sha256=digest)
    done = outcome(
        step,
        row,
        Event.SEARCH_DISCLOSED,
        receipt,
        search=str(search.pk),
        allowed_by=str(content["allowed_by"]),
    )
    entry = NewEntry(
        event=Event.SEARCH_DISCLOSED.value,
        at=now,
        purpose=search.purpose,
        jurisdiction=None,  # where a requester lives is nobody's business but the desk's
        client=None,
        pack=None,
        details={"account": caller.facts.id, **done.details},
    )
    (appended,) = workspace.record(tx, [entry])
    done.logged(appended.index)
    return appended.index


_NOTES = ("score-no-probability", "lead-no-identification", "probe-before-unknown")
"""What the page says in words: of scores, of leads, and that nobody here knows what was done to a picture before it came."""
