"""`countenance log timestamp`: checkpoints stamped by a real time-stamping authority, which is OpenSSL's."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cli_program import Program

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the authority is OpenSSL's")

CONFIG = """
[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(*words: object, code: int = 0) -> str:
    done = subprocess.run(
        ["openssl", *map(str, words)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    return done.stdout


class Authority:
    """A root, and under it a certificate that may stamp and nothing else (RFC 3161, 2.3)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.root = folder, folder / "root.pem"
        openssl(
            *(
                "req",
                "-x509",
                "-newkey",
                "ed25519",
                "-nodes",
                "-days",
                30,
                "-subj",
                f"/CN=Root {folder.name}",
            ),
            *("-keyout", folder / "root.key", "-out", self.root),
        )
        openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN=Stamps {folder.name}"),
            *("-keyout", folder / "tsa.key", "-out", folder / "tsa.csr"),
        )
        (folder / "ext").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=digitalSignature\n")
        openssl(
            *("x509", "-req", "-in", folder / "tsa.csr", "-CA", self.root, "-CAkey", folder / "root.key"),
            *("-days", 30, "-extfile", folder / "ext", "-out", folder / "tsa.pem"),
        )
        (folder / "serial").write_text("01")
        (folder / "conf").write_text(CONFIG.format(folder=folder))

    def answer(self, request: Path, response: Path) -> None:
        openssl("ts", "-reply", "-config", self.folder / "conf", "-queryfile", request, "-out", response)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture
def served(authority: Authority, tmp_path: Path) -> Iterator[str]:
    """The authority's address."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (tmp_path / "asked").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            authority.answer(tmp_path / "asked", tmp_path / "answered")
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((tmp_path / "answered").read_bytes())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/stamp"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_checkpoint_is_stamped_by_files_and_anybodys_tool_agrees(
    founded: Program, authority: Authority, tmp_path: Path
) -> None:
    asked, answer = tmp_path / "ask.tsq", tmp_path / "answer.tsr"
    founded.good("log", "timestamp", "--request", asked)
    founded.good("person", "add", "P001")  # the log goes on while the request is carried
    founded.good("log", "checkpoint")
    authority.answer(asked, answer)
    stamped = founded.good("log", "timestamp", "--response", answer, "--tsa", authority.root)
    note = tmp_path / "ask.tsq.note"
    assert stamped["size"] == int(note.read_text().splitlines()[1])
    verified = founded.good("log", "verify")
    assert (verified["verified"], verified["timestamps"]) == (True, 1)
    openssl("ts", "-verify", "-data", note, "-in", answer, "-CAfile", authority.root)


def test_a_checkpoint_is_stamped_over_the_network(
    founded: Program, authority: Authority, served: str
) -> None:
    for count in (1, 2):
        founded.good("person", "add", f"P{count:03}")
        founded.good("log", "timestamp", "--url", served, "--tsa", authority.root)
        assert founded.good("log", "verify")["timestamps"] == count
    assert founded("log", "timestamp", "--url", "ftp://x", "--tsa", authority.root).code == 2
    assert founded("log", "timestamp", "--url", "http://127.0.0.1:1/", "--tsa", authority.root).code == 5
    assert founded("log", "timestamp", "--url", served).code == 2


def test_a_stamp_of_something_else_or_by_somebody_else_is_not_kept(
    founded: Program, authority: Authority, tmp_path: Path
) -> None:
    asked, answer = tmp_path / "ask.tsq", tmp_path / "answer.tsr"
    founded.good("log", "timestamp", "--request", asked)
    authority.answer(asked, answer)
    stranger = Authority(tmp_path / "stranger")
    other = tmp_path / "other"
    other.write_text("something else")
    openssl("ts", "-query", "-data", other, "-sha512", "-cert", "-out", tmp_path / "other.tsq")
    authority.answer(tmp_path / "other.tsq", tmp_path / "other.tsr")
    spoilt = bytearray(answer.read_bytes())
    spoilt[-20] ^= 1
    (tmp_path / "spoilt.tsr").write_bytes(spoilt)
    (tmp_path / "nothing.tsr").write_bytes(b"nothing")
    for response, roots in (
        (answer, stranger.root),
        (tmp_path / "other.tsr", authority.root),
        (tmp_path / "spoilt.tsr", authority.root),
        (tmp_path / "nothing.tsr", authority.root),
        (answer, other),
    ):
        told = founded("log", "timestamp", "--response", response, "--tsa", roots, "--json")
        assert told.code != 0, response
        assert told.json["error"]["code"].startswith("timestamp")
    assert founded.good("log", "verify")["timestamps"] == 0


def test_a_stamp_that_was_changed_in_the_database_is_named(
    founded: Program, authority: Authority, tmp_path: Path
) -> None:
    import sqlite3

    asked, answer = tmp_path / "ask.tsq", tmp_path / "answer.tsr"
    founded.good("log", "timestamp", "--request", asked)
    authority.answer(asked, answer)
    founded.good("log", "timestamp", "--response", answer, "--tsa", authority.root)
    spoilt = bytearray(answer.read_bytes())
    spoilt[-20] ^= 1
    database = founded.folder / "countenance-workspace" / "database.sqlite3"
    with sqlite3.connect(database) as connection:
        connection.execute("update tlog_timestamp set response = ?", (bytes(spoilt),))
    connection.close()
    told = founded("log", "verify", "--json")
    assert (told.code, told.json["verified"], len(told.json["timestamps_not_good"])) == (1, False, 1)
