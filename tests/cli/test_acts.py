"""The commands on a real workspace, as an operator and a caseworker would give them."""

from __future__ import annotations

import json
import stat
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import openpeople
import pytest
from cli_program import Program

from countenance.cli.commands.erase import STORES
from countenance.records.erasing.vocabulary import Store

PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
SCHEMA = json.loads((files("countenance.cli") / "search.schema.json").read_text())
CHLOE = ("--as", "chloe", "--keys", "keys")


def portrait(person: str, name: str = "studio_portrait") -> bytes:
    return (PEOPLE / person / "assets" / f"{name}.jpg").read_bytes()


def check(document: Any) -> Any:
    jsonschema.validate(document, SCHEMA)
    return document


@pytest.fixture
def stocked(founded: Program) -> Program:
    return founded_stock(founded)


def founded_stock(founded: Program) -> Program:
    """P001 has consented and is enrolled; P002 never did. A case is open."""
    founded.good("person", "add", "P001")
    founded.good(
        "person",
        "consent",
        "P001",
        "--gallery",
        "missing",
        "--purpose",
        "missing-person",
        "--notice-text",
        "t",
    )
    for person in ("P001", "P002"):
        (founded.folder / "pictures" / f"{person}.jpg").write_bytes(portrait(person))
    (founded.folder / "pictures" / "note.jpg").write_text("not a picture")
    (founded.folder / "people.csv").write_text("path,person\nP001.jpg,P001\nP002.jpg,P002\nnote.jpg,\n")
    (founded.folder / "probe.jpg").write_bytes(portrait("P001", "amateur_selfie"))
    (founded.folder / "sheet.jpg").write_bytes(portrait("P003", "character_sheet"))
    result = founded.good("ingest", "albums", "--manifest", "people.csv")
    assert result["faces"] == {"enrolled": 1, "refused": 1}
    founded.good(
        *("case", "open", "--purpose", "missing-person", "--reference", "1", "--on-behalf-of", "Police"),
        *("--on-behalf-of-jurisdiction", "CA-QC", *CHLOE),
    )
    return founded


def case_of(program: Program) -> str:
    return str(program.good("case", "list")["cases"][0]["case"])


def test_two_persons(founded: Program) -> None:
    founded.good("gallery", "suspend", "missing", "--reason", "inspection")
    waiting = founded.good("gallery", "reinstate", "missing")
    code = waiting["proposal"]
    assert founded.good("status")["proposals_open"][0]["proposal"] == code
    same = founded("approve", code, "--json")
    assert same.code == 3
    assert same.json["refused"]["reason"] == "second-person-needed"
    assert founded.good("gallery", "list")["galleries"][0]["state"] == "suspended"
    assert founded.good("approve", code, "--as", "deputy")["state"] == "live"
    assert founded("approve", code, "--as", "deputy").code == 4


def test_a_key_is_private_and_never_overwritten(founded: Program) -> None:
    path = founded.folder / "keys" / "chloe.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    again = founded("account", "add", "chloe", "--role", "auditor", "--key-to", "keys", "--json")
    assert again.json["error"]["code"] == "account-key-exists"
    assert path.read_bytes() == before
    refused = founded("account", "add", "dan", "--role", "auditor", "--key-to", "keys", *CHLOE)
    assert refused.code == 3
    assert not (founded.folder / "keys" / "dan.key").exists()


def test_whose_key_is_used(founded: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "signed by operator" in founded("person", "add", "A").out
    monkeypatch.setenv("COUNTENANCE_ACCOUNT", "deputy")
    assert "signed by deputy" in founded("person", "add", "B").out
    assert "signed by operator" in founded("person", "add", "C", "--as", "operator").out
    monkeypatch.delenv("COUNTENANCE_ACCOUNT")
    assert (
        "signed by chloe"
        in founded(
            *("case", "open", "--purpose", "missing-person", "--reference", "1", "--on-behalf-of", "P"),
            *("--on-behalf-of-jurisdiction", "CA-QC", "--keys", "keys"),
        ).out
    )
    (founded.folder / "countenance-workspace" / "accounts" / "operator.key").rename(founded.folder / "x.key")
    assert "signed by deputy" in founded("person", "add", "D").out


def test_workspace_is_found_from_below(founded: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    below = founded.folder / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert founded.good("gallery", "list")["galleries"]
    monkeypatch.setenv("COUNTENANCE_WORKSPACE", str(founded.folder / "elsewhere"))
    assert founded("gallery", "list").code == 4


def test_ingest_names_what_was_not_taken_in(stocked: Program) -> None:
    again = stocked.good("ingest", "albums", "--manifest", "people.csv")
    assert {(item["path"], item["state"], item["reason"]) for item in again["items"]} == {
        ("P002.jpg", "refused", "no-consent"),
        ("note.jpg", "unreadable", "not-a-picture"),
    }
    text = stocked("ingest", "albums", "--manifest", "people.csv").out
    assert "no-consent (CA-" in text
    plan = stocked.good("plan", "albums")
    assert plan["files"] == 3
    assert plan["photographs_known"] >= 2
    assert "Plan for albums" in stocked("plan", "albums").out


def test_search_answers_by_the_published_schema(stocked: Program) -> None:
    case = case_of(stocked)
    found = check(stocked.good("search", case, "probe.jpg", *CHLOE))
    assert [candidate["person"] for candidate in found["candidates"]] == ["P001"]
    assert found["coverage"] == {"searched": 1, "of": 1, "not_searchable": 0}
    refused = stocked("search", "C-0000-0000", "probe.jpg", *CHLOE, "--json")
    assert refused.code == 3
    assert check(refused.json)["refused"]["reason"] == "no-case"
    outside = stocked("search", case, "probe.jpg", "--purpose", "archive-description", *CHLOE, "--json")
    assert outside.code == 3
    assert check(outside.json)["refused"]["reason"].startswith("purpose-")
    many_faces = stocked("search", case, "sheet.jpg", *CHLOE, "--json")
    assert many_faces.code == 2
    assert len(check(many_faces.json)["which_face"]["faces"]) > 1
    named = check(stocked.good("search", case, "sheet.jpg", "--face", "0", *CHLOE))
    assert all(candidate["score"] < 0.6 for candidate in named["candidates"])
    nobody = stocked("search", case, "pictures/note.jpg", *CHLOE, "--json")
    assert nobody.code == 1
    assert "failure_to_acquire" in check(nobody.json)
    assert (
        check(stocked("search", case, "none.jpg", *CHLOE, "--json").json)["error"]["code"]
        == "photograph-missing"
    )


def test_search_in_words(stocked: Program) -> None:
    case = case_of(stocked)
    for lang, leads, score in (
        ("en", "leads, not identifications", "Comparison score"),
        ("fr", "pistes, non", "Score de"),
    ):
        run = stocked("search", case, "probe.jpg", *CHLOE, "--lang", lang, "--sheet", f"{lang}.html")
        text = " ".join(run.out.split())
        assert leads in text
        assert score in text
        assert "P001" in text
        assert "%" not in text
        assert "a@example.org" in text
        assert max(map(len, run.out.splitlines())) <= 80
        assert stat.S_IMODE((stocked.folder / f"{lang}.html").stat().st_mode) == 0o600
    choice = stocked("search", case, "sheet.jpg", *CHLOE)
    assert choice.code == 2
    assert "--face" in choice.out
    french = stocked("search", "C-0000-0000", "probe.jpg", *CHLOE, "--lang", "fr")
    assert french.code == 3
    assert "LPRPDE" in french.err
    refusal = stocked("search", "C-0000-0000", "probe.jpg", *CHLOE)
    assert refusal.code == 3
    assert "no-case" in refusal.err


def test_many_probes_one_line_each(stocked: Program) -> None:
    (stocked.folder / "probes").mkdir()
    (stocked.folder / "probes" / "a.jpg").write_bytes(portrait("P001", "amateur_selfie"))
    (stocked.folder / "probes" / "b.jpg").write_text("no picture")
    run = stocked("search", case_of(stocked), "--many", "probes", *CHLOE)
    lines = [check(json.loads(line)) for line in run.out.splitlines()]
    assert run.code == 1
    assert [Path(line["probe"]).name for line in lines] == ["a.jpg", "b.jpg"]
    (stocked.folder / "probes.csv").write_text("path,face\nprobes/a.jpg,\nsheet.jpg,1\n")
    run = stocked("search", case_of(stocked), "--many", "probes.csv", *CHLOE)
    assert run.code == 0
    assert len(run.out.splitlines()) == 2
    (stocked.folder / "probes.csv").write_text("file\nprobes/a.jpg\n")
    assert stocked("search", case_of(stocked), "--many", "probes.csv", *CHLOE).code == 2


def test_a_withdrawal_by_code_is_gone_from_the_next_search(stocked: Program) -> None:
    receipt = stocked.good("person", "list")["persons"][0]["receipts"][0]["receipt"]
    done = stocked.good("person", "withdraw", "--receipt", receipt.lower())
    assert done["references_ended"] == 1
    found = check(stocked.good("search", case_of(stocked), "probe.jpg", *CHLOE))
    assert found["candidates"] == []
    assert found["coverage"]["of"] == 0


def test_what_cannot_be_undone_is_asked_for(founded: Program) -> None:
    assert founded.alone("source", "withdraw", "albums").code == 2
    assert founded.good("source", "list")["sources"][0]["state"] == "live"
    assert founded.good("source", "withdraw", "albums", "--yes")["state"] == "withdrawn"


def test_log_commands(founded: Program) -> None:
    key = founded.good("log", "key")["key"]
    assert founded("log", "key").out.strip() == key
    kept = founded.folder / "kept.txt"
    kept.write_text(founded("log", "checkpoint").out)
    assert founded.good("log", "verify")["verified"]
    founded.good("log", "export", "export")
    assert founded.good("log", "verify", "export", "--key", key, "--old-checkpoint", "kept.txt")["ok"]
    founded.good("log", "prove", 2, "--out", "two.proof")
    assert founded("log", "verify", "two.proof", "--key", key).code == 0
    assert founded("log", "prove", 9999).code == 4
    assert founded("log", "verify", "export").code == 2
    (bundle,) = (founded.folder / "export" / "tile" / "entries" / "000.p").iterdir()
    data = bytearray(bundle.read_bytes())
    place = data.index(b"gallery-added")
    number = data[:place].count(b'"event":') - 1
    data[place] ^= 1
    bundle.write_bytes(data)
    bad = founded("log", "verify", "export", "--key", key, "--json")
    assert bad.code == 1
    assert bad.json["findings"][0]["entry"] == number


def test_policy_commands(founded: Program) -> None:
    assert founded.good("policy", "list")["policies"][0]["state"] == "in-force"
    rules = founded.good("policy", "show")["rules"]
    assert {rule["rule"] for rule in rules} >= {"CA-01", "CA-00"}
    (first,) = (rule for rule in rules if rule["rule"] == "CA-01")
    assert first["fr"] in " ".join(founded("policy", "show", "CA-01", "--lang", "fr").out.split())
    assert founded("policy", "show", "CA-999").code == 4
    assert founded("policy", "test", "gallery-reinstate").code == 3
    assert founded("policy", "test", "gallery-reinstate", "--approvals", "2").code == 0
    assert founded("policy", "test", "search", "--gallery", "missing").code == 3
    assert founded("policy", "activate", "CA", "--json").json["waits_for"] == "second-person"
    assert founded("policy", "activate", "nowhere").code == 4


def test_models_and_doctor(founded: Program) -> None:
    (pack,) = founded.good("models", "list")["models"]
    assert pack["name"] == "sface"
    assert founded.good("models", "verify")["models"][0]["verified"]
    report = founded.good("doctor")
    assert report["ok"]
    assert {check["check"] for check in report["checks"]} >= {
        "python",
        "log",
        "keys",
        "models",
        "clock",
    }
    assert founded("doctor").out.count("OK ") == len(report["checks"])


def test_every_store_of_an_erasure_has_a_name() -> None:
    assert set(STORES) == {store.value for store in Store}
