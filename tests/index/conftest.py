"""Databases for the tests of the index: a SQLite file each, or a database of the session's PostgreSQL server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from index_parts import Database, World

from countenance.index.schema import schema


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A new database with the index's tables, of each kind."""
    if request.param == "sqlite":
        made = Database("sqlite", str(tmp_path / "records.sqlite3"))
        _make_tables(made)
        yield made
        return
    url = request.getfixturevalue("postgres_url")
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    made = Database("postgresql", url.replace("/postgres?", f"/{name}?"))
    _make_tables(made)
    yield made
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Database:
    made = Database("sqlite", str(tmp_path / "records.sqlite3"))
    _make_tables(made)
    return made


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[World]:
    made = World(database, tmp_path / "vault")
    yield made
    made.close()


@pytest.fixture
def sqlite_world(sqlite_database: Database, tmp_path: Path) -> Iterator[World]:
    made = World(sqlite_database, tmp_path / "vault")
    yield made
    made.close()


def _make_tables(database: Database) -> None:
    session = database.session()
    with session.transaction() as tx:
        for statement in schema(database.dialect):
            tx.execute(statement)
    session.close()
