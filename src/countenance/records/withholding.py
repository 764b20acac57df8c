"""What a lock or an order on a source, or on the people of a place, closes: references stay, and are in no list, no count and no coverage.

A search reaches rows by permission class. So what is closed moves to the twin of their class that no
grant ever names, and back when it is opened. Their templates and keys stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db.models import QuerySet

from countenance.records.database import DjangoTransaction
from countenance.records.models import PermissionClass, Reference, Source
from countenance.records.workspace import Workspace

_BATCH = 400


def of_source(source: Source) -> QuerySet[Reference]:
    """What came from a source."""
    return Reference.objects.filter(face__photograph__source=source)


def of_people(people: Collection[UUID]) -> QuerySet[Reference]:
    """What is held of these persons."""
    return Reference.objects.filter(face__person__in=list(people))


def withhold(
    workspace: Workspace, tx: DjangoTransaction, references: QuerySet[Reference], *, withheld: bool
) -> int:
    """Close the open ones of `references` to every search, or open them again; in the open transaction. Returns how many."""
    moving = references.filter(ended_at__isnull=True, permission_class__withheld=not withheld)
    moved = 0
    for batch in _batches(moving):
        _move(workspace, tx, batch, withheld=withheld)
        moved += len(batch)
    workspace.revoke_grants()
    return moved


def twin(of: PermissionClass, *, withheld: bool) -> PermissionClass:
    """The same class, open or closed."""
    found, _ = PermissionClass.objects.get_or_create(
        gallery=of.gallery,
        basis_kind=of.basis_kind,
        purposes=of.purposes,
        jurisdiction=of.jurisdiction,
        withheld=withheld,
    )
    return found


def _batches(references: QuerySet[Reference]) -> Iterator[list[Reference]]:
    """All of them, some at a time; read before any of them is moved."""
    found = list(references.select_related("permission_class__gallery").order_by("pk"))
    for start in range(0, len(found), _BATCH):
        yield found[start : start + _BATCH]


def _move(
    workspace: Workspace, tx: DjangoTransaction, references: list[Reference], *, withheld: bool
) -> None:
    classes: dict[int, int] = {}
    for reference in references:
        if reference.permission_class_id not in classes:
            classes[reference.permission_class_id] = twin(reference.permission_class, withheld=withheld).pk
    workspace.index.move(
        tx, {str(reference.pk): classes[reference.permission_class_id] for reference in references}
    )
    for old, new in classes.items():
        chosen = [reference.pk for reference in references if reference.permission_class_id == old]
        Reference.objects.filter(pk__in=chosen).update(permission_class=new)
