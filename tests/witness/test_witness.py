"""The witness: what it cosigns, what it refuses, and that it never contradicts itself; over its real HTTP interface."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aics_tlog
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.primitives.errors import (
    ConflictError,
    FormatError,
    IntegrityError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from countenance.primitives.sql import open_sqlite, sqlite_transaction
from countenance.tlog import verifier
from countenance.tlog.cosignature import cosign, parse_witness_key, verify_cosignature, witness_key
from countenance.tlog.leaf import NewEntry
from countenance.tlog.log import Log
from countenance.tlog.note import open_checkpoint, parse_note, sign_note
from countenance.tlog.schema import schema
from countenance.witness.client import ask
from countenance.witness.request import AddCheckpoint, format_request, parse_request
from countenance.witness.server import WitnessServer
from countenance.witness.witness import Cosigned, Refusal, Refused, Witness

ORIGIN = "archive.example.org/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
NAME = "commissioner.example.org/w1"


class Grown:
    """A log that grows; its checkpoints and proofs."""

    def __init__(self, folder: Path, *, key: Ed25519PrivateKey = KEY, word: str = "a") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.connection = open_sqlite(folder / "log.db")
        self.log = Log(ORIGIN, key)
        self.word = word
        with sqlite_transaction(self.connection) as tx:
            for statement in schema("sqlite"):
                tx.execute(statement)

    def to(self, size: int) -> str:
        """Grow to `size` entries and sign."""
        with sqlite_transaction(self.connection) as tx:
            there = self.log.head(tx).size
            self.log.append(
                tx,
                [
                    NewEntry(
                        event="search", at=START, purpose=None, jurisdiction=None, client=None, pack=None,
                        details={"number": number, "word": self.word},
                    )
                    for number in range(there, size)
                ],
            )  # fmt: skip
            return self.log.sign_checkpoint(tx, START)

    def proof(self, old: int, new: int) -> list[bytes]:
        with sqlite_transaction(self.connection) as tx:
            return self.log.consistency_proof(tx, old, new)

    def request(self, old: int, new: int) -> AddCheckpoint:
        note = self.to(new)
        return AddCheckpoint(old_size=old, proof=tuple(self.proof(old, new)) if old else (), checkpoint=note)


@dataclass
class Served:
    witness: Witness
    url: str
    post: Callable[..., tuple[int, str, str]]


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    made = Witness.create(tmp_path / "witness", NAME, clock=lambda: START)
    made.add_log(Log(ORIGIN, KEY).vkey)
    return made


@pytest.fixture
def served(witness: Witness) -> Iterator[Served]:
    server = WitnessServer(("127.0.0.1", 0), witness)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    port = server.server_address[1]

    def post(body: bytes, path: str = "/add-checkpoint", **headers: str) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.getheader("Content-Type", ""), text

    yield Served(witness, f"http://127.0.0.1:{port}", post)
    server.shutdown()
    thread.join()
    server.server_close()


def body(request: AddCheckpoint) -> bytes:
    return format_request(request.old_size, request.proof, request.checkpoint).encode()


def test_a_cosignature_is_accepted_by_others_and_by_the_one_file_verifier(
    witness: Witness, tmp_path: Path
) -> None:
    log = Grown(tmp_path / "log")
    answer = witness.add_checkpoint(log.request(0, 5))
    assert isinstance(answer, Cosigned)
    signed = log.to(5)
    note = signed + answer.line
    checkpoint = open_checkpoint(signed, log.log.key)
    (line,) = parse_note(f"{checkpoint.text}\n{answer.line}").signatures
    foreign = aics_tlog.cosignature_vkey(NAME, witness.key.public)
    assert foreign.key_id == witness.key.key_id
    for root, good in ((checkpoint.root, True), (b"\x00" * 32, False)):
        told = aics_tlog.verify_cosignature(
            line.signature, NAME, witness.key.public, ORIGIN, checkpoint.size, root
        )
        assert told is good
    assert verifier.cosigned(note.encode(), [witness.key.vkey], "x") == ((NAME, "2026-03-01T09:00:00+00:00"),)
    assert verifier.open_checkpoint(note.encode(), log.log.vkey, "x").size == 5


def test_the_status_codes_are_those_of_the_protocol(served: Served, tmp_path: Path) -> None:
    log = Grown(tmp_path / "log")
    first = log.request(0, 5)
    status, _, text = served.post(body(first))
    assert status == 200
    assert text.startswith(f"\N{EM DASH} {NAME} ")
    # again: the same size and root, from where the witness stands
    again = AddCheckpoint(old_size=5, proof=(), checkpoint=first.checkpoint)
    assert served.post(body(again))[0] == 200
    # from elsewhere: the answer is where it stands
    assert served.post(body(first)) == (409, "text/x.tlog.size", "5\n")
    second = log.request(5, 12)
    false = AddCheckpoint(old_size=5, proof=second.proof[:-1], checkpoint=second.checkpoint)
    assert served.post(body(false))[0] == 422
    assert served.post(body(AddCheckpoint(old_size=13, proof=(), checkpoint=second.checkpoint)))[0] == 400
    with_proof = AddCheckpoint(old_size=0, proof=second.proof, checkpoint=second.checkpoint)
    assert served.post(body(with_proof))[0] == 400
    assert served.post(body(second))[0] == 200
    unknown = sign_note(f"elsewhere.example\n1\n{'A' * 43}=\n", "elsewhere.example", KEY)
    assert served.post(body(AddCheckpoint(old_size=0, proof=(), checkpoint=unknown)))[0] == 404
    forged = Grown(tmp_path / "forged", key=OTHER).request(0, 20)
    assert served.post(body(AddCheckpoint(old_size=12, proof=(), checkpoint=forged.checkpoint)))[0] == 403
    for junk in (b"", b"old 1", b"old 01\n\n", b"\xff\xfe", body(second).replace(b"\n\n", b"\n")):
        assert served.post(junk)[0] == 400
    assert served.post(b"x", path="/other")[0] == 404
    assert served.post(b"x" * 10, **{"Content-Length": str(1 << 30)})[0] == 413
    assert [(each.size, each.evidence) for each in served.witness.logs()] == [(12, 1)]


def test_a_log_rolled_back_from_a_backup_and_written_on_is_not_cosigned(
    served: Served, tmp_path: Path
) -> None:
    log = Grown(tmp_path / "log")
    assert served.post(body(log.request(0, 9)))[0] == 200
    # The backup of size 5 comes back, and other things happen after it.
    other = Grown(tmp_path / "restored")
    other.to(5)
    other.word = "b"
    note = other.to(9)
    assert served.post(body(AddCheckpoint(old_size=9, proof=(), checkpoint=note)))[0] == 409
    longer = other.to(14)
    honest_looking = AddCheckpoint(old_size=9, proof=tuple(other.proof(9, 14)), checkpoint=longer)
    assert served.post(body(honest_looking))[0] == 422
    evidence = served.witness.evidence(ORIGIN)
    assert [why for _, why, _ in evidence] == [Refusal.FORKED, Refusal.INCONSISTENT]
    assert evidence[0][2] == note
    # The operator is told, and the log that was cosigned goes on.
    with pytest.raises(ConflictError, match=r"another history|no beginning"):
        ask(served.url, 14, longer, lambda old: other.proof(old, 14))
    assert ask(served.url, 20, log.to(20), lambda old: log.proof(old, 20))


def test_it_remembers_over_a_restart_and_never_starts_without_its_memory(
    witness: Witness, tmp_path: Path
) -> None:
    log = Grown(tmp_path / "log")
    assert isinstance(witness.add_checkpoint(log.request(0, 7)), Cosigned)
    again = Witness(tmp_path / "witness")
    assert again.add_checkpoint(log.request(0, 8)) == Refused(why=Refusal.OTHER_SIZE, size=7)
    assert again.key == witness.key
    (tmp_path / "witness" / "witness.sqlite3").unlink()
    with pytest.raises(NotFoundError, match="no witness"):
        Witness(tmp_path / "witness")
    with pytest.raises(ConflictError):
        Witness.create(tmp_path / "witness", NAME)


def test_what_cannot_be_kept_is_not_cosigned(witness: Witness, tmp_path: Path) -> None:
    log = Grown(tmp_path / "log")
    (tmp_path / "witness" / "witness.sqlite3").write_bytes(b"no database at all, but some bytes" * 100)
    with pytest.raises(UnavailableError, match="cannot keep"):
        witness.add_checkpoint(log.request(0, 7))


def test_many_at_once_never_go_back(witness: Witness, tmp_path: Path) -> None:
    log = Grown(tmp_path / "log")
    assert isinstance(witness.add_checkpoint(log.request(0, 3)), Cosigned)
    requests = []
    for size in range(4, 20):
        note = log.to(size)
        requests.append((size, note))
    made = [
        AddCheckpoint(old_size=old, proof=tuple(log.proof(old, size)), checkpoint=note)
        for size, note in requests
        for old in range(3, size)
    ]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(witness.add_checkpoint, made))
    (known,) = witness.logs()
    cosigned = [answer.size for answer in answers if isinstance(answer, Cosigned)]
    assert cosigned
    assert known.size == max(cosigned)
    assert len(cosigned) == len(set(cosigned))


def test_a_silent_or_strange_witness_is_named(served: Served, tmp_path: Path) -> None:
    log = Grown(tmp_path / "log")
    note = log.to(3)
    with pytest.raises(UnavailableError, match="does not answer"):
        ask("http://127.0.0.1:9", 3, note, lambda old: log.proof(old, 3))
    with pytest.raises(UsageError, match="not the address"):
        ask("ftp://example.org", 3, note, lambda old: log.proof(old, 3))
    with pytest.raises(ConflictError, match="does not know this log"):
        ask(f"{served.url}/elsewhere", 3, note, lambda old: log.proof(old, 3))


def test_a_good_cosignature_is_kept_with_its_checkpoint_and_a_bad_one_is_not(
    witness: Witness, tmp_path: Path
) -> None:
    log = Grown(tmp_path / "log")
    answer = witness.add_checkpoint(log.request(0, 5))
    assert isinstance(answer, Cosigned)
    stranger = witness_key("stranger.example", OTHER.public_key())
    with sqlite_transaction(log.connection) as tx:
        with pytest.raises(IntegrityError):
            log.log.add_cosignatures(tx, 5, answer.line, stranger)
        wrong = cosign("other text\n", NAME, OTHER, START)
        with pytest.raises(IntegrityError):
            log.log.add_cosignatures(tx, 5, wrong, witness.key)
        with pytest.raises(NotFoundError):
            log.log.add_cosignatures(tx, 6, answer.line, witness.key)
        assert log.log.add_cosignatures(tx, 5, answer.line, witness.key) == START
        assert log.log.take_cosignatures(tx, answer.line, witness.key) == (5, START)
        note = log.log.latest_checkpoint(tx)
        log.log.export(tx, tmp_path / "export")
        assert log.log.verify(tx).ok
    assert note is not None
    assert len(parse_note(note).signatures) == 2
    good = verifier.verify_export(tmp_path / "export", log.log.vkey, witnesses=[witness.key.vkey])
    assert good.ok
    assert good.witnesses == ((NAME, "2026-03-01T09:00:00+00:00"),)
    bad = verifier.verify_export(tmp_path / "export", log.log.vkey, witnesses=[stranger.vkey])
    assert [finding.kind for finding in bad.findings] == ["not-witnessed"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_nonsense_is_no_request(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_request(data)


def test_a_request_reads_back() -> None:
    asked = AddCheckpoint(old_size=3, proof=(b"\x01" * 32, b"\x02" * 32), checkpoint="a\n\nb\n")
    assert parse_request(body(asked)) == asked
    with pytest.raises(FormatError):
        parse_request(format_request(1, [b"\x00" * 32] * 64, "a").encode())


@pytest.mark.parametrize("change", ["", "x", "w+00000000+AAAA"])
def test_a_bad_key_is_named(change: str) -> None:
    with pytest.raises(FormatError, match="verifier key of a witness"):
        parse_witness_key(change)


def test_a_changed_cosignature_is_not_good(witness: Witness) -> None:
    line = cosign("text\n", NAME, KEY, START)
    (signature,) = parse_note(f"text\n\n{line}").signatures
    key = witness_key(NAME, KEY.public_key())
    assert verify_cosignature("text\n", signature, key) == START
    for text, other in (("text2\n", key), ("text\n", witness.key)):
        with pytest.raises(IntegrityError):
            verify_cosignature(text, signature, other)


def test_the_program_makes_serves_and_cosigns_files(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "countenance.witness.main"]
    folder = str(tmp_path / "w")

    def run(*words: str, code: int = 0) -> str:
        done = subprocess.run([*program, *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    vkey = run("init", folder, NAME).strip()
    assert parse_witness_key(vkey).name == NAME
    assert run("key", folder).strip() == vkey
    log = Grown(tmp_path / "log")
    assert ORIGIN in run("add-log", folder, log.log.vkey)
    asked = tmp_path / "ask.txt"
    asked.write_bytes(body(log.request(0, 4)))
    line = run("cosign", folder, str(asked))
    assert verifier.cosigned((log.to(4) + line).encode(), [vkey], "x")[0][0] == NAME
    told = run("cosign", folder, str(asked), "--lang", "fr", code=1)
    assert "Non cosigné" in told
    assert "4 inscriptions" in told
    assert '"size": 4' in run("list", folder)
    assert run("serve", str(tmp_path / "nowhere"), code=4)
    assert oct((tmp_path / "w" / "witness.key").stat().st_mode & 0o777) == "0o600"
