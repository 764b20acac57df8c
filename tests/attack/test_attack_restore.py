"""A hostile backup: records changed and hashed anew, links out of it, names that lead elsewhere."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
from house import House, photograph

from countenance.primitives.errors import CountenanceError, IntegrityError
from countenance.records.database import open_reading
from countenance.registry.backup import backup
from countenance.registry.restore import restore


@pytest.fixture
def backed_up(sqlite_house: House, tmp_path: Path) -> House:
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    request = house.operator.sign(workspace_id=house.id, act="backup", params={}, at=house.clock())
    backup(house.workspace, request, tmp_path / "backup")
    house.workspace.checkpoint()
    with open_reading() as tx:
        house.workspace.log.export(tx, tmp_path / "log", payloads=True)
    return house


def _restore(house: House, tmp_path: Path) -> None:
    restore(
        tmp_path / "backup",
        tmp_path / "restored",
        log=tmp_path / "log",
        key=house.workspace.log.vkey,
        clock=house.clock,
    )


def _hash_anew(tmp_path: Path, name: str) -> None:
    path = tmp_path / "backup" / "manifest.json"
    manifest = json.loads(path.read_text())
    data = (tmp_path / "backup" / name).read_bytes()
    for file in manifest["files"]:
        if file["path"] == name:
            file |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    path.write_text(json.dumps(manifest))


def test_untouched_it_is_restored(backed_up: House, tmp_path: Path) -> None:
    _restore(backed_up, tmp_path)
    assert (tmp_path / "restored" / "workspace.toml").is_file()


def test_records_changed_and_hashed_anew_are_not_restored(backed_up: House, tmp_path: Path) -> None:
    """Whoever holds the records but not the keys cannot put an account of their own into them."""
    name = "records/database.sqlite3"
    with sqlite3.connect(tmp_path / "backup" / name) as database:
        database.execute("update records_account set role = 'operator' where name = 'carol'")
    database.close()
    _hash_anew(tmp_path, name)
    with pytest.raises(IntegrityError):
        _restore(backed_up, tmp_path)
    assert not (tmp_path / "restored").exists()


@pytest.mark.parametrize(
    "name", ["records/accounts/eve.key", "records/run/x", "records/keys/root.key", "evil"]
)
def test_a_backup_holds_nothing_but_records_and_keys(backed_up: House, tmp_path: Path, name: str) -> None:
    place = tmp_path / "backup" / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"x")
    path = tmp_path / "backup" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"].append({"path": name, "sha256": hashlib.sha256(b"x").hexdigest(), "bytes": 1})
    path.write_text(json.dumps(manifest))
    with pytest.raises(CountenanceError, match="backup"):
        _restore(backed_up, tmp_path)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_links_in_a_backup_are_not_followed(backed_up: House, tmp_path: Path, kind: str) -> None:
    media = next(path for path in (tmp_path / "backup" / "records" / "media").glob("*/*"))
    moved = media if kind == "file" else media.parent
    moved.rename(tmp_path / "outside")
    moved.symlink_to(tmp_path / "outside")
    with pytest.raises(IntegrityError, match="link"):
        _restore(backed_up, tmp_path)
