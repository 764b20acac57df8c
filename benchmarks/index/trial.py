"""One engine of the comparison, in a process of its own: run by compare.py, which says what and where.

    python benchmarks/index/trial.py JOB.json

The job names an engine of `engines.ENGINES`, a folder of data (`drawing.py`), an empty folder for the engine's files, and
where to write the result. One core for it and all it starts. What is measured, in this order:

1. build          until the first search is answered
2. memory         private and shared anonymous memory of all its processes, less what it was before; mapped files not counted
3. search         one probe at a time, then 64 at once; scoring again from float32 is within the time where an engine needs it;
                  processor time of all its processes too, which says more where others use the machine; and NumPy's product
                  of the same rows before and after, which tells what they did to it
4. mates          how many are among the first 50, by band of their true score; FNIR at FPIR 1 %
5. add, delete    1,000 each; added rows must be found after, deleted ones not
6. bytes          whether rows that were deleted were in its files before, and are after saving and cleaning
"""

from __future__ import annotations

import ctypes
import fcntl
import gc
import importlib
import json
import os
import resource
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LISTED, AT_ONCE, CHANGED, LOOKED_FOR = 50, 64, 1_000, 8
_PATIENCE = 80.0  # seconds for the search of the probes of all bands; a slower engine gets fewer, and no FNIR
_TIMING = 8.0  # seconds of timing single searches, at most
_FEW = 40  # probes a band for a slow engine
_CLONE_NEWNET = 0x4000_0000


def main(job_file: str) -> None:
    job = json.loads(Path(job_file).read_text())
    os.sched_setaffinity(0, {job["core"]})
    _own_network()
    try:
        result = Trial(job).run()
    except Exception as error:  # noqa: BLE001 - whatever an engine does, it ends as a named row
        text = " ".join(str(error).split()) or type(error).__name__
        result = {"error": text[:200], "kind": type(error).__name__}
    Path(job["result"]).write_text(json.dumps(result, indent=1))
    # Threads of a runtime that does not end would keep the process; everything is written.
    sys.stdout.flush()
    os._exit(0)


class Trial:
    """One engine on one set of data."""

    def __init__(self, job: dict[str, Any]) -> None:
        import numpy as np
        from drawing import BANDS
        from engines import ENGINES

        self.np, self.bands = np, BANDS
        self.entry = ENGINES[job["engine"]]
        self.job, data = job, Path(job["data"])
        whole = np.load(data / "rows.npy", mmap_mode="r")
        self.rows = np.asarray(whole[: self.entry.most])
        self.probes = {
            name: np.load(data / f"{name}.npy") for name in ("banded", "mated", "nonmated", "added")
        }
        self.mates = {name: np.load(data / f"{name}-mates.npy") for name in ("banded", "mated")}
        self.count, self.dimension = self.rows.shape

    def run(self) -> dict[str, Any]:
        made = importlib.import_module(f"engines.{self.entry.module}")
        engine = getattr(made, self.entry.maker)(
            Path(self.job["folder"]), self.dimension, **self.job["options"]
        )
        try:
            return {"templates": self.count, "dim": self.dimension, **self._measure(engine)}
        finally:
            engine.close()

    def _measure(self, engine: Any) -> dict[str, Any]:
        np, out = self.np, {}
        before, used = _private([os.getpid()]), _processor()
        out["build_s"] = round(_timed(engine.build, self.rows), 1)
        out["build_cpu_s"] = round(_processor() - used, 1)
        _trim()
        out["private_bytes"] = round((_private([os.getpid(), *engine.processes()]) - before) / self.count, 1)
        with self._quiet():
            out |= self._times(engine)
            engine._probes = self.probes["mated"][:100]  # noqa: SLF001 - for an adapter's own notes
            out["notes"] = engine.notes()
        out |= self._mates(engine, slow=1 / out["per_s_at_64"])
        engine.save()
        out["disk_bytes"] = round(sum(engine.sizes().values()) / self.count, 1)
        # Rows of all of the index, none of them a mate.
        gone = np.setdiff1d(
            np.arange(0, self.count, max(1, self.count // (2 * CHANGED))),
            np.concatenate(list(self.mates.values())),
        )[:CHANGED]
        out |= self._changes(engine, gone)
        return out

    def _search(self, engine: Any, probes: Any) -> Any:
        """(n, 50): the engine's own list, or the best of what it handed over, scored again from float32."""
        np = self.np
        if not engine.depth:
            return engine.search(probes, LISTED)
        # Past a million more rows come near, so more are scored again; their number grows as ours does (`depth_for`).
        depth = round(engine.depth * max(1.0, self.count / 1_000_000) ** 0.5)
        lists = []
        for probe, found in zip(probes, engine.search(probes, depth), strict=True):
            there = found[(found >= 0) & (found < self.count)]
            best = there[np.argsort(-(self.rows[there] @ probe))][:LISTED]
            lists.append(np.pad(best, (0, LISTED - len(best)), constant_values=-1))
        return np.array(lists)

    def _times(self, engine: Any) -> dict[str, Any]:
        np, probes = self.np, self.probes["mated"]
        numpy_ms = [self._numpy_ms()]
        for probe in probes[-5:]:
            self._search(engine, probe[None])
        times: list[float] = []
        processes = [os.getpid(), *engine.processes()]
        used, ends = _worked(processes), time.perf_counter() + _TIMING
        while len(times) < 400 and (len(times) < 25 or time.perf_counter() < ends):
            probe = probes[len(times) % len(probes)][None]
            times.append(_timed(self._search, engine, probe))
        used = (_worked(processes) - used) / len(times)
        together = min(
            _timed(self._search, engine, probes[:AT_ONCE]) for _ in range(3 if times[0] < 0.1 else 1)
        )
        numpy_ms.append(self._numpy_ms())
        return {
            "timed": len(times),
            "p50_ms": round(float(np.percentile(times, 50)) * 1e3, 2),
            "p99_ms": round(float(np.percentile(times, 99)) * 1e3, 2),
            "processor_ms": round(used * 1e3, 3),
            "per_s_at_64": round(AT_ONCE / together, 2),
            "numpy_ms": numpy_ms,
        }

    def _numpy_ms(self) -> float:
        """Processor time of one product of the rows, up to half a gibibyte of them, with a probe: the median of five."""
        rows, probe = self.rows[: (1 << 29) // self.rows[0].nbytes], self.probes["mated"][0]
        times = []
        for _ in range(5):
            began = time.process_time()
            rows @ probe
            times.append(time.process_time() - began)
        return round(sorted(times)[2] * 1e3, 1)

    def _mates(self, engine: Any, slow: float) -> dict[str, Any]:
        """`slow`: seconds a probe."""
        np, found = self.np, {}
        each = len(self.mates["banded"]) // len(self.bands)
        asked = each if slow * len(self.mates["banded"]) < _PATIENCE else min(each, _FEW)
        brute = self.np.load(Path(self.job["data"]) / "banded-brute.npy")
        same: dict[str, float] = {}
        for number, band in enumerate(self.bands):
            part = slice(number * each, number * each + asked)
            lists = self._lists(engine, self.probes["banded"][part])
            found[band] = round(100 * float(np.mean(_holds(lists, self.mates["banded"][part]))), 2)
            if (
                not self.entry.most or self.count < self.entry.most
            ):  # else it was given fewer rows than brute force
                same[band] = round(100 * float(brute[part].mean()), 2)
        out: dict[str, Any] = {"found": found, "brute_force": same, "probes_a_band": asked}
        if slow * (len(self.mates["mated"]) + len(self.probes["nonmated"])) < _PATIENCE:
            out |= self._fnir(engine)
        return out

    def _fnir(self, engine: Any) -> dict[str, float]:
        """The threshold is the one that 1 % of non-mated searches reach; a mate below it or not listed is missed."""
        np = self.np
        probes, mates = self.probes["nonmated"], self.mates["mated"]
        highest = np.sort(
            [
                float((self._of(one) @ probe).max(initial=-1.0))
                for probe, one in zip(probes, self._lists(engine, probes), strict=True)
            ]
        )[::-1]
        threshold = float(np.nextafter(highest[len(highest) // 100], 2.0))
        listed = _holds(self._lists(engine, self.probes["mated"]), mates)
        true = np.einsum("ij,ij->i", self.probes["mated"], self.rows[mates])
        missed = ~(listed & (true >= threshold))
        return {"fnir": round(100 * float(missed.mean()), 2), "threshold": round(threshold, 4)}

    def _of(self, numbers: Any) -> Any:
        return self.rows[numbers[(numbers >= 0) & (numbers < self.count)]]

    def _lists(self, engine: Any, probes: Any) -> Any:
        return self.np.concatenate(
            [
                self._search(engine, probes[start : start + AT_ONCE])
                for start in range(0, len(probes), AT_ONCE)
            ]
        )

    def _changes(self, engine: Any, gone: Any) -> dict[str, Any]:
        from engines.base import CannotError

        np, out = self.np, {}
        added, numbers = self.probes["added"], np.arange(self.count, self.count + CHANGED)
        looked = gone[:: max(1, len(gone) // LOOKED_FOR)][:LOOKED_FOR]
        vectors = np.array(self.rows[gone])
        marks = engine.marks(looked, np.array(self.rows[looked]))
        try:
            out["add_1000_ms"] = round(_timed(engine.add, numbers, added) * 1e3, 1)
            began = time.perf_counter()
            first = engine.search(added[:1], LISTED)
            out["first_search_after_ms"] = round((time.perf_counter() - began) * 1e3, 1)
            lists = np.concatenate([first, engine.search(added[1:20], LISTED)])
            out["added_found"] = int(_holds(lists, numbers[:20]).sum())
        except CannotError as error:
            out["add_1000_ms"] = str(error)
        before = _seen(engine, marks)
        try:
            out["delete_1000_ms"] = round(_timed(engine.delete, gone) * 1e3, 1)
        except CannotError as error:
            out["delete_1000_ms"] = str(error)
            return out
        lists = engine.search(vectors[:20], LISTED)
        out["deleted_found"] = int(_holds(lists, gone[:20]).sum())
        engine.save()
        saved = _seen(engine, marks)
        out["clean_s"] = round(_timed(engine.clean), 2)
        engine.save()
        cleaned = _seen(engine, marks)
        if isinstance(before, str):
            out["bytes"] = before
        else:
            out["bytes"] = {"of": len(marks), "before": before, "deleted": saved, "cleaned": cleaned}
        return out

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Hold the given lock files, so that nobody who heeds them works beside the timing of searches."""
        held = [os.open(path, os.O_RDWR | os.O_CREAT) for path in self.job["locks"]]
        try:
            for one in held:
                fcntl.flock(one, fcntl.LOCK_EX)
            yield
        finally:
            for one in held:
                os.close(one)


def _seen(engine: Any, marks: Any) -> Any:
    from engines.base import CannotError

    try:
        return engine.kept(marks)
    except CannotError as error:
        return str(error)


def _holds(lists: Any, mates: Any) -> Any:
    return (lists == mates[:, None]).any(axis=1)


def _timed(act: Any, *arguments: Any) -> float:
    started = time.perf_counter()
    act(*arguments)
    return time.perf_counter() - started


def _private(processes: Sequence[int]) -> int:
    """Anonymous and shared memory in bytes, shared pages divided by who shares them."""
    total = 0
    for one in processes:
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                total += int(line.split()[1]) * 1024
    return total


def _worked(processes: Sequence[int]) -> float:
    """Seconds of processor time that processes have had, this one's to the microsecond (proc(5), stat: fields 14 and 15)."""
    total = time.process_time()
    for one in processes:
        if one != os.getpid():
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _processor() -> float:
    parts = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in parts)


def _trim() -> None:
    """Give back what the build has freed, as a server that has started long ago would have."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)


def _own_network() -> None:
    """A network with nothing but a loopback device, where the system lets us: no engine is reached or reaches out."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        up = struct.pack("16sh14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(one, 0x8914, up)  # SIOCSIFFLAGS
    os.environ["COMPARE_OWN_NETWORK"] = "1"


if __name__ == "__main__":
    main(sys.argv[1])
