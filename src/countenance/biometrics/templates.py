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

_LEAST_MEAN = 1e-6  # length of a mean below which its direction is rounding

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


def mean_direction(vectors: npt.NDArray[np.float32]) -> Vector:
    """Unit vectors of one person, float32 (count, dimension), as one: their mean, brought back to length 1.

    The one rule by which several photographs of a person become one comparison, in probes, references and evaluations
    (docs/adr/0012). Raises UsageError where they point away from one another so that no mean is left.
    """
    if len(vectors) == 1:
        only: Vector = vectors[0]
        return only
    mean = vectors.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    if not length > _LEAST_MEAN:
        raise UsageError(
            N_("These templates point away from one another: they have no mean, and are not of one person."),
            code="templates-opposed",
        )
    return np.asarray(mean / length, dtype=np.float32)


def fuse(templates: list[Template]) -> Template:
    """Several templates of one person and one space as one (`mean_direction`; FNIR 6 % -> 1 % with three photographs).

    Raises UsageError where there are none, where they are of different spaces, or where they have no mean.
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
    return Template(
        vector=mean_direction(np.stack([template.vector for template in templates])),
        norm=float(np.mean([template.norm for template in templates])),
        space_id=templates[0].space_id,
    )
