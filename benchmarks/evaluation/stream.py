"""`python benchmarks/evaluation/stream.py [--photographs N] [--folder DIR]`: memory and speed of `countenance evaluate` over many files.

Lays out N generated variants (tone, turn) of ten synthetic people's portraits, 250 x 250 pixels as LFW's, two of each "person", then runs
the command with a cache in a process of its own; ends it with SIGTERM when half is told as done, and gives the same command again.
Prints the peak resident memory of that process at each tenth, workers apart, and photographs a second. The rates it finds mean nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpeople
from PIL import Image, ImageEnhance

PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
NAMES = ("studio_portrait", "amateur_selfie")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--photographs", type=int, default=2_000)
    parser.add_argument("--folder", type=Path)
    wanted = parser.parse_args()
    root = wanted.folder or Path(tempfile.mkdtemp(prefix="countenance-stream-"))
    _lay_out(root / "faces", wanted.photographs)
    command = [sys.executable, "-m", "countenance", "evaluate", str(root / "faces"), "--splits", "3"]
    command += ["--cache", str(root / "cache"), "--json"]
    _run(command, until=wanted.photographs // 2)
    _run(command, until=None)


def _lay_out(folder: Path, count: int) -> None:
    base = {}
    for person in range(10):
        for number, name in enumerate(NAMES):
            with Image.open(PEOPLE / f"P{person + 1:03d}" / "assets" / f"{name}.jpg") as picture:
                picture.draft("RGB", (600, 600))
                made = picture.convert("RGB")
            side = min(made.size)
            left = (made.width - side) // 2
            base[person, number] = made.crop((left, 0, left + side, side)).resize((250, 250))
    for place in range(count):
        person, number = divmod(place, 2)
        name = f"Given_{person:05d}"
        (folder / name).mkdir(parents=True, exist_ok=True)
        made = base[person % 10, number].rotate(person % 9 - 4)
        made = ImageEnhance.Color(made).enhance(0.4 + person / count)
        made.save(folder / name / f"{name}_{number + 1:04d}.jpg", quality=90)


def _run(command: list[str], *, until: int | None) -> None:
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            found = re.match(r"([\d,]+) of ([\d,]+) photographs", line)
            spent = time.perf_counter() - began
            print(f"{spent:6.1f} s  {_resident(process.pid):5.0f} MB  {line.strip()}", flush=True)
            if found and until is not None and int(found[1].replace(",", "")) >= until:
                process.send_signal(signal.SIGTERM)
                break
        process.stderr.read()
    spent = time.perf_counter() - began
    print(f"{'ended on request' if until else 'done'} after {spent:.1f} s, load {os.getloadavg()[0]:.1f}")


def _resident(pid: int) -> float:
    """Peak resident memory of a process in MB; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


if __name__ == "__main__":
    main()
