"""Looking through a source without an index: permitted by a pack alone, in memory alone, for one person alone."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from house import House, photograph

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.values import PROBE_RULE, PhotographExtraction
from countenance.policy.decisions import Refused
from countenance.policy.pack import shipped_pack_files
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import ConflictError, UnavailableError
from countenance.records import models
from countenance.records.replaying import replay_entry
from countenance.rights.secrecy import MemoryOnly, memory_only
from countenance.rights.sweep import SweepState, plan_sweep, sweep
from countenance.tlog import verifier

HELD = MemoryOnly(no_core_dump=True, not_dumpable=True, no_swap=True, locked=True)
SELFIE = photograph("P001", "amateur_selfie")


def source_of(house: House, count: int = 3) -> Path:
    folder = house.workspace.directory.parent / "photographs"
    folder.mkdir(exist_ok=True)
    for number in range(1, count + 1):
        (folder / f"{number:02d}.jpg").write_bytes(photograph(f"P{number:03d}"))
    return folder


def asked(house: House) -> str:
    number = house.act(
        "request-open", kind="access", pointer="own-face", name="Anne Roy", contact="a@example.org"
    )["request"]
    house.act("request-verify", request=number, tier="own-face-seen", seen="passport")
    return str(number)


def run(house: House, number: str, picture: bytes | None = SELFIE, **more: Any) -> Any:
    params = {"request": number, "source": "archive", "picture": sha256_hex(picture or b"")}
    signed = house.operator.sign(workspace_id=house.id, act="request-sweep", params=params, at=house.clock())
    return sweep(house.workspace, signed, picture, house.pool, HELD, **more)


def permit(house: House) -> None:
    """Put a pack in force that permits sweeps and cites its authority, as two persons do."""
    files = shipped_pack_files("CA")
    files["policy.cedar"] += """
@id("CA-86")
@reason("own-photo-sweep")
@authority("An authority's decision of 2 November 2026, for this test alone")
@since("2026-11-02")
permit (principal is Account, action == Action::"sweep", resource is Request)
when { context.request.open && context.request.own_face_seen && context.basis.live };
"""
    manifest = json.loads(files["pack.json"])
    manifest["rules"]["CA-86"] = {**manifest["rules"]["CA-84"]}
    files["pack.json"] = json.dumps(manifest)
    waiting = house.act("policy-activate", files=files, signatures=house.vouched(files))
    house.act("approve", house.deputy, proposal=waiting["proposal"])


def test_no_pack_permits_it_unless_it_says_so(house: House) -> None:
    source_of(house)
    refused = run(house, asked(house))
    assert isinstance(refused, Refused)
    assert house.events()[-1] == "act-refused"
    again = replay_entry(house.workspace, len(house.events()) - 1)
    assert (again.logged, again.again, again.differences) == (refused.rule, refused.rule, ())
    assert not models.SweepRecord.objects.exists()


def test_a_sweep_finds_ones_own_and_leaves_one_certificate(sqlite_house: House) -> None:
    """With the byte scan: the templates of all who were looked at are in no file; the look finds a planted one."""
    house = sqlite_house
    permit(house)
    folder = source_of(house)
    templates = []
    for path in sorted(folder.iterdir()):
        result = house.pool.submit(path.read_bytes(), detail=Detail.STANDARD, rule=PROBE_RULE).result()
        assert isinstance(result, PhotographExtraction)
        templates += [face.template.to_bytes()[:64] for face in result.pages[0].faces if face.template]
    number = asked(house)
    plan = plan_sweep(house.workspace, "archive", house.pool)
    assert plan.photographs == 3
    state = run(house, number)
    assert isinstance(state, SweepState)
    assert (state.looked_at, state.done) == (3, True)
    assert "01.jpg" in set(models.SweepFindingRecord.objects.values_list("path", flat=True))
    counts = (
        models.Face.objects.count(),
        models.Photograph.objects.count(),
        models.Reference.objects.count(),
    )
    assert counts == (0, 0, 0)
    mine = models.SweepFindingRecord.objects.get(path="01.jpg").number
    done = house.act("request-sweep", request=number, source="archive", release=[mine])
    assert (done["confirmed"], done["paths"]) == (1, ["01.jpg"])
    certificate = house.act("request-receipts", request=number, latest=True)["receipts"][0]["file"]
    verdict = verifier.verify_statement(certificate, house.workspace.log.vkey)
    assert verdict.ok
    assert json.loads(certificate)["statement"]["kept"] == {
        "templates": 0,
        "crops": 0,
        "scores": 0,
        "other_photographs": 0,
    }
    house.act("request-withdraw", request=number)
    files = [path for path in house.workspace.directory.rglob("*") if path.is_file()]
    everything = b"\0".join(path.read_bytes() for path in files)
    assert [mark for mark in templates if mark in everything] == []
    (house.workspace.directory / "leak").write_bytes(templates[1])
    everything = b"\0".join(
        path.read_bytes() for path in house.workspace.directory.rglob("*") if path.is_file()
    )
    assert [mark for mark in templates if mark in everything] == [templates[1]]


def test_it_stops_and_goes_on_from_its_cursor(sqlite_house: House) -> None:
    house = sqlite_house
    permit(house)
    source_of(house)
    number = asked(house)
    stop = threading.Event()
    stop.set()
    state = run(house, number, stop=stop)
    assert (state.looked_at, state.done) == (0, False)
    models.SweepRecord.objects.update(cursor="01.jpg", looked_at=1)
    with pytest.raises(ConflictError):
        house.act("request-sweep", request=number, source="archive", release=[])
    state = run(house, number, None)
    assert (state.looked_at, state.done) == (3, True)
    assert "01.jpg" not in set(models.SweepFindingRecord.objects.values_list("path", flat=True))


def test_a_machine_that_swaps_is_refused(tmp_path: Path) -> None:
    swaps = tmp_path / "swaps"
    swaps.write_text("Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
    with pytest.raises(UnavailableError):
        memory_only(swaps)
    with pytest.raises(UnavailableError):
        memory_only(tmp_path / "none")


def test_no_core_dump_and_no_debugger(tmp_path: Path) -> None:
    (tmp_path / "swaps").write_text("Filename Type Size Used Priority\n")
    program = (
        "import pathlib, resource, sys\n"
        "from countenance.rights.secrecy import memory_only\n"
        "held = memory_only(pathlib.Path(sys.argv[1]))\n"
        "assert held.no_core_dump and held.no_swap\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "print(held.not_dumpable)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "swaps")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(sys.platform == "linux")


def test_a_worker_leaves_no_core_dump_wherever_cores_go() -> None:
    """The limit alone is not asked where the system pipes cores to a program (core(5)); exec() forgets the parent's word."""
    if sys.platform != "linux":
        pytest.skip("prctl is Linux's")
    program = (
        "import ctypes, resource\n"
        "from countenance.extraction import worker\n"
        "system = ctypes.CDLL(None)\n"
        "assert system.prctl(3, 0, 0, 0, 0) == 1\n"  # PR_GET_DUMPABLE
        "worker._limit(4 << 30)\n"
        "assert system.prctl(3, 0, 0, 0, 0) == 0\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_stopped_sweep_keeps_the_sealed_probe_a_cursor_and_ids_alone(sqlite_house: House) -> None:
    """By the rows' own fields, and by the bytes of every file: no template, of the probe or of anybody, in plain."""
    house = sqlite_house
    permit(house)
    folder = source_of(house)
    number = asked(house)
    templates = [templates_of(house, SELFIE)[0]]
    for path in sorted(folder.iterdir()):
        templates += templates_of(house, path.read_bytes())
    stop = threading.Event()
    state = run(house, number, report=lambda *_: stop.set(), stop=stop)
    assert isinstance(state, SweepState)
    fields = {field.name for field in models.SweepRecord._meta.get_fields()}
    assert fields == {
        *("id", "request", "source", "probe", "threshold", "cursor", "looked_at", "failed"),
        *("started_by", "started_at", "finished_at", "released_at", "findings"),
    }
    finding = {field.name for field in models.SweepFindingRecord._meta.get_fields()}
    assert finding == {"id", "sweep", "number", "path", "sha256", "confirmed_at"}
    row = models.SweepRecord.objects.get()
    assert len(row.probe) > 0
    everything = bytes_of(house)
    assert bytes(row.probe)[:48] in everything  # negative control: the scan finds what is there
    assert [mark for mark in templates if mark in everything] == []
    house.act("request-withdraw", request=number)
    row.refresh_from_db()
    assert bytes(row.probe) == b""


def test_a_lock_stops_a_sweep_before_and_while_it_runs(sqlite_house: House) -> None:
    house = sqlite_house
    permit(house)
    folder = source_of(house, 1)
    for number in range(140):  # the cursor is written every 64 photographs, and locks are asked for then
        (folder / f"copy-{number:03d}.jpg").write_bytes(b"no picture " + str(number).encode())
    asked_for = asked(house)
    reports: list[int] = []

    def lock(looked: int, _: int) -> None:
        reports.append(looked)
        if len(reports) == 1:
            house.act("lock-set", kind="search", source="archive", reason="an inquiry")

    stopped = run(house, asked_for, report=lock)
    assert isinstance(stopped, Refused)
    assert stopped.authority == "Operator of the workspace: lock"
    assert reports == [64]
    assert models.SweepRecord.objects.get().finished_at is None
    again = run(house, asked_for, None)
    assert isinstance(again, Refused)
    assert house.events()[-1] == "act-refused"


def templates_of(house: House, picture: bytes) -> list[bytes]:
    """The first bytes of each template of a picture."""
    result = house.pool.submit(picture, detail=Detail.STANDARD, rule=PROBE_RULE).result()
    assert isinstance(result, PhotographExtraction)
    return [face.template.to_bytes()[:64] for face in result.pages[0].faces if face.template]


def bytes_of(house: House) -> bytes:
    """Every byte of every file of the workspace."""
    files = [path for path in house.workspace.directory.rglob("*") if path.is_file()]
    return b"\0".join(path.read_bytes() for path in files)
