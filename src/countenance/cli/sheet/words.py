"""What our pages say, in the language spoken now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.cli.language import Language, _, say, spoken
from countenance.index.answers import Coverage
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.biometrics.statement import Chance, Statement
    from countenance.search.values import Candidate, LoggedCandidates

LEADS = N_("Leads, not identifications")

WHAT_THEY_ARE = N_(
    "A candidate is somebody who resembles the probe. A comparison score says how near two photographs' faces lie to one "
    "another, not how probable it is that they show one person. Two people must examine a lead before it is used."
)

PURPOSES = {
    "victim-identification": N_("victim identification"),
    "missing-person": N_("missing person"),
    "family-tracing": N_("family tracing"),
    "own-photo-access": N_("access to one's own photographs"),
    "archive-description": N_("archive description"),
}

QUALITY = {
    "small": N_("small"),
    "blurred": N_("blurred"),
    "dark": N_("dark"),
    "bright": N_("bright"),
    "low-contrast": N_("low contrast"),
    "turned": N_("turned"),
    "tilted": N_("tilted"),
    "at-edge": N_("cut off at the edge"),
    "weak-template": N_("weak template"),
    "uncertain-detection": N_("uncertain detection"),
}
"""What makes a sample weak, as people say it; the words of `QualityReason`."""

_COMMON = 0.3  # more often than this is told in per cent

ORIGINS = {
    "pack": N_(
        "By the evaluation published with the model pack, on other photographs than these, and calculated for this size of gallery: "
        "measure your own with countenance evaluate."
    ),
    "workspace": N_(
        "By this workspace's own evaluation {code} of {day}, among {people} people, calculated for this size of gallery; valid until {until}."
    ),
}
"""Whose evaluation it is; the words of `Origin`."""

PASSED_OVER = {
    "none-adopted": N_("This gallery has adopted no evaluation of its own."),
    "expired": N_("This gallery's own evaluation has expired."),
    "other-pack": N_("This gallery's own evaluation was made with another model pack."),
    "outgrown": N_("This gallery has more than ten times the people of its own evaluation."),
}
"""Why it is not the workspace's own; the words of `PassedOver`."""

LIMITS = (
    N_(
        "It does not say who the sought person is. Two people must look at each lead, apart from one another."
    ),
    N_(
        "It does not say how probable it is that two photographs show one person. A score orders the list, and tells "
        "how rare it is between different people in other photographs than these."
    ),
    N_(
        "It does not say who is missing from it. Faces without a live permission are not searched, not counted and not "
        "mentioned; an empty list means only that nobody who may be shown lies above the floor."
    ),
    N_(
        "Relatives, and people of the same age and build, score higher with one another than the calibration says. "
        "Small, dark, turned or old photographs score lower with their own person."
    ),
)


def purpose_words(purpose: str) -> str:
    """A purpose as people say it."""
    return _(PURPOSES.get(purpose, purpose))


def whole_number(value: int) -> str:
    """`12,000`, or `12 000` with a narrow space that does not break."""
    return f"{value:,}".replace(",", "\u202f" if spoken() is Language.FR else ",")


def decimal(value: float, places: int = 3) -> str:
    """A number with a point, or a comma in French."""
    written = f"{value:.{places}f}"
    return written.replace(".", ",") if spoken() is Language.FR else written


def rounded(value: float) -> int:
    """Two figures are all that an evaluation can bear."""
    whole = round(value)
    step: int = 10 ** max(len(str(whole)) - 2, 0)
    return round(whole / step) * step


def statement_sentence(statement: Statement | None) -> str:
    """What a score means among the references that were searched, with intervals."""
    if statement is None:
        return _(N_("No valid evaluation: nothing can be said of what this score means."))
    if statement.stranger is None:
        return say(
            N_(
                "Stronger than the evaluation can tell. Relatives and people who look alike score this high far more often. With a threshold "
                "here the right person, if present, is missed {missed}."
            ),
            missed=_often(statement.missed),
        )
    return say(
        N_(
            "In a gallery of {gallery} people, a stranger's photograph brings a candidate this strong {stranger}. With a threshold here the "
            "right person, if present, is missed {missed}."
        ),
        gallery=whole_number(statement.gallery),
        stranger=_often(statement.stranger),
        missed=_often(statement.missed),
    )


def statement_phrase(statement: Statement | None) -> str:
    """The same in a few words, for below a small picture."""
    if statement is None:
        return _(N_("no evaluation"))
    if statement.stranger is None:
        return _(N_("stronger than the evaluation can tell"))
    return say(N_("a stranger: {often}"), often=_about(statement.stranger.value))


def origin_sentence(answer: LoggedCandidates) -> str:
    """Whose evaluation the statements rest on, and what makes the probe weak; nothing where nothing was stated."""
    evidence = answer.evidence
    if evidence is None or not any(each.statement for each in answer.candidates):
        return ""
    sentences = [
        say(
            ORIGINS[evidence.origin],
            code=evidence.code,
            day=evidence.measured_on,
            people=whole_number(evidence.people),
            until=evidence.valid_until,
        )
    ]
    if evidence.passed_over is not None:
        sentences.append(_(PASSED_OVER[evidence.passed_over]))
    weak = sorted({_(QUALITY[reason]) for face in answer.probe for reason in face.quality})
    if weak:
        sentences.append(
            say(
                N_("The probe is weak ({reasons}): the right person is missed more often than is said here."),
                reasons=", ".join(weak),
            )
        )
    return " ".join(sentences)


def threshold_sentence(answer: LoggedCandidates) -> str:
    """By which operating point the list was cut off; nothing where it was not."""
    point = answer.by_threshold
    if point is None:
        return ""
    return say(
        N_(
            "Identification by threshold: only scores of {threshold} and above, by operating point {code}. In a gallery of {people} people a "
            "stranger's photograph brings a candidate {stranger}, and the right person is missed {missed}. Valid until {until}."
        ),
        threshold=decimal(point.threshold),
        code=point.operating_point,
        people=whole_number(point.most_people),
        stranger=_about(point.fpir),
        missed=_about(point.fnir),
        until=point.valid_until,
    )


def _often(chance: Chance) -> str:
    """`about once in 40 searches (30 to 55)`."""
    if chance.value > _COMMON:
        return say(
            N_("in about {value} of 100 searches ({low} to {high})"),
            value=round(100 * chance.value),
            low=round(100 * chance.low),
            high=round(100 * chance.high),
        )
    if chance.value <= 0:
        return say(N_("less than once in {number} searches"), number=_in(chance.high))
    if chance.low <= 0:
        return say(N_("{about} (at most once in {high})"), about=_about(chance.value), high=_in(chance.high))
    return say(
        N_("{about} ({high} to {low})"),
        about=_about(chance.value),
        high=_in(chance.high),
        low=_in(chance.low),
    )


def _about(value: float) -> str:
    if value > _COMMON:
        return say(N_("in about {value} of 100 searches"), value=round(100 * value))
    return say(N_("about once in {number} searches"), number=_in(value))


def _in(value: float) -> str:
    return whole_number(rounded(1 / max(value, 1e-12)))


def coverage_sentence(coverage: Coverage) -> str:
    """How much was searched of what may be."""
    sentence = say(
        N_("Searched {searched} of {permitted} permitted references."),
        searched=whole_number(coverage.searched),
        permitted=whole_number(coverage.permitted),
    )
    if coverage.not_searchable:
        more = say(
            N_(
                "{count} could not be searched: no template of this model pack, or a part of the index that the searcher, "
                "or countenance doctor, makes again."
            ),
            count=whole_number(coverage.not_searchable),
        )
        return f"{sentence} {more}"
    return sentence


def count_heading(count: int) -> str:
    """How many candidates, as a heading."""
    if count == 0:
        return _(N_("No candidate"))
    if count == 1:
        return _(N_("One candidate"))
    return say(N_("{count} candidates, best first"), count=count)


def date_words(captured_at: str) -> str:
    """A date of EDTF (ISO 8601-2) as people say it, where it is a simple one: `2023~` is about 2023, `2023?` perhaps."""
    date = captured_at[:-1]
    if captured_at.endswith("~"):
        return say(N_("about {date}"), date=date)
    if captured_at.endswith("?"):
        return say(N_("{date}, uncertain"), date=date)
    return captured_at or _(N_("not recorded"))


def references_words(candidate: Candidate) -> str:
    """How many references made a candidate's score, or how many frames of a burst it stands for."""
    if candidate.frames > 1:
        return say(N_("the best of {count} frames of one burst"), count=candidate.frames)
    if candidate.references == 1:
        return "1"
    return say(N_("{count}, compared as one"), count=candidate.references)
