"""How long a template takes on this machine, tried on patterns: a plan is made before anybody's template may be."""

from __future__ import annotations

import statistics
import time

from countenance.extraction.golden import pattern
from countenance.extraction.pack import ModelPack
from countenance.extraction.recognise import Recogniser

_SIDE = 112
_RUNS = 9


def embedding_ms(pack: ModelPack) -> float:
    """Milliseconds for one face, mirrored where the pack says so: the median of a few runs on one core."""
    recogniser = Recogniser(
        pack.model_bytes("recogniser"), centre=pack.centre, mirrored=pack.mirrored, space_id=pack.space_id
    )
    chip = pattern(_SIDE, 1)
    recogniser.raw(chip)  # the first run lays out memory
    times = []
    for _ in range(_RUNS):
        since = time.perf_counter()
        recogniser.raw(chip)
        times.append((time.perf_counter() - since) * 1000)
    return statistics.median(times)
