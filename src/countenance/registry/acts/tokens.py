"""Tokens of the API, and webhooks: made and ended by signed acts, like everything else.

The token's secret and the account's private key are put together where the key is, at its owner's. What comes here is
the key already sealed under the secret, and the secret's SHA-256.
"""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from uuid import UUID

from countenance.acting.step import Outcome, Step
from countenance.policy.decisions import Refused
from countenance.policy.purposes import Role
from countenance.policy.questions import Act
from countenance.primitives.addresses import is_private_on_the_way
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.ids import new_code, read_code
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import ApiAnswer, ApiToken, Webhook

LONGEST = timedelta(days=366)
MOST_SEALED = 1024
SIGNING_KEY = "webhooks"
"""Name of the workspace's key that signs what webhooks are told, and nothing else."""
OTHERS = frozenset({"approve", "search"})
"""What a token may be made for besides acts: a second signature, and searching."""
_DIGEST_BYTES = 32


def make(step: Step) -> Outcome:
    """Keep a token of the caller's own account."""
    params = step.params
    name = params.line("name")
    expires = params.moment("expires_at")
    if expires is None or not step.now < expires <= step.now + LONGEST:
        raise UsageError(
            N_("A token ends between now and {days} days from now."), code="token-end", days=LONGEST.days
        )
    acts = params.text("acts", "").split()
    for each in acts:
        if each not in {*Act, *OTHERS}:
            raise UsageError(N_("There is no act {act}."), code="act-unknown", act=each)
    account = step.caller.account
    if ApiToken.objects.filter(account=account, name=name, revoked_at=None, expires_at__gt=step.now).exists():
        raise ConflictError(
            N_("You have a token {token} already."),
            remedy=N_("Choose another name, or revoke the old one."),
            code="token-exists",
            token=name,
        )
    wanted = _purposes(step)
    token = ApiToken(
        id=_id(params.line("id")),
        account=account,
        organisation=account.organisation,
        name=name,
        purposes=wanted,
        acts=frozenset(acts),
        digest=_bytes(params.line("digest"), _DIGEST_BYTES),
        sealed_key=_sealed(params.text("sealed_key")),
        made_at=step.now,
        expires_at=expires,
    )
    if ApiToken.objects.filter(pk=token.pk).exists() or ApiToken.objects.filter(digest=token.digest).exists():
        raise ConflictError(N_("There is such a token already."), code="token-exists", token=name)
    token.save(force_insert=True)
    return Outcome(
        record=describe(token),
        event=Event.TOKEN_MADE,
        details={
            "token": str(token.pk),
            "purposes": sorted(wanted),
            "acts": sorted(acts),
            "until": iso(expires),
        },
        client=_client(step),
    )


def not_ones_own(step: Step) -> Refused | None:
    """A token is ended by whoever it signs for, or by an operator."""
    if step.caller.facts.role is Role.OPERATOR or _find(step).account_id == step.caller.account.pk:
        return None
    return Refused(
        reason="token-of-another",
        rule="TOKEN-02",
        authority="Rule of the house: each account looks after its own tokens",
        since="2026-11-01",
        explanation=N_("This token belongs to another account."),
        pack=step.workspace.policy().book.hash,
    )


def revoke(step: Step) -> Outcome:
    """End a token at once; the sealed key goes with it."""
    token = _find(step)
    if token.revoked_at is not None:
        raise ConflictError(
            N_("The token {token} is revoked already."), code="token-revoked", token=token.name
        )
    ApiToken.objects.filter(pk=token.pk).update(revoked_at=step.now, sealed_key=b"")
    ApiAnswer.objects.filter(token=token).delete()
    token.revoked_at = step.now
    return Outcome(
        record=describe(token),
        event=Event.TOKEN_REVOKED,
        details={"token": str(token.pk), "subject": str(token.account_id)},
        client=_client(step),
    )


def describe(token: ApiToken) -> dict[str, Json]:
    """What is shown of a token; never what it was made of."""
    return {
        "token": token.pk.hex,
        "name": token.name,
        "account": token.account.name,
        "client": token.organisation.name if token.organisation else None,
        "purposes": sorted(token.purposes),
        "acts": sorted(token.acts),
        "made_at": iso(token.made_at),
        "expires_at": iso(token.expires_at),
        "state": "revoked" if token.revoked_at else "in-force",
    }


def listing(step: Step) -> list[Json]:
    """The caller's own tokens; an operator sees all."""
    rows = ApiToken.objects.select_related("account", "organisation").order_by("made_at", "name")
    if step.caller.facts.role is not Role.OPERATOR:
        rows = rows.filter(account=step.caller.account)
    return [describe(row) for row in rows]


# ---- Webhooks -----------------------------------------------------------------------------------------------------


def add_webhook(step: Step) -> Outcome:
    """Tell an address of new entries from now on."""
    url = checked_address(step.params.line("url"))
    events = step.params.text("events", "").split()
    for each in events:
        if each not in set(Event):
            raise UsageError(N_("There is no event {event}."), code="event-unknown", event=each)
    hook = Webhook.objects.create(
        code=new_code("N"),
        url=url,
        events=frozenset(events),
        added_by=step.caller.account,
        added_at=step.now,
        position=step.workspace.log.head(step.tx).size,
    )
    return Outcome(
        record={**describe_webhook(hook), "public_key": public_key(step)},
        event=Event.WEBHOOK_ADDED,
        details={"webhook": hook.code, "url": url},
    )


def remove_webhook(step: Step) -> Outcome:
    """Tell it nothing more."""
    typed = step.params.line("webhook")
    hook = Webhook.objects.filter(code=read_code(typed) or typed, removed_at=None).first()
    if hook is None:
        raise NotFoundError(N_("There is no webhook {webhook}."), code="webhook-missing", webhook=typed)
    hook.removed_at = step.now
    hook.save(update_fields=["removed_at"])
    return Outcome(record=describe_webhook(hook), event=Event.WEBHOOK_REMOVED, details={"webhook": hook.code})


def public_key(step: Step) -> str:
    """By which what is told is verified: Ed25519, as Standard Webhooks writes it."""
    raw = step.workspace.vault.ensure_signing_key(SIGNING_KEY).public_key().public_bytes_raw()
    return f"whpk_{base64.b64encode(raw).decode()}"


def describe_webhook(hook: Webhook) -> dict[str, Json]:
    """What is shown of a webhook."""
    return {
        "webhook": hook.code,
        "url": hook.url,
        "events": sorted(hook.events),
        "added_at": iso(hook.added_at),
        "failures": hook.failures,
        "state": "removed" if hook.removed_at else "in-force",
    }


def checked_address(url: str) -> str:
    """`https://` anywhere, or `http://` on this machine; no name or password in it. Raises UsageError."""
    if not is_private_on_the_way(url):
        raise UsageError(
            N_("A webhook's address begins with https://, or lies on this machine."),
            remedy=N_("Write https://HOST/PATH, without a name and password."),
            code="webhook-address",
        )
    return url


def _find(step: Step) -> ApiToken:
    """By its id, or among the caller's own by its name."""
    typed = step.params.line("token")
    rows = ApiToken.objects.select_related("account", "organisation")
    try:
        found = rows.filter(pk=UUID(typed)).first()
    except ValueError:
        found = rows.filter(account=step.caller.account, name=typed).order_by("-made_at").first()
    if found is None:
        raise NotFoundError(
            N_("There is no token {token}."),
            remedy=N_("See them with: countenance token list"),
            code="token-missing",
            token=typed,
        )
    return found


def _purposes(step: Step) -> frozenset[str]:
    if not step.params.json.get("purposes"):
        return frozenset()
    return frozenset(purpose.value for purpose in step.params.purposes())


def _client(step: Step) -> str | None:
    client = step.caller.facts.client
    return client.id if client else None


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise UsageError(N_("A token's id is a UUID."), code="token-id") from error


def _bytes(text: str, count: int) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != count:
        raise UsageError(N_("A SHA-256 is 64 hexadecimal digits."), code="sha256")
    return found


def _sealed(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not 0 < len(found) <= MOST_SEALED:
        raise UsageError(N_("A sealed key is sent in base64."), code="token-sealed")
    return found
