"""How many people stand behind the references of a gallery: what N means in a statement, and what an operating point is valid for.

Up to `EXACT` references they are counted. Beyond, they are estimated from a sample of references: each stands for one over the number of
references its person has (D. G. Horvitz, D. J. Thompson, JASA 47, 1952). Two figures are all that a statement tells.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count
from django.db.models.functions import Coalesce

from countenance.primitives.ids import new_id
from countenance.records.models import Reference

EXACT = 50_000
_SAMPLE = 5_000
_BATCH = 500  # below SQLite's limit of bound parameters
_CHANGED = 0.01  # counted anew when the number of references has changed by this share


@dataclass(frozen=True, kw_only=True)
class _Counted:
    references: int
    people: int


class PeopleCounter:
    """Counts people behind references, and remembers: one for each open workspace."""

    def __init__(self, *, exact: int = EXACT, sample: int = _SAMPLE) -> None:
        self._exact, self._sample = exact, sample
        self._held: dict[tuple[UUID, tuple[int, ...]], _Counted] = {}
        self._lock = threading.Lock()

    def people(self, gallery: UUID, classes: Sequence[int], references: int) -> int:
        """People behind `references` live references of these permission classes. An unlabelled face is one person.

        Exact in small galleries; in large ones within about one per cent, scaled between two counts.
        """
        if references <= 0:
            return 0
        key = (gallery, tuple(sorted(classes)))
        with self._lock:
            held = self._held.get(key)
        small = references <= self._exact
        if held is None or small or abs(references - held.references) > _CHANGED * held.references:
            chosen = Reference.objects.filter(
                gallery_id=gallery, permission_class_id__in=key[1], ended_at__isnull=True
            )
            if small:
                rows = chosen.aggregate(people=Count(Coalesce("face__person_id", "face_id"), distinct=True))
                people = int(rows["people"])
            else:
                people = self._estimate(gallery, key[1], references)
            held = _Counted(references=references, people=people)
            with self._lock:
                self._held[key] = held
        return max(1, min(references, round(held.people * references / held.references)))

    def _estimate(self, gallery: UUID, classes: tuple[int, ...], references: int) -> int:
        """From references whose ids follow a random one: ids are random, so that is a random sample."""
        chosen = Reference.objects.filter(
            gallery_id=gallery, permission_class_id__in=classes, ended_at__isnull=True
        )
        columns = ("id", "face__person_id")
        start = new_id()
        drawn = list(chosen.filter(id__gte=start).order_by("id").values_list(*columns)[: self._sample])
        if len(drawn) < self._sample:
            drawn += list(
                chosen.filter(id__lt=start).order_by("id").values_list(*columns)[: self._sample - len(drawn)]
            )
        persons = [person for _, person in drawn if person is not None]
        each: dict[UUID | None, int] = {}
        known = sorted(set(persons))
        for at in range(0, len(known), _BATCH):
            # Gallery and class are compared here: asked for in the query, a planner without statistics begins with the whole gallery.
            rows = Reference.objects.filter(
                face__person_id__in=known[at : at + _BATCH], ended_at__isnull=True
            ).values_list("face__person_id", "gallery_id", "permission_class_id")
            each.update(
                Counter(person for person, *where in rows if where[0] == gallery and where[1] in classes)
            )
        weight = sum(1.0 if person is None else 1.0 / each[person] for _, person in drawn)
        return max(1, round(references * weight / max(len(drawn), 1)))
