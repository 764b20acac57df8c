"""A grant: the permission to compare one probe with some rows, minted by policy, verified by the index.

Python cannot seal a constructor, so a grant carries a MAC (HMAC-SHA-256) over its canonical JSON, an expiry and
the revocation epoch at which it was made; the index computes with none that fails one of the three.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from countenance.policy.purposes import Purpose
from countenance.primitives.canonical import canonical_json
from countenance.primitives.clock import iso, require_aware
from countenance.primitives.errors import IntegrityError, RefusedError, UsageError
from countenance.primitives.text import N_

MAC_KEY_BYTES = 32
MAX_CANDIDATES = 20

_FORMAT = "countenance-grant/1"
_AUTHORITY = "Countenance, rules of the house: a permission is for now, not for later"
_SINCE = "2026-11-01"


class AuthorityKind(StrEnum):
    """The one authority under which a comparison is made."""

    CASE = "case"
    RIGHTS_REQUEST = "rights-request"
    EVALUATION = "evaluation"
    SUPPRESSION_CHECK = "suppression-check"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Who may compare with what, until when.

    `authority_id`: id of the case or request. `on_behalf_of`: ISO 3166 code of the requester of record.
    `permission_classes`: ids, sorted. `k`: most candidates returned, 1..20. `pack_hash`: SHA-256 (hex) of the book
    of packs that permitted. `mac`: 32 bytes.
    """

    id: str
    authority_kind: AuthorityKind
    authority_id: str
    purpose: Purpose
    on_behalf_of: str
    gallery_id: str
    permission_classes: tuple[int, ...]
    k: int
    expires_at: datetime
    pack_hash: str
    revocation_epoch: int
    mac: bytes = b""

    def signed_bytes(self) -> bytes:
        """The bytes under the MAC."""
        return canonical_json(
            {
                "format": _FORMAT,
                "id": self.id,
                "authority_kind": self.authority_kind.value,
                "authority_id": self.authority_id,
                "purpose": self.purpose.value,
                "on_behalf_of": self.on_behalf_of,
                "gallery_id": self.gallery_id,
                "permission_classes": list(self.permission_classes),
                "k": self.k,
                "expires_at": iso(self.expires_at),
                "pack_hash": self.pack_hash,
                "revocation_epoch": self.revocation_epoch,
            }
        )


def require_mac_key(key: bytes) -> bytes:
    """`key`, or UsageError unless it is 32 bytes long."""
    if len(key) != MAC_KEY_BYTES:
        raise UsageError(
            N_("A grant key has {expected} bytes; this one has {length}."),
            expected=MAC_KEY_BYTES,
            length=len(key),
            code="grant-key",
        )
    return key


def compute_mac(grant: Grant, key: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) of the grant under `key`. Raises UsageError unless `key` is 32 bytes long."""
    return hmac.digest(require_mac_key(key), grant.signed_bytes(), "sha256")


def verify_grant(grant: Grant, mac_key: bytes, *, now: datetime, epoch: int) -> None:
    """Return only where `grant` is genuine, not expired at `now`, and of the present revocation `epoch`.

    1. Its MAC is ours, compared in constant time: else IntegrityError, code `grant-forged`.
    2. `now` lies before its expiry: else RefusedError, reason `grant-expired`.
    3. Nothing was suspended, locked or withdrawn since it was made: else RefusedError, reason `grant-revoked`.
       Any other epoch counts, a lower one too: that is a workspace set back to an older state.

    The order matters: an expiry that nobody signed says nothing.
    """
    try:
        genuine = hmac.compare_digest(compute_mac(grant, mac_key), grant.mac)
    except ValueError:  # no canonical form: a naive date, an integer past 2**53
        genuine = False
    if not genuine:
        raise IntegrityError(N_("This grant was not made by this workspace's policy."), code="grant-forged")
    # The MAC covers whole seconds, so only these count.
    if require_aware(now) >= grant.expires_at.replace(microsecond=0):
        raise RefusedError(
            N_("This grant expired at {expired}. Ask again."),
            reason="grant-expired",
            rule="GRANT-01",
            authority=_AUTHORITY,
            since=_SINCE,
            expired=iso(grant.expires_at),
        )
    if grant.revocation_epoch != epoch:
        raise RefusedError(
            N_("A permission was taken back after this grant was made. Ask again."),
            reason="grant-revoked",
            rule="GRANT-02",
            authority=_AUTHORITY,
            since=_SINCE,
        )
