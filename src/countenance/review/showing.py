"""A candidate's whole photograph, on which everybody else is destroyed: bystanders, the suppressed, the erased, the rest.

The act is decided and logged first, and only then is the holder's file read. Nobody on it is shown but the candidate,
whatever their own basis: the case was granted for one person.
"""

from __future__ import annotations

import base64
from uuid import UUID

from countenance.acting.path import ActResult, perform
from countenance.acting.step import Handlers, Outcome, Step
from countenance.extraction.pool import ExtractionPool
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.identity import SignedRequest
from countenance.records.models import Candidate
from countenance.records.photographs import photograph_of
from countenance.records.workspace import Workspace
from countenance.review.listed import candidates_left, find_candidate
from countenance.review.pictures import is_live_candidate


def show(step: Step) -> Outcome:
    """Without a rank: which candidates of the list are left. With one, the look is permitted and logged; `look` adds the picture."""
    if "rank" not in step.params.json:
        left: list[Json] = [each.rank for each in candidates_left(step)]
        return Outcome(record={"ranks": left})
    candidate = find_candidate(step)
    case = candidate.search.case
    assert case is not None
    photograph = candidate.face.photograph
    record: dict[str, Json] = {
        "case": case.code,
        "rank": candidate.rank,
        "candidate": str(candidate.pk),
        "photograph": photograph.path,
        "source": photograph.source.name,
    }
    return Outcome(
        record=record,
        event=Event.CANDIDATE_SHOWN,
        details={
            "case": str(case.pk),
            "candidate": str(candidate.pk),
            "photograph": str(photograph.pk),
            "grant": candidate.search.grant_id,
        },
        jurisdiction=case.on_behalf_of_jurisdiction,
        purpose=case.purpose,
        client=str(case.client_id),
    )


def look(workspace: Workspace, signed: SignedRequest, handlers: Handlers, pool: ExtractionPool) -> ActResult:
    """Carry out `candidate-show`. With a rank, the record gains `picture` (JPEG in base64, None where the holder's file is gone or is
    not the same any more) and `destroyed`, how many other faces there were.

    Raises what `perform` does; NotFoundError where the candidate's basis ended while the picture was made.
    """
    result = perform(workspace, signed, handlers)
    assert isinstance(result.record, dict)
    record = dict(result.record)
    if "candidate" not in record:
        return result
    key = UUID(str(record.pop("candidate")))
    rows = Candidate.objects.select_related("reference", "face__photograph__source").filter(pk=key)
    row = rows.first()
    picture, destroyed = photograph_of(row.face, pool) if row is not None else (None, 0)
    row = rows.first()  # whoever withdrew in the meantime is not shown
    if row is None or not is_live_candidate(row, workspace.clock()):
        raise NotFoundError(N_("This candidate is not on the list any more."), code="candidate-missing")
    shown = None if picture is None else base64.b64encode(picture).decode("ascii")
    return ActResult(
        act=result.act,
        record={**record, "picture": shown, "destroyed": destroyed},
        log_entry=result.log_entry,
    )
