"""Fixtures of the ingest tests."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from ingest_setup import PURPOSE, Desk, shrunk

from countenance.records.identity import AccountKey
from countenance.registry.founding import found


@pytest.fixture(scope="session")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One small portrait (one face) of each of six people: `P001` -> JPEG."""
    made = {}
    for number in range(1, 7):
        name = f"P{number:03}"
        stream = io.BytesIO()
        shrunk(name, "studio_portrait", 256).save(stream, "JPEG", quality=90)
        made[name] = stream.getvalue()
    return made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A founded workspace without gallery or source."""
    founding = found(tmp_path / "workspace", operator="The archive", jurisdiction="CA")
    made = Desk(
        founding.workspace.directory,
        founding.workspace,
        [AccountKey.read(path) for path in founding.key_files],
    )
    yield made
    made.workspace.close()


@pytest.fixture
def archive(desk: Desk) -> Desk:
    """With a gallery and a source on a basis that permits unlabelled faces."""
    desk.gallery()
    desk.source()
    return desk


@pytest.fixture
def consented(desk: Desk) -> Desk:
    """With a gallery and a source whose basis is consent."""
    desk.gallery()
    desk.source(basis="consent", permits_unlabelled=False, purposes=[PURPOSE, "victim-identification"])
    return desk
