"""The index against other engines, on the same templates in one run: one table, one picture.

    python benchmarks/index/compare.py --out FOLDER [--templates 1000000] [--dim 128] [--seed 1]
                                       [--only NAME]... [--again] [--core 0] [--lock FILE]...
                                       [--records no] [--table FILE.md] [--plot FILE.svg]

Draws templates (drawing.py), runs each engine of `engines.ENGINES` in a process of its own on one core (trial.py), one after
another, and prints what became of each. Results are kept in FOLDER, one JSON file an engine: what is there is not
run again, unless asked with `--again`. An engine whose packages are not here gets an environment of its own from `uv`; one
that cannot be installed, does not start or fails is a row that says so. `--lock`: files that are locked while something
is timed, on a machine that others use. `--only`: a part of the name; several may be given. `--records no`: ours is filled
straight into segments, for sizes that take too long otherwise, and its row says so.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chart import draw
from drawing import BANDS, draw_data
from engines import ENGINES, OURS, Entry
from table import markdown, settings

_HERE = Path(__file__).parent
_PYTHON = "3.12"
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "LANCE_CPU_THREADS",
)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--templates", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--lock", action="append", default=[])
    parser.add_argument("--minutes", type=float, default=30, help="for one engine, at most")
    parser.add_argument("--records", choices=("yes", "no"), default="yes")
    parser.add_argument("--table", type=Path, help="where to write the table")
    parser.add_argument("--plot", type=Path, help="where to draw the picture (SVG)")
    asked = parser.parse_args(arguments)
    data = asked.out / f"data-{asked.templates}-{asked.dim}-{asked.seed}"
    results = asked.out / f"results-{asked.templates}-{asked.dim}-{asked.seed}"
    results.mkdir(parents=True, exist_ok=True)
    draw_data(data, asked.templates, asked.dim, asked.seed)
    for name in ENGINES:
        if asked.only and not any(part.lower() in name.lower() for part in asked.only):
            continue
        kept = results / f"{_file_name(name)}.json"
        if asked.again or not kept.exists():
            print(f"{name} ...", flush=True)
            told, more = {"engine": name}, {}
            if name == OURS and asked.records == "no":
                told["label"], more = f"{name}, without records", {"records": False}
            found = run(name, data, core=asked.core, locks=asked.lock, minutes=asked.minutes, more=more)
            told |= {"commit": _commit(), "machine": _machine(), "seed": asked.seed}
            kept.write_text(json.dumps({**told, "date": datetime.now(UTC).isoformat(), **found}, indent=1))
        print(name, _short(json.loads(kept.read_text())), flush=True)
    every = {
        name: json.loads((results / f"{_file_name(name)}.json").read_text())
        for name in ENGINES
        if (results / f"{_file_name(name)}.json").exists()
    }
    text = f"{markdown(every)}\n\n{settings(ENGINES, every)}"
    print(f"\n{asked.templates:,} templates of {asked.dim} values, seed {asked.seed}, {_machine()}\n\n{text}")
    (results / "table.md").write_text(text + "\n")
    (results / "table.json").write_text(json.dumps(every, indent=1))
    if asked.table:
        asked.table.write_text(text + "\n")
    if asked.plot:
        draw(
            asked.plot,
            every,
            band="0.4-0.5",
            part=frozenset(name for name, one in ENGINES.items() if one.part),
        )


def run(
    name: str,
    data: Path,
    *,
    core: int,
    locks: Sequence[str],
    minutes: float,
    more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The result of one engine, or `{"error": why there is none}`. `more`: further options of its maker."""
    entry = ENGINES[name]
    with tempfile.TemporaryDirectory(prefix="compare-", dir=data.parent, ignore_cleanup_errors=True) as base:
        folder = Path(base)
        (folder / "engine").mkdir()
        environment = os.environ | dict.fromkeys(_ONE_THREAD, "1") | {"PYTHONPATH": "", "TMPDIR": base}
        command, why = _interpreter(entry, environment)
        if why:
            return {"error": f"cannot be installed: {why}"}
        job = {
            "engine": name,
            "data": str(data.absolute()),
            "folder": str(folder / "engine"),
            "result": str(folder / "result.json"),
            "core": core,
            "locks": list(locks),
            "options": dict(entry.options) | dict(more or {}),
        }
        (folder / "job.json").write_text(json.dumps(job))
        try:
            with (folder / "said").open("wb") as said:
                trial = subprocess.Popen(
                    [*command, str(_HERE / "trial.py"), str(folder / "job.json")],
                    env=environment,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    start_new_session=True,
                )
                ended = trial.wait(minutes * 60)
        except subprocess.TimeoutExpired:
            os.killpg(trial.pid, signal.SIGKILL)
            trial.wait()
            return {"error": f"not done after {minutes:g} minutes"}
        if not (folder / "result.json").exists():
            last = (folder / "said").read_text(errors="replace").strip().splitlines()[-1:] or [""]
            return {"error": f"ended with {ended}: {last[0][:160]}"}
        found: dict[str, Any] = json.loads((folder / "result.json").read_text())
        return found


def _interpreter(entry: Entry, environment: dict[str, str]) -> tuple[list[str], str]:
    """The command that starts Python with the engine's packages, and why there is none."""
    if all(_here(one) for one in entry.needs):
        return [sys.executable], ""
    uv = shutil.which("uv")
    if uv is None:
        return [], "uv is not here"
    command = [uv, "run", "--quiet", "--no-project", "--python", _PYTHON]
    for one in (f"numpy=={importlib.metadata.version('numpy')}", "pyarrow", *entry.needs):
        command += ["--with", one]
    # Packages are fetched here; the trial itself has no network.
    made = subprocess.run(
        [*command, "python", "-c", ""], env=environment, capture_output=True, text=True, check=False
    )
    if made.returncode:
        return [], " ".join(made.stderr.split())[-160:]
    return [*command[:2], "--offline", *command[2:], "python"], ""


def _here(requirement: str) -> bool:
    """Whether this environment has a package, in the version that is asked for."""
    name, _, version = requirement.partition("==")
    try:
        there = importlib.metadata.version(name.partition("[")[0])
    except importlib.metadata.PackageNotFoundError:
        return False
    return not version or there == version or (version.endswith("*") and there.startswith(version[:-1]))


def _short(result: dict[str, Any]) -> str:
    if "error" in result:
        return str(result["error"])
    found = " / ".join(f"{result['found'][band]:g}" for band in BANDS)
    return f"{result['p50_ms']} ms, found {found}"


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _machine() -> str:
    model = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return f"{platform.machine()}, {model[0].partition(':')[2].strip() if model else 'unknown processor'}"


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    said = subprocess.run(
        [git, "rev-parse", "--short", "HEAD"], cwd=_HERE, capture_output=True, text=True, check=False
    )
    return said.stdout.strip()


if __name__ == "__main__":
    main()
