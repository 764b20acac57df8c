"""Candidates on the case desk: the list, one of them beside the probe, the whole photograph, the searcher's own verdict."""

from __future__ import annotations

import base64
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from countenance.cli.sheet import words
from countenance.cli.sheet.parts import candidate_name, portrait_of
from countenance.primitives.errors import CountenanceError, NotFoundError
from countenance.primitives.text import N_
from countenance.search.values import Candidate, LoggedCandidates, ProbeFace
from countenance.web.desk import Desk, desk_of, signed_in
from countenance.web.failures import Failure, failure_of
from countenance.web.pictures import Shown, shown
from countenance.web.table import Listed, Picture, Pictured
from countenance.web.verdicts import read_verdict, verdict_form


@require_safe
@signed_in
def listed(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """The strip of candidates, what was searched, and what the scores mean."""
    answer = _on_the_table(desk_of(request), code, name)
    context = {
        "case": code,
        "answer": answer,
        "name": name,
        "heading": words.count_heading(len(answer.candidates)),
        "coverage": words.coverage_sentence(answer.coverage),
        "origin": words.origin_sentence(answer),
        "limits": words.LIMITS,
        "leads": words.LEADS,
        "what": words.WHAT_THEY_ARE,
        "probe": _probe(answer, name),
        "strip": [_line(each, name) for each in answer.candidates],
    }
    return render(request, "web/candidates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def compare(request: HttpRequest, code: str, name: str, rank: int) -> HttpResponse:
    """Probe beside one candidate, eyes equally far apart; and the searcher's own verdict, which opens the review."""
    desk = desk_of(request)
    answer = _on_the_table(desk, code, name)
    if request.method != "POST":
        return _compare(request, answer, name, rank)
    try:
        sealed = desk.record("candidate-judge", {**_which(answer, rank), **read_verdict(request)})
    except CountenanceError as error:
        return _compare(request, answer, name, rank, failure=failure_of(error))
    return _compare(request, answer, name, rank, sealed=sealed)


@require_POST
@signed_in
def photograph(request: HttpRequest, code: str, name: str, rank: int) -> HttpResponse:
    """The candidate's whole photograph, everybody else destroyed in it. The look is logged, so it is asked for by a form."""
    desk = desk_of(request)
    answer = _on_the_table(desk, code, name)
    try:
        scene = desk.record("candidate-show", _which(answer, rank))
    except CountenanceError as error:
        return _compare(request, answer, name, rank, failure=failure_of(error))
    if scene["picture"]:
        laid = Picture(jpeg=base64.b64decode(scene["picture"]), epoch=desk.epoch)
        scene["src"] = f"/shown/{desk.lay(laid, laid.size)}"
    return _compare(request, answer, name, rank, scene=scene)


def _which(answer: LoggedCandidates, rank: int) -> dict[str, Any]:
    return {"case": answer.case, "search": answer.log_entry, "rank": rank}


def _compare(
    request: HttpRequest,
    answer: LoggedCandidates,
    name: str,
    rank: int,
    *,
    failure: Failure | None = None,
    scene: dict[str, Any] | None = None,
    sealed: dict[str, Any] | None = None,
) -> HttpResponse:
    chosen = [each for each in answer.candidates if each.rank == rank]
    if not chosen:
        raise Http404
    ranks = [each.rank for each in answer.candidates]
    context = {
        "case": answer.case,
        "name": name,
        "here_is": f"/cases/{answer.case}/searches/{name}/{rank}",
        "what": words.WHAT_THEY_ARE,
        "line": _line(chosen[0], name),
        "probe": _probe(answer, name),
        "before": rank - 1 if rank - 1 in ranks else None,
        "after": rank + 1 if rank + 1 in ranks else None,
        "failure": failure,
        "scene": scene,
        "sealed": sealed,
        **verdict_form(request),
    }
    return render(request, "web/compare.html", context, status=failure.status if failure else 200)


@require_safe
@signed_in
def picture(request: HttpRequest, name: str, kind: str, number: int) -> HttpResponse:
    """One crop of what lies on one's own table, as long as nothing has ended since it was told."""
    desk = desk_of(request)
    held = desk.find(name)
    crop = held.picture(kind, number) if isinstance(held, Pictured) and desk.may_show(held.epoch) else None
    if crop is None:
        raise Http404
    return HttpResponse(crop, content_type="image/jpeg")


def _on_the_table(desk: Desk, code: str, name: str) -> LoggedCandidates:
    """The list, of which those candidates are left that may be shown now. Raises what the searcher says against it."""
    found = desk.find(name)
    if not isinstance(found, Listed) or found.answer.case != code:
        raise NotFoundError(
            N_("This list is not on the table any more. It stays in the log."),
            remedy=N_(
                "What came of it is in the reviews of the case. To see candidates again, search again."
            ),
            code="list-gone",
        )
    told = desk.record("candidate-show", {"case": code, "search": found.answer.log_entry})
    found = found.standing(told["ranks"], desk.epoch)
    desk.site.tray.replace(desk.member.session.pk, name, found)
    return found.answer


def _probe(answer: LoggedCandidates, name: str) -> list[dict[str, Any]]:
    return [
        {"shown": _face(face, f"/pictures/{name}/probe/{place}"), "quality": face.quality}
        for place, face in enumerate(answer.probe)
    ]


def _face(face: ProbeFace, address: str) -> Shown:
    return shown(face.crop, face.eye_share, address)


def _line(candidate: Candidate, name: str) -> dict[str, Any]:
    return {
        "candidate": candidate,
        "name": candidate_name(candidate),
        "alt": portrait_of(candidate),
        "shown": shown(candidate.crop, candidate.eye_share, f"/pictures/{name}/candidate/{candidate.rank}"),
        "meaning": words.statement_sentence(candidate.statement),
        "score": words.decimal(candidate.score),
        "references": words.references_words(candidate),
        "taken": words.date_words(candidate.captured_at),
    }
