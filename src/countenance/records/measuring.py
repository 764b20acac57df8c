"""Which evaluation speaks for a gallery now, and by which operating point it may be searched by threshold (requirement R24).

An adopted evaluation holds for one template space, up to ten times the people it was measured among (so far the growth of
FPIR is checked against measurement; see docs/figures.md), until its day. An operating point holds no longer and no further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from countenance.biometrics.statement import Measured, PassedOver
from countenance.policy.decisions import Refused
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.text import N_
from countenance.records.models import AdoptedEvaluation, Gallery, OperatingPoint

GROWTH = 10
"""An evaluation among N people speaks of galleries of up to this many times N."""

RULE = "OPERATE-01"
AUTHORITY = "Requirement R24: a threshold decides only where it was measured and signed by two persons"
SINCE = "2026-11-01"

_EXPLAINED = {
    "no-operating-point": N_("Identification by threshold is locked: this gallery has no operating point."),
    "operating-point-expired": N_(
        "Identification by threshold is locked: the operating point, or its evaluation, has expired."
    ),
    "operating-point-other-pack": N_(
        "Identification by threshold is locked: the operating point was set for another model pack."
    ),
    "operating-point-outgrown": N_(
        "Identification by threshold is locked: the gallery has more people than the operating point is valid for."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """An evaluation in force, or why there is none (`row` is None exactly where `passed_over` says why)."""

    row: AdoptedEvaluation | None
    passed_over: PassedOver | None


def evaluation_of(gallery: Gallery, space: str, people: int, now: datetime) -> Adopted:
    """The gallery's own evaluation that speaks of `people` in `space` at `now`; else why it has none."""
    held = list(gallery.evaluations.filter(ended_at__isnull=True))
    mine = [row for row in held if row.space_id == space]
    if not mine:
        reason = PassedOver.OTHER_PACK if held else PassedOver.NONE_ADOPTED
        return Adopted(row=None, passed_over=reason)
    (row,) = mine
    if row.expires_at <= now:
        return Adopted(row=None, passed_over=PassedOver.EXPIRED)
    if people > GROWTH * row.people:
        return Adopted(row=None, passed_over=PassedOver.OUTGROWN)
    return Adopted(row=row, passed_over=None)


@dataclass(frozen=True, kw_only=True)
class QualityFloors:
    """Raw norms that a gallery's own evaluation bears out, 0 where it bears out none: below `enrol` nothing is enrolled, below
    `weak` a probe is called weak. The pack's own hold besides.
    """

    enrol: float = 0.0
    weak: float = 0.0


def floors_of(gallery: Gallery, space: str, now: datetime) -> QualityFloors:
    """The floors of the evaluation that is in force for a gallery, however many people it has by now."""
    row = evaluation_of(gallery, space, 1, now).row
    if row is None:
        return QualityFloors()
    return QualityFloors(enrol=row.floor_norm or 0.0, weak=row.weak_norm or 0.0)


def measured(row: AdoptedEvaluation) -> Measured:
    """The rates of an adopted evaluation."""
    return Measured(
        gallery=row.people,
        threshold=tuple(row.curve["T"]),
        fpir=tuple(row.curve["FPIR"]),
        fnir=tuple(row.curve["FNIR"]),
        strangers=row.strangers,
        mates=row.mates,
        references_each=row.references_each,
    )


def operating_point_of(
    gallery: Gallery, space: str, people: int, now: datetime, *, pack: str
) -> OperatingPoint | Refused:
    """The operating point by which `people` may be searched by threshold at `now`; else the refusal. `pack`: of policy."""
    point = gallery.operating_points.select_related("evaluation").filter(ended_at__isnull=True).first()
    if point is None:
        return _locked("no-operating-point", pack)
    if point.expires_at <= now or point.evaluation.expires_at <= now or point.evaluation.ended_at is not None:
        return _locked("operating-point-expired", pack)
    if point.space_id != space:
        return _locked("operating-point-other-pack", pack)
    if people > point.most_people:
        return _locked("operating-point-outgrown", pack)
    return point


def _locked(reason: str, pack: str) -> Refused:
    return Refused(
        reason=reason,
        rule=RULE,
        authority=AUTHORITY,
        since=SINCE,
        explanation=_EXPLAINED[reason],
        pack=pack,
    )


def describe_evaluation(row: AdoptedEvaluation, now: datetime) -> dict[str, Json]:
    """What is shown of an adopted evaluation."""
    return {
        "evaluation": row.code,
        "gallery": row.gallery.name,
        "space_id": row.space_id,
        "report_sha256": row.report_sha256,
        "measured_at": iso(row.measured_at),
        "people": row.people,
        "strangers": row.strangers,
        "mates": row.mates,
        "valid_for_people": GROWTH * row.people,
        "adopted_by": row.adopted_by.name,
        "adopted_at": iso(row.adopted_at),
        "expires_at": iso(row.expires_at),
        "ended_at": iso(row.ended_at) if row.ended_at else None,
        "ended_reason": row.ended_reason or None,
        "groups": list(row.groups),
        "floor_norm": row.floor_norm,
        "weak_norm": row.weak_norm,
        "state": _state(row.ended_at, row.expires_at, now),
    }


def describe_point(point: OperatingPoint, now: datetime) -> dict[str, Json]:
    """What is shown of an operating point: to everybody with an account, as its changes are."""
    return {
        "operating_point": point.code,
        "gallery": point.gallery.name,
        "evaluation": point.evaluation.code,
        "space_id": point.space_id,
        "threshold": point.threshold,
        "people": point.most_people,
        "FPIR": _rate(point.fpir, point.fpir_high),
        "FNIR": _rate(point.fnir, point.fnir_high),
        "groups": list(point.evaluation.groups),
        "reason": point.reason,
        "set_by": point.set_by.name,
        "set_at": iso(point.set_at),
        "expires_at": iso(point.expires_at),
        "ended_at": iso(point.ended_at) if point.ended_at else None,
        "ended_reason": point.ended_reason or None,
        "state": _state(
            point.ended_at or point.evaluation.ended_at,
            min(point.expires_at, point.evaluation.expires_at),
            now,
        ),
    }


def _rate(value: float, high: float) -> Mapping[str, Json]:
    return {"value": value, "high": high}


def _state(ended: datetime | None, expires: datetime, now: datetime) -> str:
    if ended is not None:
        return "ended"
    return "in-force" if expires > now else "expired"
