"""Sessions: who is in, for how long, and how it ends.

Limits follow NIST SP 800-63B-4, AAL2: a session ends after 30 minutes without a request, and after 12 hours anyway.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from countenance.primitives.errors import RefusedError
from countenance.primitives.ids import new_id
from countenance.records.identity import AccountKey
from countenance.records.models import Account
from countenance.web.keyring import Held, Keyring, hash_of, new_token, not_in
from countenance.web.models import WebSession

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
HALF_IN = timedelta(minutes=5)
FRESH = timedelta(minutes=5)
"""How long a second factor counts for what cannot be undone."""
MOST_SESSIONS = 10
"""Of one account at once; the one that was used least recently ends."""
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


def begin(
    keyring: Keyring, account: Account, held: Held, now: datetime, *, whole: bool, confirmed: bool = True
) -> str:
    """A new session; its token. `whole`: both factors were given. `confirmed`: and the second one just now."""
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
        confirmed_at=now if whole and confirmed else None,
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
