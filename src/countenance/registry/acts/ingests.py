"""Runs of ingest as the operator's list shows them: how far, how fast, what did not go well."""

from __future__ import annotations

from countenance.acting.step import Step
from countenance.biometrics.vocabulary import PhotographState
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.records.models import IngestItem, IngestRun, Reference
from countenance.records.models.ingest import PENDING

MOST_RUNS = 50
MOST_PROBLEMS = 50
_WELL = (PENDING, PhotographState.DONE.value, PhotographState.NO_FACE.value, PhotographState.DUPLICATE.value)


def listing(step: Step) -> list[Json]:
    """The latest runs first; a client's account sees none."""
    if step.caller.account.organisation_id:
        return []
    rows = IngestRun.objects.select_related("source").order_by("-started_at")[:MOST_RUNS]
    return [_describe(step, row) for row in rows]


def _describe(step: Step, run: IngestRun) -> dict[str, Json]:
    """`rate`: files a second since it began. `searchable`: references of its photographs that are found by now."""
    states = run.items.order_by().values_list("state", flat=True).distinct()
    counts = {state: run.items.filter(state=state).count() for state in states}
    total = sum(counts.values())
    finished = total - counts.get(PENDING, 0)
    seconds = ((run.finished_at or step.now) - run.started_at).total_seconds()
    rate = finished / seconds if seconds > 0 else 0.0
    working = run.shards.filter(leased_until__gt=step.now, finished_at=None).exists()
    photographs = IngestItem.objects.filter(run=run, photograph__isnull=False).values("photograph")
    ended = Reference.objects.filter(ended_at=None, face__photograph__in=photographs).count()
    problems = run.items.exclude(state__in=_WELL).order_by("position")[:MOST_PROBLEMS]
    return {
        "run": run.code,
        "source": run.source.name,
        "state": "finished" if run.finished_at else "under-way" if working else "stopped",
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at) if run.finished_at else None,
        "total": total,
        "finished": finished,
        "photographs": {name: counts[name] for name in sorted(counts)},
        "searchable": ended,
        "rate": round(rate, 1),
        "eta_seconds": None if run.finished_at or rate <= 0 else round((total - finished) / rate),
        "problems": [{"path": each.path, "state": each.state, "reason": each.reason} for each in problems],
    }
