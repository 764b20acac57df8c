"""One's own account: where one is in, the password, and the passkeys beside the codes."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from countenance.primitives.errors import CountenanceError
from countenance.web import passkeys
from countenance.web.desk import confirmed, member_of, signed_in
from countenance.web.entering.factors import change_password
from countenance.web.entering.password import SHORTEST_PASSWORD
from countenance.web.entering.session import Member, end_others
from countenance.web.failures import failure_of
from countenance.web.models import WebBrowser, WebIdentity, WebPasskey, WebSession
from countenance.web.pages import asking
from countenance.web.provider import providers
from countenance.web.site import site
from countenance.web.vocabulary import ROLES

_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """Sessions and ways in."""
    member = _member(request)
    context = {
        "role": ROLES[member.account.role],
        "sessions": WebSession.objects.filter(account=member.account, whole=True).order_by("-seen_at"),
        "passkeys": WebPasskey.objects.filter(account=member.account).order_by("made_at"),
        "most": passkeys.MOST,
        "providers": providers(),
        "links": WebIdentity.objects.select_related("provider").filter(account=member.account),
        "browsers": WebBrowser.objects.filter(account=member.account, ends_at__gt=site().now()).count(),
    }
    return render(request, "web/account.html", context)


@require_POST
@signed_in
def sessions(request: HttpRequest) -> HttpResponse:
    """End one of one's own sessions, or all but this one."""
    member = _member(request)
    if request.POST.get("others"):
        end_others(member)
    else:
        try:
            wanted = UUID(request.POST.get("session", ""))
        except ValueError as error:
            raise Http404 from error
        WebSession.objects.filter(account=member.account, pk=wanted).delete()
    return HttpResponseRedirect("/account")


@_form
@confirmed
def password(request: HttpRequest) -> HttpResponse:
    """Another password, for the present one."""
    failure = None
    if request.method == "POST":
        given = (request.POST.get("present", ""), request.POST.get("password", ""))
        try:
            change_password(site().keyring, _member(request), *given, site().now())
            return HttpResponseRedirect("/account")
        except CountenanceError as error:
            failure = failure_of(error)
    context = {"failure": failure, "shortest": SHORTEST_PASSWORD}
    return render(request, "web/password.html", context, status=failure.status if failure else 200)


@_form
@confirmed
def new_passkey(request: HttpRequest) -> HttpResponse:
    """One more passkey."""
    member, failure, name = _member(request), None, request.POST.get("name", "")
    if request.method == "POST":
        challenge, answer = asking.answered(request, member), request.POST.get("answer", "")
        try:
            passkeys.add(member.account, asking.party_of(request), challenge, answer, name, site().now())
            return HttpResponseRedirect("/account")
        except CountenanceError as error:
            failure = failure_of(error)
    context = {"failure": failure, "name": name, "asked": asking.of_new(request, member)}
    return render(request, "web/passkey_new.html", context, status=failure.status if failure else 200)


@_form
@confirmed
def passkey(request: HttpRequest, passkey: UUID) -> HttpResponse:
    """One passkey, and the button that removes it."""
    found = WebPasskey.objects.filter(account=_member(request).account, pk=passkey).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        found.delete()
        return HttpResponseRedirect("/account")
    return render(request, "web/passkey.html", {"passkey": found})


def _member(request: HttpRequest) -> Member:
    """Who is in; only in a page for members."""
    member = member_of(request)
    assert member is not None
    return member
