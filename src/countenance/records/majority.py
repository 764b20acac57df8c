"""Coming of age, by a declared day and by nothing else (requirement R30).

Until that day somebody else has answered for the person. From that day on nobody does: what rests on a guardian's word ends,
and an operator has to ask the person. Who is not asked within ninety days, or has not answered, is erased.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from countenance.records.database import DjangoTransaction
from countenance.records.ending import destroy_ended_keys, end_references
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.steps import begin
from countenance.records.erasing.vocabulary import ScopeKind
from countenance.records.events import Event
from countenance.records.holding import spared
from countenance.records.models import ConsentReceipt, Person, Reference
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry

REVIEW_WITHIN = timedelta(days=90)


def come_of_age(workspace: Workspace) -> int:
    """Do what is due: end what a guardian answered for, and erase who was not asked in time. Returns how many people."""
    now = workspace.clock()
    if not (_reaching(now).exists() or _overdue(now).exists()):
        return 0
    with workspace.transaction() as (tx, moment):
        people = list(_reaching(moment).values_list("pk", flat=True))
        if people:
            ended = reach(workspace, tx, people, moment)
            entry = NewEntry(
                event=Event.MAJORITY_REACHED.value,
                at=moment,
                purpose=None,
                jurisdiction=None,
                client=None,
                pack=None,
                details={"people": [str(key) for key in people], "references_ended": ended},
            )
            workspace.record(tx, [entry])
        held = spared(moment).people
        late = [key for key in _overdue(moment).values_list("pk", flat=True) if key not in held]
        for key in late:
            scope = ErasureScope(kind=ScopeKind.PERSON, target=str(key))
            begin(workspace, tx, scope, now=moment, ground="not asked within 90 days of coming of age")
    destroy_ended_keys(workspace)
    return len(people) + len(late)


def reach(workspace: Workspace, tx: DjangoTransaction, people: Collection[UUID], now: datetime) -> int:
    """End, in the open transaction, all that rests on somebody else's word. Returns how many references."""
    Person.objects.filter(pk__in=people).update(majority_reached_at=now, declared_minor=False)
    ConsentReceipt.objects.filter(person__in=people, withdrawn_at__isnull=True).exclude(guardian="").update(
        withdrawn_at=now
    )
    # A minor is enrolled on a guardian's word whatever the basis, so everything of theirs rested on it.
    return end_references(workspace, tx, Reference.objects.filter(face__person__in=people), now)


def _reaching(now: datetime) -> QuerySet[Person]:
    return Person.objects.filter(majority_reached_at__isnull=True, majority_on__lte=now.date())


def _overdue(now: datetime) -> QuerySet[Person]:
    return Person.objects.filter(
        majority_reached_at__lte=now - REVIEW_WITHIN, majority_reviewed_at__isnull=True
    )
