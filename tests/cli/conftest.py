"""Fixtures of the command line's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_program import Program

VARIABLES = ("WORKSPACE", "ACCOUNT", "KEYS", "LANG", "DATABASE_URL", "SOCKET")


@pytest.fixture
def program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Program]:
    for name in VARIABLES:
        monkeypatch.delenv(f"COUNTENANCE_{name}", raising=False)
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("XDG_CACHE_HOME", os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")))
    monkeypatch.chdir(tmp_path)
    return Program(tmp_path, capsys)


@pytest.fixture
def founded(program: Program) -> Program:
    """A workspace with a gallery, a source under consent, a client and its caseworker (key in keys/)."""
    program.good("init", "--operator", "City Archive", "--jurisdiction", "CA-ON")
    program.good(
        "gallery", "add", "missing", "--jurisdiction", "CA-ON", "--purpose", "missing-person", "--notice", "n"
    )
    (program.folder / "pictures").mkdir()
    (program.folder / "keys").mkdir()
    program.good(
        *("source", "add", "albums", "--gallery", "missing", "--location", "pictures", "--basis", "consent"),
        *(
            "--evidence",
            "forms",
            "--purpose",
            "missing-person",
            "--jurisdiction",
            "CA-ON",
            "--holder",
            "Archive",
        ),
        *("--contact", "a@example.org", "--notice", "n"),
    )
    program.good("client", "add", "Tracing", "--jurisdiction", "CA-ON", "--purpose", "missing-person")
    program.good("account", "add", "chloe", "--role", "caseworker", "--client", "Tracing", "--key-to", "keys")
    return program
