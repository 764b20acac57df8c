"""Passkeys: a second factor that no page elsewhere can ask for (Web Authentication Level 3, W3C), beside one-time codes.

The account's key stays sealed under the password: a passkey tells that it is the person, and opens nothing by itself.
Each question is random, asked of one session, and good once. What kind of device answers is not asked (attestation `none`),
and the browser is told no more of the account than a number.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.text import N_
from countenance.records.models import Account
from countenance.web.models import WebPasskey

MOST = 10
"""Of one account."""
_CHALLENGE_BYTES = 32
_LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True)
class Party:
    """The application as browsers know it. `host`: the RP ID; `origin`: scheme, host and port."""

    host: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question. `challenge`: 32 bytes; `options`: what the browser is given, JSON of WebAuthn Level 3, section 5.1.9."""

    challenge: bytes
    options: str


def ask_for_new(account: Account, party: Party) -> Asked:
    """For a passkey that the account does not have yet."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    options = generate_registration_options(
        rp_id=party.host,
        rp_name="Countenance",
        user_id=account.pk.bytes,
        user_name=account.name,
        challenge=challenge,
        exclude_credentials=_descriptors(account),
        # A password was given before, so the device need not know whose it is, nor ask for a finger or a number.
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return Asked(challenge=challenge, options=options_to_json(options))


def add(account: Account, party: Party, challenge: bytes, answer: str, name: str, now: datetime) -> None:
    """Keep the public key of a new passkey.

    Raises UsageError for an answer to another question, origin or form; ConflictError for one too many or known already.
    """
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    called = " ".join(name.split())[:_LONGEST_NAME]
    if not called:
        raise UsageError(N_("Give the passkey a name, so that you know it again."), code="passkey-name")
    try:
        made = verify_registration_response(
            credential=_document(answer),
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            N_("The passkey was not made for this page, or not in time."),
            remedy=N_("Load the page again, and try once more."),
            code="passkey-answer",
        ) from error
    try:
        with transaction.atomic():
            if WebPasskey.objects.select_for_update().filter(account=account).count() >= MOST:
                raise ConflictError(
                    N_("An account has {most} passkeys at most. Remove one first."),
                    code="passkey-many",
                    most=MOST,
                )
            WebPasskey.objects.create(
                account=account,
                name=called,
                credential=made.credential_id,
                public_key=made.credential_public_key,
                uses=made.sign_count,
                made_at=now,
            )
    except IntegrityError as error:
        raise ConflictError(N_("This passkey is known already."), code="passkey-known") from error


def ask_for_any(account: Account, party: Party) -> Asked | None:
    """For any passkey that the account has; None where it has none."""
    from webauthn import generate_authentication_options, options_to_json

    known = _descriptors(account)
    if not known:
        return None
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    options = generate_authentication_options(rp_id=party.host, challenge=challenge, allow_credentials=known)
    return Asked(challenge=challenge, options=options_to_json(options))


def proves(account: Account, party: Party, challenge: bytes, answer: str, now: datetime) -> bool:
    """Whether `answer` is a passkey's of this account to this question; its count of uses is noted, in the caller's
    transaction. A device whose count does not rise was copied, and is refused (section 6.1.1).
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        document = _document(answer)
        known = WebPasskey.objects.select_for_update().get(
            account=account, credential=base64url_to_bytes(str(document.get("rawId", "")))
        )
        proved = verify_authentication_response(
            credential=document,
            expected_challenge=challenge,
            expected_rp_id=party.host,
            expected_origin=party.origin,
            credential_public_key=bytes(known.public_key),
            credential_current_sign_count=known.uses,
        )
    except (WebAuthnException, WebPasskey.DoesNotExist, ValueError, KeyError, TypeError):
        return False
    known.uses, known.used_at = proved.new_sign_count, now
    known.save(update_fields=["uses", "used_at"])
    return True


def _document(answer: str) -> dict[str, Any]:
    document = json.loads(answer)
    if not isinstance(document, dict):
        raise TypeError("an answer is a JSON object")
    return document


def _descriptors(account: Account) -> list[Any]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    rows = WebPasskey.objects.filter(account=account).order_by("made_at")
    return [PublicKeyCredentialDescriptor(id=bytes(row.credential)) for row in rows]
