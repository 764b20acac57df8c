"""Commands, groups, options and arguments as this program shows them: translated when shown, with examples.

Every command takes the common options, before or after its own name, so that nobody has to remember where they go.
"""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from countenance.cli.door import Door
from countenance.cli.language import Language, _, say, spoken
from countenance.primitives.text import N_

WIDTH = 80

METAVARS = (
    N_("ACCOUNT"), N_("CASE"), N_("CODE"), N_("DATA"), N_("DATE"), N_("DIR"), N_("ENTRY"), N_("FILE"), N_("GALLERY"),
    N_("NAME"), N_("NUMBER"), N_("PHOTO"), N_("PLACE"), N_("PURPOSE"), N_("SOURCE"), N_("TEXT"), N_("URL"),
    N_("VKEY"), N_("ADDRESS"), N_("PERSON"), N_("WORD"), N_("PATH"), N_("COMMAND"), N_("RULE"), N_("ACT"), N_("PACK"),
)  # fmt: skip
"""Every placeholder of the help texts."""


def _metavar(text: str | None) -> str | None:
    """A placeholder in the reader's language; brackets and dots stay."""
    return None if text is None else "".join(_(word) for word in _split(text))


def _split(text: str) -> list[str]:
    words, start = [], 0
    for position in range(1, len(text) + 1):
        if position == len(text) or text[position].isalpha() != text[start].isalpha():
            words.append(text[start:position])
            start = position
    return words


def heading(title: str) -> str:
    """A heading as click prints it, before its colon: French has a space there that does not break."""
    return _(title) + ("\u00a0" if spoken() is Language.FR else "")


class Option(click.Option):
    """An option whose help and placeholder are translated when shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        twin = copy.copy(self)
        twin.help = _(self.help) if self.help else self.help
        twin.metavar = _metavar(self.metavar)
        return click.Option.get_help_record(twin, ctx)


class Argument(click.Argument):
    """A positional argument, likewise."""

    def make_metavar(self, ctx: click.Context) -> str:
        return _metavar(super().make_metavar(ctx)) or ""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str]:
        return self.make_metavar(ctx), _(self.help) if self.help else ""


def option(*names: str, **attributes: Any) -> Callable[[Any], Any]:
    """`click.option` in our class."""
    return click.option(*names, cls=Option, **attributes)


def argument(*names: str, **attributes: Any) -> Callable[[Any], Any]:
    """`click.argument` in our class."""
    return click.argument(*names, cls=Argument, **attributes)


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    if value is not None and value is not False:
        door = ctx.find_object(Door)
        assert door is not None
        setattr(door.asked, str(param.name), value)


def _shown(param: click.Parameter) -> str:
    """`--workspace DIR`."""
    return f"{param.opts[0]} {_metavar(param.metavar) or ''}".strip()


def common_options() -> list[click.Parameter]:
    """The options that every command takes."""

    def make(*names: str, **attributes: Any) -> Option:
        return Option(list(names), expose_value=False, callback=_remember, **attributes)

    return [
        make(
            "--workspace",
            metavar="DIR",
            type=click.Path(path_type=Path),
            help=N_(
                "The workspace. Else COUNTENANCE_WORKSPACE; else the nearest one at or above the current folder: "
                "a folder with a workspace.toml, or with a countenance-workspace in it."
            ),
        ),
        make(
            "--json",
            is_flag=True,
            help=N_("One JSON document on standard output; progress on standard error."),
        ),
        make(
            "--lang",
            metavar="en|fr",
            type=click.Choice([language.value for language in Language]),
            help=N_("Language of the answers. Else COUNTENANCE_LANG; else the system's."),
        ),
        make(
            "--as",
            "account",
            metavar="ACCOUNT",
            help=N_(
                "The account that signs. Else COUNTENANCE_ACCOUNT; else the only key of the key folder; else operator."
            ),
        ),
        make(
            "--keys",
            metavar="DIR",
            type=click.Path(path_type=Path),
            help=N_(
                "Folder of the account's private key. Else COUNTENANCE_KEYS; else accounts/ of the workspace."
            ),
        ),
    ]


class Command(click.Command):
    """A command with a summary of one line, a few lines of prose, and examples."""

    def __init__(
        self,
        name: str | None,
        *,
        summary: str,
        text: str = "",
        examples: Sequence[str] = (),
        **attributes: Any,
    ) -> None:
        attributes["help"] = None  # click would take the function's docstring, which is for programmers
        attributes["context_settings"] = {"max_content_width": WIDTH, "help_option_names": ["-h", "--help"]}
        super().__init__(name, **attributes)
        self.summary, self.text, self.examples = summary, text, tuple(examples)
        self.common = common_options()
        self.params.extend(self.common)

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002 - click's signature
        return _(self.summary)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        found = super().get_help_option(ctx)
        if found is not None:
            found.help = _("Show this message and exit.")  # click keeps the first language it was asked in
        return found

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for part in (self.summary, self.text):
            if part:
                formatter.write_paragraph()
                with formatter.indentation():
                    formatter.write_text(_(part))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [param for param in self.get_params(ctx) if param not in self.common]
        rows = [row for param in own if isinstance(param, Option) and (row := param.get_help_record(ctx))]
        help_option = self.get_help_option(ctx)
        if help_option is not None and (row := help_option.get_help_record(ctx)):
            rows.append(row)
        with formatter.section(heading(N_("Options"))):
            formatter.write_dl(rows, col_max=26)
        with formatter.section(heading(N_("Common options"))):
            formatter.write_text(
                say(
                    N_("{options} (explained by: countenance --help)"),
                    options=", ".join(map(_shown, self.common)),
                )
            )

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [
            row
            for param in self.get_params(ctx)
            if isinstance(param, Argument) and (row := param.get_help_record(ctx))
        ]
        if rows:
            with formatter.section(heading("Positional arguments")):
                formatter.write_dl(rows, col_max=26)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        if self.examples:
            with formatter.section(heading(N_("Examples"))):
                for line in self.examples:
                    formatter.write(f"  {line}\n")


class Family(Command, click.Group):
    """A group of commands under one noun: `countenance client add`."""

    command_class = Command

    def __init__(self, name: str, *, invoke_without_command: bool = False, **attributes: Any) -> None:
        super().__init__(
            name,
            no_args_is_help=not invoke_without_command,
            invoke_without_command=invoke_without_command,
            **attributes,
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section(heading("Commands")):
            formatter.write_dl(
                [(name, command.get_short_help_str()) for name, command in self.commands.items()], col_max=14
            )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)  # in the order in which one needs them


class LazyGroup(Family):
    """The program itself: its commands are imported when they are called, so `--help` imports none of them."""

    def __init__(
        self,
        name: str,
        *,
        table: Mapping[str, tuple[str, str]],
        sections: Sequence[tuple[str, Sequence[str]]],
        **attributes: Any,
    ) -> None:
        super().__init__(name, invoke_without_command=True, **attributes)
        self.table, self.sections = table, sections
        self._widest = max(map(len, table))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return [name for _title, names in self.sections for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.table:
            return None
        module, _colon, attribute = self.table[cmd_name][0].partition(":")
        found: click.Command = getattr(importlib.import_module(module), attribute)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, names in self.sections:
            with formatter.section(heading(title)):
                formatter.write_dl([(f"{name:<{self._widest}}", _(self.table[name][1])) for name in names])

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        own = [param for param in self.get_params(ctx) if param not in self.common]
        for title, params in ((N_("Options"), own), (N_("Options of every command"), self.common)):
            rows = [row for param in params if (row := param.get_help_record(ctx))]
            with formatter.section(heading(title)):
                formatter.write_dl(rows, col_max=18)
