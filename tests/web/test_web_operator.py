"""What an operator once did by command alone and does in a page: consents, model packs, backups."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from house import PURPOSE, House
from web_parts import PASSWORD, Visitor

from countenance.records.settings import read_settings, write_settings
from countenance.service.server import SearcherServer
from countenance.web.entering.link import totp_of
from countenance.web.entering.session import read_token
from countenance.web.serving import LOG_NAME, logging_beside
from countenance.web.site import site


def _text(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def operator(served: House) -> Visitor:
    return Visitor(house=served).enter(served.operator)


@pytest.fixture
def keeping(web: House, tmp_path: Path) -> Iterator[Visitor]:
    """An operator whose workspace names a folder for backups."""
    directory = web.workspace.directory
    write_settings(directory, replace(read_settings(directory), backups=str(tmp_path / "backups")))
    (tmp_path / "backups").mkdir()
    server = SearcherServer(directory, clock=web.clock)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.ready.wait(60)
    yield Visitor(house=web).enter(web.operator)
    server.stop()
    thread.join(60)


def test_a_consent_is_recorded_listed_and_withdrawn(operator: Visitor) -> None:
    operator.post("/operator/act/person-add", label="P001")
    operator.post(
        "/operator/act/consent-record",
        person="P001",
        gallery="people",
        purposes=[PURPOSE],
        notice_text="We may look for you.",
    )
    listed = operator.get("/operator/consents").content.decode()
    found = re.search(r'href="/operator/consents/(R-[0-9A-Z-]+)"', listed)
    assert found, listed
    assert "P001" in listed
    one = operator.get(f"/operator/consents/{found[1]}").content.decode()
    assert f"/operator/act/consent-withdraw?receipt={found[1]}" in one
    assert "We may look for you." in one
    done = operator.post("/operator/act/consent-withdraw", receipt=found[1])
    assert done.status_code == 200, _text(done)
    assert operator.house.events()[-1] == "consent-withdrawn"
    assert re.search(
        r"Withdrawn</dt><dd>2026-11-02", operator.get(f"/operator/consents/{found[1]}").content.decode()
    )


def test_people_are_found_by_the_beginning_of_their_label_a_page_at_a_time(operator: Visitor) -> None:
    for number in range(52):
        operator.house.act("person-add", label=f"Person {number:02d}")
    operator.house.act("person-add", label="Élise")
    first = operator.get("/operator/persons").content.decode()
    assert "Rows: 53" in first
    assert "Person 47" in first
    assert "Person 51" not in first
    assert "Person 51" in operator.get("/operator/persons?from=50").content.decode()
    found = operator.get("/operator/persons?find=élis").content.decode()
    assert "Rows: 1" in found
    assert "Élise" in found
    assert "None begins with" in operator.get("/operator/persons?find=nobody").content.decode()
    assert operator.get("/operator/persons/Person%2051").status_code == 200
    assert (
        operator.get("/operator/persons/Person%20").status_code == 404
    )  # the beginning of many, and nobody's label
    form = operator.get("/operator/act/consent-record?person=Person%2051").content.decode()
    assert 'value="Person 51"' in form
    # However many people, as many questions to the database.
    with CaptureQueriesContext(connection) as few:
        operator.house.act("records-read", listing="persons", most=2)
    with CaptureQueriesContext(connection) as many:
        operator.house.act("records-read", listing="persons", most=50)
    assert len(many) == len(few)
    assert len(operator.house.act("records-read", listing="persons")["persons"]) == 53


def test_an_account_is_added_with_a_link_for_its_owner(operator: Visitor) -> None:
    """Nobody opens a terminal: the key is made in the page, and is in nobody's hands but the owner's."""
    done = operator.post("/operator/act/account-add", name="rita", role="request-desk")
    assert done.status_code == 200, _text(done)
    link = re.search(r"https://localhost/welcome/([\w-]+)", _text(done))
    assert link, _text(done)
    assert not list(operator.house.workspace.directory.rglob("rita.key"))
    rita = Visitor(house=operator.house)
    assert rita.get(f"/welcome/{link[1]}").status_code == 200
    rita.secret = totp_of(site().keyring, read_token(link[1]))
    assert rita.post(f"/welcome/{link[1]}", None, password=PASSWORD, code=rita.code()).status_code == 302
    assert "rita" in _text(rita.get("/"))
    assert rita.get("/requests/open").status_code == 200
    refused = operator.post("/operator/act/account-add", name="second", role="operator")
    assert refused.status_code == 400
    assert "Two persons add" in _text(refused)


def test_consents_are_the_operator_s_records(operator: Visitor) -> None:
    operator.house.person("P001")
    carol = Visitor(house=operator.house).enter(operator.house.caseworker)
    assert "P001" not in _text(carol.get("/operator/consents"))


def test_a_backup_is_made_listed_and_read_again(keeping: Visitor) -> None:
    house = keeping.house
    done = keeping.post("/operator/act/backup")
    assert done.status_code == 200, _text(done)
    (folder,) = list((house.workspace.directory.parent / "backups").iterdir())
    assert (folder / "manifest.json").is_file()
    assert folder.stat().st_mode & 0o077 == 0
    listed = keeping.get("/operator/backups").content.decode()
    key = re.search(r'href="/operator/backups/([^"]+)"', listed)
    assert key, listed
    one = keeping.get(f"/operator/backups/{key[1]}").content.decode()
    asked = re.search(r'href="(/operator/act/backup-verify[^"]+)"', one)
    assert asked, one
    form = keeping.get(asked[1]).content.decode()
    moment = re.search(r'name="backup" type="text" value="([^"]+)"', form)
    assert moment, form
    assert "made_at" not in form  # for whoever stands at the machine
    before = house.events().count("backup-verified")
    done = keeping.post("/operator/act/backup-verify", backup=moment[1])
    assert done.status_code == 200, _text(done)
    assert house.events().count("backup-verified") == before + 1
    (folder / "records" / "workspace.toml").write_text("changed")
    done = keeping.post("/operator/act/backup-verify", backup=moment[1])
    assert done.status_code >= 400
    assert "workspace.toml" in _text(done)
    assert house.events().count("backup-verified") == before + 1


def test_without_a_folder_the_page_says_what_to_do(operator: Visitor) -> None:
    done = operator.post("/operator/act/backup")
    assert done.status_code == 409
    assert "countenance backup DIR" in _text(done)
    assert "backup-made" not in operator.house.events()


def test_no_backup_is_made_or_read_for_a_caseworker(keeping: Visitor) -> None:
    carol = Visitor(house=keeping.house).enter(keeping.house.caseworker)
    for act, fields in (("backup", {}), ("backup-verify", {"backup": "2026-11-02T09:00:00Z"})):
        assert carol.post(f"/operator/act/{act}", **fields).status_code == 403, act
    assert list((keeping.house.workspace.directory.parent / "backups").iterdir()) == []


def test_a_pack_is_verified_and_the_shipped_one_stays(operator: Visitor) -> None:
    listed = operator.get("/operator/models").content.decode()
    assert "countenance models add NAME --recogniser" in listed  # what is done elsewhere, word for word
    done = operator.post("/operator/act/model-verify", pack="sface")
    assert done.status_code == 200, _text(done)
    assert "whole" in _text(done)
    assert operator.post("/operator/act/model-verify", pack="nowhere").status_code == 404
    done = operator.post("/operator/act/model-remove", pack="sface")
    assert done.status_code == 400
    assert "comes with the program" in _text(done)


def test_the_server_s_own_words_go_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_beside(tmp_path):
        logging.getLogger("waitress.queue").warning("Task queue depth is 1")
    assert "Task queue depth is 1" in (tmp_path / "run" / LOG_NAME).read_text()
    assert "queue" not in capsys.readouterr().err
