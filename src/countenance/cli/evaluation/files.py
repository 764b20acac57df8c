"""Where a report goes, and as what: by the ending of its name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from countenance.cli.evaluation.chart import SANS
from countenance.cli.evaluation.sections import report
from countenance.evaluation.document import document
from countenance.evaluation.path import Evaluation
from countenance.primitives.errors import UnavailableError, UsageError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

KINDS = (".html", ".pdf", ".json")


def check_reports(paths: Sequence[Path]) -> None:
    """Refuse before anything is measured what could not be written after. Raises UsageError."""
    for path in paths:
        if path.suffix.lower() not in KINDS or not path.parent.is_dir():
            raise UsageError(
                N_("{path} is no place for a report: its folder must exist, and its name end in {kinds}."),
                code="report-place",
                path=str(path),
                kinds=", ".join(KINDS),
            )


def write_report(path: Path, found: Evaluation) -> None:
    """Write one report. Raises UnavailableError."""
    from countenance.cli.evaluation.page import render_page
    from countenance.cli.evaluation.pdf import FONT, render_pdf

    kind = path.suffix.lower()
    if kind == ".json":
        data = (json.dumps(document(found), indent=1, ensure_ascii=False) + "\n").encode("utf-8")
    elif kind == ".pdf":
        data = render_pdf(report(found, font=FONT), found.at)
    else:
        data = render_page(report(found, font=SANS)).encode("utf-8")
    try:
        write_atomically(path, data, mode=0o644)
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be written: {problem}."),
            code="report-unwritable",
            path=str(path),
            problem=error.strerror or type(error).__name__,
        ) from error
