"""What of a record is sealed, and under whose key: the one place that names the parts.

A face's crop and template are sealed under the face's id, a probe's picture and template under the probe's. The part
name of a template is the index's (`index.head.template_part`).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence

from countenance.vault.vault import Sealed, Vault

CROP_PART = "crop"
PICTURE_PART = "picture"


def unseal_templates(vault: Vault) -> Callable[[Sequence[tuple[str, str, bytes]]], list[bytes | None]]:
    """The index's way to read templates: (face id, part, sealed) -> bytes, or None where the key is destroyed."""

    def unseal(items: Sequence[tuple[str, str, bytes]]) -> list[bytes | None]:
        return vault.unseal_existing(
            [Sealed(record_id=uuid.UUID(face_id), part=part, data=sealed) for face_id, part, sealed in items]
        )

    return unseal
