"""In, in two steps: a password, then a second factor. Failures in a row close the way in for a while, longer each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction

from countenance.primitives.errors import RefusedError
from countenance.web import passkeys, totp
from countenance.web.entering.password import check_password, spelt
from countenance.web.entering.session import Member, begin, end_others
from countenance.web.keyring import Keyring, not_in
from countenance.web.models import WebBrowser, WebLogin

_FREE_FAILURES = 5
_FIRST_LOCK = timedelta(minutes=1)
_LONGEST_LOCK = timedelta(hours=4)


def give_password(keyring: Keyring, name: str, password: str, now: datetime) -> str:
    """First step. Returns the token of a session that is half in. Raises RefusedError, always the same."""
    text = spelt(password)
    login = WebLogin.objects.select_related("account").filter(account__name=name).first()
    if login is None or login.account.suspended_at is not None or is_locked(login, now):
        keyring.spend_time(text)
        raise not_in()
    try:
        held = keyring.open_by_password(bytes(login.sealed), text, about=f"login:{login.account_id}")
    except RefusedError:
        _failed(login, now)
        raise
    return begin(keyring, login.account, held, now, whole=False)


def give_code(keyring: Keyring, member: Member, code: str, now: datetime) -> str:
    """Second step, or a fresh second factor later. The session gets a new token, which is returned.

    Raises RefusedError for a wrong or spent code.
    """

    def proved(login: WebLogin) -> dict[str, int] | None:
        step = totp.check(member.held.totp, code, now, after=login.last_step)
        return None if step is None else {"last_step": step}

    return _give_second(keyring, member, now, proved)


def give_passkey(
    keyring: Keyring, member: Member, party: passkeys.Party, challenge: bytes, answer: str, now: datetime
) -> str:
    """As `give_code`, with a passkey's answer to `challenge`."""

    def proved(_: WebLogin) -> dict[str, int] | None:
        return {} if passkeys.proves(member.account, party, challenge, answer, now) else None

    return _give_second(keyring, member, now, proved)


def _give_second(
    keyring: Keyring, member: Member, now: datetime, proved: Callable[[WebLogin], dict[str, int] | None]
) -> str:
    """`proved` says what is to be noted of a second factor that is right, in the transaction that lets in; None: wrong."""
    token = ""
    with transaction.atomic():
        login = WebLogin.objects.select_for_update().get(account=member.account)
        noted = None if is_locked(login, now) else proved(login)
        if noted is not None:
            WebLogin.objects.filter(pk=login.pk).update(**noted, failures=0, locked_until=None)
            member.session.delete()
            token = begin(keyring, member.account, member.held, now, whole=True)
    if not token:
        _failed(login, now)
        raise not_in()
    return token


def change_password(keyring: Keyring, member: Member, present: str, wanted: str, now: datetime) -> None:
    """Seal the key under another password; the account's other sessions end.

    Raises RefusedError for a wrong present password, which counts as a failure at the door; UsageError for a weak one.
    """
    chosen = check_password(wanted, member.account.name)
    login, about = WebLogin.objects.get(account=member.account), f"login:{member.account.pk}"
    if is_locked(login, now):
        raise not_in()
    try:
        held = keyring.open_by_password(bytes(login.sealed), spelt(present), about=about)
    except RefusedError:
        _failed(login, now)
        raise
    sealed = keyring.seal_by_password(held, chosen, about=about)
    with transaction.atomic():
        WebLogin.objects.filter(pk=login.pk).update(sealed=sealed, failures=0)
        WebBrowser.objects.filter(account=member.account).delete()
        end_others(member)


def is_locked(login: WebLogin, now: datetime) -> bool:
    """Whether the way in is closed after failures."""
    return login.locked_until is not None and login.locked_until > now


def _failed(login: WebLogin, now: datetime) -> None:
    """Count a failure. From the fifth in a row on, the way in is closed: one minute, two, four, up to four hours."""
    with transaction.atomic():
        row = WebLogin.objects.select_for_update().get(pk=login.pk)
        row.failures += 1
        over = row.failures - _FREE_FAILURES
        if over >= 0:
            row.locked_until = now + min(_FIRST_LOCK * 2 ** min(over, 10), _LONGEST_LOCK)
        row.save(update_fields=["failures", "locked_until"])
