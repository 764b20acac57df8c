"""What code that took over a decoder could do in a worker: open no file, no socket, start no program."""

from __future__ import annotations

import os
import subprocess
import sys

from countenance.extraction.pack import load_pack

_TAKEN_OVER = """
import os, socket, subprocess, sys
from countenance.extraction import engine, worker

def taken_over(self, data, **_):
    done = []
    for name, attempt in (
        ("file", lambda: open("/etc/hostname").close()),
        ("own file", lambda: os.open("/proc/self/environ", os.O_RDONLY)),
        ("inet", lambda: socket.socket(socket.AF_INET)),
        ("unix", lambda: socket.socket(socket.AF_UNIX)),
        ("write", lambda: open("/tmp/countenance-attack", "w").write("x")),
        ("program", lambda: subprocess.run(["/bin/true"])),
    ):
        try:
            attempt()
        except Exception:
            continue
        done.append(name)
    raise SystemExit(9 if done else 7)

engine.Extractor.extract = taken_over
raise SystemExit(worker.main())
"""


def test_a_decoder_that_was_taken_over_reaches_nothing() -> None:
    from countenance.biometrics.vocabulary import Detail
    from countenance.extraction.values import PROBE_RULE, ExtractionLimits
    from countenance.extraction.wire import frame, job_header

    pack = load_pack()
    job = frame(job_header(Detail.STANDARD, PROBE_RULE, ExtractionLimits()), b"x") + b"x"
    with subprocess.Popen(
        [sys.executable, "-c", _TAKEN_OVER, pack.name, str(pack.cache), str(1 << 32), str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        process.communicate(job, timeout=60)
    assert process.returncode == 7  # it ran, and nothing that it tried went through
