"""The one-time link: how somebody gets in for the first time, and again when password or second factor is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from countenance.primitives.errors import RefusedError, UsageError
from countenance.primitives.ids import new_id
from countenance.primitives.text import N_
from countenance.records.database import open_transaction
from countenance.records.identity import AccountKey
from countenance.records.models import Account
from countenance.records.named import find_account
from countenance.web import totp
from countenance.web.entering.password import check_password
from countenance.web.entering.session import begin, end_all, read_token, spell
from countenance.web.keyring import Held, Keyring, hash_of, new_token
from countenance.web.models import WebBrowser, WebInvitation, WebLogin

LINK_LIFE = timedelta(hours=24)


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
        WebBrowser.objects.filter(account=row.account).delete()
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
        return begin(keyring, row.account, held, now, whole=True)


def without_second_factor() -> int:
    """How many accounts that are not suspended have no password and second factor yet."""
    return Account.objects.filter(suspended_at__isnull=True, web_login__isnull=True).count()
