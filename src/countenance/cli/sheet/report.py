"""`render_report`: what came of a case, as one page that needs nothing but itself and can be printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from countenance.cli.language import _, say, spoken
from countenance.cli.sheet import words
from countenance.cli.sheet.html import Html, document, element, join, text
from countenance.cli.sheet.pair import face, figure, scale
from countenance.cli.sheet.parts import facts
from countenance.cli.sheet.style import style
from countenance.primitives.text import N_

STYLE = """
.pair{display:flex;flex-wrap:wrap;gap:1.5rem;align-items:flex-start;margin:1rem 0}
.pair img{max-width:none;border-radius:.2rem;outline:1px solid var(--line)}
.pair .probes img{width:auto}
.verdict{background:var(--card);border:1px solid var(--line);border-radius:.3rem;padding:.8rem 1rem;margin:.75rem 0;
break-inside:avoid}
.verdict p{margin:0 0 .4rem}
.outcome{font-size:1.25rem}
article{border-top:2px solid var(--line);padding-top:1rem;margin-top:2rem}
"""

OUTCOMES = {
    "lead": N_("Lead, not an identification"),
    "no-candidate": N_("No candidate"),
    "inconclusive": N_("Inconclusive"),
}

FINDINGS = {
    "alike": N_("alike"),
    "different": N_("different"),
    "not-visible": N_("not visible"),
}

FEATURES = {
    "face-outline": N_("outline of the face"),
    "face-composition": N_("proportions of the face"),
    "hairline": N_("hairline"),
    "forehead": N_("forehead"),
    "eyebrows": N_("eyebrows"),
    "eyes": N_("eyes"),
    "cheeks": N_("cheeks"),
    "nose": N_("nose"),
    "ears": N_("ears"),
    "mouth": N_("mouth"),
    "chin": N_("chin and jaw"),
    "neck": N_("neck"),
    "facial-hair": N_("facial hair"),
    "facial-lines": N_("lines of the face"),
    "scars": N_("scars"),
    "marks": N_("marks of the skin"),
    "alterations": N_("alterations"),
}

RULE = (
    N_("Verdicts of +2 and +3 speak for a lead, those of -2 and -3 against it; the others leave it open."),
    N_("Two examiners who agree decide. Where they differ a third examines, as blindly as they did."),
    N_("Then a lead needs two for and none against. One firm voice against is never outvoted."),
)


def render_report(report: Mapping[str, Any], *, log_entry: int | None) -> str:
    """The page, in the language spoken now."""
    title = say(N_("Report, case {case}"), case=report["case"])
    body = join(
        element(
            "header",
            element("p", text("Countenance"), class_="eyebrow"),
            element("h1", text(title)),
            _statement(),
            element("section", facts(case_facts(report, log_entry))),
        ),
        element(
            "main",
            *(_search(search, number) for number, search in enumerate(report["searches"], start=1)),
            element(
                "section",
                element("h2", text(_(N_("How an outcome is found")))),
                element("ul", *(element("li", text(_(line))) for line in RULE)),
                scale(),
            ),
        ),
        element(
            "footer",
            element("section", element("p", text(_(words.LEADS)), class_="serif")),
        ),
    )
    return document(language=spoken().value, title=f"{title} - Countenance", style=style(STYLE), body=body)


LEAD_SAYS = N_(
    "A lead says where to look further. It does not say who somebody is, and nothing may be decided "
    "against a person because of it alone. It must be confirmed by means other than a face."
)


def _statement() -> Html:
    return element(
        "div",
        element("p", element("strong", text(_(words.LEADS)), class_="serif"), text(_(LEAD_SAYS))),
        class_="notice",
        role="note",
    )


def case_facts(report: Mapping[str, Any], log_entry: int | None) -> list[tuple[str, object]]:
    """What is said of the case."""
    return [
        (_(N_("Client")), report["client"]),
        (_(N_("Purpose")), words.purpose_words(report["purpose"])),
        (_(N_("File number")), report["reference"]),
        (_(N_("On behalf of")), f"{report['on_behalf_of']} ({report['on_behalf_of_jurisdiction']})"),
        (_(N_("Made")), _moment(report["made_at"])),
        (_(N_("Log entry")), log_entry),
    ]


def search_facts(search: Mapping[str, Any]) -> list[tuple[str, object]]:
    """What is said of one search."""
    coverage = say(
        N_("{searched} of {of} permitted references; {missing} could not be searched"),
        searched=words.whole_number(search["searched"]),
        of=words.whole_number(search["of"]),
        missing=words.whole_number(search["not_searchable"]),
    )
    return [
        (_(N_("Made")), _moment(search["made_at"])),
        (_(N_("By")), search["made_by"]),
        (_(N_("Gallery")), search["gallery"]),
        (_(N_("Coverage")), coverage),
        (_(N_("Review")), search["review"] or ""),
        (_(N_("Log entry")), search["log_entry"]),
        (_(N_("Policy pack")), search["pack"]),
        (_(N_("Template space")), search["space"]),
    ]


def _search(search: Mapping[str, Any], number: int) -> Html:
    parts = [
        element("h2", text(say(N_("Search {number}"), number=number))),
        element("p", element("strong", text(outcome_of(search))), class_="outcome serif"),
        facts(search_facts(search)),
    ]
    if "pairs" in search:
        parts += [_examiners(search), *(_pair(pair, search) for pair in search["pairs"])]
    return element("article", *parts)


def outcome_of(search: Mapping[str, Any]) -> str:
    """What came of a search, or why nothing of it may be used."""
    if search["review"] is None:
        return _(N_("Not reviewed: nothing here may be used"))
    if search["outcome"] is None:
        return _(N_("Review not concluded: nothing here may be used"))
    return _(OUTCOMES[search["outcome"]])


def examiner_lines(search: Mapping[str, Any]) -> list[str]:
    """Who examined, with what training."""
    lines = [
        say(
            N_("Examiner {number}: {account}. Training: {training}"),
            number=number,
            account=each["account"],
            training=each["training"] or "-",
        )
        for number, each in enumerate(search["examiners"], start=1)
    ]
    if search["set_aside"]:
        lines.append(say(N_("Examinations set aside: {count}"), count=search["set_aside"]))
    return lines


def _examiners(search: Mapping[str, Any]) -> Html:
    lines = [element("li", text(line)) for line in examiner_lines(search)]
    return element("section", element("h3", text(_(N_("Examined by")))), element("ul", *lines))


def lead_facts(pair: Mapping[str, Any], lead: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Where a lead leads."""
    return [
        (_(N_("Label")), lead["label"] or _(N_("Unlabelled face"))),
        (_(N_("Photograph")), say(N_("{photo}, face {face}"), photo=lead["photograph"], face=lead["face"])),
        (_(N_("Photographed")), words.date_words(lead["captured_at"])),
        (_(N_("Source")), lead["source"]),
        (_(N_("Its reference")), lead["source_ref"]),
        (_(N_("Holder")), lead["holder"]),
        (_(N_("Contact")), lead["contact"]),
        (
            _(N_("Comparison score")),
            say(
                N_("{score} (it orders the list; the examiners did not see it)"),
                score=words.decimal(pair["score"]),
            ),
        ),
    ]


def _pair(pair: Mapping[str, Any], search: Mapping[str, Any]) -> Html:
    lead = pair.get("lead")
    parts = [
        element(
            "h3",
            text(
                say(
                    N_("Candidate {rank}: {outcome}"),
                    rank=pair["rank"],
                    outcome=_(OUTCOMES[pair["outcome"]]).lower(),
                )
            ),
        )
    ]
    if lead:
        pictures = [face(each, _(N_("A face that was searched with"))) for each in search["probe"]]
        beside = [face(lead["picture"], _(N_("The candidate's face")))] if lead["picture"] else []
        parts += [
            element(
                "div", figure(pictures, _(N_("Probe"))), figure(beside, _(N_("Candidate"))), class_="pair"
            ),
            facts(lead_facts(pair, lead)),
        ]
    return element("section", *parts, *(_verdict(each) for each in verdicts_of(pair)))


def verdicts_of(pair: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The searcher's own verdict, where there is one, before those of the examiners."""
    first = pair.get("first")
    return [first, *pair["verdicts"]] if first else list(pair["verdicts"])


def verdict_lines(verdict: Mapping[str, Any]) -> list[str]:
    """What one person found: the verdict first."""
    scale_ = verdict["scale"]
    mark = _(N_("unsuitable")) if scale_ is None else f"{scale_:+d}".replace("-", "\N{MINUS SIGN}")
    if "examiner" in verdict:
        lines = [say(N_("Examiner {number}: {verdict}"), number=verdict["examiner"], verdict=mark)]
    else:
        lines = [
            say(
                N_(
                    "{account}, who searched, before the review, knowing the list: {verdict}. It counts for nothing."
                ),
                account=verdict["account"],
                verdict=mark,
            )
        ]
    for finding, label in FINDINGS.items():
        named = [
            _(FEATURES[each["feature"]]) + (f" ({each['note']})" if each["note"] else "")
            for each in verdict["features"]
            if each["finding"] == finding
        ]
        if named:
            lines.append(say(N_("{finding}: {features}"), finding=_(label), features=", ".join(named)))
    return [*lines, verdict["note"]] if verdict["note"] else lines


def _verdict(verdict: Mapping[str, Any]) -> Html:
    first, *rest = verdict_lines(verdict)
    parts = [element("p", element("strong", text(first))), *(element("p", text(line)) for line in rest)]
    return element("div", *parts, class_="verdict")


def _moment(moment: str) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"
