"""What an erasure would reach, store by store, before anything is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from countenance.records.database import DjangoTransaction, open_reading
from countenance.records.erasing.certificate import backups_until, caveats
from countenance.records.erasing.payloads import positions_naming
from countenance.records.erasing.residency import residency
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.selecting import select
from countenance.records.erasing.stores import Walk, walk_stores
from countenance.records.erasing.vocabulary import EvidenceGrade, ScopeKind, Store
from countenance.records.events import Event
from countenance.records.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class ErasurePlan:
    """What would go. `stores`: how many, by store; every store is named, also with 0.

    `grades`, `uncertain`: for a place, how people's residency is known and of how many it is in doubt. `backups_until`:
    when the last backup made before is to be unreadable. `caveats`: names of what is not reached.
    """

    scope: ErasureScope
    stores: Mapping[Store, int]
    grades: Mapping[EvidenceGrade, int] = field(default_factory=dict)
    uncertain: int = 0
    backups_until: datetime
    caveats: tuple[str, ...]


def plan(workspace: Workspace, scope: ErasureScope) -> ErasurePlan:
    """Count what an erasure of `scope` would reach. Reads only."""
    now = workspace.clock()
    counts: Counter[Store] = Counter(dict.fromkeys(Store, 0))
    mentions: set[str] = set()
    with open_reading() as tx:
        for batch in select(scope):
            chosen = batch()
            walk = Walk(workspace=workspace, tx=tx, chosen=chosen, now=now, destroy=False)
            counts.update(walk_stores(walk))
            counts[Store.VAULT_KEYS] += sum(face.enrolled or bool(face.crop) for face in chosen.faces)
            mentions.update(str(face.id) for face in chosen.faces)
            mentions.update(
                str(key)
                for keys in (chosen.people, chosen.references, chosen.receipts, chosen.cases)
                for key in keys
            )
        counts[Store.VAULT_KEYS] += counts[Store.PROBES] + counts[Store.REVIEWS]
        counts[Store.ORIGINALS] = counts[Store.PHOTOGRAPHS]
        counts[Store.LOG_PAYLOADS] = (
            sum(len(page) for page in positions_naming(tx, mentions)) if mentions else 0
        )
        counts[Store.BACKUPS] = _logged(tx, Event.BACKUP_MADE)
        counts[Store.EXPORTS] = _logged(tx, Event.LOG_EXPORTED)
    lives = residency(scope.target) if scope.kind is ScopeKind.JURISDICTION else None
    return ErasurePlan(
        scope=scope,
        stores=dict(counts),
        grades={grade: len(people) for grade, people in lives.by_grade.items()} if lives else {},
        uncertain=len(lives.uncertain) if lives else 0,
        backups_until=backups_until(now),
        caveats=caveats(),
    )


def _logged(tx: DjangoTransaction, event: Event) -> int:
    text = f'"event":"{event.value}"'
    if tx.dialect == "sqlite":
        rows = tx.execute("select count(*) from tlog_entry where instr(leaf, cast(%s as blob)) > 0", (text,))
    else:
        rows = tx.execute(
            "select count(*) from tlog_entry where position(convert_to(%s, 'UTF8') in leaf) > 0", (text,)
        )
    number = rows[0][0]
    assert isinstance(number, int)
    return number
