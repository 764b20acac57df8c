"""Run uv with what this machine has: finds uv or installs it, finds a Python >= 3.12, then becomes uv.

    python3 scripts/with_uv.py sync --locked

Standard library only, and old Python (3.9) suffices: this runs before anything is installed.

uv: the one on PATH if it is recent enough and works (a pyenv shim may be there and not work); else the pinned one,
hashes checked by pip, in a virtual environment of its own under `.tools/`.

Python: the project's own environment once it exists; else the one on PATH; else, where pyenv hides its interpreters
behind shims, the one in pyenv's folder; handed over as UV_PYTHON. If there is none at all, uv tries to fetch one.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools" / "uv"
PINNED = ROOT / "scripts" / "uv.txt"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
OLDEST_UV = (0, 9)
OLDEST_PYTHON = (3, 12)
# Tried in this order: what the tests run on first.
PREFERRED = ((3, 12), (3, 13), (3, 14))


def main(arguments: List[str]) -> None:
    """Replace this process by uv; returns only if that fails."""
    environment = dict(os.environ)
    # Another project's active environment is not ours; uv would warn about it at each call.
    if environment.get("VIRTUAL_ENV") and Path(environment["VIRTUAL_ENV"]) != ROOT / ".venv":
        del environment["VIRTUAL_ENV"]
    trust_what_the_system_trusts(environment)
    uv = find_uv() or install_uv(environment)
    if "UV_PYTHON" not in environment:
        python = find_python(environment)
        if python is not None:
            environment["UV_PYTHON"] = python
    os.chdir(ROOT)
    os.execve(uv, [uv, *arguments], environment)


def trust_what_the_system_trusts(environment: Dict[str, str]) -> None:
    """Many networks re-sign TLS with a certificate that only the system's store knows; uv and old pip have their own.

    Where the system has no store (a bare container), theirs stay in use.
    """
    if SYSTEM_CERTIFICATES.exists() and "SSL_CERT_FILE" not in environment:
        environment.setdefault("UV_SYSTEM_CERTS", "true")
        environment.setdefault("PIP_CERT", str(SYSTEM_CERTIFICATES))


def answer(command: List[str]) -> Optional[str]:
    """What `command` prints, or None where it cannot be run or fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def version_of(text: Optional[str]) -> Tuple[int, ...]:
    """The first dotted number in `text` as a tuple; () where there is none."""
    found = re.search(r"\d+(\.\d+)+", text or "")
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def find_uv() -> Optional[str]:
    """A uv that works and is recent enough: on PATH, or installed by us before."""
    candidates = [shutil.which("uv"), str(TOOLS / "bin" / "uv"), str(TOOLS / "Scripts" / "uv.exe")]
    for candidate in candidates:
        if candidate and version_of(answer([candidate, "--version"])) >= OLDEST_UV:
            return candidate
    return None


def install_uv(environment: Dict[str, str]) -> str:
    """Install the pinned uv into `.tools/uv` with pip, which checks its hash."""
    print("Installing uv (once, into .tools/) ...", file=sys.stderr, flush=True)
    shutil.rmtree(TOOLS, ignore_errors=True)
    TOOLS.parent.mkdir(exist_ok=True)
    python = str(TOOLS / "bin" / "python")
    steps = [
        [sys.executable, "-m", "venv", str(TOOLS)],
        [
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            str(PINNED),
        ],
    ]
    for step in steps:
        if subprocess.run(step, stdin=subprocess.DEVNULL, env=environment, check=False).returncode != 0:
            shutil.rmtree(TOOLS, ignore_errors=True)
            sys.exit(
                "uv could not be installed: the command above failed.\n"
                "  failed:  " + " ".join(step) + "\n"
                "  Install uv by hand (https://docs.astral.sh/uv/), or give this Python the modules venv and pip\n"
                "  (Debian and Ubuntu: apt install python3-venv), then run make again."
            )
    return str(TOOLS / "bin" / "uv")


def is_usable(python: str) -> bool:
    """Whether `python` starts and is new enough."""
    return version_of(answer([python, "-c", "import sys; print(sys.version.split()[0])"])) >= OLDEST_PYTHON


def find_python(environment: Dict[str, str]) -> Optional[str]:
    """The interpreter that uv should be told of, or None where there is none.

    It is told always: uv passes over shims, and over the environment of another project that is first on PATH.
    """
    own = ROOT / ".venv" / "bin" / "python"
    if own.exists() and is_usable(str(own)):
        return str(own)
    names = ["python{}.{}".format(*version) for version in PREFERRED] + ["python3"]
    for name in names:
        path = shutil.which(name, path=environment.get("PATH"))
        if path and is_usable(path):
            return answer([path, "-c", "import sys; print(getattr(sys, '_base_executable', sys.executable))"])
    found = pyenv_python(environment)
    if found is None:
        print("No Python 3.12 or later was found. uv will try to fetch one.", file=sys.stderr, flush=True)
    return found


def pyenv_python(environment: Dict[str, str]) -> Optional[str]:
    """The best interpreter in pyenv's folder, or None."""
    for root in pyenv_roots(environment):
        found = {}
        for python in sorted(root.glob("versions/3.*/bin/python")):
            version = version_of(python.parent.parent.name)
            if version >= OLDEST_PYTHON and is_usable(str(python)):
                found[version[:2]] = str(python)  # sorted: the latest of each minor version stays
        for version in (*PREFERRED, *sorted(found)):
            if version in found:
                return found[version]
    return None


def pyenv_roots(environment: Dict[str, str]) -> List[Path]:
    """Where pyenv may live: as told, as found on PATH, as usual. `pyenv root` alone follows HOME, which may be new."""
    roots = []
    if environment.get("PYENV_ROOT"):
        roots.append(Path(environment["PYENV_ROOT"]))
    for folder in environment.get("PATH", "").split(os.pathsep):
        path = Path(folder)
        if path.name == "shims" or (path.name == "bin" and (path / "pyenv").exists()):
            roots.append(path.resolve().parent)
    told = answer(["pyenv", "root"])
    if told:
        roots.append(Path(told))
    roots.append(Path.home() / ".pyenv")
    return list(dict.fromkeys(roots))


if __name__ == "__main__":
    main(sys.argv[1:])
