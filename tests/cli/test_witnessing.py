"""`countenance log witness`: an operator and a witness that somebody else runs, over HTTP and by files."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_program import Program

WITNESS = [sys.executable, "-m", "countenance.witness.main"]


def witness(*words: str, code: int = 0) -> str:
    done = subprocess.run([*WITNESS, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


@pytest.fixture
def running(founded: Program, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and key of a witness that knows the workspace's log."""
    folder = str(tmp_path / "witness")
    vkey = witness("init", folder, "commissioner.example.org/w1").strip()
    witness("add-log", folder, founded.good("log", "key")["key"])
    process = subprocess.Popen(
        [*WITNESS, "serve", folder, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    url = process.stdout.readline().split()[-1].rstrip(".")
    yield url, vkey
    process.terminate()
    assert process.wait(timeout=20) == 0
    process.stdout.close()


def test_a_witnessed_log_verifies_with_its_witness_and_not_with_another(
    founded: Program, running: tuple[str, str], tmp_path: Path
) -> None:
    url, vkey = running
    first = founded.good("log", "witness", url, "--key", vkey)
    assert first["witness"] == "commissioner.example.org/w1"
    founded.good("person", "add", "P001")
    second = founded.good("log", "witness", url, "--key", vkey)
    assert second["size"] > first["size"]
    key = founded.good("log", "key")["key"]
    founded.good("log", "export", tmp_path / "export")
    # The export is an entry of its own, so the witness is asked again, and the export completed.
    founded.good("log", "witness", url, "--key", vkey)
    proof = tmp_path / "entry.proof"
    founded.good("log", "prove", "1", "--out", proof)
    verified = founded("log", "verify", proof, "--key", key, "--witness", vkey)
    assert verified.code == 0
    assert "commissioner.example.org/w1" in verified.out
    stranger = witness("init", str(tmp_path / "stranger"), "stranger.example/w").strip()
    assert founded("log", "verify", proof, "--key", key, "--witness", stranger).code == 1


def test_by_files_without_a_network(founded: Program, tmp_path: Path) -> None:
    folder = str(tmp_path / "witness")
    vkey = witness("init", folder, "commissioner.example.org/w1").strip()
    witness("add-log", folder, founded.good("log", "key")["key"])
    founded.good("log", "witness", "--request", tmp_path / "ask.txt")
    lines = tmp_path / "answer.txt"
    lines.write_text(witness("cosign", folder, str(tmp_path / "ask.txt")))
    founded.good("person", "add", "P001")  # the log has grown meanwhile
    founded.good("log", "checkpoint")
    taken = founded.good("log", "witness", "--lines", lines, "--key", vkey)
    assert taken["size"] == int((tmp_path / "ask.txt").read_text().split("\n")[3])
    again = founded.good("log", "witness", "--request", tmp_path / "next.txt", "--old-size", taken["size"])
    assert again["request"] == str(tmp_path / "next.txt")
    lines.write_text(witness("cosign", folder, str(tmp_path / "next.txt")))
    assert founded.good("log", "witness", "--lines", lines, "--key", vkey)["size"] > taken["size"]
    lines.write_text("\N{EM DASH} commissioner.example.org/w1 AAAAAAAA\n")
    assert founded("log", "witness", "--lines", lines, "--key", vkey).code == 5


@pytest.mark.parametrize(
    "words", [(), ("https://w.example",), ("--request", "a", "--lines", "b"), ("--lines", "a")]
)
def test_half_a_question_is_named(founded: Program, words: tuple[str, ...]) -> None:
    run = founded("log", "witness", *words)
    assert run.code == 2
    assert "countenance log witness" in run.err
