"""The web application on its address: waitress around it, and beside it the searcher that answers what it asks."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from countenance.primitives.errors import ConflictError, UnavailableError, UsageError
from countenance.primitives.text import N_
from countenance.service.address import socket_of
from countenance.service.searcher import connect
from countenance.web.entering.link import without_second_factor
from countenance.web.site import MOST_UPLOADED, WsgiApplication

THREADS = 8
LOG_NAME = "web.log"
"""In `run/` of the workspace: what the server says of itself, such as requests that wait for a free thread."""
SEARCHER_LOG_NAME = "searcher.log"
"""Beside it: what the searcher says that is started with the pages; of its latest start alone."""
_MOST_LOGGED = 1 << 20
_SEARCHER_SECONDS = 60.0
_LOOK_EVERY = 0.1


def check_address(host: str, public: str) -> None:
    """Only this machine is served until everybody has a second factor, and beyond it only over TLS.

    Raises UsageError (no address, or no `public` address), ConflictError (accounts without a second factor).
    """
    try:
        here = host == "localhost" or ip_address(host).is_loopback
    except ValueError as error:
        raise UsageError(
            N_("{host} is not an address of this machine."), code="address", host=host
        ) from error
    if here and not public:
        return
    left = without_second_factor()
    if left:
        raise ConflictError(
            N_("{count} accounts have no second factor yet, so only this machine is served."),
            remedy=N_(
                "Send each its link (countenance invite ACCOUNT), or suspend it; then serve beyond this machine."
            ),
            code="second-factor-missing",
            count=left,
        )
    if not public:
        raise UsageError(
            N_("Beyond this machine the application is served over TLS only."),
            remedy=N_("Put a server that speaks TLS in front, and name its address: --public https://HOST"),
            code="public-address-missing",
        )


def listen(application: WsgiApplication, host: str, port: int, *, proxied: bool = False) -> Any:
    """A waitress server that listens; `run` serves, `close` ends it. Its `effective_port` is the one it has.

    `proxied`: a server in front, on this machine, tells the caller's address and that TLS was spoken. Uploads stay in memory: its buffers overflow into files only past what a request may have.
    Raises UnavailableError where the address is taken.
    """
    from waitress.server import create_server

    trusted: dict[str, Any] = {}
    if proxied:
        trusted = {
            "trusted_proxy": "127.0.0.1",
            "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
        }
    try:
        return create_server(
            application,
            host=host,
            port=port,
            threads=THREADS,
            ident="countenance",
            max_request_body_size=MOST_UPLOADED,
            inbuf_overflow=MOST_UPLOADED + 1,
            outbuf_overflow=MOST_UPLOADED + 1,
            clear_untrusted_proxy_headers=True,
            **trusted,
        )
    except OSError as error:
        raise UnavailableError(
            N_("{host}:{port} cannot be listened at: {problem}."),
            remedy=N_("Choose another port with --port."),
            code="address-taken",
            host=host,
            port=port,
            problem=error.strerror or str(error),
        ) from error


@contextmanager
def logging_beside(directory: Path) -> Iterator[None]:
    """With what waitress says written to a file of the workspace, two of a megabyte at most, and not onto the screen."""
    folder = directory / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    handler = RotatingFileHandler(folder / LOG_NAME, maxBytes=_MOST_LOGGED, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("waitress")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.propagate = True
        logger.removeHandler(handler)
        handler.close()


@contextmanager
def beside_searcher(directory: Path) -> Iterator[bool]:
    """With a searcher of the workspace: the one that runs, or one that is started here and ended afterwards (True).

    Raises UnavailableError where it does not start.
    """
    found = connect(socket_of(directory))
    if found is not None:
        found.close()
        yield False
        return
    command = [sys.executable, "-m", "countenance", "searcher", "--workspace", str(directory)]
    (directory / "run").mkdir(mode=0o700, exist_ok=True)
    with (directory / "run" / SEARCHER_LOG_NAME).open("wb") as said:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
    try:
        _wait_for(child, directory)
        yield True
    finally:
        child.terminate()
        try:
            child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(child: subprocess.Popen[bytes], directory: Path) -> None:
    ends = time.monotonic() + _SEARCHER_SECONDS
    while child.poll() is None and time.monotonic() < ends:
        found = connect(socket_of(directory))
        if found is not None:
            found.close()
            return
        time.sleep(_LOOK_EVERY)
    raise UnavailableError(
        N_("The searcher of this workspace did not start."),
        remedy=N_("See why with: countenance searcher"),
        code="searcher-missing",
    )
