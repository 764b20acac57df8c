"""A report as one HTML page that needs nothing but itself."""

from __future__ import annotations

from countenance.cli.evaluation.outline import Report, Section, Table
from countenance.cli.language import _, spoken
from countenance.cli.sheet.html import Html, document, element, join, text
from countenance.cli.sheet.style import style
from countenance.primitives.text import N_

_RULES = """
.eval{padding-bottom:3rem}
.facts{grid-template-columns:minmax(9rem,auto) 1fr;max-width:52rem;margin-top:1.5rem}
.pair{display:grid;gap:1.25rem 2rem;align-items:start;margin-top:1rem}
.pair svg{display:block;width:100%;height:auto;max-width:35rem;border:1px solid var(--line);border-radius:.3rem}
table{border-collapse:collapse;font-size:.9375rem;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding-bottom:.35rem}
th,td{padding:.35rem .9rem .35rem 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:baseline}
th{font-weight:600;border-bottom-color:var(--soft)}
th:first-child,td:first-child{text-align:left}
th:last-child,td:last-child{padding-right:0}
.scroll{overflow-x:auto}
@media screen and (min-width:60rem){.pair{grid-template-columns:minmax(0,35rem) minmax(0,1fr)}}
"""
_PAPER = "\n@media print{.pair{grid-template-columns:58% 1fr;gap:1rem}section{break-inside:avoid;margin-top:1.4rem}table{font-size:.8rem}th,td{padding-right:.5rem}}"


def render_page(report: Report) -> str:
    """The page, in the language spoken now."""
    body = join(
        element(
            "header",
            element("p", text("Countenance"), class_="eyebrow"),
            element("h1", text(report.title)),
            *(element("p", text(sentence), class_="lede") for sentence in report.lede[:1]),
            *(element("div", element("p", text(sentence)), class_="notice") for sentence in report.lede[1:]),
            element(
                "dl",
                *(
                    join(element("dt", text(name)), element("dd", text(value)))
                    for name, value in report.facts
                ),
                class_="facts",
            ),
        ),
        element("main", *(_section(section) for section in report.sections), class_="eval"),
    )
    return document(
        language=spoken().value,
        title=f"{report.title} - Countenance",
        style=style(_RULES) + _PAPER,
        body=body,
    )


def _section(section: Section) -> Html:
    parts = [element("h2", text(section.title)), *(element("p", text(words)) for words in section.words)]
    beside = []
    if section.chart is not None:
        beside.append(element("figure", section.chart.svg()))
    if section.table is not None and section.table.rows:
        beside.append(
            element(
                "div",
                _table(section.table),
                class_="scroll",
                tabindex="0",
                role="group",
                aria_label=_(N_("Table")),
            )
        )
    if len(beside) == 2:
        parts.append(element("div", *beside, class_="pair"))
    else:
        parts.extend(beside)
    return element("section", *parts)


def _table(table: Table) -> Html:
    head = element("tr", *(element("th", text(name), scope="col") for name in table.heads))
    rows = [element("tr", *(element("td", text(value)) for value in row)) for row in table.rows]
    return element(
        "table", element("caption", text(table.caption)), element("thead", head), element("tbody", *rows)
    )
