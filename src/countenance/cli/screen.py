"""Where a run prints: calm text of at most 80 columns for people, or exactly one JSON document for programs.

Colour adds nothing that the words do not say; it is used on a terminal only, and never under NO_COLOR.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import click

from countenance.cli.language import _, say
from countenance.primitives.canonical import Json
from countenance.primitives.text import shown

MOST_COLUMNS = 80
_GAP = 2
_LEAST = 8


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table. `title`: English, translated when shown. `right`: numbers align on the right."""

    title: str
    right: bool = False


def terminal_width() -> int:
    """Columns to write in: those of the terminal, at most 80."""
    return max(40, min(MOST_COLUMNS, shutil.get_terminal_size((MOST_COLUMNS, 24)).columns))


@dataclass(kw_only=True)
class Screen:
    """Prints. `json`: answer programs. Text meant for people is dropped then; errors and progress go to stderr."""

    json: bool = False
    width: int = MOST_COLUMNS
    answered: bool = False

    def document(self, value: Json) -> None:
        """The one JSON document of a run (or one line of several, for `--many`)."""
        self.answered = True
        ascii_only = (sys.stdout.encoding or "ascii").lower().replace("-", "") != "utf8"
        click.echo(json.dumps(value, ensure_ascii=ascii_only))

    def line(self, text: str = "", *, bold: bool = False, dim: bool = False, err: bool = False) -> None:
        """One line; what a terminal would act upon is written out, for names come from outside."""
        if not self.json or err:
            click.echo(self._style(shown(text), bold=bold, dim=dim), err=err, color=_colour(err=err))

    def text(
        self, template: str, *, indent: int = 0, bold: bool = False, dim: bool = False, **params: object
    ) -> None:
        """A sentence or more, translated, filled in and wrapped."""
        self.paragraph(say(template, **params), indent=indent, bold=bold, dim=dim)

    def paragraph(
        self, text: str, *, indent: int = 0, bold: bool = False, dim: bool = False, err: bool = False
    ) -> None:
        """Text that is ready, wrapped."""
        for line in wrap(text, self.width - indent):
            self.line(" " * indent + line if line else "", bold=bold, dim=dim, err=err)

    def wrapped(self, text: str, indent: int) -> list[str]:
        """`text` in the lines that it takes beside `indent` columns."""
        return wrap(text, self.width - indent) or [""]

    def title(self, template: str, **params: object) -> None:
        """A heading with a line of space before it."""
        self.line()
        self.paragraph(say(template, **params), bold=True)

    def facts(self, pairs: Iterable[tuple[str, object]], *, indent: int = 2) -> None:
        """Names (English, translated here) and values, aligned; a None is left out."""
        shown = [(_(name), shape(value)) for name, value in pairs if value is not None]
        if not shown:
            return
        left = min(max(len(name) for name, _value in shown), self.width // 2)
        for name, value in shown:
            lines = wrap(value, self.width - indent - left - _GAP, whole=True) or [""]
            for number, line in enumerate(lines):
                label = name if number == 0 else ""
                self.line(f"{' ' * indent}{label:<{left}}{' ' * _GAP}{line}".rstrip())

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[object]], *, empty: str) -> None:
        """Rows under headings, wrapped inside their columns; or the sentence `empty`."""
        if not rows:
            self.text(empty)
            return
        titles = [_(column.title) for column in columns]
        cells = [[shape(value) for value in row] for row in rows]
        widths = _widths([titles, *cells], self.width)
        self._row(titles, columns, widths, bold=True)
        for row in cells:
            self._row(row, columns, widths)

    def _row(
        self, row: Sequence[str], columns: Sequence[Column], widths: Sequence[int], *, bold: bool = False
    ) -> None:
        wrapped = [wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
        for number in range(max(map(len, wrapped))):
            parts = []
            for lines, column, width in zip(wrapped, columns, widths, strict=True):
                part = lines[number] if number < len(lines) else ""
                parts.append(part.rjust(width) if column.right else part.ljust(width))
            self.line((" " * _GAP).join(parts).rstrip(), bold=bold)

    def _style(self, text: str, *, bold: bool, dim: bool) -> str:
        return click.style(text, bold=bold or None, dim=dim or None) if text and (bold or dim) else text


def shape(value: object) -> str:
    """A value as people read it: yes or no, words with commas, a dash for nothing."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(shape(item) for item in value) or "-"
    return str(value)


def wrap(text: str, width: int, *, whole: bool = False) -> list[str]:
    """`text` in lines of at most `width`; its own line ends stay.

    `whole`: a word that is longer, such as a key or a path, stays in one piece, so that it can be copied.
    """
    lines: list[str] = []
    for part in text.splitlines() or [""]:
        lines.extend(
            textwrap.wrap(part, max(width, _LEAST), break_on_hyphens=False, break_long_words=not whole)
            or [""]
        )
    return lines


def _widths(rows: Sequence[Sequence[str]], total: int) -> list[int]:
    """Natural widths; where they are too wide, prose gives way before codes and names are broken."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    words = [max(len(word) for cell in column for word in (cell.split() or [""])) for column in columns]
    room = total - _GAP * (len(widths) - 1)
    while sum(widths) > room and max(widths) > _LEAST:
        slack = [width - word for width, word in zip(widths, words, strict=True)]
        place = slack.index(max(slack)) if max(slack) > 0 else widths.index(max(widths))
        widths[place] -= 1
    return widths


def _colour(*, err: bool) -> bool:
    stream = sys.stderr if err else sys.stdout
    return not os.environ.get("NO_COLOR") and stream.isatty()
