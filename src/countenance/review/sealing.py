"""Verdicts at rest: a commitment that everybody may see, and what it commits to, sealed under a key of its own."""

from __future__ import annotations

import hmac
import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_
from countenance.records.models import Review, Verdict
from countenance.records.workspace import Workspace
from countenance.review.values import Assessment
from countenance.vault.vault import Plain, Sealed

_VERDICT_PART = "verdict"
_SEED_PART = "seed"
SALT_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class OpenedVerdict:
    """A verdict that has been opened and answers to its commitment. `salt`: 32 bytes. `said`: `Assessment.json()`."""

    row: Verdict
    salt: bytes
    said: dict[str, Any]

    @property
    def scale(self) -> int | None:
        scale: int | None = self.said["scale"]
        return scale


def commit(item: uuid.UUID, salt: bytes, said: Json) -> str:
    """HMAC-SHA-256 (RFC 2104), keyed by the salt, over the canonical JSON of pair and verdict; hexadecimal."""
    return hmac.digest(salt, canonical_json({"item": str(item), "said": said}), "sha256").hex()


def seal_verdict(
    workspace: Workspace, key: uuid.UUID, item: uuid.UUID, found: Assessment
) -> tuple[str, bytes]:
    """(commitment, sealed bytes) of a verdict under the record id `key`."""
    salt = os.urandom(SALT_BYTES)
    said = found.json()
    plain = Plain(record_id=key, part=_VERDICT_PART, data=salt + canonical_json(said))
    return commit(item, salt, said), workspace.vault.seal([plain])[0]


def open_verdicts(workspace: Workspace, rows: Iterable[Verdict]) -> list[OpenedVerdict]:
    """Open verdicts, in order, and hold each against its commitment.

    Raises KeyDestroyedError for an erased one, IntegrityError for one that is not what was sealed.
    """
    held = list(rows)
    plain = workspace.vault.unseal(
        [Sealed(record_id=row.pk, part=_VERDICT_PART, data=bytes(row.sealed)) for row in held]
    )
    opened = []
    for row, data in zip(held, plain, strict=True):
        salt, said = data[:SALT_BYTES], json.loads(data[SALT_BYTES:])
        if not hmac.compare_digest(commit(row.item_id, salt, said), row.commitment):
            raise IntegrityError(
                N_("A verdict is not the one that its examiner sealed."),
                remedy=N_("Somebody has changed the records. Use nothing of this review, and look into it."),
                code="verdict-changed",
            )
        opened.append(OpenedVerdict(row=row, salt=salt, said=said))
    return opened


def seal_seed(workspace: Workspace, review: uuid.UUID, seed: bytes) -> bytes:
    """The seed of a review's orders, sealed under the review's id."""
    return workspace.vault.seal([Plain(record_id=review, part=_SEED_PART, data=seed)])[0]


def open_seed(workspace: Workspace, review: Review) -> bytes:
    """The seed of a review's orders, 32 bytes."""
    item = Sealed(record_id=review.pk, part=_SEED_PART, data=bytes(review.seed))
    return workspace.vault.unseal([item])[0]
