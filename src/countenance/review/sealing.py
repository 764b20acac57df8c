"""Verdicts at rest: a commitment that everybody may see, and what it commits to, sealed under a key of its own."""

from __future__ import annotations

import os
import uuid

from countenance.primitives.canonical import canonical_json
from countenance.records.models import Review
from countenance.records.verdicts import SALT_BYTES, VERDICT_PART, commit
from countenance.records.workspace import Workspace
from countenance.review.values import Assessment
from countenance.vault.vault import Plain, Sealed

_SEED_PART = "seed"


def seal_verdict(
    workspace: Workspace, key: uuid.UUID, item: uuid.UUID, found: Assessment
) -> tuple[str, bytes]:
    """(commitment, sealed bytes) of a verdict under the record id `key`."""
    salt = os.urandom(SALT_BYTES)
    said = found.json()
    plain = Plain(record_id=key, part=VERDICT_PART, data=salt + canonical_json(said))
    return commit(item, salt, said), workspace.vault.seal([plain])[0]


def seal_seed(workspace: Workspace, review: uuid.UUID, seed: bytes) -> bytes:
    """The seed of a review's orders, sealed under the review's id."""
    return workspace.vault.seal([Plain(record_id=review, part=_SEED_PART, data=seed)])[0]


def open_seed(workspace: Workspace, review: Review) -> bytes:
    """The seed of a review's orders, 32 bytes."""
    item = Sealed(record_id=review.pk, part=_SEED_PART, data=bytes(review.seed))
    return workspace.vault.unseal([item])[0]
