"""The path of a search.

1. authorise    the request is signed by an account, fresh and new
2. policy       each permission class is decided; out comes a grant, or a refusal that is logged and returned
3. probe        one face of each photograph becomes a template, fused into one
4. scan         the index scores every permitted reference, under the grant, exactly
5. candidates   each person's references become one comparison; who chose to be left out of answers as well is left out;
                frames of one burst of an unlabelled face take one place
6. log          in one transaction: each basis is live still, the list is written, the log has its entry
7. show         thumbnails of what has been logged, and of nothing else

What is ended between two of these steps is not shown: a grant of an older epoch is refused by the index, and step 6
asks the records once more.
"""

from __future__ import annotations

from datetime import datetime

from countenance.extraction.pool import ExtractionPool
from countenance.policy.decisions import Refused
from countenance.policy.grants import Grant
from countenance.policy.purposes import Purpose
from countenance.policy.replay import question_json
from countenance.primitives.canonical import Json
from countenance.primitives.errors import RefusedError, UnavailableError
from countenance.primitives.spans import Spanned, span
from countenance.primitives.text import N_
from countenance.records.database import DjangoTransaction, open_reading
from countenance.records.ending import end_expired
from countenance.records.events import Event
from countenance.records.identity import SignedRequest, spend
from countenance.records.measuring import floors_of
from countenance.records.workspace import Workspace
from countenance.search.bursts import collapse_bursts
from countenance.search.candidates import group_by_person, leads_standing, show, write
from countenance.search.fusing import REACH, fuse_references
from countenance.search.keeping import SealedProbe, kept_probe
from countenance.search.permission import Asked, ask, ask_again, decide, outgrown, question_of, still_stands
from countenance.search.probe import make_probe
from countenance.search.suppression import without_suppressed
from countenance.search.values import (
    CandidateList,
    Concluded,
    FailureToAcquire,
    LoggedCandidates,
    Probe,
    SearchRequest,
    WhichFace,
)
from countenance.tlog.leaf import NewEntry

type SearchAnswer = LoggedCandidates | Refused | WhichFace | FailureToAcquire

_ROWS_PER_CANDIDATE = 16
_TRIES = 5


def search(
    workspace: Workspace, signed: SignedRequest, photographs: tuple[bytes, ...], pool: ExtractionPool
) -> SearchAnswer:
    """Search for the person in `photographs`. A refusal is a value, and logged; so is a failure to acquire.

    Raises RefusedError where the request itself is not to be trusted (identity), UsageError and NotFoundError where
    it names what is not there.
    """
    request = SearchRequest.read(signed.act, signed.params, photographs)
    end_expired(workspace)  # a consent that has run out is compared with nothing
    now = workspace.clock()
    with span(Spanned.SEARCH_DECIDE):
        asked = ask(workspace, signed, request, now)
        granted = decide(workspace, asked, now)
    if isinstance(granted, Refused):
        return _refuse(workspace, signed, asked, granted)
    floors = floors_of(asked.gallery, str(workspace.models.space_id), now)
    with span(Spanned.SEARCH_PROBE):
        probe = make_probe(granted, request, pool, weak_below=floors.weak)
    if isinstance(probe, WhichFace):
        return probe
    if isinstance(probe, FailureToAcquire):
        return _not_acquired(workspace, signed, asked, probe, granted)
    with kept_probe(workspace, asked, probe) as keeping:
        for _ in range(_TRIES):
            with span(Spanned.SEARCH_SCAN):
                found = _scan(workspace, asked, probe)
            with span(Spanned.SEARCH_LOG):
                concluded = _conclude(workspace, signed, asked, found, keeping.parts)
            if isinstance(concluded, Refused):
                return concluded
            if isinstance(concluded, Concluded):
                keeping.claimed = True
                return show(workspace, asked, concluded)
            asked = ask_again(workspace, asked, workspace.clock())
            probe = Probe(grant=concluded, template=probe.template, parts=probe.parts)
    raise UnavailableError(
        N_("Permissions changed faster than this search could be made."),
        remedy=N_("Give the same command again."),
        code="permissions-changing",
    )


def _scan(workspace: Workspace, asked: Asked, probe: Probe) -> CandidateList | None:
    """Steps 4 and 5. None where the grant was revoked or ran out since it was minted.

    A person may have any number of references, so rows are fetched until they fill the list, are below the floor, or are no
    more. Whom only all references together bring above the floor is found as far as these rows reach.
    """
    limit = probe.grant.k * _ROWS_PER_CANDIDATE
    point = asked.point
    floor = workspace.models.candidate_floor
    if point is not None and not isinstance(point, Refused):
        floor = max(floor, point.threshold)
    while True:
        try:
            with open_reading() as tx:
                answer = workspace.index.search(
                    tx,
                    probe.grant,
                    probe.template,
                    floor=min(floor, REACH * floor),
                    now=workspace.clock(),
                    epoch=workspace.epoch(),
                    limit=limit,
                )
            grouped = group_by_person(probe, answer)
            fused = fuse_references(workspace, grouped, floor=floor, now=workspace.clock())
            found = collapse_bursts(workspace, without_suppressed(workspace, fused))
        except RefusedError as error:
            if error.reason in {"grant-revoked", "grant-expired"}:
                return None
            raise
        if len(answer.rows) < limit or len(found.leads) >= probe.grant.k or answer.rows[-1].score < floor:
            return found
        limit *= _ROWS_PER_CANDIDATE


def _conclude(
    workspace: Workspace,
    signed: SignedRequest,
    asked: Asked,
    found: CandidateList | None,
    sealed: tuple[SealedProbe, ...],
) -> Concluded | Grant | Refused:
    """Step 6. Where the grant does not stand any more policy is asked again; a fresh grant means: scan once more."""
    with workspace.transaction() as (tx, now):
        leads = None
        if found is not None and still_stands(workspace, asked, found.probe.grant, now):
            leads = leads_standing(found, now)
        if found is not None and leads is not None:
            spend(signed, now)
            grant = found.probe.grant
            too_many = outgrown(workspace, asked, grant, found.coverage.permitted, now)
            if too_many is None:
                return write(workspace, tx, asked, found, leads, sealed, now)
            reasons = _reasons(too_many, asked, now)
            _log(workspace, tx, asked, Event.SEARCH_REFUSED, now, too_many.pack, reasons)
            return too_many
        asked = ask_again(workspace, asked, now)
        granted = decide(workspace, asked, now)
        if isinstance(granted, Refused):
            spend(signed, now)
            _log(workspace, tx, asked, Event.SEARCH_REFUSED, now, granted.pack, _reasons(granted, asked, now))
    return granted


def _refuse(workspace: Workspace, signed: SignedRequest, asked: Asked, refused: Refused) -> Refused:
    with workspace.transaction() as (tx, now):
        spend(signed, now)
        _log(workspace, tx, asked, Event.SEARCH_REFUSED, now, refused.pack, _reasons(refused, asked, now))
    return refused


def _not_acquired(
    workspace: Workspace, signed: SignedRequest, asked: Asked, failure: FailureToAcquire, grant: Grant
) -> FailureToAcquire:
    with workspace.transaction() as (tx, now):
        spend(signed, now)
        details: dict[str, Json] = {"photograph": failure.photograph, "reason": failure.reason}
        _log(workspace, tx, asked, Event.PROBE_NOT_ACQUIRED, now, grant.pack_hash, details)
    return failure


def _reasons(refused: Refused, asked: Asked, now: datetime) -> dict[str, Json]:
    question = question_json(question_of(asked, now))
    return {"reason": refused.reason, "rule": refused.rule, "question": question}


def _log(
    workspace: Workspace,
    tx: DjangoTransaction,
    asked: Asked,
    event: Event,
    now: datetime,
    pack: str,
    details: dict[str, Json],
) -> None:
    client = asked.caller.facts.client
    known = {purpose.value for purpose in Purpose}
    workspace.record(
        tx,
        [
            NewEntry(
                event=event.value,
                at=now,
                purpose=asked.purpose if asked.purpose in known else None,
                jurisdiction=asked.case.row.on_behalf_of_jurisdiction if asked.case else None,
                client=client.id if client else None,
                pack=pack,
                details={
                    "account": asked.caller.facts.id,
                    "case": str(asked.case.row.pk) if asked.case else None,
                    "gallery": str(asked.gallery.pk),
                    **details,
                },
            )
        ],
    )
