"""scripts/with_uv.py: finds what a machine has, whatever way its Pythons are hidden."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "with_uv.py"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, in a checkout that has nothing yet."""
    spec = importlib.util.spec_from_file_location("with_uv", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    monkeypatch.setattr(module, "ROOT", checkout)
    monkeypatch.setattr(module, "TOOLS", checkout / ".tools" / "uv")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    return module


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def says(version: str) -> str:
    """A stand-in for an interpreter of that version."""
    return f'case "$*" in *executable*) echo "$0";; *) echo {version};; esac'


def pyenv(root: Path, *versions: str) -> Path:
    """A pyenv folder whose shims are not set to any of its interpreters."""
    for version in versions:
        program(root / "versions" / version / "bin" / "python", says(version))
        program(root / "shims" / f"python{version.rpartition('.')[0]}", "exit 127")
    return root


def test_it_is_old_python() -> None:
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 9))


def test_plain_python_is_taken_from_path(script: ModuleType, tmp_path: Path) -> None:
    python = program(tmp_path / "bin" / "python3.13", says("3.13.9"))
    assert script.find_python({"PATH": str(tmp_path / "bin")}) == str(python)


def test_another_projects_environment_on_path_leads_to_its_interpreter(
    script: ModuleType, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "other"], check=True)
    found = script.find_python({"PATH": str(tmp_path / "other" / "bin")})
    assert Path(found).is_file()
    assert not found.startswith(str(tmp_path))


def test_python_behind_dead_shims_is_found_by_the_shims_place(script: ModuleType, tmp_path: Path) -> None:
    root = pyenv(tmp_path / "pyenv", "3.9.18", "3.11.7", "3.12.1", "3.12.4", "3.13.0")
    found = script.find_python({"PATH": str(root / "shims")})
    assert found == str(root / "versions" / "3.12.4" / "bin" / "python")


def test_python_is_found_by_pyenv_root(script: ModuleType, tmp_path: Path) -> None:
    root = pyenv(tmp_path / "pyenv", "3.11.7", "3.15.0")
    found = script.find_python({"PATH": "/nowhere", "PYENV_ROOT": str(root)})
    assert found == str(root / "versions" / "3.15.0" / "bin" / "python")


def test_old_and_broken_interpreters_are_passed_over(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = pyenv(tmp_path / "pyenv", "3.11.7")
    program(root / "versions" / "3.12.1" / "bin" / "python", "exit 1")
    assert script.find_python({"PATH": str(root / "shims"), "PYENV_ROOT": str(root)}) is None
    assert "No Python 3.12 or later was found" in capsys.readouterr().err


def test_the_projects_own_environment_comes_first(script: ModuleType, tmp_path: Path) -> None:
    own = program(script.ROOT / ".venv" / "bin" / "python", says("3.13.0"))
    root = pyenv(tmp_path / "pyenv", "3.12.1")
    assert script.find_python({"PATH": str(root / "shims")}) == str(own)


@pytest.mark.parametrize(
    ("body", "usable"),
    [("echo uv 0.13.9", True), ("echo uv 0.8.22", False), ("exit 127", False), ("echo no", False)],
)
def test_uv_on_path_must_work_and_be_recent(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, usable: bool
) -> None:
    path = program(tmp_path / "bin" / "uv", body)
    monkeypatch.setenv("PATH", str(path.parent))
    assert script.find_uv() == (str(path) if usable else None)


def test_a_failed_installation_says_what_to_do(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(program(tmp_path / "bin" / "python3", "exit 1")))
    with pytest.raises(SystemExit, match="python3-venv"):
        script.install_uv({"PATH": ""})
    assert not script.TOOLS.exists()


def test_the_pinned_uv_is_recent_enough_and_hashed(script: ModuleType) -> None:
    text = (ROOT / "scripts" / "uv.txt").read_text("utf-8")
    assert script.version_of(text.partition("==")[2]) >= script.OLDEST_UV
    assert text.count("--hash=sha256:") > 10


def test_certificates_of_the_system_are_used_where_nobody_said_otherwise(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script, "SYSTEM_CERTIFICATES", tmp_path / "none")
    environment: dict[str, str] = {}
    script.trust_what_the_system_trusts(environment)
    assert environment == {}
    (tmp_path / "some").touch()
    monkeypatch.setattr(script, "SYSTEM_CERTIFICATES", tmp_path / "some")
    script.trust_what_the_system_trusts(environment)
    assert environment["UV_SYSTEM_CERTS"] == "true"
    told = {"SSL_CERT_FILE": "/mine"}
    script.trust_what_the_system_trusts(told)
    assert told == {"SSL_CERT_FILE": "/mine"}
