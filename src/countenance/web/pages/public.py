"""The public portal: no account, no script. What is held and why; ask; follow what was asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from countenance.cli.language import spoken
from countenance.cli.sheet import yearly
from countenance.primitives.errors import CountenanceError
from countenance.primitives.text import N_
from countenance.web.desk import searcher
from countenance.web.failures import Failure, failure_of, too_many
from countenance.web.pace import caller_of
from countenance.web.places import places
from countenance.web.site import site


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One thing to choose. `text`: what it means, where the title does not say it."""

    value: str
    title: str
    text: str = ""


KINDS = (
    Choice(
        value="access",
        title=N_("What do you hold of me?"),
        text=N_("You get a copy, and when and what for it was searched."),
    ),
    Choice(
        value="withdrawal",
        title=N_("I withdraw my consent"),
        text=N_("Once it is done, you are in no further search."),
    ),
    Choice(
        value="opt-out:erase",
        title=N_("Erase me"),
        text=N_(
            "Nothing is kept. A later photograph of you may be taken in again, since we keep nothing to know you by."
        ),
    ),
    Choice(
        value="opt-out:block-picture",
        title=N_("Erase me, and never take these photographs again"),
        text=N_("We keep a fingerprint of the photographs, not of your face."),
    ),
    Choice(
        value="opt-out:protected-template",
        title=N_("Keep me out for good"),
        text=N_(
            "We keep a protected template of your face, only to leave you out. You can have it destroyed at any time."
        ),
    ),
    Choice(value="erasure", title=N_("Erase particular photographs of me")),
    Choice(
        value="correction", title=N_("Something is wrong"), text=N_("A name, a date, or: this is not me.")
    ),
    Choice(value="objection", title=N_("I object to this use")),
)
POINTERS = (
    Choice(
        value="own-face",
        title=N_("By my face"),
        text=N_(
            "We ask you for a picture afterwards, when we have seen that it is you. It serves this request alone, and is destroyed with it."
        ),
    ),
    Choice(value="receipt", title=N_("By the code of my consent receipt"), text=N_("It begins with R.")),
    Choice(value="photograph", title=N_("By the number of a photograph")),
    Choice(value="source-reference", title=N_("By the holder's own reference of a photograph")),
)
_PROGRAMS = {"verifier.py": "tlog/verifier.py", "recount.py": "oversight/recount.py"}
_FIELDS = ("pointer", "value", "name", "contact", "place")


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """What is held, what for, on what basis."""
    return render(request, "web/register.html", _ask_searcher("register", {}))


@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    """What was done here this year, counted from the signed log, for everybody."""
    report = _ask_searcher("transparency", {})
    context = {"report": report, "tables": list(yearly.tables(report, named=True)) if report["size"] else []}
    return render(request, "web/transparency.html", context)


@require_safe
def to_check(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """What one needs to check it without us: the figures as a file, the verifier, the program that counts again."""
    if name == "yearly.json":
        text = json.dumps(_ask_searcher("transparency", {}), indent=1) + "\n"
    elif name in _PROGRAMS:
        text = (files("countenance") / _PROGRAMS[name]).read_text("utf-8")
    else:
        raise Http404
    kind = "application/json" if name.endswith(".json") else "text/x-python; charset=utf-8"
    response = HttpResponse(text, content_type=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form; then the number and the secret, this once."""
    failure: Failure | None = None
    if request.method == "POST":
        if not site().asking.allows(caller_of(request), site().now()):
            failure = too_many()
        else:
            try:
                return render(request, "web/asked.html", {"asked": _ask_searcher("ask", _asked(request))})
            except CountenanceError as error:
                failure = failure_of(error)
    given = {name: request.POST.get(name, "") for name in ("kind", *_FIELDS)}
    context = {
        "failure": failure,
        "given": {**given, "kind": given["kind"] or "access", "pointer": given["pointer"] or "own-face"},
        "kinds": KINDS,
        "pointers": POINTERS,
        "places": places(spoken()),
    }
    return render(request, "web/ask.html", context, status=failure.status if failure else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Where a request stands, for its number and secret."""
    number, secret = request.POST.get("number", ""), request.POST.get("secret", "")
    context: dict[str, Any] = {"number": number, "secret": secret}
    status = 200
    if request.method == "POST":
        try:
            params = {"request": number, "secret": secret}
            if not site().following.allows(caller_of(request), site().now()):
                often = too_many()
                return render(request, "web/follow.html", {**context, "failure": often}, status=often.status)
            context["standing"] = _ask_searcher("standing", params)
            context["receipts"] = _ask_searcher("receipts", params)["receipts"]
        except CountenanceError as error:
            context["failure"] = failure_of(error)
            status = context["failure"].status
    return render(request, "web/follow.html", context, status=status)


@require_POST
def receipt(request: HttpRequest) -> HttpResponse:
    """One receipt as a file, which verifies without us."""
    if not site().following.allows(caller_of(request), site().now()):
        failure = too_many()
        return render(request, "web/failure.html", {"failure": failure}, status=failure.status)
    number, secret = request.POST.get("number", ""), request.POST.get("secret", "")
    found = _ask_searcher("receipts", {"request": number, "secret": secret})
    held = [each for each in found["receipts"] if each["file"]]
    wanted = request.POST.get("entry", "")
    chosen = [each for each in held if str(each["log_entry"]) == wanted] or held[-1:]
    if not chosen:
        return render(request, "web/follow.html", {"number": number, "secret": secret}, status=404)
    name = f"receipt-{found['request']}-{chosen[0]['log_entry']}.json"
    response = HttpResponse(str(chosen[0]["file"]), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: HttpRequest) -> dict[str, Any]:
    """What the form says, as the portal reads it."""
    kind, _, form = request.POST.get("kind", "").partition(":")
    given = {name: request.POST.get(name, "").strip() for name in _FIELDS}
    if given["pointer"] == "own-face":
        given["value"] = ""
    asked = {name: text for name, text in given.items() if text}
    return {"kind": kind, "language": spoken().value, **({"form": form} if form else {}), **asked}


def _ask_searcher(question: str, params: dict[str, Any]) -> dict[str, Any]:
    with searcher(site()) as asked:
        return asked.public(question, params)
