"""What reaches a terminal, a page or another machine: no escape sequences, no markup, no connections; nothing left readable."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from house import House, photograph

from countenance.cli.door import Door
from countenance.cli.failures import report_crash
from countenance.cli.screen import Column, Screen
from countenance.cli.sheet.sheet import render_sheet
from countenance.ingest import listing
from countenance.ingest.listing import Unread, read_picture
from countenance.records import models
from countenance.search.values import LoggedCandidates

_HOSTILE = "Ann\x1b]0;owned\x07\x9b2J\u202egnp.exe<script>alert(1)</script>\"'"


def test_a_terminal_is_told_nothing_by_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    screen.line(_HOSTILE)
    screen.paragraph(_HOSTILE)
    screen.facts([("Person", _HOSTILE)])
    screen.table([Column(title="Person")], [[_HOSTILE]], empty="")
    said = capsys.readouterr().out
    assert not set("\x1b\x07\x9b\u202e\r") & set(said)
    assert "\\x1b" in said


def test_a_page_runs_nothing_that_a_name_says(sqlite_house: House) -> None:
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    models.Person.objects.update(label=_HOSTILE)
    models.Source.objects.update(holder=_HOSTILE, contact='"><img src=x onerror=alert(1)>')
    models.Photograph.objects.update(path="<b>.jpg", source_ref="javascript:alert(1)", captured_at="</dd>")
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    page = render_sheet(answer)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "<b>.jpg" not in page
    assert "default-src &#x27;none&#x27;" in page


def test_a_link_put_in_place_after_the_first_look_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking and opening somebody swaps the picture for a link to a file outside the source."""
    source, outside = tmp_path / "source", tmp_path / "secret"
    source.mkdir()
    outside.write_bytes(b"secret")
    picture = source / "a.jpg"
    picture.write_bytes(b"picture")
    look = listing.within

    def look_then_swap(real_root: bytes, full: bytes) -> bool:
        inside = look(real_root, full)
        if not picture.is_symlink():
            picture.unlink()
            picture.symlink_to(outside)
        return inside

    monkeypatch.setattr(listing, "within", look_then_swap)
    read = read_picture(os.fsencode(source), b"a.jpg", max_bytes=100)
    assert isinstance(read, Unread)
    assert read.reason == "link"


def test_a_workspace_is_private_whatever_the_umask(sqlite_house: House) -> None:
    old = os.umask(0)
    try:
        sqlite_house.enrol(sqlite_house.person("P001"), photograph("P001"))
        sqlite_house.search(photograph("P001", "amateur_selfie"))
        report_crash(Door(screen=Screen(json=True)), RuntimeError("x"))
    finally:
        os.umask(old)
    open_to_others = [
        str(path)
        for path in sqlite_house.workspace.directory.rglob("*")
        if stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]
    assert open_to_others == []


def test_keys_in_memory_are_in_no_core_dump(sqlite_house: House) -> None:
    """A process that opened a vault leaves no image of its memory behind, whatever its limits were."""
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from countenance.vault.vault import Vault\n"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))\n"
        "Vault.open(Path(sys.argv[1])).close()\n"
        "print(hard, resource.getrlimit(resource.RLIMIT_CORE)[0])\n"
    )
    keys = sqlite_house.workspace.directory / "keys"
    done = subprocess.run(
        [sys.executable, "-c", program, str(keys)], capture_output=True, text=True, check=True
    )
    hard, soft = map(int, done.stdout.split())
    if hard == 0:
        pytest.skip("this machine makes no core dumps at all")
    assert soft == 0
