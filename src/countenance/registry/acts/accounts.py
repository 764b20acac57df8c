"""Accounts: each of one person, with a sponsor, confirmed every 90 days."""

from __future__ import annotations

from dataclasses import dataclass, replace

from countenance.acting.step import Outcome, Step
from countenance.policy.purposes import Role
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.identity import CERTIFICATION
from countenance.records.models import Account, Organisation
from countenance.records.named import find_account, find_authority, find_client
from countenance.records.naming import namesake

_PUBLIC_KEY_BYTES = 32
_OF_AUTHORITY = frozenset({Role.COMMISSIONER, Role.INSPECTOR})


@dataclass(frozen=True, kw_only=True)
class _NewAccount:
    name: str
    role: Role
    organisation: Organisation | None
    sponsor: Account
    public_key: bytes


def adds_operator(step: Step) -> bool:
    """A new operator takes two persons: else one operator makes a second account, and signs as two.

    So does an account of an authority: else one operator makes the commissioner.
    """
    return _read(step).role in {Role.OPERATOR, *_OF_AUTHORITY}


def add(step: Step) -> Outcome:
    """Who asks for the account sponsors it, unless another sponsor is named."""
    new = _read(step)
    account = Account.objects.create(
        name=new.name,
        role=new.role.value,
        organisation=new.organisation,
        sponsor=new.sponsor,
        public_key=new.public_key,
        certified_at=step.now,
        created_at=step.now,
    )
    return _outcome(account, Event.ACCOUNT_ADDED)


def _read(step: Step) -> _NewAccount:
    """The account as asked for. Raises UsageError, ConflictError (name or key is taken), NotFoundError."""
    name = step.params.line("name")
    if not name.replace("-", "").replace(".", "").replace("_", "").isalnum():
        raise UsageError(
            N_("An account's name is made of letters, digits, dots and dashes; {account} is not."),
            code="account-name",
            account=name,
        )
    if namesake(Account, name) is not None:
        raise ConflictError(N_("There is an account {account} already."), code="account-exists", account=name)
    role = step.params.choice("role", Role)
    client = step.params.line("client", "")
    if not client and role in {Role.CASEWORKER, Role.REVIEWER, Role.SUPERVISOR}:
        raise UsageError(
            N_("A {role} works for a client; name it."),
            remedy=N_("Give --client."),
            code="account-client",
            role=role.value,
        )
    if client and role is Role.OPERATOR:
        raise UsageError(
            N_("An operator works for no client: who runs the workspace does not search in it."),
            remedy=N_("Leave out --client, or choose another role."),
            code="account-client",
        )
    authority = step.params.line("authority", "")
    if (role in _OF_AUTHORITY) != bool(authority) or (authority and client):
        raise UsageError(
            N_(
                "A commissioner or inspector works for an authority, and nobody else does; {role} was asked for."
            ),
            remedy=N_("Give --authority with the roles commissioner and inspector, and with no other."),
            code="account-authority",
            role=role.value,
        )
    sponsor = step.params.line("sponsor", "")
    return _NewAccount(
        name=name,
        role=role,
        organisation=find_authority(authority) if authority else find_client(client) if client else None,
        sponsor=find_account(sponsor) if sponsor else step.proposer or step.caller.account,
        public_key=_public_key(step.params.text("public_key")),
    )


def authority_of(step: Step) -> str | None:
    """The authority whose account it is; None for any other, which is the operator's to look after."""
    organisation = find_account(step.params.line("name")).organisation
    return str(organisation.pk) if organisation is not None and organisation.is_authority else None


def change_sponsor(step: Step) -> Outcome:
    """Another account answers for this one from now on: the caller, or the one that is named."""
    account = find_account(step.params.line("name"))
    named = step.params.line("sponsor", "")
    sponsor = find_account(named) if named else step.caller.account
    if account.pk in {sponsor.pk, sponsor.sponsor_id}:
        raise ConflictError(
            N_("{sponsor} cannot answer for {account}: the account answers for itself that way."),
            remedy=N_("Name another account with --sponsor."),
            code="sponsor-circle",
            sponsor=sponsor.name,
            account=account.name,
        )
    if sponsor.suspended_at is not None or sponsor.role != Role.OPERATOR.value:
        raise ConflictError(
            N_("{sponsor} cannot answer for another account: it is suspended, or no operator's."),
            remedy=N_("Name an active operator with --sponsor."),
            code="sponsor-unfit",
            sponsor=sponsor.name,
        )
    before = account.sponsor
    account.sponsor = sponsor
    account.save(update_fields=["sponsor"])
    outcome = _outcome(account, Event.ACCOUNT_SPONSORED)
    more: dict[str, Json] = {"sponsor": str(sponsor.pk), "before": str(before.pk) if before else None}
    return replace(outcome, details={**outcome.details, **more})


def certify(step: Step) -> Outcome:
    """Confirm that the account is still needed; nobody confirms his own."""
    account = find_account(step.params.line("name"))
    if account.pk == step.caller.account.pk:
        raise ConflictError(
            N_("Nobody confirms his own account."),
            remedy=N_("Ask another operator to confirm it."),
            code="account-own",
        )
    account.certified_at = step.now
    account.save(update_fields=["certified_at"])
    return _outcome(account, Event.ACCOUNT_CERTIFIED)


def suspend(step: Step) -> Outcome:
    """Close an account at once; every grant that is out dies."""
    account = find_account(step.params.line("name"))
    account.suspended_at = step.now
    account.suspension_reason = step.params.text("reason")
    account.save(update_fields=["suspended_at", "suspension_reason"])
    step.workspace.revoke_grants()
    return _outcome(account, Event.ACCOUNT_SUSPENDED)


def reinstate(step: Step) -> Outcome:
    """Open it again; takes two persons."""
    account = find_account(step.params.line("name"))
    account.suspended_at = None
    account.suspension_reason = ""
    account.save(update_fields=["suspended_at", "suspension_reason"])
    return _outcome(account, Event.ACCOUNT_REINSTATED)


def describe(account: Account) -> dict[str, Json]:
    """What is shown of an account; never its key."""
    organisation = account.organisation
    return {
        "account": account.name,
        "role": account.role,
        "client": organisation.name if organisation else None,
        "created_at": iso(account.created_at),
        "sponsor": account.sponsor.name if account.sponsor else None,
        "certified_until": iso(account.certified_at + CERTIFICATION),
        "state": "suspended" if account.suspended_at else "active",
    }


def _public_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _PUBLIC_KEY_BYTES:
        raise UsageError(N_("A public key is 64 hexadecimal digits (Ed25519)."), code="public-key")
    if Account.objects.filter(public_key=key).exists():
        raise ConflictError(
            N_("This key belongs to another account; each account has its own."), code="key-shared"
        )
    return key


def _outcome(account: Account, event: Event) -> Outcome:
    organisation = account.organisation
    return Outcome(
        record=describe(account),
        event=event,
        details={"subject": str(account.pk), "role": account.role, "reason": account.suspension_reason},
        jurisdiction=organisation.jurisdiction if organisation else None,
        client=str(organisation.pk) if organisation and not organisation.is_authority else None,
    )
