"""The frame: help, languages, exit codes, JSON, and that no traceback reaches anybody."""

from __future__ import annotations

import json
import os
import re
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import click
import pytest
from cli_program import Program

from countenance.cli.failures import Exit, exit_code
from countenance.cli.main import main
from countenance.cli.table import SECTIONS, TABLE
from countenance.cli.table import program as make_program
from countenance.primitives import errors

HEAVY = (
    "numpy",
    "django",
    "onnx",
    "onnxruntime",
    "cedarpy",
    "cryptography",
    "PIL",
    "pyarrow",
    "babel",
    "pycountry",
)


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and family, by its words."""
    root = make_program()
    context = click.Context(root, info_name="countenance")
    for name in root.list_commands(context):
        if name == "demo":
            continue  # has tests of its own
        found = root.get_command(context, name)
        yield (name,)
        if isinstance(found, click.Group):
            yield from ((name, inner) for inner in found.commands)


FAMILIES = {words[0] for words in commands() if len(words) == 2}


def test_every_command_is_in_the_overview_once() -> None:
    listed = [name for _title, names in SECTIONS for name in names]
    assert sorted(listed) == sorted(TABLE)


def test_help_is_quick_and_imports_nothing_heavy(program: Program) -> None:
    code = f"""
import sys
from countenance.cli.main import main
main(["--help"]); main([])
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"""
    best = min(_processor_seconds([sys.executable, "-c", code]) for _ in range(3))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"
    assert "countenance demo" in done.stdout
    assert best < 0.5


def _processor_seconds(command: list[str]) -> float:
    """Of the program alone: what else the machine does is not in it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_command_has_help_in_80_columns(program: Program, words: tuple[str, ...], lang: str) -> None:
    run = program(*words, "--help", "--lang", lang)
    assert run.code == 0
    lines = run.out.splitlines()
    assert lines[0].startswith("Usage: countenance" if lang == "en" else "Utilisation\u00a0: countenance")
    assert max(map(len, lines)) <= 80, max(lines, key=len)
    assert ("Options:" if lang == "en" else "Options\u00a0:") in lines
    if words[0] not in FAMILIES or len(words) == 2:
        assert ("Examples:" if lang == "en" else "Exemples\u00a0:") in lines


def test_help_differs_between_languages_in_one_process(program: Program) -> None:
    french = program("client", "add", "--help", "--lang", "fr").out
    english = program("client", "add", "--help").out
    assert "Show this message and exit." in english
    assert "Show this message" not in french
    assert english == program("client", "add", "--help").out


def test_language_is_taken_from_option_variable_system(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Premiers pas" in program("--lang", "fr").out
    assert "Premiers pas" in program("--lang=fr").out
    monkeypatch.setenv("COUNTENANCE_LANG", "fr")
    assert "Premiers pas" in program().out
    assert "First steps" in program("--lang", "en").out
    monkeypatch.delenv("COUNTENANCE_LANG")
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.setenv("LANG", "fr_CA.UTF-8")
    assert "Premiers pas" in program().out


def test_common_options_before_and_after(founded: Program) -> None:
    before = founded("--json", "--as", "deputy", "gallery", "list")
    after = founded("gallery", "list", "--as", "deputy", "--json")
    between = founded("gallery", "--json", "list", "--as", "deputy")
    assert before.json == after.json == between.json


@pytest.mark.parametrize(
    "error,code",
    [
        (errors.UsageError("x"), 2),
        (errors.FormatError("x"), 2),
        (errors.RefusedError("x", reason="r", rule="R", authority="a", since="2026-01-01"), 3),
        (errors.NotFoundError("x"), 4),
        (errors.UnavailableError("x"), 5),
        (errors.ConflictError("x"), 5),
        (errors.IntegrityError("x"), 5),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_exit_codes(error: errors.CountenanceError, code: int) -> None:
    assert exit_code(error) == code


def test_exit_codes_of_real_commands(founded: Program) -> None:
    assert founded("gallery", "list").code == 0
    assert founded("galery", "list").code == 2
    assert founded("gallery", "add").code == 2
    assert founded("gallery").code == 2
    assert founded("client", "add", "x", "--jurisdiction", "CA", "--purpose", "curiosity").code == 2
    assert founded("client", "add", "x", "--jurisdiction", "XX", "--purpose", "missing-person").code == 2
    assert founded("client", "list", "--as", "chloe", "--keys", "keys").code == 0
    assert (
        founded("gallery", "suspend", "missing", "--reason", "x", "--as", "chloe", "--keys", "keys").code == 3
    )
    assert founded("gallery", "suspend", "other", "--reason", "x").code == 4
    assert founded("gallery", "list", "--workspace", "nowhere").code == 4
    assert founded("gallery", "list", "--as", "nobody").code == 4
    assert founded("init", "--operator", "x", "--jurisdiction", "CA").code == 5


@pytest.mark.parametrize(
    "words",
    [
        ("galery",),
        ("gallery", "add"),
        ("gallery",),
        ("gallery", "list", "--workspace", "nowhere"),
        ("gallery", "suspend", "missing", "--reason", "x", "--as", "chloe", "--keys", "keys"),
        ("gallery", "add", "missing", "--jurisdiction", "CA", "--purpose", "missing-person"),
        ("source", "withdraw", "albums"),
        ("search", "C-0000-0000"),
        ("log", "verify", "nowhere"),
        ("log", "verify", "pictures", "--key", "no key"),
        ("approve", "P-0000-0000"),
        ("plan", "nowhere"),
        ("restore", "nowhere"),
        ("--nonsense",),
    ],
    ids=" ".join,
)
def test_errors_are_one_json_document(founded: Program, words: tuple[str, ...]) -> None:
    run = founded(*words, "--json")
    assert run.code in {2, 3, 4, 5}
    document = run.json
    assert list(document) in (["error"], ["refused"])
    assert set(document.get("error", {})) in (set(), {"code", "message", "remedy"})
    assert set(document.get("refused", {})) in (set(), {"reason", "rule", "authority", "since"})
    assert run.err == ""
    plain = founded(*words)
    assert plain.code == run.code
    assert plain.out == ""
    assert plain.err.strip()


def test_refusal_names_reason_rule_authority_and_date_in_both_languages(founded: Program) -> None:
    words = ("gallery", "suspend", "missing", "--reason", "x", "--as", "chloe", "--keys", "keys")
    refused = founded(*words, "--json").json["refused"]
    english, french = founded(*words).err, founded(*words, "--lang", "fr").err
    for text in (english, french):
        assert all(refused[name] in text for name in ("reason", "rule", "since"))
    assert english.startswith("Refused: ")
    assert french.startswith("Refus")
    assert english.splitlines()[0] != french.splitlines()[0]
    assert "PIPEDA" in english
    assert "LPRPDE" in french


def test_a_fault_of_ours_is_a_short_message_and_a_private_file(founded: Program) -> None:
    def broken(*_words: object, **_more: object) -> None:
        raise RuntimeError("the inside of it")

    with patch("countenance.cli.commands.clients.show_list", broken):
        run = founded("client", "list", "--json")
    assert run.code == Exit.NOT_AVAILABLE
    assert run.json["error"]["code"] == "crash"
    assert "the inside of it" not in run.out + run.err
    (report,) = (founded.folder / "countenance-workspace" / "run").glob("crash-*.log")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "the inside of it" in report.read_text()
    assert report.name in run.json["error"]["remedy"]


def test_an_interrupt_is_one_line(founded: Program) -> None:
    with patch("countenance.cli.commands.clients.show_list", side_effect=KeyboardInterrupt):
        run = founded("client", "list")
    assert run.code == 130
    assert len(run.err.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_error(program: Program) -> None:
    line = f"{sys.executable} -m countenance.cli.main --help | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode in {0, Exit.BROKEN_PIPE}


def test_version(program: Program) -> None:
    assert re.fullmatch(r"countenance \d+\.\d+\.\d+\S*\n", program("--version").out)
    assert program("--version", "--json").json["program"] == "countenance"


def test_overview_says_where_one_stands(program: Program) -> None:
    assert "There is no workspace here yet." in program().out
    program.good("init", "--operator", "x", "--jurisdiction", "CA")
    assert "Workspace:" in program().out
    assert program("--json").json["workspace"]


def test_no_colour_unless_asked(founded: Program) -> None:
    assert "\x1b[" not in founded.alone("status").out


# Bad workspaces


def damaged_toml(workspace: Path) -> None:
    (workspace / "workspace.toml").write_text("format = [")


def unknown_setting(workspace: Path) -> None:
    with (workspace / "workspace.toml").open("a") as stream:
        stream.write("colour = 3\n")


def newer_format(workspace: Path) -> None:
    path = workspace / "workspace.toml"
    path.write_text(path.read_text().replace("format = 1", "format = 99"))


def no_database(workspace: Path) -> None:
    (workspace / "database.sqlite3").unlink()


def database_of_text(workspace: Path) -> None:
    (workspace / "database.sqlite3").write_text("this is no database " * 100)


def no_root_key(workspace: Path) -> None:
    (workspace / "keys" / "root.key").unlink()


def open_keys(workspace: Path) -> None:
    (workspace / "keys").chmod(0o755)


def key_of_text(workspace: Path) -> None:
    (workspace / "accounts" / "operator.key").write_text("hello")


BAD = [
    damaged_toml,
    unknown_setting,
    newer_format,
    no_database,
    database_of_text,
    no_root_key,
    open_keys,
    key_of_text,
]


@pytest.mark.parametrize("damage", BAD, ids=lambda damage: damage.__name__)
def test_a_bad_workspace_is_named(program: Program, damage: object) -> None:
    program.good("init", "--operator", "x", "--jurisdiction", "CA")
    workspace = program.folder / "countenance-workspace"
    damage(workspace)  # type: ignore[operator]
    for words in (("status",), ("client", "add", "y", "--jurisdiction", "CA", "--purpose", "missing-person")):
        run = program(*words, "--json")
        assert run.code in {2, 4, 5}, run
        assert run.json["error"]["code"] != "crash", run
    doctor = program("doctor", "--json")
    if damage is not key_of_text:  # somebody's own key is not the workspace's state
        assert doctor.code == 1
        assert any(not check["ok"] for check in doctor.json["checks"])


def test_main_returns_what_the_shell_gets(program: Program) -> None:
    assert main(["--version"]) == 0
    assert program.alone("galery").code == 2
    assert json.loads(program.alone("galery", "--json").out)["error"]["code"] == "usage"
    assert "LANGUAGE" not in os.environ
