"""What the log and its verifier tell, word for word where somebody acts upon it; and the edges of what they accept."""

from __future__ import annotations

import base64
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_helpers import KEY, ORIGIN, START, Exported, entries, entry, flip_entry, later

from countenance.primitives.errors import FormatError, NotFoundError, UnavailableError
from countenance.primitives.sql import sqlite_transaction
from countenance.tlog import statement as statements
from countenance.tlog import store, verifier
from countenance.tlog.cosignature import cosign, parse_witness_key, verify_cosignature, witness_key
from countenance.tlog.leaf import parse_leaf
from countenance.tlog.log import Log
from countenance.tlog.merkle import EMPTY_ROOT, verify_consistency
from countenance.tlog.note import SignatureLine, parse_vkey, read_vkey
from countenance.tlog.schema import drop_schema, schema

WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
NAME = "witness.example.org"
WITNESS_LINE = witness_key(NAME, WITNESS.public_key()).vkey
RECEIPT = {"type": "receipt/1", "kind": "erasure"}


def program(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str]:
    """The verifier's program in this process: its exit code, and what it printed."""
    code = verifier.main([str(word) for word in words])
    shown = capsys.readouterr()
    return code, shown.out + shown.err


def made(sqlite: sqlite3.Connection, *, cosigned: bool = False) -> tuple[Log, str, str]:
    """A log of three entries, a proof of the second, and the statement that it commits to."""
    log = Log(ORIGIN, KEY)
    details = {"person": "x", statements.MEMBER: statements.digest_of(RECEIPT)}
    with sqlite_transaction(sqlite) as tx:
        log.append(tx, [entry(0), entry(1, details=details), entry(2)])
        note = log.sign_checkpoint(tx, later(3))
        if cosigned:
            text = note.partition("\n\n")[0] + "\n"
            key = parse_witness_key(WITNESS_LINE)
            log.add_cosignatures(tx, 3, cosign(text, NAME, WITNESS, later(5)), key)
        return log, log.prove(tx, 1), statements.issue(log, tx, 1, RECEIPT)


class TestProgram:
    def test_an_export(self, capsys: pytest.CaptureFixture[str], export: Exported, tmp_path: Path) -> None:
        root = verifier.verify_export(export.path, export.vkey).root
        told = f"Verified: 700 entries of {ORIGIN}, each one as it was logged. Root {root}\n"
        assert program(capsys, export.path, "--key", export.vkey) == (0, told)
        (tmp_path / "old").write_text(export.checkpoints[300])
        code, text = program(capsys, export.path, "--key", export.vkey, "--old-checkpoint", tmp_path / "old")
        assert (code, text) == (0, told + "It continues the older checkpoint of 300 entries.\n")
        code, text = program(capsys, export.path, "--key", export.vkey, "--json")
        expected = {"ok": True, "origin": ORIGIN, "size": 700, "root": root, "findings": []}
        assert (code, json.loads(text)) == (0, expected)
        code, text = program(capsys, export.path, "--key", export.vkey, "--lang", "fr")
        assert text.startswith(f"Vérifié : 700 inscriptions de {ORIGIN}")

    def test_a_changed_export(self, capsys: pytest.CaptureFixture[str], export: Exported) -> None:
        flip_entry(export.path / "tile/entries/000", 17)
        code, text = program(capsys, export.path, "--key", export.vkey)
        assert (code, text.splitlines()[0]) == (1, f"NOT verified: {ORIGIN}")
        assert text.splitlines()[1].startswith("- Entry 17 ")
        code, text = program(capsys, export.path, "--key", export.vkey, "--json", "--lang", "fr")
        found = json.loads(text)["findings"]
        assert code == 1
        assert [(each["kind"], each["entry"]) for each in found] == [("altered", 17)]
        assert found[0]["text"].startswith("L'inscription 17 ")

    def test_a_proof(self, capsys: pytest.CaptureFixture[str], export: Exported, tmp_path: Path) -> None:
        (tmp_path / "proof").write_text(export.proof)
        code, text = program(capsys, "proof", tmp_path / "proof", "--key", export.vkey)
        assert (code, text.splitlines()[0]) == (
            0,
            f"Verified: this is entry 17 of {ORIGIN}, in a log of 700 entries:",
        )
        lines = export.proof.splitlines(keepends=True)
        (tmp_path / "bare").write_text("".join([lines[0], *lines[2:]]))
        code, text = program(capsys, "proof", tmp_path / "bare", "--key", export.vkey)
        assert (code, "give it with --entry" in text) == (1, True)
        proved = verifier.verify_proof(export.proof, export.vkey).proved
        assert proved is not None
        (tmp_path / "entry").write_bytes(proved[1])
        words = ("proof", tmp_path / "bare", "--key", export.vkey, "--entry", tmp_path / "entry")
        assert program(capsys, *words)[0] == 0

    def test_a_statement(
        self, capsys: pytest.CaptureFixture[str], sqlite: sqlite3.Connection, tmp_path: Path
    ) -> None:
        log, proof, statement = made(sqlite, cosigned=True)
        (tmp_path / "statement").write_text(statement, "utf-8")
        (tmp_path / "proof").write_text(proof, "utf-8")
        words = ("statement", tmp_path / "statement", "--key", log.vkey)
        told = f"Verified: entry 1 of {ORIGIN}, in a log of 3 entries, commits to this statement:"
        code, text = program(capsys, *words)
        assert (code, text.splitlines()[0]) == (0, told)
        code, text = program(capsys, *words, "--witness", WITNESS_LINE)
        assert (code, text.splitlines()[-1]) == (
            0,
            f"Cosigned by the witness {NAME} at 2026-03-01T09:00:05+00:00.",
        )
        shown = json.loads(program(capsys, *words, "--witness", WITNESS_LINE, "--json")[1])
        assert (shown["statement"], shown["witnesses"]) == (RECEIPT, {NAME: "2026-03-01T09:00:05+00:00"})
        other = witness_key("other.example.org", WITNESS.public_key()).vkey
        for kind in ("statement", "proof"):
            words = (kind, tmp_path / kind, "--key", log.vkey, "--witness", WITNESS_LINE, "--witness", other)
            code, text = program(capsys, *words)
            assert code == 1
            assert "no good cosignature of the witness other.example.org" in text

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["{export}", "--key", "nonsense"], "--key is not a verifier key"),
            (["{export}", "--key", "{vkey}", "--witness", "{vkey}"], "--witness is not the verifier key"),
            (["{export}", "two", "--key", "{vkey}"], "give one folder"),
            (["proof", "a", "b", "--key", "{vkey}"], "give one folder"),
        ],
    )
    def test_wrong_use(
        self, capsys: pytest.CaptureFixture[str], export: Exported, words: list[str], told: str
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            verifier.main([word.format(export=export.path, vkey=export.vkey) for word in words])
        assert ended.value.code == 2
        assert told in capsys.readouterr().err

    def test_what_is_not_there(
        self, capsys: pytest.CaptureFixture[str], export: Exported, tmp_path: Path
    ) -> None:
        for words in ([tmp_path / "none"], ["proof", tmp_path / "none"], ["statement", tmp_path / "none"]):
            code, text = program(capsys, *words, "--key", export.vkey)
            assert (code, str(tmp_path / "none") in text) == (4, True)


def test_a_statement_of_another_form_or_another_entry(sqlite: sqlite3.Connection) -> None:
    log, _proof, statement = made(sqlite)
    file = json.loads(statement)
    for changed in ({"format": "countenance-statement/2"}, {"statement": ["list"]}, {"salt": "zz"}):
        verdict = verifier.verify_statement(json.dumps({**file, **changed}), log.vkey)
        assert (verdict.origin, verdict.size, verdict.root, verdict.proved) == (ORIGIN, 0, None, None)
        assert [finding.kind for finding in verdict.findings] == ["statement-format"]
    verdict = verifier.verify_statement(json.dumps({**file, "salt": "00" * 32}), log.vkey)
    assert [(finding.kind, finding.entry) for finding in verdict.findings] == [("statement", 1)]
    assert (verdict.proved, verdict.statement) == (None, None)
    good = verifier.verify_statement(statement, log.vkey)
    assert (good.ok, good.statement, good.size) == (True, RECEIPT, 3)


class TestLog:
    def test_an_empty_log(self, log: Log, sqlite: sqlite3.Connection) -> None:
        with sqlite_transaction(sqlite) as tx:
            head = log.head(tx)
            assert (head.size, head.latest_at, head.root) == (0, None, EMPTY_ROOT)

    def test_a_clock_that_was_set_back_is_told_with_both_times(
        self, log: Log, sqlite: sqlite3.Connection
    ) -> None:
        with sqlite_transaction(sqlite) as tx:
            log.append(tx, entries(0, 4000))
        with pytest.raises(UnavailableError) as caught, sqlite_transaction(sqlite) as tx:
            log.append(tx, [entry(0)])
        assert caught.value.code == "clock-set-back"
        assert dict(caught.value.message.params) == {
            "now": "2026-03-01T09:00:00Z",
            "before": "2026-03-01T10:06:39Z",
        }
        assert caught.value.remedy is not None

    def test_sizes_that_no_proof_can_be_of(self, log: Log, sqlite: sqlite3.Connection) -> None:
        with sqlite_transaction(sqlite) as tx:
            log.append(tx, entries(0, 9))
            for old, new in ((0, None), (10, None), (6, 5)):
                with pytest.raises(NotFoundError) as caught:
                    log.consistency_proof(tx, old, new)
                assert dict(caught.value.message.params) == {"size": new or 9, "entry": old}
            assert log.consistency_proof(tx, 4, 6) != log.consistency_proof(tx, 4)

    def test_the_newest_of_several_cosignatures_is_kept(self, log: Log, sqlite: sqlite3.Connection) -> None:
        key = parse_witness_key(WITNESS_LINE)
        with sqlite_transaction(sqlite) as tx:
            log.append(tx, entries(0, 3))
            text = log.sign_checkpoint(tx, later(3)).partition("\n\n")[0] + "\n"
            lines = [cosign(text, NAME, WITNESS, later(second)) for second in (7, 9, 8)]
            assert log.add_cosignatures(tx, 3, "".join(lines), key) == later(9)
            kept = log.prove(tx, 1)
        assert lines[1] in kept
        assert lines[0] not in kept
        assert lines[2] not in kept

    def test_details_are_forgotten_in_parts_and_counted_in_all(
        self, log: Log, sqlite: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(store, "_FORGET_AT_ONCE", 3)
        with sqlite_transaction(sqlite) as tx:
            log.append(tx, entries(0, 10))
            assert store.delete_payloads(tx, list(range(1, 9))) == 8
            assert store.delete_payloads(tx, list(range(10))) == 2

    def test_its_tables_go_as_they_came(self, sqlite: sqlite3.Connection) -> None:
        for statement in drop_schema("sqlite"):
            sqlite.execute(statement)
        assert sqlite.execute("SELECT name FROM sqlite_master WHERE name LIKE 'tlog%'").fetchall() == []
        for statement in schema("sqlite"):
            sqlite.execute(statement)


def test_a_leaf_is_read_back_whole(log: Log, sqlite: sqlite3.Connection) -> None:
    with sqlite_transaction(sqlite) as tx:
        (appended,) = log.append(tx, [entry(4)])
        proved = None
        log.sign_checkpoint(tx, later(9))
        proved = verifier.verify_proof(log.prove(tx, appended.index), log.vkey).proved
    assert proved is not None
    leaf = parse_leaf(proved[1])
    assert (leaf.event, leaf.at, leaf.purpose, leaf.jurisdiction, leaf.client, leaf.pack) == (
        "search",
        later(4),
        "missing-person",
        "CA-QC",
        "tracing-service",
        "CA@1",
    )


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [(0, 3, []), (0, 0, []), (4, 3, []), (3, 3, [b"x" * 32]), (3, 5, []), (4, 7, [b"x" * 32] * 9)],
)
def test_what_shows_no_beginning(old: int, new: int, path: list[bytes]) -> None:
    root = b"r" * 32
    assert not verify_consistency(old, new, root, root, path)


def test_a_verifier_key_holds_together() -> None:
    name, key_id, material = WITNESS_LINE.split("+", 2)
    assert parse_witness_key(WITNESS_LINE).name == NAME
    wrong = "00000000" if key_id != "00000000" else "11111111"
    for text in (f"{name}+{wrong}+{material}", f"{name}+{key_id}", f"{name}+{key_id}+{material[:-4]}", ""):
        assert read_vkey(text, b"\x04") is None
        with pytest.raises(FormatError) as caught:
            parse_witness_key(text)
        assert caught.value.code == "witness-key"
    assert read_vkey(WITNESS_LINE, b"\x01") is None
    with pytest.raises(FormatError):
        parse_vkey(WITNESS_LINE)


def test_when_a_witness_cosigned() -> None:
    key = parse_witness_key(WITNESS_LINE)
    line = cosign("text\n", NAME, WITNESS, START)
    name, body = line.removeprefix("\u2014 ").split(" ")
    raw = base64.b64decode(body)
    read = SignatureLine(name=name, key_id=raw[:4], signature=raw[4:])
    assert verify_cosignature("text\n", read, key) == datetime(2026, 3, 1, 9, tzinfo=UTC)
