"""Who lives where, by grade of evidence: a document, a declaration, or the source alone. Nothing else is asked.

People of one place are erased by a rule that is chosen beforehand (`ResidencyRule`). What the rule leaves in doubt is
counted and shown: the uncertain set.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass

from countenance.records.erasing.vocabulary import EvidenceGrade, ResidencyRule
from countenance.records.models import Face, ResidencyClaim

_ORDER = (EvidenceGrade.DOCUMENT, EvidenceGrade.DECLARED, EvidenceGrade.SOURCE)
"""Better evidence first. Where better evidence speaks, lesser evidence is not heard."""


@dataclass(frozen=True, kw_only=True)
class Residency:
    """People of whom something speaks for one place.

    `by_grade`: best evidence speaks for the place, and none of that grade for another. `uncertain`: evidence of the
    best grade speaks for the place and for another, or only for a country of which the place is a part.
    """

    by_grade: dict[EvidenceGrade, frozenset[uuid.UUID]]
    uncertain: frozenset[uuid.UUID]

    def under(self, rule: ResidencyRule) -> frozenset[uuid.UUID]:
        """Who is erased under a rule."""
        chosen = self.by_grade[EvidenceGrade.DOCUMENT]
        if rule is not ResidencyRule.DOCUMENTED:
            chosen |= self.by_grade[EvidenceGrade.DECLARED]
        if rule is ResidencyRule.PRECAUTIONARY:
            chosen |= self.by_grade[EvidenceGrade.SOURCE] | self.uncertain
        return chosen


def residency(place: str) -> Residency:
    """Sort people by what is known of their residency in `place` (ISO 3166-1, or -2 as a part of one)."""
    claims: dict[uuid.UUID, dict[EvidenceGrade, set[str]]] = defaultdict(lambda: defaultdict(set))
    for person, claimed, grade in ResidencyClaim.objects.filter(ended_at__isnull=True).values_list(
        "person_id", "place", "grade"
    ):
        claims[person][EvidenceGrade(grade)].add(claimed)
    for person, of_source in (
        Face.objects.filter(person__isnull=False)
        .values_list("person_id", "photograph__basis__jurisdiction")
        .distinct()
        .order_by()
    ):
        if person is not None:
            claims[person][EvidenceGrade.SOURCE].add(of_source)
    sorted_out: dict[EvidenceGrade, set[uuid.UUID]] = {grade: set() for grade in _ORDER}
    uncertain: set[uuid.UUID] = set()
    for person, grades in claims.items():
        best = next(grade for grade in _ORDER if grade in grades)
        places = grades[best]
        inside = [each for each in places if within(each, place)]
        maybe = [each for each in places if within(place, each)]
        if inside and len(inside) == len(places):
            sorted_out[best].add(person)
        elif inside or maybe:
            uncertain.add(person)
    return Residency(
        by_grade={grade: frozenset(people) for grade, people in sorted_out.items()},
        uncertain=frozenset(uncertain),
    )


def people_of(place: str, rule: ResidencyRule) -> frozenset[uuid.UUID]:
    """Who is erased when `place` is, under `rule`."""
    return residency(place).under(rule)


def faces_of_place(place: str) -> list[uuid.UUID]:
    """Faces that nobody named, in photographs held under the law of the place: known by their source alone."""
    rows = (
        Face.objects.filter(person__isnull=True)
        .values_list("pk", "photograph__basis__jurisdiction")
        .order_by("pk")
    )
    return [face for face, of_source in rows if within(of_source, place)]


def within(place: str, whole: str) -> bool:
    """Is `place` the place `whole`, or a part of it?"""
    return place == whole or place.startswith(whole + "-")
