"""The report of a case as tagged PDF, to be printed and filed: the same words as the page, faces of leads alone."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from countenance.cli import typeset
from countenance.cli.language import _, say
from countenance.cli.sheet import words
from countenance.cli.sheet.pair import SCALE
from countenance.cli.sheet.report import (
    LEAD_SAYS,
    OUTCOMES,
    RULE,
    case_facts,
    examiner_lines,
    lead_facts,
    outcome_of,
    search_facts,
    verdict_lines,
    verdicts_of,
)
from countenance.primitives.text import N_

_EYES_APART_MM = 18
"""Millimetres between the eyes in every picture: nobody compares faces of two sizes."""


def render_report_pdf(report: Mapping[str, Any], *, log_entry: int | None) -> bytes:
    """The PDF, in the language spoken now. Raises UnavailableError where typst is not installed."""
    files: dict[str, bytes] = {}
    body = [
        (
            f'#block(stroke: (left: 2pt + rgb("#565a61")), inset: 8pt)[*#{typeset.quoted(_(words.LEADS))}* '
            f"#linebreak() #{typeset.quoted(_(LEAD_SAYS))}]"
        ),
        typeset.facts(_texts(case_facts(report, log_entry))),
        *(
            part
            for number, search in enumerate(report["searches"], start=1)
            for part in _search(search, number, files)
        ),
        _heading(2, _(N_("How an outcome is found"))),
        *(f"- #{typeset.quoted(_(line))}" for line in RULE),
        typeset.facts((mark, _(meaning)) for mark, meaning in SCALE),
    ]
    title = say(N_("Report, case {case}"), case=report["case"])
    return typeset.compiled(title, body, files, datetime.fromisoformat(report["made_at"]))


def _search(search: Mapping[str, Any], number: int, files: dict[str, bytes]) -> Iterator[str]:
    yield _heading(2, say(N_("Search {number}"), number=number))
    yield f"#strong({typeset.words(outcome_of(search))})"
    yield typeset.facts(_texts(search_facts(search)))
    if "pairs" not in search:
        return
    yield _heading(3, _(N_("Examined by")))
    yield from (f"- #{typeset.quoted(line)}" for line in examiner_lines(search))
    for pair in search["pairs"]:
        outcome = _(OUTCOMES[pair["outcome"]]).lower()
        yield _heading(3, say(N_("Candidate {rank}: {outcome}"), rank=pair["rank"], outcome=outcome))
        lead = pair.get("lead")
        if lead:
            probes = [
                _picture(each, _(N_("A face that was searched with")), files) for each in search["probe"]
            ]
            beside = (
                [_picture(lead["picture"], _(N_("The candidate's face")), files)] if lead["picture"] else []
            )
            yield f"#grid(columns: {len(probes) + len(beside)}, gutter: 6mm, {', '.join(probes + beside)})"
            yield typeset.facts(_texts(lead_facts(pair, lead)))
        for verdict in verdicts_of(pair):
            first, *rest = verdict_lines(verdict)
            lines = " #linebreak() ".join(f"#{typeset.quoted(line)}" for line in rest)
            yield f"#block(breakable: false)[*#{typeset.quoted(first)}* #linebreak() {lines}]"


def _picture(picture: Mapping[str, Any], alt: str, files: dict[str, bytes]) -> str:
    name = f"face-{len(files)}.jpg"
    files[name] = base64.b64decode(picture["jpeg"])
    wide = min(_EYES_APART_MM / (picture["eye_share"] or 0.26), 82)
    return f"image({typeset.quoted(name)}, alt: {typeset.quoted(alt)}, width: {wide:.2f}mm)"


def _heading(level: int, text: str) -> str:
    return f"#heading(level: {level}, {typeset.quoted(text)})"


def _texts(pairs: list[tuple[str, object]]) -> list[tuple[str, str]]:
    return [(name, "" if value is None else str(value)) for name, value in pairs]
