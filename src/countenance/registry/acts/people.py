"""Lists of people and of consents: a page at a time, since there may be millions; and whole for whoever asks for all."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from countenance.primitives.canonical import Json
from countenance.primitives.text import folded
from countenance.records.models import ConsentReceipt, Person, Reference
from countenance.records.params import Params
from countenance.registry.acts.persons import describe_person, describe_receipt

MOST_ROWS = 1000
"""Of one page."""
_AT_ONCE = 500
FURTHEST = 1 << 40


@dataclass(frozen=True, kw_only=True)
class Turn:
    """Which rows: those that begin with `find`, from `first` (counted from 0), at most `most` of them; 0: all."""

    find: str
    first: int
    most: int

    @classmethod
    def of(cls, params: Params) -> Turn:
        """As asked for. Raises UsageError."""
        return cls(
            find=params.line("find", ""),
            first=params.number("first", default=0, least=0, most=FURTHEST),
            most=params.number("most", default=0, least=0, most=MOST_ROWS),
        )

    def cut[Row: (Person, ConsentReceipt)](self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """The rows of this turn."""
        return rows[self.first : self.first + self.most] if self.most else rows[self.first :]


def persons(turn: Turn) -> tuple[list[Json], int]:
    """People by label, and how many there are of them in all."""
    chosen = (
        Person.objects.filter(folded__startswith=folded(turn.find)) if turn.find else Person.objects.all()
    )
    live = (
        Reference.objects.filter(face__person=OuterRef("pk"), ended_at__isnull=True)
        .order_by()
        .values("face__person")
        .annotate(count=Count("pk"))
        .values("count")
    )
    receipts = ConsentReceipt.objects.select_related("gallery", "person").order_by("given_at", "purpose")
    rows = turn.cut(
        chosen.annotate(live=Coalesce(Subquery(live), 0))
        .prefetch_related(Prefetch("receipts", queryset=receipts, to_attr="held"))
        .order_by("label")
    )
    return [
        describe_person(row, row.held, row.live)  # type: ignore[attr-defined]
        for row in rows.iterator(chunk_size=_AT_ONCE)
    ], chosen.count()


def consents(turn: Turn) -> tuple[list[Json], int]:
    """Receipts by person, the latest first; found by the beginning of their code or of the person's label."""
    chosen = ConsentReceipt.objects.all()
    if turn.find:
        chosen = chosen.filter(
            Q(code__startswith=turn.find.upper()) | Q(person__folded__startswith=folded(turn.find))
        )
    rows = turn.cut(chosen.select_related("person", "gallery").order_by(F("given_at").desc(), "code"))
    return [describe_receipt(row) for row in rows.iterator(chunk_size=_AT_ONCE)], chosen.count()
