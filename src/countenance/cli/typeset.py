"""Documents as tagged PDF (PDF/UA-1, ISO 14289-1), set by typst. The same input gives the same bytes: no font of the system
is used, and the date is the document's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from countenance.cli.language import spoken
from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_

_FRAME = """#set document(title: {title}, author: "Countenance", date: datetime(year: {year}, month: {month}, day: {day}))
#set page(paper: "a4", margin: (x: 20mm, top: 20mm, bottom: 22mm), numbering: "1 / 1")
#set text(lang: {language}, font: "Libertinus Serif", size: 10.5pt, hyphenate: true)
#set par(justify: false, leading: 0.62em)
#show heading: set block(above: 1.5em, below: 0.7em, sticky: true)
#show table.cell.where(y: 0): strong
#set table(stroke: (x, y) => (bottom: if y == 0 {{ 0.7pt + rgb("#565a61") }} else {{ 0.4pt + rgb("#d9d6cc") }}), inset: (x: 3pt, y: 3.5pt))
#text(size: 9pt, fill: rgb("#23506e"), weight: "bold", tracking: 0.08em)[COUNTENANCE]
"""


def compiled(title: str, body: Iterable[str], files: dict[str, bytes], at: datetime) -> bytes:
    """The PDF of `body` (typst), in the language spoken now. `files`: pictures by name.

    Raises UnavailableError where typst is not installed.
    """
    try:
        import typst
    except ImportError as error:
        raise UnavailableError(
            N_("Reports as PDF need the package typst."),
            remedy=N_("Install countenance[pdf], or ask for an .html report."),
            code="typst-missing",
        ) from error
    frame = _FRAME.format(
        title=quoted(title), language=quoted(spoken().value), year=at.year, month=at.month, day=at.day
    )
    main = "\n\n".join([frame, f"#heading(level: 1, {quoted(title)})", *body])
    # Its published types leave out that it takes files by name.
    compile_: Callable[..., bytes] = typst.compile
    return compile_(
        {**files, "main.typ": main.encode("utf-8")},
        format="pdf",
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=at.replace(microsecond=0),
    )


def words(text: str) -> str:
    """Text as content."""
    return f"[#{quoted(text)}]"


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values; what is empty is left out."""
    lines = "\n".join(f"/ #{quoted(name)}: #{quoted(value)}" for name, value in rows if value)
    return f"#text(size: 9.5pt)[\n{lines}\n]"


def quoted(text: str) -> str:
    """A string of typst: nothing in it is markup."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
