"""The further sections of an evaluation's report: by group, by quality, reliability, and growth."""

from __future__ import annotations

from countenance.cli.evaluation import plots
from countenance.cli.evaluation.outline import Section, Table
from countenance.cli.evaluation.words import percent, rate_words, share_words
from countenance.cli.language import _, say
from countenance.cli.sheet.words import decimal, whole_number
from countenance.evaluation.differentials import Differential, Worst
from countenance.evaluation.path import Measured
from countenance.evaluation.quality import floors
from countenance.primitives.text import N_


def differential(one: Differential, font: str) -> Section:
    """Rates of each group of one dimension, and the worst of them."""
    alt = say(N_("FMR of each group of {dimension}, with intervals."), dimension=one.dimension)
    rows = tuple(
        (
            each.group if each.enough else f"{each.group} ({_(N_('too small'))})",
            whole_number(each.persons),
            rate_words(each.fmr),
            rate_words(each.fnmr),
        )
        for each in one.groups
    )
    words = [
        say(
            N_(
                "At one threshold for all ({threshold}). FMR is that of two persons of the same group; it comes first, because it harms "
                "somebody who is not sought. Groups are those declared with the data."
            ),
            threshold=decimal(one.threshold, 4),
        ),
        _worst(one.worst_fmr, "FMR"),
        _worst(one.worst_fnmr, "FNMR"),
    ]
    return Section(
        title=say(N_("By group: {dimension}"), dimension=one.dimension),
        words=tuple(words),
        chart=plots.groups(one, alt, font) if any(each.fmr.value for each in one.groups) else None,
        table=Table(
            caption=_(N_("Rates by declared group")),
            heads=(_(N_("Group")), _(N_("Persons")), "FMR", "FNMR"),
            rows=rows,
        ),
    )


def _worst(one: Worst | None, symbol: str) -> str:
    if one is None:
        return say(
            N_(
                "{symbol}: fewer than two groups are large enough to be compared (30 persons, and 30 errors to be expected)."
            ),
            symbol=symbol,
        )
    if one.ratio is None or one.low is None or one.high is None:
        return say(
            N_("{symbol}: highest for {group}; nothing was seen for {least}, so there is no ratio."),
            symbol=symbol,
            group=one.group,
            least=one.least,
        )
    return say(
        N_("{symbol}: highest for {group}, {ratio} times that of {least} (95 %: {low} to {high})."),
        symbol=symbol,
        group=one.group,
        least=one.least,
        ratio=decimal(one.ratio, 2),
        low=decimal(one.low, 2),
        high=decimal(one.high, 2),
    )


def _floors(one: Measured) -> list[str]:
    """The norms that the curve bears out, in words; none where it bears out none."""
    found = floors(one.rejection)
    told = []
    if found.enrol is not None:
        told.append(
            say(
                N_("Below a norm of {norm} more than half of the mated searches missed: too weak to enrol."),
                norm=decimal(found.enrol, 1),
            )
        )
    if found.weak is not None:
        told.append(
            say(
                N_("Below a norm of {norm} more than twice as many missed as over all: weak as a probe."),
                norm=decimal(found.weak, 1),
            )
        )
    return told


def quality(one: Measured, font: str) -> list[Section]:
    """What turning weak photographs away gains, whether statements keep their word, and what growth was predicted."""
    told = []
    if len(one.rejection) > 1:
        told.append(
            Section(
                title=_(N_("Weak photographs turned away")),
                words=(
                    _(
                        N_(
                            "Probes in order of the norm of their embedding, the weakest turned away first; those without a template go before "
                            "all. Threshold and gallery stay as they are."
                        )
                    ),
                    *_floors(one),
                ),
                chart=plots.rejection(
                    one.rejection,
                    _(N_("FNIR against the share of probes turned away, with its interval.")),
                    font,
                ),
                table=Table(
                    caption=_(N_("FNIR of what is left")),
                    heads=(_(N_("Turned away")), _(N_("Least norm")), "FNIR"),
                    rows=tuple(
                        (percent(each.rejected), decimal(each.floor, 1), rate_words(each.fnir))
                        for each in one.rejection
                    ),
                ),
            )
        )
    if one.reliability:
        told.append(
            Section(
                title=_(N_("Does the statement keep its word?")),
                words=(
                    _(
                        N_(
                            "From half of the strangers it was said how seldom a candidate this strong comes; in the other half it was "
                            "counted. On the dotted line both agree."
                        )
                    ),
                ),
                chart=plots.reliability(
                    one.reliability,
                    _(N_("Said against seen shares of strangers' searches, with the line of agreement.")),
                    font,
                ),
                table=Table(
                    caption=_(N_("Said and seen")),
                    heads=(_(N_("Said")), _(N_("Seen"))),
                    rows=tuple((share_words(each.said), rate_words(each.seen)) for each in one.reliability),
                ),
            )
        )
    if one.growth:
        told.append(_growth(one))
    return told


def _growth(one: Measured) -> Section:
    first = one.growth[0]
    return Section(
        title=_(N_("Predicted for a larger gallery")),
        words=(
            say(
                N_(
                    "FPIR among {gallery} persons, predicted from {known} of them by the tails of the searches, beside what was measured."
                ),
                gallery=whole_number(first.gallery),
                known=whole_number(first.known),
            ),
        ),
        table=Table(
            caption=_(N_("FPIR predicted and measured")),
            heads=(_(N_("Threshold")), _(N_("Predicted")), _(N_("Measured")), _(N_("Factor"))),
            rows=tuple(
                (
                    decimal(each.threshold, 4),
                    percent(each.predicted),
                    percent(each.measured),
                    decimal(each.factor, 2),
                )
                for each in one.growth
            ),
        ),
    )
