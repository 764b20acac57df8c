"""A report as tagged PDF (PDF/UA-1, ISO 14289-1), set by typst; every plot has its words for who does not see it.

The same report gives the same bytes: no fonts of the system are used and the date is the evaluation's own.
"""

from __future__ import annotations

from datetime import datetime

from countenance.cli.evaluation.outline import Report, Section, Table
from countenance.cli.typeset import compiled, facts, quoted, words

FONT = "Libertinus Serif"


def render_pdf(report: Report, at: datetime) -> bytes:
    """The PDF, in the language spoken now. Raises UnavailableError where typst is not installed."""
    files: dict[str, bytes] = {}
    body = [
        *(f"#par({words(sentence)})" for sentence in report.lede),
        facts(report.facts),
        *(_section(section, number, files) for number, section in enumerate(report.sections)),
    ]
    return compiled(report.title, body, files, at)


def _section(section: Section, number: int, files: dict[str, bytes]) -> str:
    parts = [f"#heading(level: 2, {quoted(section.title)})"]
    parts.extend(f"#par({words(each)})" for each in section.words)
    beside = []
    if section.chart is not None:
        name = f"plot-{number}.svg"
        files[name] = str(section.chart.svg()).encode("utf-8")
        beside.append(f"image({quoted(name)}, alt: {quoted(section.chart.alt)}, width: 100%)")
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
    head = ", ".join(f"[#{quoted(name)}]" for name in table.heads)
    rows = ", ".join(f"[#{quoted(value)}]" for row in table.rows for value in row)
    return (
        f"[#text(size: 8.5pt)[#par({words(table.caption)}) #table(columns: ({columns}), align: ({align}), "
        f"table.header({head}), {rows})]]"
    )
