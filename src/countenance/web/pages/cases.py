"""The case desk: cases, a probe, the face that is meant, reviews, the report. Candidates: `pages.candidates`."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from countenance.cli.language import spoken
from countenance.cli.sheet.report import OUTCOMES
from countenance.policy.decisions import Refused
from countenance.policy.purposes import Purpose
from countenance.primitives.errors import CountenanceError, NotFoundError
from countenance.primitives.text import N_
from countenance.search.values import (
    MOST_PHOTOGRAPHS,
    FailureToAcquire,
    LoggedCandidates,
    SearchRequest,
    WhichFace,
)
from countenance.web.desk import Desk, confirmed, desk_of, signed_in
from countenance.web.failures import Failure, failure_of, failure_to_acquire
from countenance.web.places import places
from countenance.web.table import Listed, Upload

_FIELDS = (
    "purpose",
    "reference",
    "on_behalf_of",
    "on_behalf_of_jurisdiction",
    "recorded_authority",
    "expires_at",
)
_FLAGS = ("sought_is_minor", "guardian_consent")


@require_safe
@signed_in
def listed(request: HttpRequest) -> HttpResponse:
    """The cases of one's client."""
    return render(request, "web/cases.html", {"cases": list(reversed(desk_of(request).read("cases")))})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new(request: HttpRequest) -> HttpResponse:
    """Open a case."""
    failure, desk = None, desk_of(request)
    if request.method == "POST":
        given: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in _FIELDS}
        given |= {name: True for name in _FLAGS if request.POST.get(name)}
        if request.POST.get("searches", "").isdecimal():
            given["searches"] = int(request.POST["searches"])
        try:
            record = desk.record("case-open", {name: value for name, value in given.items() if value != ""})
            return HttpResponseRedirect(f"/cases/{record['case']}")
        except CountenanceError as error:
            failure = failure_of(error)
    context = {
        "failure": failure,
        "given": request.POST,
        "purposes": [purpose.value for purpose in Purpose],
        "places": places(spoken()),
    }
    return render(request, "web/case_new.html", context, status=failure.status if failure else 200)


@require_safe
@signed_in
def case(request: HttpRequest, code: str) -> HttpResponse:
    """One case: what it permits, the form to search, its reviews."""
    return _case(request, code, None)


def _case(request: HttpRequest, code: str, failure: Failure | None) -> HttpResponse:
    desk = desk_of(request)
    row = find_case(desk, code)
    reviews = [each for each in desk.read("reviews", "review-read") if each["case"] == row["case"]]
    galleries = [each for each in desk.read("galleries") if each["state"] == "live"]
    context = {
        "case": row,
        "failure": failure,
        "reviews": reviews,
        "outcomes": OUTCOMES,
        "galleries": [each["gallery"] for each in galleries if row["purpose"] in each["purposes"]],
        "most": MOST_PHOTOGRAPHS,
    }
    return render(request, "web/case.html", context, status=failure.status if failure else 200)


def find_case(desk: Desk, code: str) -> dict[str, Any]:
    """The case of this code, as the member may see it. Raises NotFoundError."""
    for row in desk.read("cases"):
        if row["case"] == code:
            return row
    raise NotFoundError(N_("There is no case {case}."), code="case-missing", case=code)


@require_POST
@signed_in
def act(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """Close the case, or open the reviews of its searches."""
    acts = {"close": "case-close", "reviews": "review-open"}
    if name not in acts:
        raise Http404
    try:
        desk_of(request).perform(acts[name], {"case": code})
    except CountenanceError as error:
        return _case(request, code, failure_of(error))
    return HttpResponseRedirect(f"/cases/{code}")


# A search


@require_POST
@signed_in
def search(request: HttpRequest, code: str) -> HttpResponse:
    """Search with the photographs of the form, or with those that wait for a choice."""
    desk = desk_of(request)
    held = _waiting(desk, request.POST.get("upload", ""))
    faces: list[int | None]
    if held is not None:
        chosen = request.POST.get("face", "")
        faces = list(held.faces)
        faces[held.which.photograph] = int(chosen) if chosen.isdecimal() and len(chosen) < 5 else None
        photographs, gallery = held.photographs, held.gallery
    else:
        photographs = tuple(file.read() for file in request.FILES.getlist("photographs"))
        gallery = request.POST.get("gallery", "")
        faces = [None] * len(photographs)
    asked = SearchRequest(case=code, gallery=gallery, purpose="", photographs=photographs, faces=tuple(faces))
    try:
        answer = desk.search(asked)
    except CountenanceError as error:
        return _case(request, code, failure_of(error))
    match answer:
        case Refused():
            return _case(request, code, failure_of(answer.error()))
        case FailureToAcquire():
            return _case(request, code, failure_to_acquire(answer.photograph + 1, answer.reason))
        case WhichFace():
            upload = Upload(
                case=code, gallery=gallery, photographs=photographs, faces=tuple(faces), which=answer
            )
            return _which(request, desk.lay(upload, upload.size), upload)
        case LoggedCandidates():
            found = Listed(answer=answer, epoch=desk.epoch)
            return HttpResponseRedirect(f"/cases/{code}/searches/{desk.lay(found, found.size)}")


def _waiting(desk: Desk, name: str) -> Upload | None:
    if not name:
        return None
    found = desk.take(name)
    if not isinstance(found, Upload):
        raise NotFoundError(
            N_("The photographs are not on the table any more."),
            remedy=N_("Choose them again on the page of the case."),
            code="upload-gone",
        )
    return found


def _which(request: HttpRequest, name: str, upload: Upload) -> HttpResponse:
    faces = [
        {"number": face.number, "src": f"/pictures/{name}/face/{face.number}", "quality": face.quality}
        for face in upload.which.faces
    ]
    context = {
        "case": upload.case,
        "upload": name,
        "faces": faces,
        "photograph": upload.which.photograph + 1,
        "of": len(upload.photographs),
    }
    return render(request, "web/which.html", context)


# The report


@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def report(request: HttpRequest, code: str) -> HttpResponse:
    """The report of the case, to be kept with it: it carries faces out of the house, so a fresh code is asked for."""
    if request.method != "POST":
        return render(request, "web/report.html", {"case": find_case(desk_of(request), code)})
    try:
        made = desk_of(request).perform("report-make", {"case": code})
    except CountenanceError as error:
        return _case(request, code, failure_of(error))
    assert isinstance(made.record, dict)
    if request.POST.get("form") == "pdf":
        from countenance.cli.sheet.report_pdf import render_report_pdf

        data, kind = render_report_pdf(made.record, log_entry=made.log_entry), "pdf"
    else:
        from countenance.cli.sheet.report import render_report

        data, kind = render_report(made.record, log_entry=made.log_entry).encode(), "html"
    response = HttpResponse(
        data, content_type="application/pdf" if kind == "pdf" else "text/html; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="report-{made.record["case"]}.{kind}"'
    return response
