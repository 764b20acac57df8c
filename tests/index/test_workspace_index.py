"""The index of a workspace: its own folder of segments, keys in the vault, upkeep by one call."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
from house import House, photograph
from index_parts import EPOCH, GALLERY, NOW, SPACE, grant, random_template

from countenance.index.head import NewRow, template_part
from countenance.index.upkeep import UpkeepReport
from countenance.records.workspace import Workspace
from countenance.search.values import LoggedCandidates
from countenance.vault.vault import Plain


def test_a_workspace_keeps_its_index(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    templates = [random_template(rng) for _ in range(12)]
    with Workspace.create(tmp_path / "workspace") as workspace:
        assert workspace.keep_index() == UpkeepReport()
        rows = []
        for template in templates:
            face, part = uuid.uuid4(), template_part(SPACE)
            (sealed,) = workspace.vault.seal([Plain(record_id=face, part=part, data=template.to_bytes())])
            rows.append(
                NewRow(
                    reference_id=str(uuid.uuid4()),
                    face_id=str(face),
                    gallery_id=GALLERY,
                    class_id=1,
                    space_id=SPACE,
                    dimension=128,
                    norm=8.0,
                    sealed=sealed,
                )
            )
        with workspace.transaction() as (tx, _):
            workspace.index.enrol(tx, rows)
        assert workspace.keep_index().sealed_rows == 0
        assert workspace.keep_index(seal_rows=1).sealed_rows == 12
        assert len(list((tmp_path / "workspace" / "segments").rglob("segment-*"))) == 1
        assert list((tmp_path / "workspace" / "media").rglob("segment-*")) == []
    with Workspace.open(tmp_path / "workspace") as workspace:
        workspace.background_index = True
        permission = grant(workspace.grant_key)
        searched = 0
        while searched < 12:
            with workspace.transaction() as (tx, _):
                answer = workspace.index.search(tx, permission, templates[3], floor=0.9, now=NOW, epoch=EPOCH)
            searched = answer.coverage.searched
            assert answer.coverage.permitted == 12
        assert [row.reference_id for row in answer.rows] == [rows[3].reference_id]
        with workspace.transaction() as (tx, _):
            workspace.index.remove(tx, [rows[3].reference_id])
        assert workspace.keep_index().rewritten == 1
        assert workspace.keep_index_where_due() is None


def test_upkeep_is_due_where_a_segment_did_not_open(sqlite_house: House) -> None:
    """Nothing in the database tells of a damaged file, and nobody may enrol for months."""
    workspace = sqlite_house.workspace
    for person in ("P001", "P002"):
        sqlite_house.enrol(sqlite_house.person(person), photograph(person))
    assert workspace.keep_index(seal_rows=1).sealed_rows == 2
    _spoil(workspace)
    workspace.__dict__.pop("index").close()  # as after a start: what is open stays good
    assert workspace.keep_index_where_due() is None
    assert _searched(sqlite_house) == (0, 2)
    report = workspace.keep_index_where_due()
    assert report is not None
    assert report.remade == 1
    assert _searched(sqlite_house) == (2, 2)
    assert workspace.keep_index_where_due() is None


def test_the_doctor_has_a_damaged_segment_made_again(sqlite_house: House) -> None:
    workspace = sqlite_house.workspace
    sqlite_house.enrol(sqlite_house.person("P001"), photograph("P001"))
    assert workspace.keep_index(seal_rows=1).sealed_rows == 1
    _spoil(workspace)
    for said in ("a part that did not open was made again from the records", "1 references in segments"):
        doctor = [sys.executable, "-m", "countenance", "doctor", "--json", "--workspace"]
        told = subprocess.run([*doctor, workspace.directory], capture_output=True, text=True, check=False)
        seen = {one["check"]: one["seen"] for one in json.loads(told.stdout)["checks"]}
        assert seen["index"].startswith(said)


def _spoil(workspace: Workspace) -> None:
    """Turn one bit of the only segment."""
    (file,) = (workspace.directory / "segments").rglob("segment-*")
    data = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def _searched(house: House) -> tuple[int, int]:
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    return answer.coverage.searched, answer.coverage.permitted
