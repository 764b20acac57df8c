"""A search in one strip: the probe, and the faces it brought."""

from __future__ import annotations

from countenance.cli.demo.desk import Shown
from countenance.cli.language import _, say
from countenance.cli.sheet import words
from countenance.cli.sheet.html import Html, element, jpeg, text
from countenance.cli.sheet.parts import candidate_name, portrait_of, probe_pictures
from countenance.primitives.text import N_
from countenance.search.values import Candidate


def strip_of(made: Shown, title: str = "") -> Html:
    """A probe, and the strip of its candidates."""
    heading = title or say(N_("Probe {name}"), name=f"{made.sought}.jpg")
    strip = (
        element("ol", *(_face(candidate) for candidate in made.answer.candidates), class_="strip")
        if made.answer.candidates
        else element(
            "p", element("strong", text(_(N_("No candidate"))), class_="serif"), class_="empty nobody"
        )
    )
    return element(
        "article",
        element(
            "figure",
            probe_pictures(made.answer),
            element(
                "figcaption",
                element("h3", text(heading)),
                element(
                    "span",
                    text(say(N_("Log entry {entry}"), entry=made.answer.log_entry)),
                    class_="small soft",
                ),
            ),
            class_="sought",
        ),
        element(
            "div",
            strip,
            element("p", text(words.coverage_sentence(made.answer.coverage)), class_="small soft coverage"),
        ),
        class_="search",
    )


def _face(candidate: Candidate) -> Html:
    return element(
        "li",
        jpeg(candidate.crop, portrait_of(candidate)),
        element(
            "strong",
            element("span", text(f"{candidate.rank} "), class_="rank"),
            text(candidate_name(candidate)),
            class_="serif",
        ),
        text(" "),  # between what would else be read as one word
        element("span", text(words.statement_phrase(candidate.statement)), class_="small"),
        text(" "),
        element("span", text(words.decimal(candidate.score)), class_="small soft"),
    )
