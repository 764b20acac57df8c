"""Questions to passkeys, on a page: laid on the table of whoever is in, found again by the form, and good once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest

from countenance.web import passkeys
from countenance.web.entering.session import Member
from countenance.web.passkeys import Asked, Party
from countenance.web.site import site


@dataclass(frozen=True, kw_only=True)
class OnPage:
    """A question as the form holds it. `name`: by which it is found again; `options`: JSON for the browser."""

    name: str
    options: str


def party_of(request: HttpRequest) -> Party:
    """The application, at the address by which this browser reaches it."""
    origin = site().origin_of(request)
    return Party(host=urlsplit(origin).hostname or "", origin=origin)


def of_any(request: HttpRequest, member: Member) -> OnPage | None:
    """For a passkey that the member has; None where there is none."""
    asked = passkeys.ask_for_any(member.account, party_of(request))
    return None if asked is None else _laid(member, asked)


def of_new(request: HttpRequest, member: Member) -> OnPage:
    """For one more."""
    return _laid(member, passkeys.ask_for_new(member.account, party_of(request)))


def answered(request: HttpRequest, member: Member) -> bytes:
    """The challenge that the form answers, which is spent; empty where it was not asked of this session, or long ago."""
    found = site().tray.take(member.session.pk, request.POST.get("asked", ""), site().now())
    return found.challenge if isinstance(found, Asked) else b""


def _laid(member: Member, asked: Asked) -> OnPage:
    name = site().tray.lay(member.session.pk, asked, len(asked.options), site().now())
    return OnPage(name=name, options=asked.options)
