"""The program as tests run it: in this process with what it printed, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from countenance.cli.main import main


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output; anything else there fails."""
        return json.loads(self.out)


class Program:
    """Runs command lines in one folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def __call__(self, *words: object) -> Run:
        self._capsys.readouterr()
        code = main([str(word) for word in words])
        printed = self._capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Run(code, printed.out, printed.err)

    def good(self, *words: object) -> Any:
        """As JSON; it must succeed."""
        run = self(*words, "--json")
        assert run.code == 0, (words, run)
        return run.json

    def alone(self, *words: object, **environment: str) -> Run:
        """In a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "countenance.cli.main", *map(str, words)],
            cwd=self.folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return Run(done.returncode, done.stdout, done.stderr)
