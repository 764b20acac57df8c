"""Parts that the sheet and the demonstration's page share: a probe, a candidate, an empty list."""

from __future__ import annotations

import re
from collections.abc import Sequence

from countenance.cli.language import _, say
from countenance.cli.sheet import words
from countenance.cli.sheet.html import Html, element, join, jpeg, text
from countenance.primitives.text import N_
from countenance.search.values import Candidate, LoggedCandidates


def facts(pairs: Sequence[tuple[str, object]]) -> Html:
    """Names (already in the language spoken) and values; what is empty is left out."""
    rows = [
        join(element("dt", text(name)), element("dd", breakable(value)))
        for name, value in pairs
        if value not in ("", None)
    ]
    return element("dl", *rows)


def breakable(value: object) -> Html:
    """A value that may be broken where a path, an address or a code has a joint."""
    return Html(
        "".join(
            text(part) if part not in "/_@" else f"{part}<wbr>"
            for part in re.split("([/_@])", str(value))
            if part
        )
    )


def statement() -> Html:
    """What a candidate list is, where nobody can miss it."""
    return element(
        "div",
        element("p", element("strong", text(_(words.LEADS)), class_="serif"), text(_(words.WHAT_THEY_ARE))),
        class_="notice",
        role="note",
    )


def probe_pictures(answer: LoggedCandidates) -> Html:
    """The faces that were searched with."""
    count = len(answer.probe)
    pictures = [
        jpeg(
            face.crop,
            say(
                N_("Probe: face {face} of photograph {photograph}"),
                face=face.number,
                photograph=face.photograph + 1,
            ),
        )
        for face in answer.probe
    ]
    return element("div", *pictures, class_="probes") if count > 1 else join(*pictures)


def candidate_name(candidate: Candidate) -> str:
    """Its label, or that it has none."""
    return candidate.person or _(N_("Unlabelled face"))


def candidate_card(candidate: Candidate, *, level: str = "h3") -> Html:
    """One candidate in full."""
    name = candidate_name(candidate)
    about = element(
        "div",
        element(
            level,
            element("span", text(say(N_("No. {rank}"), rank=candidate.rank)), class_="rank"),
            text(" "),
            text(name),
        ),
        element("p", text(words.statement_sentence(candidate.statement)), class_="statement"),
        element(
            "p",
            text(say(N_("Comparison score {score}"), score=words.decimal(candidate.score))),
            class_="small soft score",
        ),
        facts(
            [
                (_(N_("References")), words.references_words(candidate)),
                (_(N_("Photographed")), words.date_words(candidate.captured_at)),
                (
                    _(N_("Photograph")),
                    say(N_("{photo}, face {face}"), photo=candidate.photo, face=candidate.face),
                ),
                (_(N_("Source")), candidate.source),
                (_(N_("Its reference")), candidate.source_ref),
                (_(N_("Holder")), candidate.holder),
                (_(N_("Contact")), candidate.contact),
            ]
        ),
        class_="about",
    )
    face = element("div", jpeg(candidate.crop, portrait_of(candidate)), class_="face")
    return element("li", face, about, class_="card")


def portrait_of(candidate: Candidate) -> str:
    """The text that stands for a candidate's picture."""
    if candidate.person is None:
        return say(N_("Candidate {rank}: an unlabelled face"), rank=candidate.rank)
    return say(
        N_("Candidate {rank}: a face held under the label {person}"),
        rank=candidate.rank,
        person=candidate.person,
    )


def empty_list() -> Html:
    """A list without candidates, and what that means."""
    return element(
        "div",
        element("p", element("strong", text(_(N_("No candidate"))), class_="serif")),
        element(
            "p",
            text(
                _(
                    N_(
                        "Nobody who may be shown lies above the floor. That says nothing about who is not in the gallery."
                    )
                )
            ),
        ),
        class_="empty",
    )
