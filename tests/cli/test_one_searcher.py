"""Several processes on one workspace: a running searcher, the commands that reach it, and the ones that change what it finds."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli_program import Program
from test_acts import CHLOE, case_of, check, founded_stock

WATCHED = """
import os, sys
seen = []
def hook(event, arguments):
    if event in {"open", "sqlite3.connect", "os.listdir", "os.scandir"}:
        seen.append(os.path.abspath(os.fsdecode(arguments[0])) if isinstance(arguments[0], (str, bytes)) else "")
sys.addaudithook(hook)
from countenance.cli.main import main
code = main(sys.argv[2:])
with open(sys.argv[1], "w") as out:
    out.write("\\n".join(seen))
sys.exit(code)
"""

FOLDER = {"run"}
"""The socket's folder is opened where its path is too long for an address; nothing is read there."""


@pytest.fixture
def stocked(founded: Program) -> Program:
    return founded_stock(founded)


@contextmanager
def searcher(program: Program, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`countenance searcher` with these options, as a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "countenance", "searcher", *words],
        cwd=program.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    socket = program.folder / "countenance-workspace" / "run" / "searcher.sock"
    until = time.monotonic() + 60
    while not socket.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (out, err)
        assert "Traceback" not in out + err
        assert not socket.exists()


def watched(program: Program, *words: object) -> tuple[int, str, set[str]]:
    """Run a command in a process that writes down every file it opens; those within the workspace."""
    note = program.folder / "opened.txt"
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(note), *map(str, words)],
        cwd=program.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    workspace = program.folder / "countenance-workspace"
    opened = {Path(line) for line in note.read_text().splitlines() if line}
    within = {str(path.relative_to(workspace)) for path in opened if path.is_relative_to(workspace)}
    return done.returncode, done.stdout, within


def test_a_caseworkers_process_reads_nothing_of_the_workspace_where_a_searcher_runs(stocked: Program) -> None:
    case = case_of(stocked)
    code, out, opened = watched(stocked, "search", case, "probe.jpg", *CHLOE, "--json")
    assert code == 0, out
    assert any(name.startswith("keys/") for name in opened)  # the negative control: alone it must
    with searcher(stocked):
        code, out, opened = watched(stocked, "search", case, "probe.jpg", *CHLOE, "--json")
        assert code == 0, out
        assert [line["person"] for line in check(json.loads(out))["candidates"]] == ["P001"]
        assert opened <= FOLDER
        opening = ("--purpose", "missing-person", "--reference", "2", "--on-behalf-of", "Police")
        code, out, opened = watched(
            stocked, "case", "open", *opening, "--on-behalf-of-jurisdiction", "CA-ON", *CHLOE, "--json"
        )
        assert code == 0, out
        assert opened <= FOLDER
        code, out, opened = watched(stocked, "case", "list", *CHLOE, "--json")
        assert len(json.loads(out)["cases"]) == 2
        assert opened <= FOLDER
        code, out, opened = watched(
            stocked, "gallery", "suspend", "missing", "--reason", "x", *CHLOE, "--json"
        )
        assert (code, json.loads(out)["refused"]["reason"]) == (3, "role-may-not")
        assert opened <= FOLDER
    assert stocked.good("log", "verify")["verified"]


def test_there_is_one_searcher_and_commands_are_their_own_without_it(stocked: Program) -> None:
    with searcher(stocked):
        second = stocked.alone("searcher", "--json")
        assert second.code == 5
        assert second.json["error"]["code"] == "searcher-runs"
    found = check(stocked.alone("search", case_of(stocked), "probe.jpg", *CHLOE, "--json").json)
    assert [line["person"] for line in found["candidates"]] == ["P001"]


def test_who_withdrew_in_one_process_is_gone_from_every_other(stocked: Program) -> None:
    """The searcher has the template in memory; another process ends the consent; no process finds it afterwards."""
    case = case_of(stocked)
    (person,) = stocked.good("person", "list")["persons"]
    receipt = person["receipts"][0]["receipt"]
    search = ("search", case, "probe.jpg", *CHLOE, "--json")
    workspace = stocked.folder / "countenance-workspace"
    with searcher(stocked):
        assert stocked.alone(*search).json["candidates"]
        # A process that does not ask the searcher: it works on the workspace itself.
        done = stocked.alone(
            "person", "withdraw", "--receipt", receipt, COUNTENANCE_SOCKET=str(workspace / "none")
        )
        assert done.code == 0, done
        through = check(stocked.alone(*search).json)
        alone = check(stocked.alone(*search, COUNTENANCE_SOCKET=str(workspace / "none")).json)
    for answer in (through, alone):
        assert answer["candidates"] == []
        assert answer["coverage"] == {"searched": 0, "of": 0, "not_searchable": 0}
        assert "P001" not in json.dumps(answer)


def test_an_answer_has_these_keys_and_no_others(stocked: Program) -> None:
    answer = stocked.good("search", case_of(stocked), "probe.jpg", *CHLOE)
    assert set(answer) == {
        *("candidates", "coverage", "people", "evaluation", "operating_point"),
        *("space_id", "grant", "log_entry", "statement"),
    }
    assert answer["operating_point"] is None
    assert (answer["evaluation"]["origin"], answer["evaluation"]["passed_over"]) == ("pack", "none-adopted")
    assert set(answer["coverage"]) == {"searched", "of", "not_searchable"}
    assert {"rank", "person", "photo", "face", "score", "references"} < set(answer["candidates"][0])
    assert {"source_ref", "captured_at", "contact"} < set(answer["candidates"][0])
    assert "leads, not identifications" in answer["statement"]
    assert "%" not in answer["statement"]
    assert "per cent" not in answer["statement"]
    refused = stocked("search", "C-0000-0000", "probe.jpg", *CHLOE, "--json").json
    assert set(refused) == {"refused"}
    assert set(refused["refused"]) == {"reason", "rule", "authority", "since"}


def test_ctrl_c_stops_an_ingest_cleanly_and_the_same_command_goes_on(founded: Program) -> None:
    from test_acts import portrait

    picture = portrait("P002")
    for number in range(60):
        data = picture[:-2] + number.to_bytes(2) + b"\xff\xd9"
        (founded.folder / "pictures" / f"{number:02}.jpg").write_bytes(data)
    words = ("ingest", "albums", "--workers", "1")
    process = subprocess.Popen(
        [sys.executable, "-m", "countenance", *words],
        cwd=founded.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "/60" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "Traceback" not in out + err
    assert "The same command goes on from here" in out
    run = founded(*words, "--json")
    assert run.code == 0, run
    assert sum(run.json["photographs"].values()) == 60
    assert not run.json["stopped"]
    assert founded.good("log", "verify")["verified"]


def test_a_failed_item_is_listed_is_exit_code_1_and_can_be_retried(stocked: Program) -> None:
    manifest = stocked.folder / "people.csv"
    manifest.write_text("path,person\nP001.jpg,P001\nlater.jpg,\n")
    run = stocked("ingest", "albums", "--manifest", "people.csv", "--json")
    assert run.code == 1
    assert run.json["failed"] == 1
    assert [(item["path"], item["reason"]) for item in run.json["items"]] == [("later.jpg", "missing")]
    (stocked.folder / "pictures" / "later.jpg").write_bytes((stocked.folder / "sheet.jpg").read_bytes())
    again = stocked("ingest", "albums", "--retry-failed", "--json")
    assert again.code == 0, again
    assert again.json["run"] == run.json["run"]
    assert again.json["failed"] == 0
