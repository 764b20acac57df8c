"""Verdicts of reviewers, opened and held against their commitments: for the review itself, and for whoever may read it later."""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_
from countenance.records.models import Verdict
from countenance.records.workspace import Workspace
from countenance.vault.vault import Sealed

VERDICT_PART = "verdict"
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


def open_verdicts(workspace: Workspace, rows: Iterable[Verdict]) -> list[OpenedVerdict]:
    """Open verdicts, in order, and hold each against its commitment.

    Raises KeyDestroyedError for an erased one, IntegrityError for one that is not what was sealed.
    """
    held = list(rows)
    plain = workspace.vault.unseal(
        [Sealed(record_id=row.pk, part=VERDICT_PART, data=bytes(row.sealed)) for row in held]
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
