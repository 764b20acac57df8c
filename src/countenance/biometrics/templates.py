"""Templates and the space they live in.

Templates of two spaces are never compared: a `space_id` is the hash of the model files, of the conversion's
version and of the contract (detector, aligner, recogniser, mirroring, centring).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NewType

import numpy as np
import numpy.typing as npt

from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

type Vector = npt.NDArray[np.float32]
"""float32, shape (dimension,)."""

SpaceId = NewType("SpaceId", str)
"""`<pack name>-<first 16 hex digits of the hash>`, e.g. `sface-8f3c...`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Template:
    """One face as a unit vector.

    `vector`: float32 (dimension,), Euclidean norm 1, centred as the pack says, not writeable.
    `norm`: raw norm of the embedding before normalisation (unitless; low means weak).
    """

    vector: Vector
    norm: float
    space_id: SpaceId

    def __post_init__(self) -> None:
        check_vector(self.vector)
        self.vector.flags.writeable = False

    @property
    def dimension(self) -> int:
        return int(self.vector.shape[0])

    def to_bytes(self) -> bytes:
        """Little-endian float32 values, 4 * dimension bytes."""
        return self.vector.astype("<f4", copy=False).tobytes()


def check_vector(vector: Vector) -> None:
    """Raise UsageError unless `vector` is a finite unit float32 vector whose length is a multiple of 8."""
    if vector.ndim != 1 or vector.shape[0] == 0 or vector.shape[0] % 8 or vector.dtype != np.float32:
        raise UsageError(
            N_("A template must be a float32 vector whose length is a multiple of 8, not {dtype} {shape}."),
            dtype=str(vector.dtype),
            shape=str(vector.shape),
            code="template-shape",
        )
    length = math.sqrt(vector.dot(vector))
    if not math.isfinite(length) or abs(length - 1.0) > 1e-3:
        raise UsageError(
            N_("A template must be a finite vector of length 1; this one has length {length}."),
            length=f"{length:.4g}",
            code="template-norm",
        )


def fuse(templates: list[Template]) -> Template:
    """The mean direction of several templates of one person and one space (FNIR 6 % -> 1 % with three photographs).

    Raises UsageError where there are none, or where they are of different spaces.
    """
    spaces = {template.space_id for template in templates}
    if len(spaces) != 1:
        raise UsageError(
            N_("Only templates of one space can be fused; here are {count} spaces."),
            count=len(spaces),
            code="template-space",
        )
    if len(templates) == 1:
        return templates[0]
    mean = np.mean(np.stack([template.vector for template in templates]), axis=0, dtype=np.float64)
    return Template(
        vector=np.asarray(mean / np.linalg.norm(mean), dtype=np.float32),
        norm=float(np.mean([template.norm for template in templates])),
        space_id=templates[0].space_id,
    )
