"""The verifier as a person runs it: one file, copied anywhere, without our package."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tlog_helpers import Exported, flip_entry

from countenance.tlog import verifier


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return Path(shutil.copy(verifier.__file__, tmp_path / "verifier.py"))


def run(program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    # -I keeps the working directory and PYTHONPATH out; site-packages stay, for `cryptography`.
    command = [sys.executable, "-I", str(program), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, encoding="utf-8")


def test_it_imports_nothing_but_cryptography_and_the_standard_library() -> None:
    tree = ast.parse(Path(verifier.__file__).read_text(encoding="utf-8"))
    names = {
        alias.name if isinstance(node, ast.Import) else node.module or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    tops = {name.split(".")[0] for name in names}
    assert tops - sys.stdlib_module_names == {"cryptography"}


def test_a_good_export(program: Path, export: Exported, tmp_path: Path) -> None:
    done = run(program, export.path, "--key", export.vkey)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Verified: 700 entries of archive.example.org/log")
    old = tmp_path / "old"
    old.write_text(export.checkpoints[300])
    done = run(program, export.path, "--key", export.vkey, "--old-checkpoint", old, "--lang", "fr")
    assert done.returncode == 0
    assert "Vérifié" in done.stdout
    assert "300" in done.stdout
    shown = json.loads(run(program, export.path, "--key", export.vkey, "--json").stdout)
    assert (shown["ok"], shown["size"], shown["findings"]) == (True, 700, [])


def test_a_changed_export(program: Path, export: Exported) -> None:
    flip_entry(export.path / "tile/entries/000", 17)
    done = run(program, export.path, "--key", export.vkey)
    assert done.returncode == 1
    assert "Entry 17 is not the one that was logged" in done.stdout
    done = run(program, export.path, "--key", export.vkey, "--lang", "fr")
    assert "L'inscription 17 n'est pas celle qui a été consignée" in done.stdout
    shown = json.loads(run(program, export.path, "--key", export.vkey, "--json").stdout)
    assert (shown["ok"], shown["findings"][0]["entry"], shown["findings"][0]["kind"]) == (
        False,
        17,
        "altered",
    )


def test_a_proof(program: Path, export: Exported, tmp_path: Path, gocheck: Path) -> None:
    file = tmp_path / "entry.tlog-proof"
    file.write_text(export.proof)
    done = run(program, "proof", file, "--key", export.vkey)
    assert done.returncode == 0, done.stdout
    assert "entry 17" in done.stdout
    assert '"purpose":"missing-person"' in done.stdout
    assert subprocess.run([gocheck, "proof", file, export.vkey], check=False).returncode == 0
    lines = export.proof.splitlines(keepends=True)
    assert lines[2] == "index 17\n"
    damaged = [
        "".join([*lines[:2], "index 18\n", *lines[3:]]),
        "".join([*lines[:3], lines[4], lines[3], *lines[5:]]),
        "".join([*lines[:3], *lines[4:]]),
    ]
    for text in damaged:
        file.write_text(text)
        assert run(program, "proof", file, "--key", export.vkey).returncode == 1
        assert subprocess.run([gocheck, "proof", file, export.vkey], check=False).returncode == 1
    without = "".join([lines[0], *lines[2:]])
    assert [f.kind for f in verifier.verify_proof(without, export.vkey).findings] == ["no-entry"]
    content = verifier.verify_proof(export.proof, export.vkey).proved
    assert content is not None
    assert verifier.verify_proof(without, export.vkey, content[1]).ok
    assert not verifier.verify_proof(export.proof, export.vkey, content[1] + b" ").ok


@pytest.mark.parametrize(
    "text", ["", "c2sp.org/tlog-proof@v1\n", "c2sp.org/tlog-proof@v1\nindex 01\n\nx", "x" * 99]
)
def test_what_is_not_a_proof(text: str, export: Exported) -> None:
    assert [f.kind for f in verifier.verify_proof(text, export.vkey).findings] == ["proof-format"]


def test_wrong_use(program: Path, export: Exported, tmp_path: Path) -> None:
    assert run(program, export.path, "--key", "nonsense").returncode == 2
    assert run(program, export.path).returncode == 2
    assert run(program, export.path, "two", "three", "--key", export.vkey).returncode == 2
    nothing = run(program, tmp_path / "nowhere", "--key", export.vkey)
    assert nothing.returncode == 4
    assert "Traceback" not in nothing.stderr
    assert run(program, "proof", tmp_path / "nowhere", "--key", export.vkey).returncode == 4


def test_an_odd_name_or_size_in_a_forged_checkpoint_is_not_followed(export: Exported) -> None:
    """Nothing of a checkpoint is believed, sizes above all, before its signature is."""
    (export.path / "checkpoint").write_text(
        export.checkpoints[700].replace("\n700\n", "\n999999999999999999\n")
    )
    verdict = verifier.verify_export(export.path, export.vkey)
    assert [finding.kind for finding in verdict.findings] == ["signature"]
    assert verdict.size == 0
