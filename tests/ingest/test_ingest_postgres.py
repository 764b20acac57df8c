"""The same path on PostgreSQL: batches, resuming, consent, and the index."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ingest_setup import PURPOSE, Desk, collage, live_references, states

from countenance.records.identity import AccountKey
from countenance.registry.founding import found


@pytest.fixture
def served(tmp_path: Path, postgres_database: str) -> Iterator[Desk]:
    founding = found(
        tmp_path / "workspace", operator="The archive", jurisdiction="CA", database=postgres_database
    )
    keys = [AccountKey.read(path) for path in founding.key_files]
    made = Desk(founding.workspace.directory, founding.workspace, keys)
    yield made
    made.workspace.close()


@pytest.mark.xdist_group("postgres")
def test_on_postgresql(served: Desk, portraits: dict[str, bytes]) -> None:
    served.gallery()
    served.source(basis="consent", permits_unlabelled=False)
    (receipt,) = served.person("Ada", PURPOSE)
    served.person("Ben", PURPOSE)
    for number in range(8):
        served.put(f"{number}.jpg", portraits["P001"][:-2] + bytes([number, 0xFF, 0xD9]))
    served.put("both.jpg", collage(portraits, "P001", "P002"))
    rows = "".join(f"{number}.jpg,Ada,\n" for number in range(8))
    boxes = 'both.jpg,Ada,"60,40,140,180"\nboth.jpg,Ben,"316,40,140,180"\n'
    manifest = served.manifest(f"path,person,face_box\n{rows}{boxes}")
    stop = threading.Event()
    assert served.ingest(manifest=manifest, stop=stop, progress=lambda _: stop.set()).stopped
    result = served.ingest(manifest=manifest)
    assert result.photographs == {"done": 9}
    assert result.references == 10
    with served.workspace.transaction() as (tx, _):
        served.workspace.index.sync(tx)
    assert served.workspace.index.statistics().references == 10
    served.do("consent-withdraw", receipt=receipt)
    served.ingest(manifest=manifest)
    assert [ref.face.person.label for ref in live_references()] == ["Ben"]  # type: ignore[union-attr]
    assert states()["0.jpg"] == ("refused", "consent-withdrawn")
    assert states()["both.jpg"] == ("done", "")
    assert set(served.workspace.vault.record_ids()) == {ref.face_id for ref in live_references()}
    assert served.log_is_sound()
