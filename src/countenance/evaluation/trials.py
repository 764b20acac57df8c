"""Samples to be compared: templates, whose they are, how good they are, and the groups that were declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from countenance.evaluation.values import Floats, Ints, Persons
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

type Vectors = npt.NDArray[np.float32]
"""float32 (samples, dimension), unit length; zeros where no template was made."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """The samples of an evaluation, in memory. No person's name is in them.

    `person`: int32 (n,), 0 .. persons-1. `acquired`: bool (n,). `quality`: float64 (n,), the raw norm of the embedding,
    NaN where unknown. `groups`: for each declared dimension the label of each person, "" where none was declared.
    """

    vectors: Vectors
    person: Persons
    acquired: npt.NDArray[np.bool_]
    quality: Floats
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.person)
        if self.vectors.ndim != 2 or not (len(self.vectors) == len(self.acquired) == len(self.quality) == n):
            raise UsageError(
                N_("Templates, persons and qualities of an evaluation must be equally many."),
                code="evaluation-shape",
            )
        if not bool(np.isfinite(self.vectors).all()):
            raise UsageError(
                N_("A template of this evaluation holds a value that is no number (NaN or infinite)."),
                code="evaluation-nan",
            )

    @property
    def persons(self) -> int:
        return int(self.person.max()) + 1 if len(self.person) else 0

    def per_person(self) -> Ints:
        """How many samples each person has, failures to acquire included."""
        return np.bincount(self.person, minlength=self.persons).astype(np.int64)

    def sorted_by_person(self) -> Samples:
        """The same samples, each person's in one piece; the order within a person stays."""
        order = np.argsort(self.person, kind="stable")
        if bool((order == np.arange(len(order))).all()):
            return self
        return Samples(
            vectors=self.vectors[order],
            person=self.person[order],
            acquired=self.acquired[order],
            quality=self.quality[order],
            groups=self.groups,
        )


def check_persons(names: Sequence[str]) -> None:
    """Raise UsageError where there is nothing to compare: one person only, or none with two photographs."""
    persons = len(set(names))
    if persons < 2:
        raise UsageError(
            N_(
                "All photographs here show one person: there is no non-mated comparison, so nothing to measure."
            ),
            remedy=N_("Put each person's photographs in a folder of its own, with at least two persons."),
            code="one-person",
        )
    if persons == len(names):
        raise UsageError(
            N_("Nobody here has a second photograph: there is no mated comparison, so nothing to measure."),
            remedy=N_("Give at least one person two photographs or more."),
            code="no-mated",
        )
