"""How long each kind of data is kept, and who answers for it.

What comes with the program is short; a longer limit takes two persons and a reason. A law's own limit is never exceeded: of the
packs in force that govern the operator's place or a gallery's, the shortest holds for all that is kept here.
Sources: PIPEDA, Sch. 1, cl. 4.5.3 (personal information no longer needed is destroyed); Regulation (EU) 2016/679, Art. 5(1)(e).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from countenance.policy.terms import DataKind
from countenance.policy.terms import RetentionLimit as LawLimit
from countenance.records.models import Gallery, RetentionLimit, WorkspaceState
from countenance.records.suppressing.lists import HOLD, LIFE
from countenance.records.workspace import Workspace

OWN_DAYS: Mapping[DataKind, int | None] = {
    DataKind.GALLERY: None,
    DataKind.PHOTOGRAPH: None,
    DataKind.TEMPLATE: None,
    DataKind.PROBE: 30,
    DataKind.RESULT: 180,
    DataKind.REVIEW: 365,
    DataKind.CASE: 730,
    DataKind.REQUEST: 730,
    DataKind.REFUSAL: 365,
    DataKind.SUPPRESSION: LIFE.days,
    DataKind.HELD_FACE: HOLD.days,
    DataKind.INGEST_LEDGER: 365,
    DataKind.LOG_PAYLOAD: 1_096,
    DataKind.EXPORT: None,
}
"""Days from the moment a thing was made (a case: closed). None: until its purpose ends, and no longer."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit in force. `owner`: who answers for it. `reason`: why it is as it is; "" for the program's own.

    `law`: the shortest limit of the packs in force, and `at_most` its days; None where none sets one. `days` is never more.
    """

    kind: DataKind
    days: int | None
    owner: str
    reason: str
    law: LawLimit | None = None
    at_most: int | None = None

    def before(self, now: datetime) -> datetime | None:
        """What was made before this moment is due."""
        return None if self.days is None else now - timedelta(days=self.days)


def limits(workspace: Workspace) -> dict[DataKind, Limit]:
    """Every kind's limit."""
    laws = _laws(workspace)
    set_here = {
        row.kind: row for row in RetentionLimit.objects.filter(ended_at__isnull=True).select_related("owner")
    }
    operator = WorkspaceState.objects.get(pk=1).operator
    found: dict[DataKind, Limit] = {}
    for kind in DataKind:
        row = set_here.get(kind.value)
        law, at_most = laws.get(kind, (None, None))
        wanted = row.days if row else OWN_DAYS[kind]
        found[kind] = Limit(
            kind=kind,
            days=min((days for days in (wanted, at_most) if days is not None), default=None),
            owner=row.owner.name if row else operator,
            reason=row.reason if row else "",
            law=law,
            at_most=at_most,
        )
    return found


def _laws(workspace: Workspace) -> dict[DataKind, tuple[LawLimit, int]]:
    """The shortest limit of each kind that a law sets where the operator or a gallery stands, and its days."""
    places = {
        WorkspaceState.objects.get(pk=1).jurisdiction,
        *Gallery.objects.values_list("jurisdiction", flat=True),
    }
    found: dict[DataKind, tuple[LawLimit, int]] = {}
    for place in sorted(places):
        for limit in workspace.policy().book.terms(place).retention:
            if limit.at_most is None:
                continue
            # Months as days, rounded down: what is due a day early is not kept a day too long.
            days = limit.at_most.days + limit.at_most.months * 365 // 12
            if limit.data not in found or days < found[limit.data][1]:
                found[limit.data] = (limit, days)
    return found


def is_longer(workspace: Workspace, kind: DataKind, days: int | None) -> bool:
    """Whether a limit would keep longer than the present one: that takes two persons."""
    now = limits(workspace)[kind].days
    return now is not None and (days is None or days > now)
