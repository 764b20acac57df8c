"""The outline of an evaluation's report: sections of words, a plot, and a table beside it; page and PDF render the same."""

from __future__ import annotations

from dataclasses import dataclass, field

from countenance.cli.evaluation.chart import Chart


@dataclass(frozen=True, kw_only=True)
class Table:
    """`heads`, then `rows`, each as long; the first column is left-aligned. `caption`: what it is of."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """One heading, with words, and where there is something to see, a plot beside its table."""

    title: str
    words: tuple[str, ...] = ()
    chart: Chart | None = None
    table: Table | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """`lede`: the one or two sentences that matter. `facts`: name and value."""

    title: str
    lede: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...] = field(default_factory=tuple)
