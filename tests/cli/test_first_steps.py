"""What a person meets on the first day: slips that are told kindly, and a next step that works as printed."""

from __future__ import annotations

import grp
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import openpeople
import pytest
from cli_program import Program

from countenance.biometrics.vocabulary import FaceReason
from countenance.cli.item_reasons import REASONS
from countenance.extraction.values import FailureReason, UnreadableReason
from countenance.ingest.values import ItemReason

PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
CHLOE = ("--as", "chloe", "--keys", "keys")


def picture(person: str, name: str) -> bytes:
    return (PEOPLE / person / "assets" / f"{name}.jpg").read_bytes()


@pytest.fixture
def taken_in(founded: Program) -> Program:
    """P001 is enrolled and her sheet of faces is held; a photograph that no manifest names was seen before."""
    folder = founded.folder / "pictures"
    (folder / "P001.jpg").write_bytes(picture("P001", "studio_portrait"))
    (folder / "sheet.jpg").write_bytes(picture("P001", "emotions_sheet"))
    (folder / "other.jpg").write_bytes(picture("P002", "studio_portrait"))
    (founded.folder / "people.csv").write_text("path,person\nP001.jpg,P001\nsheet.jpg,P001\n")
    founded.good("person", "add", "P001")
    receipt = founded.good(
        *("person", "consent", "P001", "--gallery", "missing", "--purpose", "missing-person"),
        *("--notice-text", "t"),
    )["receipts"][0]
    assert (
        receipt["pii_controller"] == "City Archive"
    )  # who runs the workspace answers, unless another is named
    founded.good("ingest", "albums")
    return founded


def test_the_plan_names_the_command_that_does_what_was_planned(founded: Program) -> None:
    (founded.folder / "pictures" / "P001.jpg").write_bytes(picture("P001", "studio_portrait"))
    (founded.folder / "who is who.csv").write_text("path,person\nP001.jpg,\n")
    said = founded("plan", "albums", "--manifest", "who is who.csv", "--detail", "full").out
    assert "countenance ingest albums --manifest 'who is who.csv' --detail full" in said


def test_an_ingest_says_what_its_reasons_mean_and_counts_no_unlisted_file_as_missing(
    taken_in: Program,
) -> None:
    first = taken_in("ingest", "albums", "--manifest", "people.csv").out
    assert "which-face" in first
    assert "face_box, as left, top, width," in first
    assert "missing" not in first
    held = next(
        item
        for item in taken_in.good("ingest", "albums", "--manifest", "people.csv")["items"]
        if item["path"] == "sheet.jpg"
    )
    box = ",".join(map(str, held["faces"][0]["box"]))
    (taken_in.folder / "people.csv").write_text(f'path,person,face_box\nsheet.jpg,P001,"{box}"\n')
    said = taken_in("ingest", "albums", "--manifest", "people.csv").out
    assert "15 faces: no-consent (CA-72)" in said
    assert "There is no consent of this person" in said


def test_every_reason_has_a_sentence() -> None:
    words = (FaceReason, ItemReason, UnreadableReason, FailureReason)
    assert set(REASONS) == {reason.value for kind in words for reason in kind}


def test_a_source_that_nothing_permits_says_so_at_once(founded: Program) -> None:
    said = founded(
        *("source", "add", "web", "--gallery", "missing", "--location", "pictures", "--evidence", "e"),
        *("--basis", "publicly-available", "--purpose", "missing-person", "--jurisdiction", "CA-ON"),
        *("--holder", "h", "--contact", "c", "--notice", "n"),
    )
    assert said.code == 0
    assert "every face of this source will be refused" in " ".join(said.out.split())


def test_slips_of_a_first_search(taken_in: Program) -> None:
    (taken_in.folder / "probe.jpg").write_bytes(picture("P001", "amateur_selfie"))
    (taken_in.folder / "two.jpg").write_bytes(picture("P004", "amateur_selfie"))
    taken_in.good(
        *("case", "open", "--purpose", "missing-person", "--reference", "1", "--on-behalf-of", "Police"),
        *("--on-behalf-of-jurisdiction", "CA-ON", *CHLOE),
    )
    case = str(taken_in.good("case", "list")["cases"][0]["case"])

    def told(*words: str) -> tuple[int, str]:
        run = taken_in("search", *words)
        return run.code, " ".join((run.out + run.err).split())

    code, said = told("probe.jpg", *CHLOE)
    assert (code, "countenance search CASE PHOTO" in said) == (2, True)
    code, said = told("C-0000-0000", "probe.jpg", *CHLOE)
    assert (code, "No case of yours has the code C-0000-0000" in said) == (3, True)
    code, said = told(case, "probe.jpg")
    assert (code, "operator signed. Another account: --as NAME" in said) == (3, True)
    code, said = told(case, "pictures", *CHLOE)
    assert (code, "--many pictures" in said) == (2, True)
    code, said = told(case, "probe.jpg", "two.jpg", *CHLOE)
    assert (code, "--face -1 --face 0" in said) == (2, True)
    code, said = told(case, "probe.jpg", "two.jpg", "--face", "-1", "--face", "0", *CHLOE)
    assert code == 0


def test_an_export_is_verified_by_the_command_it_prints(founded: Program) -> None:
    said = founded("log", "export", "the log").out
    line = next(number for number, text in enumerate(said.splitlines()) if "countenance log verify" in text)
    command = "\n".join(said.splitlines()[line : line + 2])
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=founded.folder,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done


def test_a_searcher_listens_where_a_group_may_reach_it(founded: Program) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    folder = founded.folder / "s"
    folder.mkdir()
    path = folder / "socket"
    assert founded("searcher", "--socket", "none/socket").code == 4
    assert founded("searcher", "--group", "no-such-group").code == 4
    words = ["searcher", "--socket", str(path), "--group", group]
    server = subprocess.Popen(
        [sys.executable, "-m", "countenance", *words],
        cwd=founded.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(300):
            if path.is_socket() and stat.S_IMODE(path.stat().st_mode) == 0o660:
                break
            assert server.poll() is None
            time.sleep(0.1)
        assert path.stat().st_gid == os.getgid()
        (founded.folder / "elsewhere").mkdir()
        # From a folder without a workspace: all that is known is the socket and one's own key.
        there = founded.alone(
            *("status", "--as", "chloe", "--keys", str(founded.folder / "keys"), "--json"),
            *("--workspace", "/nonexistent"),
            COUNTENANCE_SOCKET=str(path),
        )
        assert there.code == 0, there
        assert there.json["searcher"] is True
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0
    assert not path.exists()
