"""`countenance serve` and `countenance invite` as people start them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import IO

from countenance.registry.founding import found


def _program(*words: str) -> list[str]:
    return [sys.executable, "-m", "countenance", *words, "--json", "--lang", "en"]


def _document(stream: IO[str]) -> str:
    """The first JSON document of a stream that stays open."""
    text = ""
    for line in stream:
        text += line
        try:
            json.loads(text)
        except ValueError:
            continue
        return text
    raise AssertionError(f"no document: {text}")


def test_serve_starts_searcher_and_pages_and_stops(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    found(workspace, operator="Archive", jurisdiction="CA-ON").workspace.close()
    command = _program("serve", "--workspace", str(workspace), "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        told = json.loads(_document(served.stdout))
        assert told["address"].startswith("http://localhost:")
        with urllib.request.urlopen(told["link"]) as page:
            assert "operator" in page.read().decode()
            assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        with urllib.request.urlopen(told["address"] + "/register") as page:
            assert page.status == 200  # the searcher answers
        invited = subprocess.run(
            _program("invite", "deputy", "--workspace", str(workspace)),
            capture_output=True,
            check=True,
            text=True,
        )
        assert json.loads(invited.stdout)["link"].startswith("http://localhost:8460/welcome/")
        served.send_signal(signal.SIGTERM)
        assert served.wait(60) == 0
    assert not (workspace / "run" / "searcher.sock").exists()
    assert (workspace / "web.key").stat().st_mode & 0o777 == 0o600


def test_beyond_this_machine_is_refused_while_somebody_has_no_second_factor(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    found(workspace, operator="Archive", jurisdiction="CA-ON").workspace.close()
    command = _program(
        "serve", "--workspace", str(workspace), "--host", "0.0.0.0", "--public", "https://faces.example.org"
    )
    refused = subprocess.run(command, capture_output=True, check=False, text=True)
    assert refused.returncode == 5
    assert json.loads(refused.stdout)["error"]["code"] == "second-factor-missing"
