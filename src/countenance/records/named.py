"""Records by the names people give them, or an error that says where to look."""

from __future__ import annotations

from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_, folded
from countenance.records.models import Gallery, Person, Source


def find_gallery(name: str) -> Gallery:
    """The gallery of this name. Raises NotFoundError."""
    gallery = Gallery.objects.filter(name=name).first()
    if gallery is None:
        raise NotFoundError(
            N_("There is no gallery {gallery}."),
            remedy=N_("See them with: countenance gallery list"),
            code="gallery-missing",
            gallery=name,
        )
    return gallery


def find_source(name: str) -> Source:
    """The source of this name. Raises NotFoundError."""
    source = Source.objects.select_related("gallery", "basis").filter(name=name).first()
    if source is None:
        raise NotFoundError(
            N_("There is no source {source}."),
            remedy=N_(
                "Photographs come from registered sources only. See them with: countenance source list"
            ),
            code="source-missing",
            source=name,
        )
    return source


def find_person(label: str) -> Person:
    """The person of this label, in any spelling. Raises NotFoundError."""
    person = Person.objects.filter(folded=folded(label)).first()
    if person is None:
        raise NotFoundError(
            N_("There is no person {person}."),
            remedy=N_("Add one with: countenance person add"),
            code="person-missing",
            person=label,
        )
    return person
