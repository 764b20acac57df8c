"""Cut the fillers of a review from pictures of synthetic people (openpeople, MIT). Run once; the result is kept.

    python scripts/fillers.py

A filler is a face that is certainly nobody's: it is planted among the candidates of a blind review, and whoever takes
it for the sought person has erred. A use of a living person's face for this would need that person's consent.
"""

from __future__ import annotations

import json
from pathlib import Path

import openpeople

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.pack import load_pack
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PROBE_RULE, PhotographExtraction
from countenance.primitives.canonical import sha256_hex
from countenance.search.probe import eye_share

TARGET = Path(__file__).resolve().parents[1] / "src" / "countenance" / "review" / "fillers"
PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
WHO = ("P005", "P006", "P007", "P008", "P009", "P010")
WHAT = ("studio_portrait", "amateur_selfie")


def main() -> None:
    """Write the crops and their list."""
    TARGET.mkdir(exist_ok=True)
    entries: list[dict[str, object]] = []
    with ExtractionPool(load_pack(), workers=1) as pool:
        for who in WHO:
            for what in WHAT:
                data = (PEOPLE / who / "assets" / f"{what}.jpg").read_bytes()
                result = pool.submit(data, detail=Detail.STANDARD, rule=PROBE_RULE).result()
                assert isinstance(result, PhotographExtraction)
                face = result.pages[0].faces[0]
                name = f"synthetic-{len(entries) + 1:02}"
                (TARGET / f"{name}.jpg").write_bytes(face.crop)
                entries.append(
                    {
                        "name": name,
                        "sha256": sha256_hex(face.crop),
                        "eye_share": round(eye_share(face), 6),
                        "source": f"openpeople 0.1.2, curated/{who}/assets/{what}.jpg",
                    }
                )
    text = json.dumps({"licence": "MIT", "fillers": entries}, indent=2)
    (TARGET / "fillers.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
