"""To an identity provider and back: three addresses for logging in and for binding a browser.

A browser sends our strict cookies only when it is our own page that leads on, so the provider's answer is taken by one address
(`returned`, with a lax cookie that says nothing but whose journey it is), and what follows from it is done by the next
(`arrived`), to which a page of ours leads.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from countenance.web import provider
from countenance.web.desk import confirmed, member_of, signed_in
from countenance.web.entering import bound
from countenance.web.failures import show, too_many
from countenance.web.keyring import not_in
from countenance.web.middleware import BROWSER_COOKIE, JOURNEY_COOKIE
from countenance.web.pace import caller_of
from countenance.web.pages.door import let_in, wanted
from countenance.web.provider import Proved, Started
from countenance.web.site import site

_WEIGHT = 1024  # bytes that a journey counts for on the table
_MINUTES = 10


@require_safe
def leave(request: HttpRequest, name: str) -> HttpResponse:
    """To the provider, to log in."""
    return _leave(request, name, linking=False)


@require_safe
@confirmed
def link(request: HttpRequest, name: str) -> HttpResponse:
    """To the provider, to link one's account and bind this browser."""
    return _leave(request, name, linking=True)


@require_POST
@signed_in
def unlink(request: HttpRequest) -> HttpResponse:
    """End one's links, and unbind every browser."""
    member = member_of(request)
    assert member is not None
    bound.unbind(member.account)
    response = HttpResponseRedirect("/account")
    response.delete_cookie(BROWSER_COOKIE)
    return response


@require_safe
def returned(request: HttpRequest) -> HttpResponse:
    """Back, with a code or without. What it is worth is laid down for the page that follows."""
    here, now = site(), site().now()
    if not here.entering.allows(caller_of(request), now):
        return show(request, too_many())
    journey = _journey(request)
    started = here.tray.take(journey, request.GET.get("state", ""), now)
    if not isinstance(started, Started) or "code" not in request.GET:
        raise not_in()
    found = provider.registered(started.provider)
    # RFC 9207: who answers says so, where it does.
    if request.GET.get("iss", found.issuer) != found.issuer:
        raise not_in()
    secret = provider.secret_of(here.directory, found)
    proved = provider.redeem(found, started, request.GET["code"], _back(request), secret, now)
    name = here.tray.lay(journey, proved, _WEIGHT, now)
    page = {"provider": found.name, "onward": f"/login/arrived?{urlencode({'with': name})}"}
    return render(request, "web/returned.html", page)


@require_safe
def arrived(request: HttpRequest) -> HttpResponse:
    """In, or bound, with what the provider said: good once, for the browser that set out."""
    here, now = site(), site().now()
    proved = here.tray.take(_journey(request), request.GET.get("with", ""), now)
    if not isinstance(proved, Proved):
        raise not_in()
    if proved.linking:
        response = _bound(request, proved)
    else:
        token = bound.give_word(here.keyring, proved, request.COOKIES.get(BROWSER_COOKIE, ""), now)
        onward = proved.next if proved.several else f"/login/second?{urlencode({'next': proved.next})}"
        response = let_in(HttpResponseRedirect(onward), token)
    response.delete_cookie(JOURNEY_COOKIE, samesite="Lax")
    return response


def _bound(request: HttpRequest, proved: Proved) -> HttpResponse:
    here, now, member = site(), site().now(), member_of(request)
    if member is None or not member.is_fresh(now):
        raise not_in()
    token = bound.bind(here.keyring, member, proved, now)
    response = HttpResponseRedirect("/account")
    response.set_cookie(
        BROWSER_COOKIE,
        token,
        max_age=int(bound.BOUND.total_seconds()),
        secure=True,
        httponly=True,
        samesite="Strict",
    )
    return response


def _leave(request: HttpRequest, name: str, *, linking: bool) -> HttpResponse:
    here, now = site(), site().now()
    if not here.entering.allows(caller_of(request), now):
        return show(request, too_many())
    found, journey = provider.registered(name), uuid4()
    started = provider.start(found, wanted(request), linking=linking)
    state = here.tray.lay(journey, started, _WEIGHT, now)
    response = HttpResponseRedirect(provider.address_of(found, started, state, _back(request)))
    response.set_cookie(
        JOURNEY_COOKIE, str(journey), max_age=_MINUTES * 60, secure=True, httponly=True, samesite="Lax"
    )
    return response


def _back(request: HttpRequest) -> str:
    """Where the provider sends people: one address, registered with it."""
    return f"{site().origin_of(request)}/login/returned"


def _journey(request: HttpRequest) -> UUID:
    try:
        return UUID(request.COOKIES.get(JOURNEY_COOKIE, ""))
    except ValueError as error:
        raise not_in() from error
