"""A folder of synthetic people as LFW has it, and a key of the cache that is the test's own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from evaluation_parts import lay_out
from PIL import Image


@pytest.fixture(scope="session")
def lfw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten synthetic people, the last with one photograph, one picture without a face and one file twice."""
    folder = lay_out(tmp_path_factory.mktemp("lfw") / "faces")
    blank = io.BytesIO()
    Image.new("RGB", (200, 200), "grey").save(blank, "JPEG")
    (folder / "Person_01" / "Person_01_0009.jpg").write_bytes(blank.getvalue())
    again = (folder / "Person_02" / "Person_02_0001.jpg").read_bytes()
    (folder / "Person_02" / "copy.jpg").write_bytes(again)
    return folder


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTENANCE_EVALUATION_KEY", str(tmp_path / "elsewhere" / "evaluation.key"))
