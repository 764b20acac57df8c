"""The review desk: pairs examined blind, sealed one by one; and care for whoever looks at them."""

from __future__ import annotations

import base64
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from countenance.policy.purposes import Role
from countenance.primitives.errors import CountenanceError, NotFoundError
from countenance.primitives.text import N_
from countenance.web.desk import Desk, desk_of, signed_in
from countenance.web.failures import Failure, failure_of
from countenance.web.pictures import shown
from countenance.web.table import Pair
from countenance.web.verdicts import read_verdict, verdict_form

CARE_COOKIE = "__Host-care"
CARES = ("veil", "grey")


@require_safe
@signed_in
def desk(request: HttpRequest) -> HttpResponse:
    """What waits, and one's own figures; for a supervisor those of all, and their training."""
    return _desk(request, None)


def _desk(request: HttpRequest, failure: Failure | None) -> HttpResponse:
    at = desk_of(request)
    role = at.member.account.role
    context = {
        "failure": failure,
        "may_examine": role == Role.REVIEWER,
        "may_train": role == Role.SUPERVISOR,
        "reviews": at.read("reviews", "review-read"),
        "reviewers": at.read("reviewers", "review-read"),
        "competences": at.read("competences", "review-read"),
        "care": _care(request),
        "done": "done" in request.GET,
    }
    return render(request, "web/review.html", context, status=failure.status if failure else 200)


@require_POST
@signed_in
def take(request: HttpRequest) -> HttpResponse:
    """The next pair; the look is logged, so it is asked for by a form."""
    at = desk_of(request)
    try:
        after = request.POST.get("after", "")
        record = at.record("review-next", {"after": after} if after else {})
    except CountenanceError as error:
        return _desk(request, failure_of(error))
    if record.get("pair") is None:
        return HttpResponseRedirect("/review?done=1")
    found = _pair_of(record, at.epoch)
    return HttpResponseRedirect(f"/review/pair/{at.lay(found, found.size)}")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def pair(request: HttpRequest, name: str) -> HttpResponse:
    """Look at one pair, and seal what one found."""
    at = desk_of(request)
    found = _held(at, name)
    failure = None
    if request.method != "POST" and not at.may_show(found.epoch):
        raise _gone()
    if request.method == "POST":
        try:
            at.perform("review-seal", {"pair": found.pair, **read_verdict(request)})
            at.take(name)
            return take(request)  # on to the next one: what was sealed is not shown again
        except CountenanceError as error:
            failure = failure_of(error)
    pictures = {
        kind: [
            shown(jpeg, share, f"/pictures/{name}/{kind}/{place}")
            for (of, place), (jpeg, share) in found.pictures.items()
            if of == kind
        ]
        for kind in ("probe", "face")
    }
    context = {
        "failure": failure,
        "name": name,
        "pair": found,
        "pictures": pictures,
        **verdict_form(request),
        "care": _care(request),
    }
    return render(request, "web/pair.html", context, status=failure.status if failure else 200)


@require_POST
@signed_in
def undo(request: HttpRequest) -> HttpResponse:
    """Withdraw the verdict that was sealed last, by a record beside it; its pair comes again."""
    try:
        desk_of(request).perform("review-withdraw")
    except CountenanceError as error:
        return _desk(request, failure_of(error))
    return take(request)


@require_POST
@signed_in
def care(request: HttpRequest) -> HttpResponse:
    """How one wants to be shown pictures: veiled until asked, without colour."""
    response = HttpResponseRedirect("/review")
    chosen = " ".join(name for name in CARES if request.POST.get(name))
    response.set_cookie(CARE_COOKIE, chosen, max_age=31536000, secure=True, httponly=True, samesite="Strict")
    return response


@require_POST
@signed_in
def train(request: HttpRequest) -> HttpResponse:
    """Put a reviewer's training on record."""
    fields = ("account", "training", "evidence", "valid_from", "valid_until")
    given = {name: request.POST.get(name, "").strip() for name in fields}
    try:
        desk_of(request).perform("competence-record", {name: text for name, text in given.items() if text})
    except CountenanceError as error:
        return _desk(request, failure_of(error))
    return HttpResponseRedirect("/review")


def _held(at: Desk, name: str) -> Pair:
    found = at.find(name)
    if not isinstance(found, Pair):
        raise _gone()
    return found


def _gone() -> NotFoundError:
    return NotFoundError(
        N_("This pair is not on the table any more."),
        remedy=N_("Take the next one: what you have not sealed comes again."),
        code="pair-gone",
    )


def _pair_of(record: dict[str, Any], epoch: int) -> Pair:
    faces = [record["face"]] if record["face"] else []
    pictures = {
        (kind, place): (base64.b64decode(each["jpeg"]), float(each["eye_share"]))
        for kind, listed in (("probe", record["probe"]), ("face", faces))
        for place, each in enumerate(listed)
    }
    return Pair(
        pair=record["pair"], review=record["review"], left=record["left"], epoch=epoch, pictures=pictures
    )


def _care(request: HttpRequest) -> list[str]:
    return [name for name in CARES if name in request.COOKIES.get(CARE_COOKIE, "veil").split()]
