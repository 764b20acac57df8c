"""The door: a one-time link, a password, a second factor; and out again."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from countenance.cli.language import Language
from countenance.primitives.errors import CountenanceError
from countenance.records.models import WorkspaceState
from countenance.web import totp
from countenance.web.desk import member_of
from countenance.web.entering import factors, link
from countenance.web.entering.password import SHORTEST_PASSWORD
from countenance.web.entering.session import Member, end_all
from countenance.web.failures import Failure, failure_of, too_many
from countenance.web.middleware import LANGUAGE_COOKIE, SESSION_COOKIE
from countenance.web.pace import caller_of
from countenance.web.pages import asking
from countenance.web.provider import providers
from countenance.web.site import site

_form = require_http_methods(["GET", "HEAD", "POST"])


@_form
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The one-time link: password, and the app that shows codes."""
    here, now = site(), site().now()
    row, secret_of = link.invited(token, now)
    secret = link.totp_of(here.keyring, secret_of)
    failure = _too_often(request)
    if request.method == "POST" and failure is None:
        try:
            session = link.accept(
                here.keyring, token, request.POST.get("password", ""), request.POST.get("code", ""), now
            )
            return let_in(HttpResponseRedirect("/"), session)
        except CountenanceError as error:
            failure = failure_of(error)
    issuer = f"Countenance {WorkspaceState.objects.values_list('operator', flat=True).get(pk=1)}"
    return render(
        request,
        "web/welcome.html",
        {
            "account": row.account,
            "failure": failure,
            "secret": _in_fours(totp.spelled(secret)),
            "address": totp.address_of(secret, row.account.name, issuer),
            "picture": _qr(totp.address_of(secret, row.account.name, issuer)),
            "shortest": SHORTEST_PASSWORD,
        },
        status=failure.status if failure else 200,
    )


@_form
def login(request: HttpRequest) -> HttpResponse:
    """Name and password."""
    failure, name = _too_often(request), request.POST.get("name", "")
    if request.method == "POST" and failure is None:
        try:
            session = factors.give_password(
                site().keyring, name.strip(), request.POST.get("password", ""), site().now()
            )
            return let_in(_onward(request, "/login/second"), session)
        except CountenanceError as error:
            failure = failure_of(error)
    return _show(request, "web/login.html", failure, name=name, providers=providers())


@_form
def second(request: HttpRequest) -> HttpResponse:
    """The code, after the password."""
    member: Member | None = request.member  # type: ignore[attr-defined]
    if member is None:
        return _onward(request, "/login")
    return _code(request, member, "web/second.html")


@_form
def confirm(request: HttpRequest) -> HttpResponse:
    """A fresh code, before what cannot be undone."""
    member = member_of(request)
    if member is None:
        return _onward(request, "/login")
    return _code(request, member, "web/confirm.html")


def _code(request: HttpRequest, member: Member, template: str) -> HttpResponse:
    """A second factor: the code, or a passkey's answer to the question that the page asked."""
    here, now = site(), site().now()
    failure = _too_often(request)
    if request.method == "POST" and failure is None:
        answer = request.POST.get("answer", "")
        try:
            if answer:
                asked = asking.answered(request, member)
                session = factors.give_passkey(
                    here.keyring, member, asking.party_of(request), asked, answer, now
                )
            else:
                session = factors.give_code(here.keyring, member, request.POST.get("code", ""), now)
            return let_in(HttpResponseRedirect(wanted(request)), session)
        except CountenanceError as error:
            failure = failure_of(error)
    return _show(request, template, failure, asked=asking.of_any(request, member))


def _too_often(request: HttpRequest) -> Failure | None:
    """From one address the door is knocked at so often and no more, whatever account is named."""
    if request.method != "POST" or site().entering.allows(caller_of(request), site().now()):
        return None
    return too_many()


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Out; `everywhere` ends the account's other sessions too."""
    member: Member | None = request.member  # type: ignore[attr-defined]
    if member is not None:
        if request.POST.get("everywhere"):
            end_all(member.account)
        else:
            member.session.delete()
    response = HttpResponseRedirect("/login")
    response.delete_cookie(SESSION_COOKIE)
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Another language from here on."""
    response = HttpResponseRedirect(wanted(request))
    chosen = request.POST.get("language", "")
    if chosen in set(Language):
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=31536000, secure=True, httponly=True, samesite="Strict"
        )
    return response


def _show(request: HttpRequest, template: str, failure: Failure | None, **more: object) -> HttpResponse:
    context = {"failure": failure, "next": wanted(request), **more}
    return render(request, template, context, status=failure.status if failure else 200)


def let_in(response: HttpResponse, session: str) -> HttpResponse:
    """No lifetime: the cookie goes with the browser's window, and the row decides anyway."""
    response.set_cookie(SESSION_COOKIE, session, secure=True, httponly=True, samesite="Strict")
    return response


def wanted(request: HttpRequest) -> str:
    """Where to go afterwards: an address of this application, nowhere else."""
    asked = request.POST.get("next") or request.GET.get("next") or "/"
    return asked if asked.startswith("/") and url_has_allowed_host_and_scheme(asked, None) else "/"


def _onward(request: HttpRequest, address: str) -> HttpResponseRedirect:
    from django.utils.http import urlencode

    return HttpResponseRedirect(f"{address}?{urlencode({'next': wanted(request)})}")


def _in_fours(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _qr(text: str) -> str:
    """A QR code (ISO/IEC 18004) as SVG with presentation attributes only, so that it needs no inline style."""
    import segno

    return str(
        segno.make(text, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=False)
    )
