"""What an evaluation's report says, once, for the page and for the PDF: sections of words, a plot, and a table beside it."""

from __future__ import annotations

from countenance.cli.evaluation import plots
from countenance.cli.evaluation.further import differential, quality
from countenance.cli.evaluation.outline import Report, Section, Table
from countenance.cli.evaluation.words import definition_words, rate_words, reason_words, share_words
from countenance.cli.language import _, say
from countenance.cli.sheet.words import decimal, whole_number
from countenance.evaluation.identification import AtFpir, Identification
from countenance.evaluation.path import Evaluation, Measured
from countenance.primitives.text import N_

CAVEAT = N_(
    "These rates hold for photographs like these, of people like these. They say nothing of a single comparison: a score orders "
    "candidates, it does not tell how probable it is that two photographs show one person."
)


def report(found: Evaluation, *, font: str) -> Report:
    """The report, in the language spoken now. `font`: family of the plots' text."""
    several = len(found.measured) > 1
    return Report(
        title=_(N_("Evaluation")),
        lede=(*(sentence for sentence in [_lede(found.measured[0])] if sentence), _(CAVEAT)),
        facts=_facts(found),
        sections=(
            *(
                section
                for number, one in enumerate(found.measured)
                for section in _sections(one, font, full=number == 0, several=several)
            ),
            _method(found),
        ),
    )


def _lede(one: Measured) -> str:
    found = one.identification
    if found is None or not found.points or found.points[-1].fnir.value is None:
        return ""
    point = found.points[-1]
    return say(
        N_(
            "Among {gallery} persons with the threshold at which {fpir} of strangers' searches bring a candidate, the right person is "
            "missed in {fnir} of searches."
        ),
        gallery=whole_number(point.gallery),
        fpir=share_words(point.target),
        fnir=rate_words(point.fnir),
    )


def _facts(found: Evaluation) -> tuple[tuple[str, str], ...]:
    material, plan = found.material, found.plan
    first = found.measured[0]
    facts = [
        (_(N_("Date")), found.at.date().isoformat()),
        (_(N_("Model pack")), found.pack or _(N_("scores of another system"))),
        (_(N_("Template space")), found.space_id or "-"),
        (_(N_("Persons")), whole_number(material.persons)),
        (_(N_("Photographs or probes")), whole_number(material.photographs)),
        (_(N_("Mated comparisons")), whole_number(first.verification.mated)),
        (_(N_("Non-mated comparisons")), whole_number(first.verification.non_mated)),
        (_(N_("Failures to acquire (FTE)")), rate_words(material.fte)),
        (_(N_("Seed, splits")), f"{plan.seed}, {plan.splits}"),
        (_(N_("References of a person")), str(plan.references)),
    ]
    if material.duplicates:
        facts.append((_(N_("Same file again, left out")), whole_number(material.duplicates)))
    if material.reasons:
        reasons = "; ".join(f"{reason_words(name)}: {count}" for name, count in material.reasons.items())
        facts.append((_(N_("Why no template was made")), reasons))
    return tuple(facts)


def _sections(one: Measured, font: str, *, full: bool, several: bool) -> list[Section]:
    made = f" ({definition_words(one.definition)})" if several and one.definition is not None else ""
    told = [_scores(one, font, made), _verification(one, font, made)]
    if one.folds is not None:
        told.append(_folds(one, made))
    if one.identification is not None:
        told.append(_identification(one.identification, font, made))
        if full and len(one.identification.by_size) > 1:
            told.append(_by_size(one.identification, font))
    if full:
        told.extend(differential(each, font) for each in one.differentials)
        told.extend(quality(one, font))
    return told


def _scores(one: Measured, font: str, made: str) -> Section:
    alt = _(N_("Histogram of comparison scores: of two persons, and further right of one person."))
    rows = tuple(
        (share_words(point.target), decimal(point.threshold, 4), rate_words(point.fmr))
        for point in one.verification.points
    )
    return Section(
        title=_(N_("Scores of one person and of two")) + made,
        words=(
            _(
                N_(
                    "Each kind is drawn as a share of its own, so that both can be seen; comparisons of two persons are far more "
                    "numerous. Where the two overlap, no threshold is right."
                )
            ),
        ),
        chart=plots.histograms(one, alt, font),
        table=Table(
            caption=_(N_("Thresholds")), heads=("FMR", _(N_("Threshold")), _(N_("FMR measured"))), rows=rows
        ),
    )


def _verification(one: Measured, font: str, made: str) -> Section:
    points = one.verification.points
    alt = _(N_("DET curve: FNMR against FMR on logarithmic axes, with the points of the table."))
    return Section(
        title=_(N_("Verification: one against one")) + made,
        words=(
            _(
                N_(
                    "FMR: share of comparisons of two persons at or above the threshold. FNMR: share of comparisons of one person "
                    "below it, with failures to acquire counted in. TAR is 1 - FNMR."
                )
            ),
        ),
        chart=plots.det(
            one.verification.curve, ("FMR", "FNMR"), alt, font, [(each.fmr, each.fnmr) for each in points]
        ),
        table=Table(
            caption=_(N_("FNMR at a given FMR")),
            heads=("FMR", "FNMR", _(N_("FNMR, persons alike"))),
            rows=tuple(
                (share_words(each.target), rate_words(each.fnmr), rate_words(each.fnmr_by_person))
                for each in points
            ),
        ),
    )


def _folds(one: Measured, made: str) -> Section:
    folds = one.folds
    assert folds is not None
    return Section(
        title=_(N_("Accuracy over sets of pairs")) + made,
        words=(
            say(
                N_(
                    "{accuracy} % ± {error} (standard error of the mean over {folds} sets, {pairs} pairs). The threshold of each set "
                    "comes from the others. This number says little about searches in a gallery."
                ),
                accuracy=decimal(100 * folds.accuracy, 2),
                error=decimal(100 * folds.standard_error, 2),
                folds=len(folds.each),
                pairs=whole_number(folds.n),
            ),
        ),
    )


def _identification(found: Identification, font: str, made: str) -> Section:
    alt = _(
        N_(
            "DET curve of open-set searches: FNIR against FPIR on logarithmic axes, with the points of the table."
        )
    )
    rows = [
        (whole_number(each.gallery), str(each.rank), "-", rate_words(each.fnir))
        for each in found.investigation
    ]
    rows += [
        (whole_number(each.gallery), str(each.rank), share_words(each.target), rate_words(each.fnir))
        for each in found.points
    ]
    return Section(
        title=_(N_("Searches: one against many")) + made,
        words=(
            say(
                N_(
                    "{gallery} persons enrolled; {mated} searches for one of them, {strangers} for strangers, in {splits} random splits. "
                    "FNIR: the right person is not among the first R candidates, or below the threshold. FPIR: a stranger's search brings "
                    "a candidate. Without an FPIR there is no threshold, and a person reads the list."
                ),
                gallery=whole_number(found.gallery),
                mated=whole_number(found.mated),
                strangers=whole_number(found.non_mated),
                splits=found.splits,
            ),
        ),
        chart=plots.det(
            found.curve, ("FPIR", "FNIR"), alt, font, [(each.fpir, each.fnir) for each in found.points]
        ),
        table=Table(
            caption=_(N_("FNIR by rank and FPIR")), heads=("N", "R", "FPIR", "FNIR"), rows=tuple(rows)
        ),
    )


def _by_size(found: Identification, font: str) -> Section:
    points: tuple[AtFpir, ...] = found.by_size
    alt = say(
        N_("FNIR at FPIR {fpir} against the number of persons enrolled."), fpir=share_words(points[0].target)
    )
    return Section(
        title=_(N_("The larger the gallery")),
        words=(
            say(
                N_(
                    "The same searches in smaller galleries, the threshold set anew for FPIR {fpir} each time. A larger gallery needs a "
                    "higher threshold, and misses more. Beyond the right end nothing was measured."
                ),
                fpir=share_words(points[0].target),
            ),
        ),
        chart=plots.by_size(points, alt, font),
        table=Table(
            caption=_(N_("FNIR by gallery size")),
            heads=("N", _(N_("Threshold")), "FNIR"),
            rows=tuple(
                (whole_number(each.gallery), decimal(each.threshold, 4), rate_words(each.fnir))
                for each in points
            ),
        ),
    )


def _method(found: Evaluation) -> Section:
    return Section(
        title=_(N_("How this was measured")),
        words=(
            _(
                N_(
                    "Terms and rates after ISO/IEC 19795-1 and NIST FRTE, groups after ISO/IEC 19795-10. Intervals are 95 %, by bootstrap over "
                    "persons: what one person contributes comes or stays away together. At a rate of 0 the bound is the rule of three over persons."
                )
            ),
            _(
                N_(
                    "A photograph without a template is a failure to acquire: it counts as missed. Of each photograph the face in the middle "
                    "was used. No template is in this report."
                )
            ),
            say(N_("The data that were measured (SHA-256): {digest}"), digest=found.material.digest),
        ),
    )
