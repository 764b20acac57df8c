"""`render_yearly`: a yearly report as one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countenance.cli.language import _, say, spoken
from countenance.cli.sheet import words
from countenance.cli.sheet.html import Html, document, element, join, text
from countenance.cli.sheet.style import style
from countenance.primitives.text import N_

STYLE = """
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;font-weight:600;padding:.5rem 0}
th,td{text-align:left;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td code{word-break:break-all}
"""

EVENTS = {
    "search-made": N_("Searches made"),
    "search-refused": N_("Searches refused"),
    "act-refused": N_("Other acts refused"),
    "case-opened": N_("Cases opened"),
    "review-concluded": N_("Reviews concluded"),
    "competence-questioned": N_("Reviewers questioned"),
    "misuse-flagged": N_("Flags raised by the rules against misuse"),
    "flag-reviewed": N_("Flags looked at"),
    "sample-drawn": N_("Samples drawn"),
    "sample-examined": N_("Sampled searches examined"),
    "report-made": N_("Reports made of cases"),
    "consent-recorded": N_("Consents recorded"),
    "consent-withdrawn": N_("Consents withdrawn"),
    "consent-expired": N_("Expiries of consent"),
    "client-suspended": N_("Clients suspended"),
    "account-suspended": N_("Accounts suspended"),
    "gallery-suspended": N_("Galleries suspended"),
    "source-added": N_("Sources added"),
    "source-withdrawn": N_("Sources withdrawn"),
    "policy-activated": N_("Policy packs put in force"),
    "log-exported": N_("Exports of the log"),
    "backup-restored": N_("Backups restored"),
}

BREAKDOWNS = {
    "month": N_("Month"),
    "purpose": N_("Purpose"),
    "jurisdiction": N_("Place"),
    "client": N_("Client"),
    "pack": N_("Policy pack"),
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table of the report. `first`: title of its first column; `rows`: name, number, entries of the log."""

    heading: str
    first: str
    rows: Sequence[tuple[str, str, str]]


def tables(report: Mapping[str, Any], *, named: bool = False) -> Iterator[Table]:
    """The sums, then each breakdown, in the language spoken now. `named`: only of events that have a name for people."""
    figures = [each for each in report["figures"] if not named or each["event"] in EVENTS]
    yield Table(heading=_(N_("In all")), first=_(N_("What happened")), rows=_sums(figures))
    for (event, by), found in _groups(figures).items():
        heading = say(N_("{event}, by {breakdown}"), event=_name(event), breakdown=_(BREAKDOWNS[by]).lower())
        rows = [_row(_value(by, figure["value"]), figure) for figure in found]
        yield Table(heading=heading, first=_(BREAKDOWNS[by]), rows=rows)


def render_yearly(report: Mapping[str, Any]) -> str:
    """The page, in the language spoken now."""
    public = report["edition"] == "public"
    title = (
        say(N_("Transparency report {year}"), year=report["year"])
        if public
        else say(N_("Annual report {year}"), year=report["year"])
    )
    body = join(
        element(
            "header",
            element("p", text("Countenance"), class_="eyebrow"),
            element("h1", text(title)),
            element("p", text(_counted(report)), class_="lede"),
        ),
        element(
            "main",
            *(
                element("section", element("h2", text(each.heading)), _table(each.first, each.rows))
                for each in tables(report)
            ),
            _how(report, public=public),
        ),
        element("footer", element("section", element("p", element("code", text(report["vkey"]))))),
    )
    return document(language=spoken().value, title=f"{title} - Countenance", style=style(STYLE), body=body)


def _counted(report: Mapping[str, Any]) -> str:
    return say(
        N_(
            "Counted from the first {size} entries of the log {log}, which its checkpoint signs. Nothing here is about a person."
        ),
        size=words.whole_number(report["size"]),
        log=report["log"],
    )


def _groups(figures: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for figure in figures:
        if figure["by"] is not None:
            groups.setdefault((figure["event"], figure["by"]), []).append(figure)
    return groups


def _sums(figures: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    return [
        _row(_name(figure["event"]), figure)
        for figure in figures
        if figure["by"] is None and (figure["event"] in EVENTS or figure["count"] is None or figure["count"])
    ]


def _row(name: str, figure: Mapping[str, Any]) -> tuple[str, str, str]:
    if figure["count"] is None:
        return name, _(N_("withheld")), ""
    return name, words.whole_number(figure["count"]), _entries(figure)


def _table(first: str, rows: Sequence[tuple[str, str, str]]) -> Html:
    head = element(
        "tr",
        element("th", text(first), scope="col"),
        element("th", text(_(N_("Number"))), scope="col", class_="number"),
        element("th", text(_(N_("Entries of the log"))), scope="col"),
    )
    lines = [
        element(
            "tr",
            element("th", text(name), scope="row"),
            element("td", text(number), class_="number"),
            element("td", element("span", text(entries), class_="small soft")),
        )
        for name, number, entries in rows
    ]
    return element("table", element("thead", head), element("tbody", *lines))


def _entries(figure: Mapping[str, Any]) -> str:
    if not figure["count"]:
        return ""
    ranges = figure["ranges"]
    if ranges is not None and len(ranges) <= 8:
        return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
    return say(
        N_("{first} to {last}, SHA-256 of their numbers {digest}"),
        first=figure["first"],
        last=figure["last"],
        digest=figure["entries_sha256"][:16],
    )


def _how(report: Mapping[str, Any], *, public: bool) -> Html:
    lines = [
        _(
            N_(
                "Each figure counts the entries of one event in the year (UTC), and in a breakdown those whose leaf shows the "
                "value beside it. Entries are named by their numbers in the log."
            )
        ),
        _(
            N_(
                "To count again: export the log, verify it with verifier.py, then run recount.py with the export and "
                "yearly.json. Neither needs our software."
            )
        ),
    ]
    if public:
        lines.append(
            say(
                N_(
                    "A number from 1 to {most} that concerns people is withheld, and where it is the only one of its table the "
                    "next smallest with it, so that it cannot be computed from the sum."
                ),
                most=int(report["small"]) - 1,
            )
        )
    return element(
        "section",
        element("h2", text(_(N_("How to check it")))),
        element("ul", *(element("li", text(line)) for line in lines)),
    )


def _name(event: str) -> str:
    return _(EVENTS[event]) if event in EVENTS else event


def _value(by: str, value: str) -> str:
    return words.purpose_words(value) if by == "purpose" else value
