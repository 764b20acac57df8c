"""An evaluation as JSON: the keys are the symbols of the standard, each with `value`, `low`, `high` and `n`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from countenance.evaluation.differentials import Differential, Worst
from countenance.evaluation.identification import AtFpir, Identification
from countenance.evaluation.path import Evaluation, Measured
from countenance.evaluation.quality import floors
from countenance.evaluation.values import Curve, Floats, Rate
from countenance.evaluation.verification import AtFmr, complement
from countenance.primitives.canonical import Json

FORMAT = "countenance-evaluation/1"
_HISTOGRAM = 400  # bins told, of the 20,001 counted


def document(evaluation: Evaluation) -> dict[str, Json]:
    """Everything but the paths of single photographs; those stand in `failed` and `duplicates` by themselves."""
    material, plan = evaluation.material, evaluation.plan
    return {
        "format": FORMAT,
        "at": evaluation.at.isoformat(timespec="seconds"),
        "pack": evaluation.pack,
        "space_id": evaluation.space_id,
        "data": {
            "kind": material.kind,
            "persons": material.persons,
            "photographs": material.photographs,
            "duplicates": material.duplicates,
            "not_acquired": dict(material.reasons),
            "sha256": material.digest,
            "FTE": rate(material.fte),
        },
        "protocol": {
            "seed": plan.seed,
            "splits": plan.splits,
            "references": plan.references,
            "fusion": plan.fusion.value,
            "interval": "95 %, percentile bootstrap over persons",
            "failures_to_acquire": "counted in: a comparison that reaches no threshold",
        },
        "results": [_measured(one) for one in evaluation.measured],
        "failed": [{"path": str(one.path), "reason": one.reason} for one in evaluation.failed],
        "duplicates": [str(path) for path in evaluation.duplicates],
    }


def rate(one: Rate) -> dict[str, Json]:
    """A rate by its four keys."""
    return {"value": one.value, "low": one.low, "high": one.high, "n": one.n}


def _exact(value: float, n: int) -> dict[str, Json]:
    """A number that was set or counted: it has no interval."""
    return {"value": value if math.isfinite(value) else None, "low": None, "high": None, "n": n}


def _measured(one: Measured) -> dict[str, Json]:
    return {
        "definition": None if one.definition is None else one.definition.value,
        "verification": [_at_fmr(point) for point in one.verification.points],
        "pairs": None
        if one.folds is None
        else {
            "accuracy": {
                "value": one.folds.accuracy,
                "low": one.folds.accuracy - 1.96 * one.folds.standard_error,
                "high": min(1.0, one.folds.accuracy + 1.96 * one.folds.standard_error),
                "n": one.folds.n,
            },
            "standard_error": one.folds.standard_error,
            "folds": list(one.folds.each),
            "not_acquired": one.folds.not_acquired,
        },
        **identification_document(one.identification),
        "differentials": [_differential(each) for each in one.differentials],
        "rejection": [
            {"rejected": each.rejected, "quality": each.floor, "FNIR": rate(each.fnir)}
            for each in one.rejection
        ],
        "quality_floors": _floors(one),
        "reliability": [{"said": each.said, "FPIR": rate(each.seen)} for each in one.reliability],
        "growth": [
            {
                "N_known": each.known,
                "N": _exact(each.gallery, each.gallery),
                "T": _exact(each.threshold, each.gallery),
                "FPIR_predicted": each.predicted,
                "FPIR_measured": each.measured,
                "factor": each.factor if math.isfinite(each.factor) else None,
            }
            for each in one.growth
        ],
        "curves": _curves(one),
        "histograms": _histograms(one),
    }


def _floors(one: Measured) -> dict[str, Json]:
    """Norms below which a photograph is not enrolled, or its template is called weak, as the rejection curve bears out."""
    found = floors(one.rejection)
    return {"enrol": found.enrol, "weak": found.weak}


def _at_fmr(point: AtFmr) -> dict[str, Json]:
    return {
        "target_FMR": point.target,
        "T": _exact(point.threshold, point.fmr.n),
        "FMR": rate(point.fmr),
        "FNMR": rate(point.fnmr),
        "TAR": rate(point.tar),
        "by_person": {"FNMR": rate(point.fnmr_by_person), "TAR": rate(complement(point.fnmr_by_person))},
    }


def identification_document(one: Identification | None) -> dict[str, Json]:
    """Investigation, identification and growth over gallery sizes."""
    if one is None:
        return {"open_set": None, "investigation": [], "identification": [], "by_gallery_size": []}
    return {
        "open_set": {"N": _exact(one.gallery, one.gallery), "strangers": one.strangers, "mates": one.mates},
        "investigation": [
            {
                "N": _exact(each.gallery, each.gallery),
                "R": _exact(each.rank, each.fnir.n),
                "T": _exact(0, each.fnir.n),
                "FNIR": rate(each.fnir),
            }
            for each in one.investigation
        ],
        "identification": [_at_fpir(each) for each in one.points],
        "by_gallery_size": [_at_fpir(each) for each in one.by_size],
    }


def _at_fpir(point: AtFpir) -> dict[str, Json]:
    return {
        "target_FPIR": point.target,
        "N": _exact(point.gallery, point.gallery),
        "R": _exact(point.rank, point.fnir.n),
        "T": _exact(point.threshold, point.fpir.n),
        "FPIR": rate(point.fpir),
        "FNIR": rate(point.fnir),
        "by_person": {"FNIR": rate(point.fnir_by_person)},
    }


def _differential(one: Differential) -> dict[str, Json]:
    return {
        "dimension": one.dimension,
        "T": _exact(one.threshold, one.groups[0].fmr.n if one.groups else 0),
        "overall_FMR": one.overall_fmr,
        "persons_undeclared": one.undeclared,
        "groups": [
            {
                "group": each.group,
                "persons": each.persons,
                "photographs": each.samples,
                "not_acquired": each.not_acquired,
                "enough": each.enough,
                "FMR": rate(each.fmr),
                "FNMR": rate(each.fnmr),
            }
            for each in one.groups
        ],
        "worst_FMR": _worst(one.worst_fmr),
        "worst_FNMR": _worst(one.worst_fnmr),
    }


def _worst(one: Worst | None) -> dict[str, Json] | None:
    if one is None:
        return None
    return {"group": one.group, "least": one.least, "ratio": one.ratio, "low": one.low, "high": one.high}


def _curves(one: Measured) -> dict[str, Json]:
    found: dict[str, Json] = {"verification": _curve(one.verification.curve, ("FMR", "FNMR"))}
    if one.identification is not None:
        found["identification"] = _curve(one.identification.curve, ("FPIR", "FNIR"))
    return found


def _curve(curve: Curve, names: tuple[str, str]) -> dict[str, Json]:
    """At most 400 points, where the false positive rate or the false negative rate changes."""
    kept = thinned(curve)
    return {
        "T": _numbers(curve.threshold[kept]),
        names[0]: _numbers(curve.false_positive[kept]),
        names[1]: _numbers(curve.false_negative[kept]),
    }


def thinned(curve: Curve, most: int = 400) -> Sequence[int]:
    """Places of at most about `most` points of a curve, spread over both of its logarithmic axes."""
    floor = 1e-9
    path = np.abs(np.diff(np.log10(np.maximum(curve.false_positive, floor)), prepend=0)) + np.abs(
        np.diff(np.log10(np.maximum(curve.false_negative, floor)), prepend=0)
    )
    steps = np.floor(np.cumsum(path) / max(float(path.sum()), floor) * most)
    kept: list[int] = np.nonzero(np.diff(steps, prepend=-1))[0].tolist()
    return kept


def _histograms(one: Measured) -> dict[str, Json]:
    bins = one.counts.bins
    width = bins.count // _HISTOGRAM
    starts = np.arange(0, bins.count, width)
    return {
        "start": bins.start,
        "step": bins.step * width,
        "mated": np.add.reduceat(one.counts.mated, starts).tolist(),
        "non_mated": np.add.reduceat(one.counts.non_mated, starts).tolist(),
    }


def _numbers(values: Floats) -> list[Json]:
    return [float(f"{value:.6g}") for value in values]
