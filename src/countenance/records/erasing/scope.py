"""What an erasure is asked to reach, and the record it means."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from countenance.policy.places import check_place
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.text import N_, folded
from countenance.records.erasing.vocabulary import ResidencyRule, ScopeKind
from countenance.records.models import Erasure, Face, Organisation, Person, Photograph
from countenance.records.named import find_gallery, find_source


@dataclass(frozen=True, kw_only=True)
class ErasureScope:
    """One thing to erase.

    `target`: id of the record as text; for a jurisdiction the ISO 3166 code. Made by `scope_of` from what people type,
    or by a caller that knows the id. `rule`: for a jurisdiction, who counts as resident.
    """

    kind: ScopeKind
    target: str
    rule: ResidencyRule | None = None

    def __post_init__(self) -> None:
        if (self.kind is ScopeKind.JURISDICTION) != (self.rule is not None):
            raise UsageError(
                N_("A rule of residency belongs to the erasure of a place, and to nothing else."),
                remedy=N_("Give --rule with --jurisdiction, one of: {known}."),
                code="erasure-rule",
                known=", ".join(ResidencyRule),
            )

    @property
    def key(self) -> uuid.UUID:
        """Id of the record; not for a jurisdiction."""
        return uuid.UUID(self.target)


def scope_of(kind: ScopeKind, name: str, *, rule: ResidencyRule | None = None) -> ErasureScope:
    """The scope that `name` means: a person's label, the id of a photograph or face, a name, or a place.

    Raises NotFoundError, UsageError.
    """
    if kind is ScopeKind.JURISDICTION:
        return ErasureScope(kind=kind, target=check_place(name), rule=rule or ResidencyRule.PRECAUTIONARY)
    found: uuid.UUID | None = None
    if kind is ScopeKind.SOURCE:
        found = find_source(name).pk
    elif kind is ScopeKind.GALLERY:
        found = find_gallery(name).pk
    elif kind is ScopeKind.PERSON:
        found = Person.objects.filter(folded=folded(name)).values_list("pk", flat=True).first()
    elif kind is ScopeKind.CLIENT:
        found = Organisation.objects.filter(name=name).values_list("pk", flat=True).first()
    else:
        rows = (Face if kind is ScopeKind.FACE else Photograph).objects
        key = _id(name)
        found = rows.filter(pk=key).values_list("pk", flat=True).first() if key else None
    if found is None:
        raise NotFoundError(
            N_("There is nothing here to erase under that name ({kind})."),
            remedy=N_("Check the spelling; what was erased already is not here any more."),
            code="erasure-target-missing",
            kind=kind.value,
        )
    return ErasureScope(kind=kind, target=str(found), rule=rule)


def scope_again_of(erasure: Erasure) -> ErasureScope:
    """The scope of an erasure that was begun."""
    return ErasureScope(
        kind=ScopeKind(erasure.scope),
        target=erasure.target,
        rule=ResidencyRule(erasure.rule) if erasure.rule else None,
    )


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
