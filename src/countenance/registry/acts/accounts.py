"""Accounts: each of one person, with a sponsor, confirmed every 90 days."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.acting.step import Outcome, Step
from countenance.policy.purposes import Role
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.identity import CERTIFICATION
from countenance.records.models import Account, Organisation
from countenance.records.naming import namesake
from countenance.registry.acts import organisations

_PUBLIC_KEY_BYTES = 32


def find(name: str) -> Account:
    """The account of this name. Raises NotFoundError."""
    account = Account.objects.select_related("organisation", "sponsor").filter(name=name).first()
    if account is None:
        raise NotFoundError(
            N_("There is no account {account}."),
            remedy=N_("See them with: countenance account list"),
            code="account-missing",
            account=name,
        )
    return account


@dataclass(frozen=True, kw_only=True)
class _NewAccount:
    name: str
    role: Role
    organisation: Organisation | None
    sponsor: Account
    public_key: bytes


def adds_operator(step: Step) -> bool:
    """A new operator takes two persons: else one operator makes a second account, and signs as two."""
    return _read(step).role is Role.OPERATOR


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
    if client and role in {Role.OPERATOR, Role.REQUEST_DESK}:
        raise UsageError(
            N_("The operator's staff works for no client: who runs the workspace does not search in it."),
            remedy=N_("Leave out --client, or choose another role."),
            code="account-client",
        )
    sponsor = step.params.line("sponsor", "")
    return _NewAccount(
        name=name,
        role=role,
        organisation=organisations.find(client) if client else None,
        sponsor=find(sponsor) if sponsor else step.proposer or step.caller.account,
        public_key=_public_key(step.params.text("public_key")),
    )


def certify(step: Step) -> Outcome:
    """Confirm that the account is still needed; nobody confirms his own."""
    account = find(step.params.line("name"))
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
    account = find(step.params.line("name"))
    account.suspended_at = step.now
    account.suspension_reason = step.params.text("reason")
    account.save(update_fields=["suspended_at", "suspension_reason"])
    step.workspace.revoke_grants()
    return _outcome(account, Event.ACCOUNT_SUSPENDED)


def reinstate(step: Step) -> Outcome:
    """Open it again; takes two persons."""
    account = find(step.params.line("name"))
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
        client=str(organisation.pk) if organisation else None,
    )
