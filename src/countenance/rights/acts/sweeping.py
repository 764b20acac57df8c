"""The list of a sweep is released by a person who has looked; then one certificate says that nothing else was kept."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import SweepRecord
from countenance.records.named import find_source
from countenance.rights.desk import outcome, receipt_for, verified_request
from countenance.rights.values import RequestStep


def release(step: Step) -> Outcome:
    """Release the photographs that were looked at and confirmed, by number; forget the others, and the probe."""
    verified = verified_request(step.workspace, step.params.text("request"))
    row = verified.request.row
    source = find_source(step.params.text("source"))
    sweep = SweepRecord.objects.filter(request=row, source=source).first()
    if sweep is None or sweep.finished_at is None:
        raise ConflictError(
            N_("The source {source} was not looked through to the end for {request}."),
            remedy=N_("Go on with: countenance request sweep {request} {source}"),
            code="sweep-unfinished",
            source=source.name,
            request=row.number,
        )
    if sweep.released_at is not None:
        raise ConflictError(N_("This list was released already."), code="sweep-released")
    numbers = step.params.json.get("release")
    if not isinstance(numbers, list | tuple) or not all(type(each) is int for each in numbers):
        raise UsageError(N_("A photograph is named by its number: 1, 2 ..."), code="sweep-numbers")
    wanted = {int(each) for each in numbers if isinstance(each, int)}
    found = sweep.findings.count()
    chosen = sweep.findings.filter(number__in=wanted)
    if chosen.count() != len(wanted):
        raise NotFoundError(N_("The list has no photograph of such a number."), code="sweep-numbers")
    chosen.update(confirmed_at=step.now)
    photographs = list(chosen.order_by("number").values_list("path", "sha256"))
    sweep.findings.exclude(number__in=wanted).delete()
    sweep.released_at, sweep.probe = step.now, b""
    sweep.save(update_fields=["released_at", "probe"])
    said: dict[str, Json] = {
        "source": source.name,
        "looked_at": sweep.looked_at,
        "failed": sweep.failed,
        "found": found,
        "confirmed": len(photographs),
        "photographs": [digest for _, digest in photographs],
        "kept": {"templates": 0, "crops": 0, "scores": 0, "other_photographs": 0},
        "memory_only": True,  # a sweep does not begin where memory may reach a disk
    }
    receipt = receipt_for(step, row, RequestStep.SWEPT, **said)
    paths: list[Json] = [path for path, _ in photographs]
    return outcome(
        step, row, Event.SWEEP_RELEASED, receipt, show={**said, "paths": paths}, source=str(source.pk)
    )
