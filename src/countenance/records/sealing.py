"""What of a record is sealed, and under whose key: the one place that names the parts.

A face's crop and template are sealed under the face's id, a probe's picture and template under the probe's. The part
name of a template is the index's (`index.head.template_part`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from countenance.vault.vault import Plain, Sealed, Vault

CROP_PART = "crop"
PICTURE_PART = "picture"
DOCUMENT_PART = "document"
_SEGMENT_PART = "segment-key"


def unseal_templates(vault: Vault) -> Callable[[Sequence[tuple[str, str, bytes]]], list[bytes | None]]:
    """The index's way to read templates: (face id, part, sealed) -> bytes, or None where the key is destroyed."""

    def unseal(items: Sequence[tuple[str, str, bytes]]) -> list[bytes | None]:
        return vault.unseal_existing(
            [Sealed(record_id=uuid.UUID(face_id), part=part, data=sealed) for face_id, part, sealed in items]
        )

    return unseal


def rotation_seeds(vault: Vault) -> Callable[[str], bytes]:
    """The secret of each gallery's rotation, made when it is first asked for."""
    return lambda gallery_id: vault.ensure_secret(f"rotation-{gallery_id.lower()}")


class VaultSegmentKeys:
    """Keys of index segments: wrapped by the vault under the segment's id, gone when that key is destroyed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def wrap(self, segment_id: str, key: bytes) -> bytes:
        """The key, sealed; durable in the vault before this returns."""
        return self._vault.seal([Plain(record_id=uuid.UUID(segment_id), part=_SEGMENT_PART, data=key)])[0]

    def unwrap(self, segment_id: str, wrapped: bytes) -> bytes | None:
        """The key, or None where it is destroyed. Raises IntegrityError."""
        item = Sealed(record_id=uuid.UUID(segment_id), part=_SEGMENT_PART, data=wrapped)
        return self._vault.unseal_existing([item])[0]

    def destroy(self, segment_ids: Sequence[str]) -> None:
        """Destroy keys; those that are gone already are passed over."""
        self._vault.destroy([uuid.UUID(segment_id) for segment_id in segment_ids])
