from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from countenance.extraction.engine import Extractor
from countenance.extraction.pack import ModelPack, load_pack
from countenance.extraction.pool import ExtractionPool


@pytest.fixture(scope="session")
def people() -> Path:
    """Synthetic people, P001 .. P010."""
    return Path(str(files("openpeople"))) / "data" / "curated"


@pytest.fixture(scope="session")
def portrait(people: Path) -> bytes:
    return (people / "P001" / "assets" / "studio_portrait.jpg").read_bytes()


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> ModelPack:
    return load_pack(cache=tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def extractor(pack: ModelPack) -> Extractor:
    return Extractor(pack)


@pytest.fixture(scope="module")
def pool(pack: ModelPack) -> Iterator[ExtractionPool]:
    with ExtractionPool(pack, workers=2) as running:
        yield running
