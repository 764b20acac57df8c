"""In, through a provider: what it says of somebody counts in browsers that they bound, when they were in with both factors."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from countenance.primitives.errors import ConflictError, RefusedError
from countenance.primitives.ids import new_id
from countenance.primitives.text import N_
from countenance.records.models import Account
from countenance.web.entering.factors import is_locked
from countenance.web.entering.session import Member, begin, read_token, spell
from countenance.web.keyring import Keyring, hash_of, new_token, not_in
from countenance.web.models import WebBrowser, WebIdentity, WebLogin
from countenance.web.provider import Proved, registered

BOUND = timedelta(days=90)
"""How long a browser stays bound to an account, for logging in through a provider."""


def bind(keyring: Keyring, member: Member, proved: Proved, now: datetime) -> str:
    """Link whoever is in with what the provider calls them, and bind this browser. Returns the browser's token.

    Raises ConflictError where that name is linked with another account, or this account with another name.
    """
    provider = registered(proved.provider)
    named = WebIdentity.objects.filter(provider=provider)
    found = named.filter(Q(subject=proved.subject) | Q(account=member.account)).first()
    if found is not None and (found.account_id, found.subject) != (member.account.pk, proved.subject):
        raise ConflictError(
            N_(
                "The provider's account is linked with another account here, or yours with another of the provider."
            ),
            remedy=N_("On the page of the account, the link can be ended."),
            code="identity-linked",
        )
    token, row = new_token(), new_id()
    with transaction.atomic():
        if found is None:
            WebIdentity.objects.create(
                account=member.account, provider=provider, subject=proved.subject, made_at=now
            )
        WebBrowser.objects.filter(ends_at__lte=now).delete()
        WebBrowser.objects.create(
            id=row,
            account=member.account,
            token_hash=hash_of(token),
            sealed=keyring.seal(member.held, token, about=f"browser:{row}"),
            made_at=now,
            ends_at=now + BOUND,
        )
    return spell(token)


def unbind(account: Account) -> None:
    """End what providers may say of the account, in every browser."""
    WebIdentity.objects.filter(account=account).delete()
    WebBrowser.objects.filter(account=account).delete()


def give_word(keyring: Keyring, proved: Proved, browser: str, now: datetime) -> str:
    """First step by a provider's word, in a bound browser; both steps where it asked for several factors.

    Returns the token of a session. Raises RefusedError: nobody is linked, or this browser is not bound.
    """
    identity = (
        WebIdentity.objects.select_related("account")
        .filter(provider=registered(proved.provider), subject=proved.subject)
        .first()
    )
    if identity is None or identity.account.suspended_at is not None:
        raise not_in()
    token = read_token(browser) if browser else b""
    bound = WebBrowser.objects.filter(
        account=identity.account, token_hash=hash_of(token), ends_at__gt=now
    ).first()
    login = WebLogin.objects.filter(account=identity.account).first()
    if bound is None or login is None or is_locked(login, now):
        raise RefusedError(
            N_(
                "This browser is not bound to the account. Log in once with password and code, and bind it on the page of your account."
            ),
            reason="not-authenticated",
            rule="ID-05",
            authority="PIPEDA Principle 4.7 (Safeguards)",
            since="2001-01-01",
        )
    held = keyring.open(bytes(bound.sealed), token, about=f"browser:{bound.pk}")
    return begin(keyring, identity.account, held, now, whole=proved.several, confirmed=False)
