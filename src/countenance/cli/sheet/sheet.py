"""`render_sheet`: a logged candidate list -> one HTML page that needs nothing but itself."""

from __future__ import annotations

from countenance.cli.language import _, say, spoken
from countenance.cli.sheet import words
from countenance.cli.sheet.html import Html, document, element, join, text
from countenance.cli.sheet.parts import candidate_card, empty_list, facts, probe_pictures, statement
from countenance.cli.sheet.style import style
from countenance.primitives.text import N_
from countenance.search.values import LoggedCandidates


def render_sheet(answer: LoggedCandidates) -> str:
    """The page, in the language spoken now. It loads nothing, runs nothing and holds the faces it shows."""
    title = say(N_("Candidate sheet, case {case}"), case=answer.case)
    return document(
        language=spoken().value,
        title=f"{title} - Countenance",
        style=style(),
        body=join(_head(answer), element("main", _list(answer), _limits()), _foot(answer)),
    )


def _head(answer: LoggedCandidates) -> Html:
    return element(
        "header",
        element("p", text("Countenance"), class_="eyebrow"),
        element("h1", text(say(N_("Candidate sheet, case {case}"), case=answer.case))),
        statement(),
    )


def _list(answer: LoggedCandidates) -> Html:
    cards = [candidate_card(candidate) for candidate in answer.candidates]
    return element("section", _aside(answer), _candidates(answer, cards), class_="sheet")


def _candidates(answer: LoggedCandidates, cards: list[Html]) -> Html:
    return element(
        "div",
        element("h2", text(words.count_heading(len(answer.candidates)))),
        element("p", text(words.coverage_sentence(answer.coverage)), class_="soft"),
        *(
            element("p", text(sentence), class_="soft")
            for sentence in (words.threshold_sentence(answer), words.origin_sentence(answer))
            if sentence
        ),
        element("ol", *cards, class_="cards") if cards else empty_list(),
    )


def _aside(answer: LoggedCandidates) -> Html:
    weak = sorted({_(words.QUALITY[reason.value]) for face in answer.probe for reason in face.quality})
    caption = (
        say(N_("{count} photographs of the sought person, fused"), count=len(answer.probe))
        if len(answer.probe) > 1
        else _(N_("The face that was searched with"))
    )
    return element(
        "div",
        element("h2", text(_(N_("Probe")))),
        element(
            "figure",
            probe_pictures(answer),
            element("figcaption", text(caption), class_="small soft"),
            class_="probe",
        ),
        facts(
            [
                (_(N_("Weak points")), ", ".join(weak)),
                (_(N_("Case")), answer.case),
                (_(N_("Purpose")), words.purpose_words(answer.purpose)),
                (_(N_("Gallery")), answer.gallery),
                (_(N_("Log entry")), answer.log_entry),
                (_(N_("Grant")), answer.grant_id),
                (_(N_("Template space")), answer.space_id),
            ]
        ),
        class_="aside",
    )


def _limits() -> Html:
    return element(
        "section",
        element("h2", text(_(N_("What this list does not say")))),
        element("ul", *(element("li", text(_(limit))) for limit in words.LIMITS), class_="limits"),
    )


def _foot(answer: LoggedCandidates) -> Html:
    return element(
        "footer",
        element(
            "section",
            element(
                "p",
                text(
                    say(
                        N_(
                            "This page holds faces that may be shown for this purpose and no other. Keep it with the "
                            "case, and destroy it when the case is closed. The search is entry {entry} of the log."
                        ),
                        entry=answer.log_entry,
                    )
                ),
            ),
        ),
    )
