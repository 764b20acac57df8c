"""One run of the demonstration per language, for all tests of this folder; run as a user runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from demo_run import LANGUAGES, PROGRAM, Run

# The run is for the whole session: with several processes, one of them takes all these tests.
GROUP = pytest.mark.xdist_group("demo")


# Without any network, where this account may take it away (root, or unprivileged user namespaces).
OFFLINE = ("unshare", "--net", "--map-root-user", "--")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(GROUP)


@pytest.fixture(scope="session", params=LANGUAGES)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp(f"demo-{request.param}") / "kept"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COUNTENANCE_")}
    cache = os.environ.get("COUNTENANCE_CACHE")
    alone = (
        shutil.which("unshare")
        and not subprocess.run([*OFFLINE, "true"], capture_output=True, check=False).returncode
    )
    done = subprocess.run(
        [
            *(OFFLINE if alone else ()),
            *(PROGRAM, "demo"),
            *("--lang", request.param, "--keep", str(folder), "--no-open", "--json"),
        ],
        capture_output=True,
        encoding="utf-8",
        env=environment | ({"COUNTENANCE_CACHE": cache} if cache else {}),
        timeout=240,
        check=False,
    )
    assert done.stdout.count("\n") == 1, done.stderr
    return Run(
        language=request.param, folder=folder, exit_code=done.returncode, document=json.loads(done.stdout)
    )
