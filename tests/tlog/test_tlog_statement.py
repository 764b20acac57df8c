"""Statements: a receipt or certificate that the log commits to, as its holder checks it with the one file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tlog_helpers import KEY, ORIGIN, Open, entry, later

from countenance.primitives.errors import IntegrityError, NotFoundError, UnavailableError, UsageError
from countenance.tlog import statement as statements
from countenance.tlog import verifier
from countenance.tlog.log import Log

RECEIPT: dict[str, Any] = {
    "type": "receipt/1",
    "kind": "erasure",
    "counts": {"crops": 3, "templates": 3},
    "text": "Effacé à l’instant \t 😀",
    "none": None,
    "yes": True,
}


def issued(opened: Open, document: dict[str, Any] = RECEIPT) -> tuple[Log, str]:
    log = Log(ORIGIN, KEY)
    details = {"person": "x", statements.MEMBER: statements.digest_of(document)}
    with opened() as tx:
        log.append(tx, [entry(0), entry(1, details=details), entry(2)])
        log.sign_checkpoint(tx, later(3))
        return log, statements.issue(log, tx, 1, document)


def test_a_statement_verifies_alone(opened: Open, tmp_path: Path) -> None:
    log, text = issued(opened)
    program = shutil.copy(verifier.__file__, tmp_path / "verifier.py")
    (tmp_path / "receipt.json").write_text(text, "utf-8")
    command = [sys.executable, "-I", program, "statement", tmp_path / "receipt.json", "--key", log.vkey]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "entry 1 of archive.example.org/log" in done.stdout
    assert json.loads(done.stdout.partition("\n")[2]) == RECEIPT
    done = subprocess.run([*command, "--json"], capture_output=True, timeout=60, check=False)
    assert json.loads(done.stdout)["statement"] == RECEIPT


@pytest.mark.parametrize("member", ["statement", "salt", "details", "proof", "format"])
def test_whatever_is_changed_is_seen(opened: Open, member: str) -> None:
    log, text = issued(opened)
    file = json.loads(text)
    changed = {
        "statement": {**RECEIPT, "counts": {"crops": 2, "templates": 3}},
        "salt": "00" * 32,
        "details": file["details"].replace('"person":"x"', '"person":"y"'),
        "proof": file["proof"].replace("index 1\n", "index 2\n"),
        "format": "countenance-statement/2",
    }
    assert changed[member] != file[member]
    assert verifier.verify_statement(text, log.vkey).ok
    assert not verifier.verify_statement(json.dumps({**file, member: changed[member]}), log.vkey).ok


def test_the_proof_of_another_entry_proves_no_statement(opened: Open) -> None:
    log, text = issued(opened)
    with opened() as tx:
        other = log.prove(tx, 2)
        payload = log.payload(tx, 2)
    assert payload is not None
    file = {**json.loads(text), "proof": other}
    assert [each.kind for each in verifier.verify_statement(json.dumps(file), log.vkey).findings] == [
        "statement"
    ]
    # Nor does one whose own details say nothing of it.
    file |= {"salt": payload.salt.hex(), "details": payload.details.decode()}
    assert not verifier.verify_statement(json.dumps(file), log.vkey).ok


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"format": 1}', "{" * 5000])
def test_what_is_no_statement_is_named(text: str) -> None:
    vkey = Log(ORIGIN, KEY).vkey
    assert [each.kind for each in verifier.verify_statement(text, vkey).findings] == ["statement-format"]


def test_only_what_was_logged_is_issued(opened: Open) -> None:
    log, _ = issued(opened)
    with opened() as tx:
        with pytest.raises(IntegrityError):
            statements.issue(log, tx, 1, {**RECEIPT, "yes": False})
        with pytest.raises(IntegrityError):
            statements.issue(log, tx, 0, RECEIPT)
        log.append(tx, [entry(4, details={statements.MEMBER: statements.digest_of(RECEIPT)})])
        with pytest.raises(UnavailableError):
            statements.issue(log, tx, 3, RECEIPT)
        log.forget(tx, [1])
        with pytest.raises(NotFoundError):
            statements.issue(log, tx, 1, RECEIPT)


def test_fractions_have_no_place_in_a_statement() -> None:
    with pytest.raises(UsageError):
        statements.digest_of({"a": [{"b": 0.5}]})
