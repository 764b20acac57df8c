"""A real S3 service for the tests: SeaweedFS from its wheel, on ports of its own, with one bucket."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sysconfig
import time
import urllib.request
from pathlib import Path

from countenance.primitives.errors import UnavailableError
from countenance.vault.s3 import S3MediaStore, S3Place

BUCKET = "faces"
_PORTS = ("s3.port", "master.port", "volume.port", "filer.port", "admin.port", "webdav.port")


class BucketService:
    """Starts it and waits until it answers. Its keys are put into the environment of this process, as an operator would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in _PORTS}
        self.endpoint = f"http://127.0.0.1:{self.ports['s3.port']}"
        self.keys = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": secrets.token_hex(16)}
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        program = Path(sysconfig.get_path("scripts")) / "weed"
        self._process = subprocess.Popen(
            [
                program,
                "mini",
                f"-dir={self.folder}",
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                f"-bucket={BUCKET}",
                "-webdav=false",
                "-admin.ui=false",
                *[f"-{name}={port}" for name, port in self.ports.items()],
            ],
            env={**os.environ, **self.keys},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.environ.update(self.keys)
        store = self.store("waiting")
        ends = time.monotonic() + 60
        while True:
            try:
                store.check()
                return
            except UnavailableError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.2)

    def place(self, prefix: str, **changes: object) -> S3Place:
        place = S3Place.parse(f"s3://{BUCKET}/{prefix}", endpoint=self.endpoint, allow_http=True)
        return S3Place(**{**vars(place), "timeout_seconds": 5.0, **changes})  # type: ignore[arg-type]

    def store(self, prefix: str, **changes: object) -> S3MediaStore:
        return S3MediaStore(self.place(prefix, **changes), self.folder.with_name("s3-cache"))

    def vacuum(self) -> None:
        """Have deleted objects' bytes removed from the volumes, through the service's own control."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.ports['master.port']}/vol/vacuum?garbageThreshold=0.0001", timeout=60
        ) as answer:
            answer.read()

    def stop(self) -> None:
        """It does not always heed a polite signal."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def this_address() -> str:
    """The address of this machine that Ray takes for its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        try:
            asked.connect(("192.0.2.1", 9))  # TEST-NET-1 (RFC 5737): nothing is sent
        except OSError:
            return "127.0.0.1"
        return str(asked.getsockname()[0])
