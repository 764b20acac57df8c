"""How long each kind of data is kept, and who answers for it.

What comes with the program is short; a longer limit takes two persons and a reason, and a law's own limit is never exceeded.
Sources: PIPEDA, Sch. 1, cl. 4.5.3 (personal information no longer needed is destroyed); Regulation (EU) 2016/679, Art. 5(1)(e).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from countenance.policy.terms import DataKind
from countenance.records.models import RetentionLimit, WorkspaceState
from countenance.records.suppressing.lists import HOLD, LIFE

OWN_DAYS: Mapping[DataKind, int | None] = {
    DataKind.GALLERY: None,
    DataKind.PHOTOGRAPH: None,
    DataKind.TEMPLATE: None,
    DataKind.PROBE: 90,
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
    """A limit in force. `owner`: who answers for it. `reason`: why it is as it is; "" for the program's own."""

    kind: DataKind
    days: int | None
    owner: str
    reason: str

    def before(self, now: datetime) -> datetime | None:
        """What was made before this moment is due."""
        return None if self.days is None else now - timedelta(days=self.days)


def limits() -> dict[DataKind, Limit]:
    """Every kind's limit."""
    set_here = {
        row.kind: row for row in RetentionLimit.objects.filter(ended_at__isnull=True).select_related("owner")
    }
    operator = WorkspaceState.objects.get(pk=1).operator
    found: dict[DataKind, Limit] = {}
    for kind in DataKind:
        row = set_here.get(kind.value)
        found[kind] = Limit(
            kind=kind,
            days=row.days if row else OWN_DAYS[kind],
            owner=row.owner.name if row else operator,
            reason=row.reason if row else "",
        )
    return found


def is_longer(kind: DataKind, days: int | None) -> bool:
    """Whether a limit would keep longer than the present one: that takes two persons."""
    now = limits()[kind].days
    return now is not None and (days is None or days > now)
