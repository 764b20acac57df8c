"""A real cluster for the tests: Ray nodes on this machine, with TLS and a token, one folder each as on machines of their own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bucket_service import BucketService, free_port, this_address

from countenance.cluster.fleet import Fleet
from countenance.cluster.ring import Node, environment, make_ring, start_node, stop_node


@dataclass(kw_only=True)
class Ring:
    """Nodes on this machine. `folders`: of the nodes, the head's first."""

    address: str
    interface: str
    folders: list[Path] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.folders[0]

    def join(self) -> Node:
        """One more node, with a copy of the folder."""
        folder = self.folder.with_name(f"node-{len(self.folders)}")
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("node.json", "node.log"))
        self.folders.append(folder)
        return start_node(folder, interface=self.interface, join=self.address, processors=1)

    def end(self, number: int) -> None:
        stop_node(self.folders[number])


@pytest.fixture(scope="session")
def ring(tmp_path_factory: pytest.TempPathFactory, bucket_service: BucketService) -> Iterator[Ring]:
    """Three nodes, which have the keys to the bucket in their environment."""
    folder = tmp_path_factory.mktemp("ring") / "node-0"
    address = this_address()
    make_ring(folder, [address])
    port = free_port()
    made = Ring(address=f"{address}:{port}", interface=address, folders=[folder])
    before = dict(os.environ)
    try:
        start_node(folder, interface=address, port=port, processors=1)
        made.join()
        made.join()
        yield made
    finally:
        if "ray" in sys.modules:
            import ray

            ray.shutdown()
        for each in reversed(made.folders):
            stop_node(each)
        for name in environment(folder):
            os.environ.pop(name, None)
        os.environ.update(before)


@pytest.fixture
def fleet(ring: Ring) -> Iterator[Fleet]:
    made = Fleet(ring.address, ring.folder, patience=5.0)
    yield made
    made.close()
