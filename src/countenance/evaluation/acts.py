"""The acts by which a workspace stands by a measurement: adopt an evaluation, set an operating point, end either."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet

from countenance.acting.step import Handler, Handlers, Outcome, Step
from countenance.biometrics.statement import LEAST_SEEN, Origin
from countenance.evaluation.adopting import read_report
from countenance.evaluation.values import Definition
from countenance.policy.questions import Act
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.ids import new_code, read_code
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.measuring import GROWTH, describe_evaluation, describe_point, measured
from countenance.records.models import AdoptedEvaluation, OperatingPoint
from countenance.records.named import find_gallery

USUAL_LIFE = timedelta(days=365)
LONGEST_LIFE = timedelta(days=730)
"""Counted from the day of the measurement: photographs, people and cameras change."""

REPORT = "report.json"


def adopt(step: Step) -> Outcome:
    """`gallery`, `files` ({"report.json": its text}), `until`: an evaluation of this workspace's own templates. Two persons."""
    gallery = find_gallery(step.params.line("gallery"))
    pack = step.workspace.models
    definition = Definition.CENTRED_MIRRORED if pack.mirrored else Definition.CENTRED
    report = read_report(_text(step), definition)
    if report.space_id != str(pack.space_id):
        raise ConflictError(
            N_("This report was measured with templates of {theirs}; this gallery's are of {ours}."),
            remedy=N_("Measure again with the model pack that is in use."),
            code="evaluation-space",
            theirs=report.space_id,
            ours=str(pack.space_id),
        )
    expires = _expires(step, report.at)
    _end(AdoptedEvaluation.objects.filter(gallery=gallery, space_id=report.space_id, ended_at=None), step)
    row = AdoptedEvaluation.objects.create(
        code=new_code("M", groups=2),
        gallery=gallery,
        space_id=report.space_id,
        report_sha256=report.sha256,
        measured_at=report.at,
        people=report.people,
        references_each=report.references_each,
        strangers=report.strangers,
        mates=report.mates,
        curve={name: list(column) for name, column in report.curve.items()},
        groups=list(report.groups),
        floor_norm=report.floor_norm,
        weak_norm=report.weak_norm,
        adopted_by=step.caller.account,
        adopted_at=step.now,
        expires_at=expires,
    )
    step.workspace.revoke_grants()
    return Outcome(
        record=describe_evaluation(row, step.now),
        event=Event.EVALUATION_ADOPTED,
        details={
            "code": row.code,
            "gallery": str(gallery.pk),
            "space": row.space_id,
            "report": row.report_sha256,
            "measured_at": iso(row.measured_at),
            "people": row.people,
            "expires_at": iso(row.expires_at),
        },
        jurisdiction=gallery.jurisdiction,
    )


def end_evaluation(step: Step) -> Outcome:
    """`evaluation`, `reason`. One person: what ends makes the program say less, and operating points on it are void."""
    row = _named(AdoptedEvaluation.objects.select_related("gallery"), step.params.text("evaluation"))
    row.ended_at, row.ended_reason = step.now, step.params.line("reason")
    row.save(update_fields=["ended_at", "ended_reason"])
    step.workspace.revoke_grants()
    return Outcome(
        record=describe_evaluation(row, step.now),
        event=Event.EVALUATION_ENDED,
        details={"code": row.code, "gallery": str(row.gallery_id), "reason": row.ended_reason},
        jurisdiction=row.gallery.jurisdiction,
    )


def set_point(step: Step) -> Outcome:
    """`evaluation`, `fpir` (a text such as `0.01`), `people`, `reason`, `until`: the least threshold at which a gallery of
    so many people keeps to that FPIR, by the evaluation. Two persons.
    """
    row = _named(AdoptedEvaluation.objects.select_related("gallery"), step.params.text("evaluation"))
    if row.expires_at <= step.now or row.space_id != str(step.workspace.models.space_id):
        raise ConflictError(
            N_("The evaluation {evaluation} has expired, or is of another model pack."),
            remedy=N_("Measure again, and adopt the new report."),
            code="evaluation-not-in-force",
            evaluation=row.code,
        )
    most = GROWTH * row.people
    people = step.params.number("people", default=row.people, least=1, most=most)
    target = _share(step.params.text("fpir"))
    threshold = _threshold(row, people, target)
    told = measured(row).state(threshold, people, Origin.WORKSPACE)
    if told is None or told.stranger is None:
        raise _too_few(row, target)
    until = step.params.moment("until") or row.expires_at
    if not step.now < until <= row.expires_at:
        raise UsageError(
            N_("An operating point ends no later than its evaluation, on {day}."),
            code="operating-point-until",
            day=iso(row.expires_at)[:10],
        )
    before = _end(OperatingPoint.objects.filter(gallery=row.gallery, ended_at=None), step)
    point = OperatingPoint.objects.create(
        code=new_code("T", groups=2),
        gallery=row.gallery,
        evaluation=row,
        space_id=row.space_id,
        threshold=threshold,
        most_people=people,
        fpir=told.stranger.value,
        fpir_high=told.stranger.high,
        fnir=told.missed.value,
        fnir_high=told.missed.high,
        reason=step.params.line("reason"),
        set_by=step.caller.account,
        set_at=step.now,
        expires_at=until,
    )
    step.workspace.revoke_grants()
    return Outcome(
        record=describe_point(point, step.now),
        event=Event.OPERATING_POINT_SET,
        details={
            "code": point.code,
            "gallery": str(row.gallery_id),
            "evaluation": row.code,
            "space": point.space_id,
            "threshold": f"{threshold:.6f}",
            "people": people,
            "replaces": before or None,
            "reason": point.reason,
            "expires_at": iso(point.expires_at),
        },
        jurisdiction=row.gallery.jurisdiction,
    )


def end_point(step: Step) -> Outcome:
    """`operating_point`, `reason`. One person: from now on nobody is searched by threshold there."""
    point = _named(
        OperatingPoint.objects.select_related("gallery", "evaluation"), step.params.text("operating_point")
    )
    point.ended_at, point.ended_reason = step.now, step.params.line("reason")
    point.save(update_fields=["ended_at", "ended_reason"])
    step.workspace.revoke_grants()
    return Outcome(
        record=describe_point(point, step.now),
        event=Event.OPERATING_POINT_ENDED,
        details={"code": point.code, "gallery": str(point.gallery_id), "reason": point.ended_reason},
        jurisdiction=point.gallery.jurisdiction,
    )


HANDLERS: Handlers = {
    Act.EVALUATION_ADOPT: Handler(carry_out=adopt),
    Act.EVALUATION_END: Handler(carry_out=end_evaluation),
    Act.OPERATING_POINT_SET: Handler(carry_out=set_point),
    Act.OPERATING_POINT_END: Handler(carry_out=end_point),
}


def _text(step: Step) -> str:
    files = step.params.json.get("files")
    if not isinstance(files, Mapping) or not isinstance(files.get(REPORT), str) or len(files) != 1:
        raise UsageError(N_("An evaluation is adopted with the text of its report."), code="evaluation-files")
    return str(files[REPORT])


def _expires(step: Step, measured_at: datetime) -> datetime:
    if measured_at > step.now:
        raise UsageError(N_("This report says that it was made in the future."), code="evaluation-future")
    latest = measured_at + LONGEST_LIFE
    expires = step.params.moment("until") or min(step.now + USUAL_LIFE, latest)
    if not step.now < expires <= latest:
        raise UsageError(
            N_("An evaluation holds for two years from the day it was made, to {day}; not longer."),
            remedy=N_("Give an earlier --until, or measure again."),
            code="evaluation-until",
            day=iso(latest)[:10],
        )
    return expires


def _threshold(row: AdoptedEvaluation, people: int, target: float) -> float:
    """The least measured threshold whose FPIR, grown to `people`, is at most `target`."""
    rates = measured(row)
    for threshold, fpir in zip(rates.threshold, rates.fpir, strict=True):
        if fpir * row.strangers < LEAST_SEEN / 3:
            break  # fewer than ten strangers stand behind it
        told = rates.state(threshold, people, Origin.WORKSPACE)
        if told is not None and told.stranger is not None and told.stranger.value <= target:
            return float(threshold)
    raise _too_few(row, target)


def _too_few(row: AdoptedEvaluation, target: float) -> UsageError:
    return UsageError(
        N_("{strangers} strangers are too few to tell a threshold for FPIR {target} at this size."),
        remedy=N_("Measure on more persons, ask for a higher FPIR, or for a smaller gallery."),
        code="operating-point-too-fine",
        strangers=row.strangers,
        target=f"{target:g}",
    )


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise UsageError(N_("FPIR is a share between 0 and 1, such as 0.01."), code="operating-point-fpir")
    return share


def _named[Row: (AdoptedEvaluation, OperatingPoint)](rows: QuerySet[Row], typed: str) -> Row:
    """The one of this code that has not ended."""
    found = rows.filter(code=read_code(typed) or typed, ended_at=None).first()
    if found is None:
        raise NotFoundError(
            N_("Nothing that is in force has the code {named}."),
            remedy=N_("See them with: countenance evaluation list, countenance operating-point list"),
            code="measurement-missing",
            named=typed,
        )
    return found


def _end[Row: (AdoptedEvaluation, OperatingPoint)](rows: QuerySet[Row], step: Step) -> str:
    """End what is replaced; returns its code."""
    held = rows.first()
    if held is None:
        return ""
    held.ended_at, held.ended_reason = step.now, "replaced"
    held.save(update_fields=["ended_at", "ended_reason"])
    return held.code
