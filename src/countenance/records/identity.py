"""Who is asking: a request signed with the account's own key, fresh, and never carried out twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.db import connection

from countenance.policy.purposes import Purpose, Role
from countenance.policy.questions import CallerFacts, ClientFacts
from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.clock import iso
from countenance.primitives.errors import FormatError, NotFoundError, RefusedError, UsageError
from countenance.primitives.files import write_atomically
from countenance.primitives.ids import new_id
from countenance.primitives.text import N_
from countenance.records.models import Account

CERTIFICATION = timedelta(days=90)
"""How long the confirmation that an account is needed lasts (RCMP special report 2021; requirement R19)."""

FRESHNESS = timedelta(minutes=5)
"""A signed request is good for this long before and after the moment it names."""

_REMEMBERED = 2 * FRESHNESS + timedelta(minutes=1)
# A request may be used FRESHNESS before the moment it names and is good until FRESHNESS after it. The minute is for
# fractions of a second, which no signature covers, and for clocks that are corrected by some seconds.


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """An act as its caller signed it.

    `account`: name. `act`: what is asked for. `params`: all that matters of it (of pictures, their SHA-256).
    `at`: when it was signed. `nonce`: makes it one of a kind. `signature`: Ed25519 over `signed_bytes`.
    """

    workspace_id: str
    account: str
    act: str
    params: Json
    at: datetime
    nonce: str
    signature: bytes = b""

    def signed_bytes(self) -> bytes:
        return canonical_json(
            {
                "type": "countenance/request/v1",
                "workspace": self.workspace_id,
                "account": self.account,
                "act": self.act,
                "params": self.params,
                "at": iso(self.at),
                "nonce": self.nonce,
            }
        )


@dataclass(frozen=True, kw_only=True)
class AccountKey:
    """The private half of an account, as its owner holds it."""

    account: str
    private: Ed25519PrivateKey

    @classmethod
    def generate(cls, account: str) -> AccountKey:
        return cls(account=account, private=Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, path: Path) -> AccountKey:
        """Read `NAME.key` (PEM, PKCS #8). Raises NotFoundError, FormatError."""
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except FileNotFoundError as error:
            raise NotFoundError(
                N_("There is no key file {path}."),
                remedy=N_("Name the account with --as and the folder of its key with --keys."),
                code="account-key-missing",
                path=str(path),
            ) from error
        except (ValueError, TypeError, OSError) as error:
            raise FormatError(
                N_("{path} is not an account key."), code="account-key", path=str(path)
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise FormatError(N_("{path} is not an Ed25519 key."), code="account-key", path=str(path))
        return cls(account=path.stem, private=private)

    def write(self, directory: Path) -> Path:
        """Write `NAME.key` with mode 0600."""
        path = directory / f"{self.account}.key"
        write_atomically(path, self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return path

    def public_bytes(self) -> bytes:
        """The public key, 32 bytes."""
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(
        self, *, workspace_id: str, act: str, params: Json, at: datetime, nonce: str | None = None
    ) -> SignedRequest:
        """`act` as this account asks for it. `nonce`: where the same request may come twice and must be done once."""
        unsigned = SignedRequest(
            workspace_id=workspace_id,
            account=self.account,
            act=act,
            params=params,
            at=at,
            nonce=nonce or new_id().hex,
        )
        return SignedRequest(**{**unsigned.__dict__, "signature": self.private.sign(unsigned.signed_bytes())})


@dataclass(frozen=True, kw_only=True)
class Caller:
    """An account whose signature has been checked, and its facts for policy."""

    account: Account
    facts: CallerFacts


def authenticate(request: SignedRequest, *, workspace_id: str, now: datetime) -> Caller:
    """Check a request and spend its nonce; must run inside the transaction of the act."""
    caller = verify(request, workspace_id=workspace_id, now=now)
    spend(request, now)
    return caller


def verify(request: SignedRequest, *, workspace_id: str, now: datetime) -> Caller:
    """Check signature and freshness; writes nothing.

    Raises RefusedError (reason `not-authenticated`); says nothing about which part was wrong, so that the names of
    accounts cannot be guessed one by one.
    """
    try:
        signed = request.signed_bytes()
    except ValueError as error:  # no canonical form, so nobody signed it: NaN, half a character
        raise _not_authenticated() from error
    account = Account.objects.select_related("organisation", "sponsor").filter(name=request.account).first()
    if account is None or request.workspace_id != workspace_id or abs(now - request.at) > FRESHNESS:
        raise _not_authenticated()
    try:
        Ed25519PublicKey.from_public_bytes(bytes(account.public_key)).verify(request.signature, signed)
    except InvalidSignature as error:
        raise _not_authenticated() from error
    return Caller(account=account, facts=caller_facts(account))


def require_act(request: SignedRequest, act: str) -> None:
    """Raise UsageError unless this is what was signed: a signature under one act is none under another."""
    if request.act != act:
        raise UsageError(
            N_("What was signed is {act}, not {wanted}."), code="another-act", act=request.act, wanted=act
        )


def spend(request: SignedRequest, now: datetime) -> None:
    """Use up the request's nonce, in the transaction of the act. Raises RefusedError (reason `replayed`)."""
    moment, stale = (connection.ops.adapt_datetimefield_value(value) for value in (now, now - _REMEMBERED))
    with connection.cursor() as cursor:  # on the way of every act, so in two plain statements
        cursor.execute(
            "insert into records_usednonce (nonce, used_at) values (%s, %s) on conflict do nothing",
            [request.nonce, moment],
        )
        fresh = cursor.rowcount == 1
        cursor.execute("delete from records_usednonce where used_at < %s", [stale])
    if not fresh:
        raise RefusedError(
            N_("This very request has been carried out already."),
            reason="replayed",
            rule="ID-02",
            authority="PIPEDA Principle 4.7 (Safeguards)",
            since="2001-01-01",
        )


def caller_facts(account: Account) -> CallerFacts:
    """The facts policy weighs about an account. Its client's suspension counts at once."""
    organisation = account.organisation
    client = None
    if organisation is not None and not organisation.is_authority:
        client = ClientFacts(
            id=str(organisation.id),
            jurisdiction=organisation.jurisdiction,
            licensed_purposes=frozenset(Purpose(word) for word in organisation.licensed_purposes),
            licensed_from=organisation.licensed_from,
            licensed_until=organisation.licensed_until,
            suspended=organisation.suspended_at is not None,
        )
    sponsor = account.sponsor
    authority = str(organisation.id) if organisation is not None and organisation.is_authority else None
    return CallerFacts(
        id=str(account.id),
        role=Role(account.role),
        client=client,
        suspended=account.suspended_at is not None,
        # The operator itself answers for its founding accounts, an authority for its own: else suspending one person
        # would close another, and an operator could close an inquiry.
        sponsored=account.founding
        or authority is not None
        or (sponsor is not None and sponsor.suspended_at is None),
        certified_until=account.certified_at + CERTIFICATION,
        authority=authority,
    )


def _not_authenticated() -> RefusedError:
    return RefusedError(
        N_(
            "The request is not signed by an account of this workspace, or its time is too far from this machine's."
        ),
        reason="not-authenticated",
        rule="ID-01",
        authority="PIPEDA Principle 4.7 (Safeguards)",
        since="2001-01-01",
    )
