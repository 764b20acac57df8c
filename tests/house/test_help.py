"""What `--help` says, of every command and in both languages, holds to the glossary."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from test_glossary import said_too_much

from countenance.cli.main import main
from countenance.cli.table import program


def command_paths(group: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, groups included; () is the program itself."""
    yield path
    if isinstance(group, click.Group):
        context = click.Context(group, info_name="countenance")
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None, (*path, name)
            yield from command_paths(command, (*path, name))


@pytest.mark.parametrize("language", ["en", "fr"])
def test_help_says_no_word_that_is_ruled_out(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LANGUAGE", language)
    paths = list(command_paths(program()))
    assert len(paths) > 10
    for path in paths:
        assert main([*path, "--help", "--lang", language]) == 0, path
        text = capsys.readouterr().out
        assert len(text) > 40, path
        assert said_too_much(text) == [], path
