"""The plots of an evaluation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from countenance.cli.evaluation.chart import BLUE, INK, VERMILION, Axis, Chart
from countenance.cli.evaluation.words import plain, share_words, tick
from countenance.cli.language import _
from countenance.cli.sheet.words import whole_number
from countenance.evaluation.differentials import Differential
from countenance.evaluation.document import thinned
from countenance.evaluation.identification import AtFpir
from countenance.evaluation.path import Measured
from countenance.evaluation.quality import Kept, Rejected
from countenance.evaluation.values import Curve, Rate
from countenance.primitives.text import N_


def histograms(one: Measured, alt: str, font: str) -> Chart:
    """Mated and non-mated scores, each as a share of its own kind."""
    counts = one.counts
    # Few comparisons in narrow bins are a comb in which nobody sees a shape.
    width = max(1, counts.bins.count // (200 if counts.all_mated >= 2_000 else 60))
    starts = np.arange(0, counts.bins.count, width)
    kinds = [np.add.reduceat(each, starts).astype(float) for each in (counts.non_mated, counts.mated)]
    shares = [each / max(each.sum(), 1) for each in kinds]
    seen = np.nonzero(shares[0] + shares[1])[0]
    first, last = max(int(seen[0]) - 1, 0), min(int(seen[-1]) + 2, len(starts) - 1)
    edges = counts.bins.start + counts.bins.step * starts
    top = max(float(each.max()) for each in shares) * 1.08
    low, high = float(edges[first]), float(edges[last])
    chart = Chart(
        x=Axis(
            title=_(N_("Comparison score")),
            low=low,
            high=high,
            ticks=_even(low, high),
            label=plain,
        ),
        y=Axis(title=_(N_("Share of comparisons")), low=0, high=top, ticks=_even(0, top), label=tick),
        alt=alt,
        font=font,
    )
    names = (_(N_("two persons")), _(N_("one person")))
    for share, colour, name, dash in zip(shares, (BLUE, VERMILION), names, ("", "7 3"), strict=True):
        steps = [
            (float(edges[place]) + side * width * counts.bins.step, float(share[place]))
            for place in range(first, last)
            for side in (0, 1)
        ]
        chart.area(steps, colour)
        chart.line(steps, colour, name=name, dash=dash, width=1.8)
    if one.verification.points:
        point = one.verification.points[-1]
        chart.mark(point.threshold, f"FMR {share_words(point.target)}")
    return chart


def det(
    curve: Curve, names: tuple[str, str], alt: str, font: str, points: Sequence[tuple[Rate, Rate]]
) -> Chart:
    """False negatives against false positives, both by powers of ten; intervals at the points that are in the table."""
    # What rests on fewer than ten errors is not drawn: there the line would be one person's.
    shown = curve.false_positive > 0
    least = float(curve.false_positive[shown].min()) if shown.any() else 1e-3
    low = 10.0 ** math.floor(math.log10(min(max(10 * least, 1e-8), 0.1)))
    shown &= (curve.false_positive >= low) & (curve.false_negative > 0)
    found = curve.false_negative[shown]
    bottom, top = _decade(
        float(found.min()) if len(found) else 1e-2, float(found.max()) if len(found) else 0.1
    )
    chart = Chart(x=_log_axis(names[0], low, 1), y=_fine_axis(names[1], bottom, top), alt=alt, font=font)
    kept = [place for place in thinned(curve) if shown[place]]
    if len(kept) > 1:
        chart.line(
            [(float(curve.false_positive[place]), float(curve.false_negative[place])) for place in kept], BLUE
        )
    for positive, negative in points:
        _crossed(chart, positive, negative)
    return chart


def by_size(points: Sequence[AtFpir], alt: str, font: str) -> Chart:
    """FNIR against gallery size."""
    sizes = [point.gallery for point in points]
    top = _ceiling([point.fnir for point in points])
    low, high = sizes[0] * 0.9, sizes[-1] * 1.1
    chart = Chart(
        x=Axis(
            title=_(N_("Persons enrolled (N)")),
            low=low,
            high=high,
            ticks=sizes if len(sizes) < 7 else sizes[::2],
            label=lambda v: whole_number(round(v)),
            log=True,
        ),
        y=Axis(title="FNIR", low=0, high=top, ticks=_even(0, top), label=tick),
        alt=alt,
        font=font,
    )
    chart.line([(point.gallery, point.fnir.value or 0) for point in points], BLUE, width=1.4)
    for point in points:
        _standing(chart, point.gallery, point.fnir, BLUE)
    return chart


def rejection(points: Sequence[Rejected], alt: str, font: str) -> Chart:
    """FNIR against the share of probes that are turned away."""
    top = _ceiling([point.fnir for point in points])
    far = points[-1].rejected or 0.02
    chart = Chart(
        x=Axis(
            title=_(N_("Probes turned away, weakest first")),
            low=0,
            high=far * 1.03,
            ticks=_even(0, far),
            label=tick,
        ),
        y=Axis(title="FNIR", low=0, high=top, ticks=_even(0, top), label=tick),
        alt=alt,
        font=font,
    )
    upper = [(point.rejected, point.fnir.high or 0) for point in points]
    lower = [(point.rejected, point.fnir.low or 0) for point in reversed(points)]
    chart.band([*upper, *lower], BLUE, opacity=0.15)
    chart.line([(point.rejected, point.fnir.value or 0) for point in points], BLUE)
    for point in points:
        chart.dot((point.rejected, point.fnir.value or 0), BLUE)
    return chart


def reliability(points: Sequence[Kept], alt: str, font: str) -> Chart:
    """What was said against what came; on the diagonal the statement keeps its word."""
    values = [value for point in points for value in (point.said, point.seen.value, point.seen.low) if value]
    low = 10.0 ** math.floor(math.log10(max(min(values), 1e-4)))
    chart = Chart(
        x=_log_axis(_(N_("Said: strangers' searches with a candidate this strong")), low, 1),
        y=_log_axis(_(N_("Seen")), low, 1),
        alt=alt,
        font=font,
    )
    chart.line([(low, low), (1, 1)], INK, dash="2 4", width=1.2)
    for point in points:
        if point.seen.value:
            chart.whisker((point.said,) * 2, (max(point.seen.low or low, low), point.seen.high or 1), BLUE)
            chart.dot((point.said, point.seen.value), BLUE)
    return chart


def groups(one: Differential, alt: str, font: str) -> Chart:
    """FMR of each group with its interval, on a logarithmic axis; a hollow mark would be read as a value, so small groups are named."""
    shown = [each for each in one.groups if each.fmr.value]
    values = [value for each in shown for value in (each.fmr.low, each.fmr.value, each.fmr.high) if value]
    low = 10.0 ** math.floor(math.log10(max(min(values, default=1e-3), 1e-8)))
    high = 10.0 ** math.ceil(math.log10(max(values, default=1e-2)) + 1e-9)
    count = len(shown)
    chart = Chart(
        x=_log_axis("FMR", low, high),
        y=Axis(title="", low=0, high=count + 0.5, ticks=(), label=str),
        alt=alt,
        font=font,
        height=110 + 40 * count,
    )
    chart.line(
        [(one.overall_fmr, 0), (one.overall_fmr, count + 0.5)], INK, dash="2 4", width=1.2, name=_(N_("all"))
    )
    for place, each in enumerate(shown):
        y = count - place - 0.25
        colour = BLUE if each.enough else "#8a8d92"
        chart.whisker((each.fmr.low or low, each.fmr.high or high), (y, y), colour)
        chart.dot((each.fmr.value or low, y), colour, square=not each.enough)
        name = each.group if each.enough else f"{each.group} ({_(N_('too small'))})"
        chart.note((low, y), name, dx=6, dy=-9)
    return chart


def _crossed(chart: Chart, positive: Rate, negative: Rate) -> None:
    if not positive.value or negative.value is None:
        return
    y = max(negative.value, chart.y.low)
    if positive.low is not None and positive.high is not None:
        chart.whisker((max(positive.low, chart.x.low), positive.high), (y, y), VERMILION)
    if negative.low is not None and negative.high is not None:
        chart.whisker((positive.value,) * 2, (max(negative.low, chart.y.low), negative.high), VERMILION)
    if negative.value > 0:  # 0 has no place on a logarithmic axis; its interval has
        chart.dot((positive.value, y), VERMILION)


def _standing(chart: Chart, x: float, rate: Rate, colour: str) -> None:
    if rate.value is None:
        return
    if rate.low is not None and rate.high is not None:
        chart.whisker((x, x), (rate.low, rate.high), colour)
    chart.dot((x, rate.value), colour)


def _decade(low: float, high: float) -> tuple[float, float]:
    """Round ends for a logarithmic axis: powers of ten, or twice or five times one."""
    rounds = [factor * 10.0**power for power in range(-6, 1) for factor in (1, 2, 5)]
    bottom = max((each for each in rounds if each <= low * 1.0001), default=1e-6)
    top = min((each for each in rounds if each >= min(high * 1.05, 1)), default=1.0)
    return min(bottom, top / 10), min(top, 1.0)


def _fine_axis(title: str, low: float, high: float) -> Axis:
    """A logarithmic axis with ticks at 1, 2 and 5, or at powers of ten where that would be too many."""
    rounds = [factor * 10.0**power for power in range(-7, 1) for factor in (1, 2, 5)]
    ticks = [each for each in rounds if low * 0.999 <= each <= high * 1.001]
    if len(ticks) > 8:
        ticks = [each for each in ticks if f"{each:e}".startswith("1")]
    return Axis(title=title, low=low, high=high, ticks=ticks, label=tick, log=True)


def _log_axis(title: str, low: float, high: float) -> Axis:
    first, last = round(math.log10(low)), round(math.log10(high))
    # From the right end, so that 100 % is always named; every other one where they would touch.
    powers = range(last, first - 1, -1 if last - first < 5 else -2)
    return Axis(
        title=title, low=low, high=high, ticks=[10.0**power for power in powers], label=share_words, log=True
    )


def _ceiling(rates: Sequence[Rate]) -> float:
    top = max((rate.high or rate.value or 0 for rate in rates), default=0)
    return min(1.0, max(top * 1.1, 0.01))


def _even(low: float, high: float, about: int = 5) -> list[float]:
    """Round values between two ends."""
    span = (high - low) / about
    size = 10.0 ** math.floor(math.log10(span))
    step = min((factor * size for factor in (1, 2, 2.5, 5, 10)), key=lambda each: abs(each - span))
    return [
        round(number * step, 10)
        for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    ]
