"""Plans and erasures as plain values, for lists, answers and pages."""

from __future__ import annotations

from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.records.erasing.planning import ErasurePlan
from countenance.records.erasing.steps import BULK
from countenance.records.models import Erasure


def describe(erasure: Erasure) -> dict[str, Json]:
    """What is shown of an erasure: never whom it was about."""
    return {
        "erasure": erasure.code,
        "scope": erasure.scope,
        "jurisdiction": erasure.jurisdiction or None,
        "rule": erasure.rule or None,
        "ground": erasure.ground,
        "state": erasure.state,
        "stores": dict(erasure.counts),
        "uncertain": erasure.uncertain,
        "kept_back": dict(erasure.kept_back),
        "started_at": iso(erasure.started_at),
        "done_at": iso(erasure.done_at) if erasure.done_at else None,
    }


def describe_plan(made: ErasurePlan) -> dict[str, Json]:
    """A plan as a record."""
    return {
        "scope": made.scope.kind.value,
        "rule": made.scope.rule.value if made.scope.rule else None,
        "stores": {store.value: number for store, number in made.stores.items()},
        "grades": {grade.value: number for grade, number in made.grades.items()},
        "uncertain": made.uncertain,
        "backups_until": iso(made.backups_until),
        "caveats": list(made.caveats),
        "two_persons": made.scope.kind in BULK,
    }
