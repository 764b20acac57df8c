"""Asking a person before what cannot be undone."""

from __future__ import annotations

import sys

import click

from countenance.cli.door import Door
from countenance.cli.language import say
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_


def confirm(door: Door, yes: bool, question: str, **words: object) -> None:
    """Go on where the person says so. Where nobody can be asked, `--yes` is needed."""
    if yes:
        return
    if door.screen.json or not sys.stdin.isatty():
        raise UsageError(
            N_("This cannot be undone, and there is nobody here to ask."),
            remedy=N_("Say --yes."),
            code="confirm",
        )
    if not click.confirm(say(question, **words), default=False, err=True):
        raise click.Abort
