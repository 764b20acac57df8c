"""Tombstones: what was erased is known again by a keyed hash, and by nothing else.

The key is a secret of the vault, so a stolen list of tombstones answers no guess. Whoever holds the key can ask it
about a label or a file they already have; that is its purpose, and all that it can tell.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from countenance.biometrics.geometry import Box
from countenance.primitives.text import folded
from countenance.records.erasing.vocabulary import TombstoneKind
from countenance.records.models import Tombstone
from countenance.vault.vault import ERASURE_SECRET, Vault

ERASED_LABEL = "erased:"
"""What stands in the ingest ledger in the place of an erased label, before its keyed hash."""

_QUERY = 500
_SAME_FACE = 0.3
"""Overlap (intersection over union) from which two boxes on one photograph are one face; detectors differ by less."""


class Hashing:
    """Makes the keyed hashes of a workspace."""

    def __init__(self, vault: Vault) -> None:
        self._key = vault.ensure_secret(ERASURE_SECRET)

    def of_label(self, label: str) -> str:
        """Of a person's label, the same in every spelling; of an erased one, the hash that it carries."""
        if label.startswith(ERASED_LABEL):
            return label.removeprefix(ERASED_LABEL)
        return self._digest("person", folded(label))

    def of_bytes(self, sha256: str) -> str:
        """Of a photograph's bytes, by their SHA-256 (hexadecimal)."""
        return self._digest("photograph", sha256)

    def _digest(self, kind: str, text: str) -> str:
        return hmac.new(self._key, f"{kind}/{text}".encode(), "sha256").hexdigest()


@dataclass(kw_only=True)
class Barred:
    """What of a batch must not come back: people by label, photographs and places in them by SHA-256.

    Values are the moments of the erasures: a consent given later than that is the person's newer word.
    """

    people: Mapping[str, datetime] = field(default_factory=dict)
    photographs: Mapping[str, datetime] = field(default_factory=dict)
    faces: Mapping[tuple[str, int], Sequence[tuple[Box, datetime]]] = field(default_factory=dict)

    def face(self, sha256: str, page: int, box: Box) -> datetime | None:
        """When the face at this place was erased, or None."""
        moments = [at for held, at in self.faces.get((sha256, page), ()) if held.overlap(box) >= _SAME_FACE]
        return max(moments, default=None)


def barred(hashing: Hashing, *, labels: Collection[str] = (), sha256s: Collection[str] = ()) -> Barred:
    """Look the tombstones of these labels and photographs up."""
    people = {hashing.of_label(label): label for label in labels}
    by_hash: dict[str, list[str]] = {}
    for label in labels:
        by_hash.setdefault(hashing.of_label(label), []).append(label)
    pictures = {hashing.of_bytes(sha256): sha256 for sha256 in sha256s}
    found = Barred(people={}, photographs={}, faces={})
    named: dict[str, datetime] = {}
    whole: dict[str, datetime] = {}
    places: dict[tuple[str, int], list[tuple[Box, datetime]]] = {}
    for row in _rows([*people, *pictures]):
        if row.kind == TombstoneKind.PERSON.value:
            for label in by_hash.get(row.digest, ()):
                named[label] = max(row.made_at, named.get(label, row.made_at))
        elif row.digest in pictures:
            sha256 = pictures[row.digest]
            if row.box is None:
                whole[sha256] = max(row.made_at, whole.get(sha256, row.made_at))
            else:
                x, y, width, height = row.box
                place = (Box(x=x, y=y, width=width, height=height), row.made_at)
                places.setdefault((sha256, row.page), []).append(place)
    found.people, found.photographs, found.faces = named, whole, places
    return found


def write(
    erasure: uuid.UUID, stones: Iterable[tuple[TombstoneKind, str, int, list[int] | None]], now: datetime
) -> int:
    """Write tombstones (kind, digest, page, box), in the open transaction. Returns how many."""
    rows = [
        Tombstone(erasure_id=erasure, kind=kind.value, digest=digest, page=page, box=box, made_at=now)
        for kind, digest, page, box in stones
    ]
    Tombstone.objects.bulk_create(rows, batch_size=_QUERY)
    return len(rows)


def _rows(digests: Sequence[str]) -> Iterable[Tombstone]:
    for start in range(0, len(digests), _QUERY):
        yield from Tombstone.objects.filter(digest__in=digests[start : start + _QUERY])
