"""Verdicts, opened and held against their commitments: for the review itself, and for whoever may read it later."""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_
from countenance.records.models import FirstVerdict, Verdict
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


@dataclass(frozen=True, kw_only=True)
class OpenedFirst:
    """What the searcher found, opened; as `OpenedVerdict`."""

    row: FirstVerdict
    said: dict[str, Any]


def commit(item: uuid.UUID, salt: bytes, said: Json) -> str:
    """HMAC-SHA-256 (RFC 2104), keyed by the salt, over the canonical JSON of pair and verdict; hexadecimal.

    `item`: the pair; of a searcher's own verdict, the candidate.
    """
    return hmac.digest(salt, canonical_json({"item": str(item), "said": said}), "sha256").hex()


def open_verdicts(workspace: Workspace, rows: Iterable[Verdict]) -> list[OpenedVerdict]:
    """Open verdicts, in order, and hold each against its commitment.

    Raises KeyDestroyedError for an erased one, IntegrityError for one that is not what was sealed.
    """
    held = list(rows)
    opened = _open(workspace, [(row, row.item_id) for row in held])
    return [
        OpenedVerdict(row=row, salt=salt, said=said) for row, (salt, said) in zip(held, opened, strict=True)
    ]


def open_first(workspace: Workspace, rows: Iterable[FirstVerdict]) -> list[OpenedFirst]:
    """As `open_verdicts`, for what searchers found themselves."""
    held = list(rows)
    opened = _open(workspace, [(row, row.candidate_id) for row in held])
    return [OpenedFirst(row=row, said=said) for row, (_salt, said) in zip(held, opened, strict=True)]


def _open(
    workspace: Workspace, rows: Sequence[tuple[Verdict | FirstVerdict, uuid.UUID]]
) -> list[tuple[bytes, dict[str, Any]]]:
    """Salt and verdict of each row, which commits to what it is about."""
    plain = workspace.vault.unseal(
        [Sealed(record_id=row.pk, part=VERDICT_PART, data=bytes(row.sealed)) for row, _ in rows]
    )
    opened = []
    for (row, about), data in zip(rows, plain, strict=True):
        salt, said = data[:SALT_BYTES], json.loads(data[SALT_BYTES:])
        if not hmac.compare_digest(commit(about, salt, said), row.commitment):
            raise IntegrityError(
                N_("A verdict is not the one that its examiner sealed."),
                remedy=N_("Somebody has changed the records. Use nothing of this review, and look into it."),
                code="verdict-changed",
            )
        opened.append((salt, said))
    return opened
