"""What an error becomes: an exit code, a text that says what, where and what next, or one JSON document.

::

    0 done    1 failed items, or a check that did not pass    2 usage    3 refused by policy
    4 not found    5 not available (also: the state does not allow it, or stored bytes are not what they must be)
    130 interrupted
"""

from __future__ import annotations

import os
import secrets
import traceback
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.door import Door
from countenance.cli.language import Language, _, say, spoken, tell
from countenance.primitives.canonical import Json
from countenance.primitives.errors import CountenanceError, NotFoundError, RefusedError, UsageError
from countenance.primitives.files import NO_ROOM, NOT_WRITABLE
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.policy.book import PolicyBook
    from countenance.records.workspace import Workspace


class Exit(IntEnum):
    """Exit codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    NOT_FOUND = 4
    NOT_AVAILABLE = 5
    INTERRUPTED = 130  # 128 + SIGINT, as shells count
    BROKEN_PIPE = 141  # 128 + SIGPIPE


def exit_code(error: CountenanceError) -> Exit:
    """The exit code of a branch of the error tree."""
    for branch, code in (
        (RefusedError, Exit.REFUSED),
        (UsageError, Exit.USAGE),
        (NotFoundError, Exit.NOT_FOUND),
    ):
        if isinstance(error, branch):
            return code
    return Exit.NOT_AVAILABLE


def report(door: Door, error: CountenanceError) -> Exit:
    """Tell an error that was raised on purpose."""
    if isinstance(error, RefusedError):
        report_refusal(door, error)
    else:
        remedy = None if error.remedy is None else tell(error.remedy)
        _report(door, error.code, tell(error.message), remedy)
    return exit_code(error)


def report_usage(door: Door, error: click.ClickException) -> Exit:
    """Tell an error of the command line, which click found."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx is not None:
        if door.screen.json:
            _report(door, "usage", _(N_("Missing command.")), _hint(error))
        else:
            click.echo(error.ctx.get_help(), err=True)
        return Exit.USAGE
    _report(door, "usage", error.format_message(), _hint(error))
    return Exit.USAGE


def report_interrupt(door: Door) -> Exit:
    """Tell that a person stopped it."""
    _report(door, "interrupted", _(N_("Interrupted. What was committed before stays.")), None)
    return Exit.INTERRUPTED


def report_system(door: Door, error: OSError) -> Exit:
    """Tell a refusal of the file system that nobody named on the way: a disk that is full or may not be written."""
    path = "" if error.filename is None else os.fsdecode(error.filename)
    if error.errno in NO_ROOM:
        message = say(N_("There is no room left to write {path}."), path=path)
        _report(door, "disk-full", message, _(N_("Free some space, then give the same command again.")))
    elif error.errno in NOT_WRITABLE:
        problem = error.strerror or type(error).__name__
        message = say(N_("The file system refused: {path}: {problem}."), path=path, problem=problem)
        remedy = N_("Check that the folder is mounted, writable and owned by this account, then try again.")
        _report(door, "storage-failed", message, _(remedy))
    else:
        return report_crash(door, error)
    return Exit.NOT_AVAILABLE


def report_crash(door: Door, error: BaseException) -> Exit:
    """Tell a fault of ours: an id for people, the traceback for a private file only."""
    name = f"crash-{secrets.token_hex(4)}"
    path = _write_crash(door, name, error)
    message = say(N_("Something went wrong that should not have ({kind})."), kind=type(error).__name__)
    if path is None:
        remedy = say(
            N_("No report could be written. Please tell us what you did, and the id {name}."), name=name
        )
    else:
        remedy = say(N_("Please report it with the file {path}; look through it first."), path=str(path))
    _report(door, "crash", message, remedy)
    return Exit.NOT_AVAILABLE


def refusal_document(error: RefusedError) -> Json:
    """A refusal for programs; the same shape in every command."""
    return {
        "refused": {
            "reason": error.reason,
            "rule": error.rule,
            "authority": error.authority,
            "since": error.since,
        }
    }


def explain(door: Door, error: RefusedError) -> tuple[str, str]:
    """The sentence of a refusal and its authority, in the language spoken now.

    A pack brings its own sentences in both languages; the rules of the house are in the catalogue.
    """
    return explain_in(error, door.opened)


def explain_in(error: RefusedError, workspace: Workspace | None) -> tuple[str, str]:
    """As `explain`; `workspace`: where it is open here, so that the packs in force can be read."""
    sentence, authority = tell(error.message), error.authority
    if spoken() is not Language.FR:
        return sentence, authority
    try:
        rule = _book_of(workspace).rule(error.rule)
    except CountenanceError:
        return sentence, authority  # a rule of the house: its sentence is in the catalogue
    if rule.en != error.message.template:
        return (
            sentence,
            authority,
        )  # of another version of the pack: no translation is better than a wrong one
    return rule.fr, rule.authority_fr


def _book_of(workspace: Workspace | None) -> PolicyBook:
    """The packs in force where the workspace is open here; else those that come with the program."""
    from countenance.policy.book import load_book

    return workspace.policy().book if workspace is not None else load_book(operator="")


def report_refusal(door: Door, error: RefusedError) -> None:
    """Tell a refusal: the sentence, its reason, rule, authority and date."""
    if door.screen.json:
        if not door.screen.answered:
            door.screen.document(refusal_document(error))
        return
    sentence, authority = explain(door, error)
    screen = door.screen
    screen.paragraph(say(N_("Refused: {sentence}"), sentence=sentence), err=True, bold=True)
    facts = (
        (N_("Reason"), error.reason),
        (N_("Rule"), error.rule),
        (N_("Authority"), authority),
        (N_("Since"), error.since),
    )
    left = max(len(_(name)) for name, _value in facts)
    for name, value in facts:
        for number, line in enumerate(_wrapped(value, screen.width - left - 4)):
            screen.line(f"  {_(name) if number == 0 else '':<{left}}  {line}", err=True)


def _wrapped(text: str, width: int) -> list[str]:
    from countenance.cli.screen import wrap

    return wrap(text, width)


def _report(door: Door, code: str, message: str, remedy: str | None) -> None:
    if door.screen.json:
        if not door.screen.answered:
            door.screen.document({"error": {"code": code, "message": message, "remedy": remedy}})
        return
    door.screen.paragraph(_("Error: {message}").format(message=message), err=True)
    if remedy:
        door.screen.paragraph(remedy, err=True)


def _hint(error: click.ClickException) -> str | None:
    context = getattr(error, "ctx", None)
    if context is None:
        return None
    usage: str = context.get_usage()
    return (
        usage
        + "\n"
        + _("Try '{command} {option}' for help.").format(command=context.command_path, option="--help")
    )


def _write_crash(door: Door, name: str, error: BaseException) -> Path | None:
    """Where the traceback went: `run/` of the workspace, else the cache folder; 0600."""
    text = "".join(traceback.format_exception(error)).encode("utf-8", "backslashreplace")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "countenance"
    folders = [folder for folder in (_run_folder(door), cache) if folder is not None]
    for folder in folders:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = folder / f"{name}.log"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(text)
        except OSError:
            continue
        return path
    return None


def _run_folder(door: Door) -> Path | None:
    try:
        folder = door.directory() / "run"
    except OSError:
        return None
    return folder if folder.is_dir() else None
