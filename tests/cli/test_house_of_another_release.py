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
