"""Completion: the scripts are ones their shells can read, and the program answers them."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from cli_program import Program


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script(program: Program, shell: str) -> None:
    script = program("completion", shell).out
    assert "_COUNTENANCE_COMPLETE" in script
    assert f"{shell}_complete" in script
    if shutil.which(shell):
        check = ["--no-execute"] if shell == "fish" else ["-n"]
        done = subprocess.run([shell, *check], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words,current,expected",
    [
        ("countenance ", 1, "gallery"),
        ("countenance gallery ", 2, "suspend"),
        ("countenance client add x --purpose ", 5, "missing-person"),
        ("countenance --lang ", 2, "fr"),
    ],
)
def test_bash_is_answered(program: Program, words: str, current: int, expected: str) -> None:
    run = program.alone(_COUNTENANCE_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(current))
    assert expected in [line.partition(",")[2] for line in run.out.splitlines()]
