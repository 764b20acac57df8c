"""The program `countenance`: one place where a command line becomes an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from countenance.cli.door import Door
from countenance.cli.failures import Exit, report, report_crash, report_interrupt, report_system, report_usage
from countenance.cli.language import choose_language, speak
from countenance.cli.screen import Screen, terminal_width
from countenance.cli.table import COMPLETE_VARIABLE, PROGRAM, program
from countenance.primitives.errors import CountenanceError
from countenance.service.tracing import traced


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code. No traceback leaves here."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    before = os.environ.get("LANGUAGE")
    speak(choose_language(words, os.environ))
    door = Door(screen=Screen(json=_wants_json(words), width=terminal_width()))
    try:
        try:
            code = _complete() if COMPLETE_VARIABLE in os.environ else _run(words, door)
            sys.stdout.flush()
        finally:
            door.close()
            _restore("LANGUAGE", before)
    except BrokenPipeError:
        # The reader has gone (`| head`). Python would complain again at exit while flushing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    return int(code)


def _run(words: list[str], door: Door) -> int:
    root = program()
    try:
        with root.make_context(PROGRAM, words, obj=door) as context, traced():
            outcome = root.invoke(context)
        return outcome if isinstance(outcome, int) else Exit.DONE
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        return report_usage(door, error)
    except CountenanceError as error:
        return report(door, error)
    except (KeyboardInterrupt, click.Abort):
        return report_interrupt(door)
    except BrokenPipeError:
        raise
    except OSError as error:
        return report_system(door, error)
    except Exception as error:  # noqa: BLE001 - the last place that can keep a traceback from a user
        return report_crash(door, error)


def _restore(name: str, value: str | None) -> None:
    """The language is this run's; who calls `main` from a program of theirs keeps their own."""
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _complete() -> int:
    from click.shell_completion import shell_complete

    return shell_complete(program(), {}, PROGRAM, COMPLETE_VARIABLE, os.environ[COMPLETE_VARIABLE])


def _wants_json(words: Sequence[str]) -> bool:
    """Whether `--json` is asked for; known before parsing, since a wrong command line is answered in JSON as well."""
    return "--json" in (words[: words.index("--")] if "--" in words else words)


if __name__ == "__main__":
    sys.exit(main())
