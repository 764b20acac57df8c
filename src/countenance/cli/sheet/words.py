"""What our pages say, in the language spoken now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.cli.language import Language, _, say, spoken
from countenance.index.answers import Coverage
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.search.rarity import Rarity

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
    """Two figures are all that a histogram of a few thousand pairs can bear."""
    whole = round(value)
    step: int = 10 ** max(len(str(whole)) - 2, 0)
    return round(whole / step) * step


def rarity_sentence(rarity: Rarity | None) -> str:
    """What a score means, as far as the pack's calibration can say."""
    if rarity is None:
        return _(N_("The model pack has no calibration for this score."))
    if rarity.bound:
        template = N_(
            "Higher than the pack's calibration can tell: there, fewer than one in {number} comparisons of two different "
            "people scores this high. Relatives and people who look alike do far more often."
        )
    elif rarity.one_in <= 1:
        return _(N_("Most comparisons of two different people score this high, in the pack's calibration."))
    else:
        template = N_(
            "About one in {number} comparisons of two different people scores this high, in the pack's calibration."
        )
    return say(template, number=whole_number(rounded(rarity.one_in)))


def rarity_phrase(rarity: Rarity | None) -> str:
    """The same in a few words, for below a small picture."""
    if rarity is None:
        return _(N_("no calibration"))
    if rarity.bound:
        return _(N_("higher than the calibration can tell"))
    return say(N_("about one in {number}"), number=whole_number(rounded(rarity.one_in)))


def chance_sentence(rarity: Rarity | None, searched: int) -> str:
    """The same for a gallery of this size: how often somebody else would score so high in a whole search.

    Nothing beyond the calibration: a bound there, divided by a small gallery, reads like proof, and is none.
    """
    if rarity is None or rarity.bound or not searched:
        return ""
    searches = rarity.one_in / searched
    if rounded(searched / rarity.one_in) > 1:
        return say(
            N_("Among {searched} references, {number} of other people are to be expected this high."),
            searched=whole_number(searched),
            number=whole_number(rounded(searched / rarity.one_in)),
        )
    if rounded(searches) <= 1:
        return say(
            N_(
                "Among {searched} references, somebody else is to be expected this high in nearly every search."
            ),
            searched=whole_number(searched),
        )
    return say(
        N_(
            "Among {searched} references, somebody else is to be expected this high in one search of {number}, if the "
            "people here differ as much as those of the calibration."
        ),
        searched=whole_number(searched),
        number=whole_number(rounded(searches)),
    )


def coverage_sentence(coverage: Coverage) -> str:
    """How much was searched of what may be."""
    sentence = say(
        N_("Searched {searched} of {permitted} permitted references."),
        searched=whole_number(coverage.searched),
        permitted=whole_number(coverage.permitted),
    )
    if coverage.not_searchable:
        more = say(
            N_("{count} could not be searched: no template of this model pack."),
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


def references_words(count: int) -> str:
    """How many references stand behind a candidate."""
    if count == 1:
        return _(N_("1 at or above the floor"))
    return say(N_("{count} at or above the floor"), count=count)
