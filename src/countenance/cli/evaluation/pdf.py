"""A report as tagged PDF (PDF/UA-1, ISO 14289-1), set by typst; every plot has its words for who does not see it.

The same report gives the same bytes: no fonts of the system are used and the date is the evaluation's own.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from countenance.cli.evaluation.outline import Report, Section, Table
from countenance.cli.language import spoken
from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_

FONT = "Libertinus Serif"
_FRAME = """#set document(title: {title}, author: "Countenance", date: datetime(year: {year}, month: {month}, day: {day}))
#set page(paper: "a4", margin: (x: 20mm, top: 20mm, bottom: 22mm), numbering: "1 / 1")
#set text(lang: {language}, font: "Libertinus Serif", size: 10.5pt, hyphenate: true)
#set par(justify: false, leading: 0.62em)
#show heading: set block(above: 1.5em, below: 0.7em, sticky: true)
#show table.cell.where(y: 0): strong
#set table(stroke: (x, y) => (bottom: if y == 0 {{ 0.7pt + rgb("#565a61") }} else {{ 0.4pt + rgb("#d9d6cc") }}), inset: (x: 3pt, y: 3.5pt))
#text(size: 9pt, fill: rgb("#23506e"), weight: "bold", tracking: 0.08em)[COUNTENANCE]
"""


def render_pdf(report: Report, at: datetime) -> bytes:
    """The PDF, in the language spoken now. Raises UnavailableError where typst is not installed."""
    try:
        import typst
    except ImportError as error:
        raise UnavailableError(
            N_("Reports as PDF need the package typst."),
            remedy=N_("Install countenance[pdf], or ask for an .html report."),
            code="typst-missing",
        ) from error
    files: dict[str, bytes] = {}
    body = [
        _FRAME.format(
            title=_quoted(report.title),
            language=_quoted(spoken().value),
            year=at.year,
            month=at.month,
            day=at.day,
        ),
        f"#heading(level: 1, {_quoted(report.title)})",
        *(f"#par({_words(sentence)})" for sentence in report.lede),
        _facts(report.facts),
        *(_section(section, number, files) for number, section in enumerate(report.sections)),
    ]
    files["main.typ"] = "\n\n".join(body).encode("utf-8")
    # Its published types leave out that it takes files by name.
    compile_: Callable[..., bytes] = typst.compile
    return compile_(
        files,
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=at.replace(microsecond=0),
    )


def _section(section: Section, number: int, files: dict[str, bytes]) -> str:
    parts = [f"#heading(level: 2, {_quoted(section.title)})"]
    parts.extend(f"#par({_words(words)})" for words in section.words)
    beside = []
    if section.chart is not None:
        name = f"plot-{number}.svg"
        files[name] = str(section.chart.svg()).encode("utf-8")
        beside.append(f"image({_quoted(name)}, alt: {_quoted(section.chart.alt)}, width: 100%)")
    if section.table is not None and section.table.rows:
        beside.append(_table(section.table))
    if len(beside) == 2:
        parts.append(f"#grid(columns: (58%, 1fr), gutter: 5mm, {beside[0]}, {beside[1]})")
    else:
        parts.extend(f"#{part}" for part in beside)
    return f"#block(breakable: false)[\n{chr(10).join(parts)}\n]"


def _table(table: Table) -> str:
    columns = ", ".join(["auto"] * len(table.heads))
    align = ", ".join(["left", *["right"] * (len(table.heads) - 1)])
    head = ", ".join(f"[#{_quoted(name)}]" for name in table.heads)
    rows = ", ".join(f"[#{_quoted(value)}]" for row in table.rows for value in row)
    return (
        f"[#text(size: 8.5pt)[#par({_words(table.caption)}) #table(columns: ({columns}), align: ({align}), "
        f"table.header({head}), {rows})]]"
    )


def _facts(facts: tuple[tuple[str, str], ...]) -> str:
    rows = "\n".join(f"/ #{_quoted(name)}: #{_quoted(value)}" for name, value in facts)
    return f"#text(size: 9.5pt)[\n{rows}\n]"


def _words(words: str) -> str:
    return f"[#{_quoted(words)}]"


def _quoted(words: str) -> str:
    """A string of typst: nothing in it is markup."""
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
