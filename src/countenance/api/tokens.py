"""Whoever holds a token: which account it signs for, and within which bounds.

The bounds narrow what the account may do and permit nothing: the engine decides each act as for anybody. A token names its
purposes; it does what wants a fresh second factor in a page only where that act stands in it by name.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from countenance.acting.path import APPROVE
from countenance.api.sealing import TokenText
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import RefusedError
from countenance.primitives.text import N_
from countenance.records.database import open_reading
from countenance.records.identity import AccountKey
from countenance.records.models import ApiToken

STEP_UP = frozenset(
    {
        APPROVE,
        Act.ACCOUNT_ADD,
        Act.ACCOUNT_REINSTATE,
        Act.ACCOUNT_SUSPEND,
        Act.BACKUP,
        Act.CLIENT_REINSTATE,
        Act.CLIENT_SUSPEND,
        Act.ERASE,
        Act.GALLERY_SUSPEND,
        Act.INQUIRY_REPORT,
        Act.LOG_EXPORT,
        Act.ORDER_DESTROY,
        Act.ORDER_ISSUE,
        Act.ORDER_LIFT,
        Act.POLICY_ACTIVATE,
        Act.POLICY_TRUST,
        Act.PURGE,
        Act.SEARCH_EXPORT,
    }
)
"""Erasure, export, orders, suspension, and what widens who may do so: named in a token, or not done with it."""
_HOUSE = "Rule of the house: a token does what it was made for"
_SINCE = "2026-11-01"


@dataclass(frozen=True, kw_only=True)
class Holder:
    """A program that showed a token which is in force. `key`: the account's, unsealed for this request alone."""

    row: ApiToken
    text: TokenText = field(repr=False)
    key: AccountKey = field(repr=False)

    def check(self, act: str, params: Mapping[str, Json]) -> None:
        """Raise RefusedError where the token was not made for this act, or not for the purposes that `params` name."""
        named = frozenset(self.row.acts)
        if act not in named and (named or act in STEP_UP):
            raise RefusedError(
                N_("This token was not made for {act}."),
                reason="token-act",
                rule="TOKEN-01",
                authority=_HOUSE,
                since=_SINCE,
                act=act,
            )
        wanted = {str(params["purpose"])} if params.get("purpose") else set()
        listed = params.get("purposes")
        wanted |= {str(each) for each in listed} if isinstance(listed, list | tuple) else set()
        if wanted - frozenset(self.row.purposes):
            raise RefusedError(
                N_("This token was not made for the purpose {purpose}."),
                reason="token-purpose",
                rule="TOKEN-03",
                authority=_HOUSE,
                since=_SINCE,
                purpose=min(wanted - frozenset(self.row.purposes)),
            )


def open_token(text: str, now: datetime) -> Holder | None:
    """Whoever holds the token `text`, or None where it is none, has ended, or belongs to an organisation its account left.

    An unknown id and a wrong secret take the same steps.
    """
    read = TokenText.read(text) or TokenText(id=_NOBODY, secret=bytes(32))
    with open_reading():  # wraps a database that is away
        row = ApiToken.objects.select_related("account__organisation").filter(pk=read.id).first()
    known = bytes(row.digest) if row is not None else bytes(32)
    if not hmac.compare_digest(known, read.digest) or row is None:
        return None
    if row.revoked_at is not None or row.expires_at <= now:
        return None
    if row.organisation_id != row.account.organisation_id or row.account.suspended_at is not None:
        return None
    try:
        key = read.unseal_key(bytes(row.sealed_key))
    except RefusedError:
        return None
    return Holder(row=row, text=read, key=key)


def making(key: AccountKey, **wanted: Json) -> tuple[TokenText, dict[str, Json]]:
    """A new token for the account of `key`, and the parameters of the act `token-make` that keeps it."""
    import base64

    made = TokenText.new()
    params: dict[str, Json] = {
        "id": made.id.hex,
        "digest": made.digest.hex(),
        "sealed_key": base64.b64encode(made.seal_key(key)).decode(),
        **wanted,
    }
    return made, params


def until(now: datetime, days: int) -> str:
    """The moment `days` days from now."""
    from datetime import timedelta

    return iso(now + timedelta(days=days))


_NOBODY = TokenText.new().id
