"""Several references of one person as one comparison, at the moment it is asked for: nothing fused is stored.

A fused template at rest would hold what somebody withdrew until it was made anew. So the mean is taken of the templates that are
there when a candidate is scored, and a reference that ends is in no later score (docs/adr/0012).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

import numpy as np

from countenance.biometrics.templates import Vector, mean_direction
from countenance.index.head import template_part
from countenance.primitives.errors import UsageError
from countenance.records.database import open_reading
from countenance.records.sealing import unseal_templates
from countenance.records.workspace import Workspace

_AT_ONCE = 400  # values in one `in (...)`


def face_templates(workspace: Workspace, faces: Iterable[uuid.UUID], space: str) -> dict[uuid.UUID, Vector]:
    """The templates of `faces` in one space, opened for one comparison. Faces without one, or whose key is gone, have none."""
    wanted = [str(face) for face in dict.fromkeys(faces)]
    rows: list[tuple[str, str, bytes]] = []
    with open_reading() as tx:
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            marks = ", ".join(["%s"] * len(part))
            rows += [
                (str(face), template_part(space), bytes(sealed))  # type: ignore[arg-type]  # the column holds bytes
                for face, sealed in tx.execute(
                    f"select face_id, sealed from index_template where space_id = %s and face_id in ({marks})",  # noqa: S608 - marks
                    [space, *part],
                )
            ]
    opened = unseal_templates(workspace.vault)(rows)
    return {
        uuid.UUID(face): np.frombuffer(data, dtype="<f4").astype(np.float32)
        for (face, _, _), data in zip(rows, opened, strict=True)
        if data is not None
    }


def fused_score(references: Sequence[Vector], probe: Vector) -> float:
    """Comparison score of a probe and one person's references as one: the cosine to their mean direction.

    Where they have no mean, because they are not of one person, the best of their scores. Raises ValueError without references.
    """
    vectors = np.stack(references)
    try:
        return float(mean_direction(vectors) @ probe)
    except UsageError:
        return float((vectors @ probe).max())
