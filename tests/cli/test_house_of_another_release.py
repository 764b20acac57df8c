"""A workspace whose HOUSE pack is of another release says so, and how to get out of it."""

from __future__ import annotations

import json
from pathlib import Path

from cli_program import Program


def put_in_force(program: Program, folder: str) -> None:
    """Signed by both founders, and switched on by them."""
    for who in ("operator", "deputy"):
        program.good("policy", "sign", folder, "--as", who)
    waits = program.good("policy", "activate", folder, "--as", "operator")
    program.good("approve", waits["proposal"], "--as", "deputy")


def older(folder: Path) -> None:
    """HOUSE as it was when a thing that can be asked today was not known."""
    schema = folder / "schema.cedarschema"
    schema.write_text(schema.read_text().replace('"suppression-status"', '"suppression-count"'))
    manifest = json.loads((folder / "pack.json").read_text())
    (folder / "pack.json").write_text(json.dumps({**manifest, "version": "2026.1.1"}))


def asked_otherwise(folder: Path) -> None:
    """HOUSE as it was when every act was asked in another way."""
    schema = folder / "schema.cedarschema"
    schema.write_text(
        schema.read_text().replace("type ActContext = {\n", "type ActContext = {\n  desk: String,\n")
    )
    manifest = json.loads((folder / "pack.json").read_text())
    (folder / "pack.json").write_text(json.dumps({**manifest, "version": "2026.1.2"}))


def test_a_house_that_knows_no_act_of_today_gives_way_to_this_releases_alone(founded: Program) -> None:
    founded.good("policy", "export", "HOUSE", "house")
    asked_otherwise(founded.folder / "house")
    founded.good("policy", "export", "HOUSE", "ours")
    founded.good("policy", "export", "CA", "ca")
    put_in_force(founded, "house")
    assert (
        founded("person", "add", "P001", "--as", "operator", "--json").json["refused"]["reason"]
        == "policy-other-release"
    )
    terms = founded.folder / "ca" / "terms.json"
    terms.write_text(terms.read_text() + "\n")
    for who in ("operator", "deputy"):
        founded.good("policy", "sign", "ca", "--as", who)
        founded.good("policy", "sign", "ours", "--as", who)
    other = founded("policy", "activate", "ca", "--as", "operator", "--json")
    assert (other.code, other.json["refused"]["reason"]) == (3, "policy-other-release")
    waits = founded.good("policy", "activate", "ours", "--as", "operator")
    alone = founded("approve", waits["proposal"], "--as", "operator", "--json")
    assert (alone.code, alone.json["refused"]["reason"]) == (3, "second-person-needed")
    done = founded.good("approve", waits["proposal"], "--as", "deputy")
    assert founded.good("policy", "replay", done["log_entry"])["differences"] == []
    founded.good("policy", "activate", "ca", "--as", "operator")
    assert founded("doctor").code == 0


def test_what_an_older_house_does_not_know_is_refused_with_the_way_out(founded: Program) -> None:
    assert founded("doctor").code == 0
    founded.good("policy", "export", "HOUSE", "house")
    older(founded.folder / "house")
    put_in_force(founded, "house")
    refused = founded("suppression", "status", "--json")
    assert refused.code == 3
    assert refused.json["refused"]["reason"] == "policy-other-release"
    told = founded("suppression", "status")
    assert "countenance policy export HOUSE" in " ".join((told.out + told.err).split())
    doctor = founded("doctor", "--json")
    (check,) = (check for check in doctor.json["checks"] if not check["ok"])
    assert (doctor.code, check["code"]) == (1, "policy-other-release")
    assert "policy activate house" in check["remedy"]
    founded.good("policy", "export", "HOUSE", "again")
    put_in_force(founded, "again")
    assert founded.good("suppression", "status")["entries"] == 0
    assert founded("doctor").code == 0
