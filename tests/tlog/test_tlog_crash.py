"""kill -9 at any moment leaves a log that verifies and goes on."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tlog_helpers import later

from countenance.primitives.sql import open_sqlite, sqlite_transaction
from countenance.tlog.log import Log
from countenance.tlog.schema import schema
from countenance.tlog.verifier import verify_export


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_a_killed_writer_leaves_a_log_that_verifies(kills: int, log: Log, tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    connection = open_sqlite(path)
    for statement in schema("sqlite"):
        connection.execute(statement)
    draw = random.Random(7)
    size, note = 0, None
    for round_ in range(kills):
        command = [sys.executable, str(Path(__file__).with_name("crash_writer.py")), str(path), str(round_)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"started\n"
            time.sleep(draw.uniform(0, 0.15))
            writer.kill()
        with sqlite_transaction(connection) as tx:
            report = log.verify(tx)
            assert report.ok, report.findings
            assert report.size >= size
            size, note = report.size, log.sign_checkpoint(tx, later(60))
    assert size > 0
    with sqlite_transaction(connection) as tx:
        log.export(tx, tmp_path / "export")
    assert verify_export(tmp_path / "export", log.vkey, note).ok
    connection.close()
