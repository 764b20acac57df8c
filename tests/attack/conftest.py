"""Fixtures of the attacks: those of the ingest tests, whose folder is not on the path here."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "ingest"))

from ingest_setup import Desk, shrunk

from countenance.records.identity import AccountKey
from countenance.registry.founding import found


@pytest.fixture(scope="session")
def portraits() -> dict[str, bytes]:
    """One small portrait of each of three people."""
    made = {}
    for name in ("P001", "P002", "P003"):
        stream = io.BytesIO()
        shrunk(name, "studio_portrait", 256).save(stream, "JPEG", quality=90)
        made[name] = stream.getvalue()
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Desk]:
    """A workspace with a gallery and a source on a public task, which permits unlabelled faces."""
    founding = found(tmp_path / "workspace", operator="The archive", jurisdiction="CA")
    keys = [AccountKey.read(path) for path in founding.key_files]
    made = Desk(founding.workspace.directory, founding.workspace, keys)
    made.gallery()
    made.source()
    yield made
    made.workspace.close()
