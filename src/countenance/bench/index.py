"""The index measured alone, on generated templates: time, share of memory bandwidth, mates found, memory, cold start.

One thread. Each search is timed beside a bare scan of the same codes, which is asked for as many rows as the search takes
from it, so that whatever else the machine does weighs on both.
"""

from __future__ import annotations

import ctypes
import gc
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from countenance.bench.building import BANDS, GALLERY, LISTED, SPACE, GeneratedIndex, Progress
from countenance.biometrics.templates import Template
from countenance.index.index import DEFAULT_LIMIT, Index
from countenance.index.scan import depth_for
from countenance.primitives.errors import NotFoundError, UnavailableError, UsageError
from countenance.primitives.text import N_

_SEARCHES = 200
_SPARE = 1 << 30  # bytes of the disk that stay free
_LEAST = 10_000  # below, everything is scored exactly and there is no scan to measure


@dataclass(frozen=True, kw_only=True)
class Found:
    """Per cent of mated probes whose mate is among the first 50, by the index and by brute force on float32."""

    ours: float
    brute_force: float


@dataclass(frozen=True, kw_only=True)
class IndexFigures:
    """What `measure_index` tells; milliseconds, seconds and bytes as the names say.

    `bandwidth_share`: bytes of codes read in the median search's time, as a share of what one thread reads at best.
    `resident_bytes_per_template`: memory of the process's own; int8 rows and ids stay on disk, mapped. `build_s`: coding
    and writing, without drawing. `cold_start_s`: opening everything, every tag checked.
    """

    p50_ms: float
    p99_ms: float
    bare_scan_p50_ms: float
    bandwidth_share: float
    mates_found: dict[str, Found]
    resident_bytes_per_template: float
    build_s: float
    cold_start_s: float


def measure_index(
    templates: int, dimension: int, *, seed: int = 1, where: Path | None = None, progress: Progress
) -> IndexFigures:
    """Build an index of `templates` and measure it. `where`: a folder with room; else the system's temporary one.

    Raises UsageError (too few templates, a length that the index does not code), UnavailableError (no room).
    """
    import faiss

    if templates < _LEAST:
        raise UsageError(
            N_("An index of {count} templates is scored exactly, without a scan; measure {least} or more."),
            count=templates,
            least=_LEAST,
            code="bench-templates",
        )
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        _check_room(where or Path(tempfile.gettempdir()), templates, dimension)
        with tempfile.TemporaryDirectory(prefix="countenance-bench-", dir=where) as folder:
            made = GeneratedIndex(Path(folder), templates, dimension, seed)
            try:
                build_s = made.build(progress)
                return serve_and_measure(made, build_s)
            finally:
                made.close()
    finally:
        faiss.omp_set_num_threads(threads)


def serve_and_measure(made: GeneratedIndex, build_s: float) -> IndexFigures:
    """The figures of an index that is built. `build_s`: what that took."""
    gc.collect()
    _give_back_memory()
    before = _own_memory()
    index = made.index()
    began = time.perf_counter()
    with made.begin() as tx:
        index.sync(tx)
    cold_start_s = time.perf_counter() - began
    every = made.probes()
    chosen = every[:: max(1, len(every) // _SEARCHES)]
    ours, bare = timed_beside_bare(made, index, chosen)
    resident = (_own_memory() - before) / made.count
    mates = {
        band: Found(
            ours=_share(_listed(made, index, band)), brute_force=_share(made.mates[band].above < LISTED)
        )
        for band in BANDS
    }
    read = made.count * made.dimension / 4
    return IndexFigures(
        p50_ms=_ms(ours, 0.5),
        p99_ms=_ms(ours, 0.99),
        bare_scan_p50_ms=_ms(bare, 0.5),
        bandwidth_share=round(read / ours[len(ours) // 2] / memory_bandwidth(), 3),
        mates_found=mates,
        resident_bytes_per_template=round(resident, 1),
        build_s=round(build_s, 2),
        cold_start_s=round(cold_start_s, 3),
    )


def timed_beside_bare(
    made: GeneratedIndex, index: Index, probes: Sequence[Template]
) -> tuple[list[float], list[float]]:
    """Seconds, ascending: of searches, and of scans by FAISS alone that hand over as many rows."""
    scanners = [one.segment.scanner for one in index.held().parts[GALLERY, SPACE].segments]
    wanted = depth_for(made.count, DEFAULT_LIMIT) + 1
    asks = [min(int(each.ntotal), math.ceil(wanted * each.ntotal / made.count)) for each in scanners]
    coded = [made.codec.probe(probe.vector).rotated for probe in probes]

    def bare(rotated: Any) -> None:
        for scanner, ask in zip(scanners, asks, strict=True):
            scanner.search(rotated, ask)

    for probe, rotated in zip(probes[:20], coded, strict=False):
        made.search(index, probe)
        bare(rotated)
    times = [
        (timed(made.search, index, probe), timed(bare, rotated))
        for probe, rotated in zip(probes, coded, strict=True)
    ]
    return sorted(one for one, _ in times), sorted(one for _, one in times)


def timed(act: Callable[..., object], *args: object) -> float:
    """Seconds that `act` takes."""
    started = time.perf_counter()
    act(*args)
    return time.perf_counter() - started


def memory_bandwidth() -> float:
    """Bytes a second that one thread reads from memory, at best."""
    block = np.ones(1 << 26, np.uint64)  # half a GiB
    return max(block.nbytes / min(timed(act) for _ in range(3)) for act in (block.max, block.sum))


def _listed(made: GeneratedIndex, index: Index, band: str) -> list[bool]:
    mates = made.mates[band]
    found = []
    for probe, mate in zip(mates.probes, mates.references, strict=True):
        answer = made.search(index, Template(vector=probe, norm=8.0, space_id=SPACE))
        found.append(mate in {row.reference_id for row in answer.rows[:LISTED]})
    return found


def _share(found: Any) -> float:
    return round(100 * float(np.mean(found)), 2) if len(found) else 0.0


def _ms(ascending: Sequence[float], part: float) -> float:
    return round(ascending[int(len(ascending) * part)] * 1e3, 3)


def _own_memory() -> int:
    """Bytes of memory that is this process's own, without mapped files; 0 where the system does not tell (proc(5))."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) * 1024
    return 0


def _give_back_memory() -> None:
    """What building has freed goes back to the system (malloc_trim(3)), so that it is not taken for what serving needs."""
    if sys.platform.startswith("linux"):
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(ctypes.c_size_t(0))


def _check_room(where: Path, templates: int, dimension: int) -> None:
    wanted = templates * (dimension + dimension // 4 + 20) + _SPARE
    if not where.is_dir():
        raise NotFoundError(N_("There is no folder {folder}."), folder=str(where), code="folder-missing")
    if shutil.disk_usage(where).free < wanted:
        raise UnavailableError(
            N_("{directory} has no room for this measurement: {size} GB are needed."),
            remedy=N_("Name a folder on a disk with room: --in DIR."),
            directory=str(where),
            size=math.ceil(wanted / 1e9),
            code="disk-full",
        )
