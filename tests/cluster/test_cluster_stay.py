"""`cluster up --stay`: one process for a service manager or a container, which ends with its node and ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bucket_service import free_port, this_address

from countenance.cluster.ring import read_node, runs, stays_inside
from countenance.primitives.errors import UsageError


@contextmanager
def staying(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The command in the foreground of its own process, once its node runs."""
    command = [sys.executable, "-m", "countenance", "cluster", "up", "--interface", this_address()]
    command += ["--port", str(free_port()), "--cluster", str(folder), "--stay"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"The node of {this_address()} runs.\n"
            yield process
        finally:
            process.terminate()


def test_only_an_address_of_the_loopback_device_stays_inside() -> None:
    assert [stays_inside(one) for one in ("127.0.0.1", "::1", "192.0.2.1")] == [True, True, False]
    with pytest.raises(UsageError, match="IP addresses"):
        stays_inside("head.example")


def test_it_ends_its_node_when_it_is_told_to_end(tmp_path: Path) -> None:
    with staying(tmp_path / "ring") as process:
        node = read_node(tmp_path / "ring")
        assert node is not None
        assert runs(node)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not runs(node)


def test_it_ends_with_an_error_when_its_node_is_gone(tmp_path: Path) -> None:
    with staying(tmp_path / "ring") as process:
        node = read_node(tmp_path / "ring")
        assert node is not None
        os.killpg(node.process, signal.SIGKILL)
        told = "".join(process.communicate(timeout=60))
        assert process.returncode == 5
        assert "node.log" in told
        assert "Ray listens on every interface of this machine" in " ".join(told.split())
