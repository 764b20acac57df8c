"""The candidate sheet: a search's answer as one page that can be looked at, kept and printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from countenance.primitives.errors import UnavailableError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.cli.door import Door
    from countenance.search.path import SearchAnswer


def write_sheet(door: Door, path: Path, answer: SearchAnswer) -> bool:
    """Write the page of a candidate list to `path`, mode 0600. Any other answer has no page; then nothing is written.

    Returns whether it was written. Raises UnavailableError where `path` cannot be.
    """
    from countenance.cli.sheet.sheet import render_sheet
    from countenance.search.values import LoggedCandidates

    if not isinstance(answer, LoggedCandidates):
        return False
    write_page(path, render_sheet(answer))
    door.screen.text(N_("Page with thumbnails: {path}"), path=str(path))
    return True


def write_page(path: Path, page: str) -> None:
    """Write a page whole or not at all, for its owner alone: it holds faces."""
    try:
        write_atomically(path, page.encode("utf-8"))
    except OSError as error:
        raise UnavailableError(
            N_("The page cannot be written to {path}: {problem}."),
            remedy=N_("Name a file in a folder that you may write to."),
            code="page-not-writable",
            path=str(path),
            problem=error.strerror or type(error).__name__,
        ) from error
