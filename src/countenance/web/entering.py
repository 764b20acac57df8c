"""How people get in and stay in: a one-time link, then a password and a second factor, then a session; and how it ends.

Limits follow NIST SP 800-63B-4, AAL2: a session ends after 30 minutes without a request, and after 12 hours anyway. Five
failures in a row close the way in for a while, longer each time.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from django.db import transaction

from countenance.primitives.errors import RefusedError, UsageError
from countenance.primitives.ids import new_id
from countenance.primitives.text import N_
from countenance.records.database import open_transaction
from countenance.records.identity import AccountKey
from countenance.records.models import Account
from countenance.records.named import find_account
from countenance.web import passkeys, totp
from countenance.web.keyring import Held, Keyring, hash_of, new_token, not_in
from countenance.web.models import WebInvitation, WebLogin, WebSession

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
HALF_IN = timedelta(minutes=5)
FRESH = timedelta(minutes=5)
"""How long a second factor counts for what cannot be undone."""
LINK_LIFE = timedelta(hours=24)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
GUESSED_FIRST = ("countenance",)
"""Words of this place that no password holds, besides the account's own name."""
MOST_SESSIONS = 10
"""Of one account at once; the one that was used least recently ends."""
_FREE_FAILURES = 5
_FIRST_LOCK = timedelta(minutes=1)
_LONGEST_LOCK = timedelta(hours=4)
_NOTICED = timedelta(minutes=1)  # `seen_at` is not written at every request


@dataclass(frozen=True, kw_only=True)
class Member:
    """Who is in. `key` signs for them, for the length of one request. `confirmed_at`: last second factor."""

    session: WebSession
    account: Account
    token: bytes = field(repr=False)
    held: Held = field(repr=False)

    @property
    def key(self) -> AccountKey:
        return self.held.key

    def is_fresh(self, now: datetime) -> bool:
        """Whether a second factor was given just now."""
        confirmed = self.session.confirmed_at
        return confirmed is not None and now - confirmed <= FRESH


# The one-time link


def invite(keyring: Keyring, key: AccountKey, now: datetime) -> str:
    """The token of a one-time link for the owner of `key`; links made before for the account are dead.

    Who holds the key may act as the account anyway, so no act is asked for. Raises NotFoundError, UsageError.
    """
    account = find_account(key.account)
    if bytes(account.public_key) != key.public_bytes():
        raise UsageError(
            N_("This is not the key of the account {account}."), code="account-key", account=account.name
        )
    token, row = new_token(), new_id()
    with open_transaction():
        WebInvitation.objects.filter(account=account).delete()
        WebInvitation.objects.create(
            id=row,
            account=account,
            token_hash=hash_of(token),
            sealed=keyring.seal(Held(key=key), token, about=f"invitation:{row}"),
            made_at=now,
            ends_at=now + LINK_LIFE,
        )
    return spell(token)


def invited(text: str, now: datetime) -> tuple[WebInvitation, bytes]:
    """The invitation behind a link, and its token. Raises RefusedError where it is spent, old, or none."""
    token = read_token(text)
    row = WebInvitation.objects.select_related("account").filter(token_hash=hash_of(token)).first()
    if row is None or row.ends_at <= now or row.account.suspended_at is not None:
        raise RefusedError(
            N_("This link has been used, or is too old. Ask for a new one."),
            reason="link-spent",
            rule="ID-04",
            authority="PIPEDA Principle 4.7 (Safeguards)",
            since="2001-01-01",
        )
    return row, token


def totp_of(keyring: Keyring, token: bytes) -> bytes:
    """The secret of the one-time codes that belongs to a link: the same at each look, kept nowhere."""
    return keyring.derive(token, "totp", totp.SECRET_BYTES)


def accept(keyring: Keyring, text: str, password: str, code: str, now: datetime) -> str:
    """Set password and second factor; the link is spent. Returns the token of the first session.

    Raises RefusedError (link), UsageError (password too short, or too common; code wrong).
    """
    row, token = invited(text, now)
    chosen = check_password(password, row.account.name)
    secret = totp_of(keyring, token)
    step = totp.check(secret, code, now, after=-1)
    if step is None:
        raise UsageError(
            N_("The code is not the one of this moment."),
            remedy=N_("Check that the clock of your phone is right, and type the six digits it shows now."),
            code="totp-wrong",
        )
    held = Held(key=keyring.open(bytes(row.sealed), token, about=f"invitation:{row.pk}").key, totp=secret)
    sealed = keyring.seal_by_password(held, chosen, about=f"login:{row.account_id}")
    with transaction.atomic():
        if not WebInvitation.objects.filter(pk=row.pk).delete()[0]:
            invited(text, now)  # somebody was quicker: refused, as spent
        end_all(row.account)
        WebLogin.objects.update_or_create(
            account=row.account,
            defaults={
                "sealed": sealed,
                "last_step": step,
                "failures": 0,
                "locked_until": None,
                "made_at": now,
            },
        )
        return _begin(keyring, row.account, held, now, whole=True)


def check_password(password: str, account: str) -> str:
    """The password in its one spelling (NFC). Raises UsageError for one that is easily guessed."""
    text = unicodedata.normalize("NFC", password)
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise UsageError(
            N_("A password has {shortest} to {longest} characters; a few words will do."),
            code="password-length",
            shortest=SHORTEST_PASSWORD,
            longest=LONGEST_PASSWORD,
        )
    folded = text.casefold()
    if folded in _common() or any(word in folded for word in (account.casefold(), *GUESSED_FIRST)):
        raise UsageError(
            N_(
                "This password is easily guessed: it is common, or holds the account's or the program's name."
            ),
            code="password-common",
        )
    return text


@cache
def _common() -> set[str]:
    from django.contrib.auth.password_validation import CommonPasswordValidator

    return set(CommonPasswordValidator().passwords)


# In, in two steps


def give_password(keyring: Keyring, name: str, password: str, now: datetime) -> str:
    """First step. Returns the token of a session that is half in. Raises RefusedError, always the same."""
    text = unicodedata.normalize("NFC", password)[:LONGEST_PASSWORD]
    login = WebLogin.objects.select_related("account").filter(account__name=name).first()
    if login is None or login.account.suspended_at is not None or _is_locked(login, now):
        keyring.spend_time(text)
        raise not_in()
    try:
        held = keyring.open_by_password(bytes(login.sealed), text, about=f"login:{login.account_id}")
    except RefusedError:
        _failed(login, now)
        raise
    return _begin(keyring, login.account, held, now, whole=False)


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
        noted = None if _is_locked(login, now) else proved(login)
        if noted is not None:
            WebLogin.objects.filter(pk=login.pk).update(**noted, failures=0, locked_until=None)
            member.session.delete()
            token = _begin(keyring, member.account, member.held, now, whole=True)
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
    if _is_locked(login, now):
        raise not_in()
    try:
        held = keyring.open_by_password(
            bytes(login.sealed), unicodedata.normalize("NFC", present)[:LONGEST_PASSWORD], about=about
        )
    except RefusedError:
        _failed(login, now)
        raise
    sealed = keyring.seal_by_password(held, chosen, about=about)
    with transaction.atomic():
        WebLogin.objects.filter(pk=login.pk).update(sealed=sealed, failures=0)
        end_others(member)


def _is_locked(login: WebLogin, now: datetime) -> bool:
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


# Sessions


def _begin(keyring: Keyring, account: Account, held: Held, now: datetime, *, whole: bool) -> str:
    token, row = new_token(), new_id()
    WebSession.objects.filter(ends_at__lte=now).delete()
    latest = WebSession.objects.filter(account=account).order_by("-seen_at").values_list("pk", flat=True)
    WebSession.objects.filter(pk__in=list(latest[MOST_SESSIONS - 1 :])).delete()
    WebSession.objects.create(
        id=row,
        account=account,
        token_hash=hash_of(token),
        sealed=keyring.seal(held, token, about=f"session:{row}"),
        whole=whole,
        began_at=now,
        seen_at=now,
        ends_at=now + (LONGEST if whole else HALF_IN),
        confirmed_at=now if whole else None,
    )
    return spell(token)


def find(keyring: Keyring, text: str, now: datetime) -> Member | None:
    """Whose session it is, or None. A suspended account's session ends here, at once."""
    try:
        token = read_token(text)
    except RefusedError:
        return None
    session = (
        WebSession.objects.select_related("account__organisation").filter(token_hash=hash_of(token)).first()
    )
    if session is None:
        return None
    if session.ends_at <= now or session.seen_at + IDLE <= now or session.account.suspended_at is not None:
        session.delete()
        return None
    if now - session.seen_at >= _NOTICED:
        WebSession.objects.filter(pk=session.pk).update(seen_at=now)
    held = keyring.open(bytes(session.sealed), token, about=f"session:{session.pk}")
    return Member(session=session, account=session.account, token=token, held=held)


def end_all(account: Account) -> None:
    """End every session of an account, at once."""
    WebSession.objects.filter(account=account).delete()


def end_others(member: Member) -> None:
    """End every other session of whoever is in."""
    WebSession.objects.filter(account=member.account).exclude(pk=member.session.pk).delete()


def without_second_factor() -> int:
    """How many accounts that are not suspended have no password and second factor yet."""
    return Account.objects.filter(suspended_at__isnull=True, web_login__isnull=True).count()


def spell(token: bytes) -> str:
    """A token as text (base64url without padding, RFC 4648)."""
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def read_token(text: str) -> bytes:
    """Raises RefusedError for what is none."""
    try:
        token = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise not_in() from error
    if len(token) != 32:
        raise not_in()
    return token
