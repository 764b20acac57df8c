"""A worker: `python -m countenance.extraction.worker`. Bytes in, faces out; no keys, no paths, no network.

It reads jobs from standard input and writes answers to standard output. Once its models are loaded it can open nothing more,
neither file nor socket (RLIMIT_NOFILE 0), nor write to a file (RLIMIT_FSIZE 0); it leaves no core dump (RLIMIT_CORE 0, and
PR_SET_DUMPABLE 0, since that limit is not asked where cores go to a program: core(5)), cannot take more memory than it was given
(RLIMIT_DATA), and dies with its parent.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from countenance.extraction.decode import load_decoders
from countenance.extraction.engine import Extractor
from countenance.extraction.pack import load_pack
from countenance.extraction.values import ExtractionFailed, ExtractionResult, FailureReason
from countenance.extraction.wire import PREFIX, answer, frame, read_header, read_job, read_prefix

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4  # linux/prctl.h
MEMORY_EXIT = 77
"""Exit code after an answer `failed(memory)`: a fresh worker is cheaper than a fragmented one."""


def main() -> int:
    """Serve jobs until standard input ends. Arguments: pack, cache folder, memory in bytes, the parent's pid."""
    name, cache, memory, parent = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C stops the parent, which closes us in good order
    _die_with(parent)
    jobs, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # a library that prints must not print into an answer
    extractor = Extractor(load_pack(name, cache=Path(cache)))
    load_decoders()
    _limit(memory)
    _send(answers, {"ready": True, "space_id": str(extractor.pack.space_id)}, b"")
    while (prefix := jobs.read(PREFIX.size)) and len(prefix) == PREFIX.size:
        header_length, body_length = read_prefix(prefix, max_body=1 << 40)
        header = read_header(jobs.read(header_length))
        result = _work(extractor, header, jobs, body_length)
        _send(answers, *answer(result))
        if isinstance(result, ExtractionFailed) and result.reason is FailureReason.MEMORY:
            return MEMORY_EXIT
    return 0


def _work(extractor: Extractor, header: dict[str, Any], jobs: BinaryIO, length: int) -> ExtractionResult:
    try:
        data = jobs.read(length)
        detail, rule, limits = read_job(header)
        return extractor.extract(data, detail=detail, rule=rule, limits=limits)
    except MemoryError:
        return ExtractionFailed(reason=FailureReason.MEMORY)
    except Exception:  # noqa: BLE001 - one photograph must not end the run; the item is listed as failed(internal)
        return ExtractionFailed(reason=FailureReason.INTERNAL)


def _send(stream: Any, header: dict[str, Any], body: bytes) -> None:
    for part in (frame(header, body), body):
        view = memoryview(part)
        while view:
            view = view[stream.write(view) :]


def _limit(memory: int) -> None:
    """Limits that only ever get tighter; set after the models are loaded, which counts towards the memory."""
    for what, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),  # what is open stays open: two pipes
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_AS, memory + _mapped_bytes()),
    ):
        _, hard = resource.getrlimit(what)
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(what, (wanted, wanted))
        except (ValueError, OSError):
            continue  # macOS enforces neither RLIMIT_DATA nor RLIMIT_AS; the pixel cap still holds
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _mapped_bytes() -> int:
    """Address space in use now: libraries, models, thread stacks. 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0


def _die_with(parent: int) -> None:
    """End when the parent ends, even by kill -9 while this process is inside a decoder."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
