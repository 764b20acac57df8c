"""Holds: what must not be destroyed before a day. Dated, with the authority that demands it, and in sight of everybody.

A hold keeps back from erasure and purge; it opens nothing. What is held of a person who left is in no answer all the same.
A photograph is held with everybody in it, and a person with every photograph they are in.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db.models import Q, QuerySet

from countenance.policy.decisions import Refused
from countenance.primitives.clock import iso
from countenance.primitives.errors import RefusedError
from countenance.primitives.text import N_
from countenance.records.erasing.residency import faces_of_place, people_of
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.selecting import NOTHING_SPARED, Spared, parts
from countenance.records.erasing.vocabulary import ResidencyRule, ScopeKind
from countenance.records.models import Case, Face, Hold, Photograph

HOLDABLE = (ScopeKind.PERSON, ScopeKind.PHOTOGRAPH, ScopeKind.SOURCE, ScopeKind.GALLERY, ScopeKind.CLIENT)
_QUERY = 500


def standing(now: datetime) -> QuerySet[Hold]:
    """Holds that are neither lifted nor over."""
    return Hold.objects.filter(lifted_at__isnull=True, until__gt=now).order_by("placed_at", "code")


def spared(now: datetime) -> Spared:
    """All that the standing holds keep back."""
    people: set[uuid.UUID] = set()
    photographs: set[uuid.UUID] = set()
    cases: set[uuid.UUID] = set()
    counts: dict[str, int] = {}
    for hold in standing(now):
        key = uuid.UUID(hold.target)
        of_hold: set[uuid.UUID] = set()
        if hold.scope == ScopeKind.PERSON.value:
            people.add(key)
            shown = set(Photograph.objects.filter(faces__person=key).values_list("pk", flat=True))
            photographs |= shown
            of_hold = {key, *shown}
        elif hold.scope == ScopeKind.CLIENT.value:
            of_hold = set(Case.objects.filter(client=key).values_list("pk", flat=True))
            cases |= of_hold
        else:
            which = {
                ScopeKind.PHOTOGRAPH.value: Q(pk=key),
                ScopeKind.SOURCE.value: Q(source=key),
                ScopeKind.GALLERY.value: Q(source__gallery=key),
            }[hold.scope]
            of_hold = set(Photograph.objects.filter(which).values_list("pk", flat=True))
            photographs |= of_hold
        counts[hold.code] = len(of_hold)
    if not counts:
        return NOTHING_SPARED
    for part in parts(sorted(photographs), _QUERY):
        people.update(
            Face.objects.filter(photograph__in=part, person__isnull=False).values_list("person_id", flat=True)
        )
    return Spared(
        people=frozenset(people),
        photographs=frozenset(photographs),
        cases=frozenset(cases),
        holds=counts,
    )


def hold_refusal(scope: ErasureScope, now: datetime, *, pack: str) -> Refused | None:
    """As `hold_on`, for an act to be refused and logged before anything of it is done."""
    held = hold_on(scope, spared(now))
    if held is None:
        return None
    return Refused(
        reason=held.reason,
        rule=held.rule,
        authority=held.authority,
        since=held.since,
        explanation=N_("A hold keeps this from being destroyed. See: countenance hold list"),
        pack=pack,
    )


def hold_on(scope: ErasureScope, spare: Spared) -> RefusedError | None:
    """The refusal of an erasure of one thing that is held. Of a whole source or place the rest goes, and the held stays."""
    if not spare.holds:
        return None
    held = {
        ScopeKind.PERSON: lambda: scope.key in spare.people,
        ScopeKind.PHOTOGRAPH: lambda: scope.key in spare.photographs,
        ScopeKind.FACE: lambda: Face.objects.filter(pk=scope.key, photograph__in=spare.photographs).exists(),
    }.get(scope.kind)
    if held is None or not held():
        return None
    hold = Hold.objects.filter(code__in=list(spare.holds)).order_by("until").last()
    assert hold is not None
    return RefusedError(
        N_("A hold keeps this from being destroyed until {until}, at the demand of {body}."),
        reason="held",
        rule="HOLD-01",
        authority=hold.authority,
        since=iso(hold.placed_at)[:10],
        until=iso(hold.until)[:10],
        body=hold.authority,
    )


def kept_back(scope: ErasureScope, spare: Spared) -> dict[str, int]:
    """How much of a scope each hold keeps, by the hold's code; only those that keep something of it."""
    if not spare.holds:
        return {}
    if not any(_inside(scope, spare)):
        return {}
    return {code: number for code, number in sorted(spare.holds.items()) if number}


def _inside(scope: ErasureScope, spare: Spared) -> Iterator[bool]:
    """Whether something of the scope is spared."""
    if scope.kind in {ScopeKind.SOURCE, ScopeKind.GALLERY}:
        place = Q(source=scope.key) if scope.kind is ScopeKind.SOURCE else Q(source__gallery=scope.key)
        for part in parts(sorted(spare.photographs), _QUERY):
            yield Photograph.objects.filter(place, pk__in=part).exists()
    elif scope.kind is ScopeKind.CLIENT:
        for part in parts(sorted(spare.cases), _QUERY):
            yield Case.objects.filter(client=scope.key, pk__in=part).exists()
    elif scope.kind is ScopeKind.JURISDICTION:
        yield not spare.people.isdisjoint(people_of(scope.target, scope.rule or ResidencyRule.PRECAUTIONARY))
        yield _any_face(faces_of_place(scope.target), spare)
    elif scope.kind is ScopeKind.LIMIT:
        from countenance.records.erasing.due import due

        # What is still due once everything that is not spared has gone is what the holds keep.
        yield any(batch() for batch in due(scope.target, spare=NOTHING_SPARED, most=_QUERY))


def _any_face(faces: Collection[uuid.UUID], spare: Spared) -> bool:
    return any(
        Face.objects.filter(pk__in=part, photograph__in=list(spare.photographs)).exists()
        for part in parts(sorted(faces), _QUERY)
    )
