"""The files of a cluster, the processes of this machine's node, and the way to speak to Ray without its doors standing open.

A folder (mode 0700) holds what each machine needs; it is copied to every one of them by a way that is safe (scp)::

    ca.pem, node.pem, node.key   TLS both ways between all processes of Ray; the authority's key is thrown away
    token                        Ray's own token, which every call must carry
    secret                       the cluster's secret, for our messages (see `frames`)
    node.json                    this machine's node: where it is, which processes are ours

**What is open.** Where the given address is of the loopback device, Ray listens there alone. With any other its head (GCS),
raylets and workers listen on all interfaces, whatever address they are given, and no setting narrows it
(https://github.com/ray-project/ray/pull/65867, a table of what binds where), of which `cluster up` warns. Each of these ports
asks for a certificate of this cluster's own authority before it answers anything (TLS, RFC 8446, 4.4.2.4), and each call for
the token; the tests knock at every one without. A firewall should keep strangers from knocking. Ray's dashboard, usage
statistics, task events, metrics and spare workers are off.

Two of Ray's programs know no TLS. The agent that prepares workers listens at the given address alone, and answers those who
carry the token; only the raylet beside it asks. The head's monitor would tell its metrics to anybody, on all interfaces
(port 44217, `ray/autoscaler/_private/monitor.py`): it gets a port that there is not, so that it listens nowhere.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from countenance.primitives.errors import ConflictError, NotFoundError, UnavailableError, UsageError
from countenance.primitives.files import make_private_directory, write_atomically
from countenance.primitives.text import N_

DEFAULT_PORT = 6379
_LIFE = timedelta(days=397)
_START_SECONDS = 90.0
_TRIES = 3  # Ray itself gives up after 30 seconds, which a busy machine may need
_STOP_SECONDS = 20.0
_OBJECTS = 80_000_000  # bytes of Ray's store, the least it takes: our messages are small
FOLDER_VARIABLE = "COUNTENANCE_CLUSTER"

_started: dict[
    int, subprocess.Popen[bytes]
] = {}  # nodes outlive the command that starts them; its children are kept here


@dataclass(frozen=True, kw_only=True)
class Node:
    """The node of this machine. `address`: of the cluster's head, HOST:PORT. `process`: leads a session of its own.

    `begun`: ticks since boot, so that another process of the same number is not taken for it.
    """

    address: str
    interface: str
    process: int
    begun: int


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine of the cluster. `processors`: holders it has. `alive`: as Ray sees it."""

    address: str
    processors: int
    alive: bool


def make_ring(folder: Path, machines: Sequence[str]) -> None:
    """Make certificates, token and secret for machines with these addresses. Raises ConflictError, UsageError."""
    if (folder / "secret").exists():
        raise ConflictError(
            N_("{folder} holds a cluster already."),
            remedy=N_("Use it as it is, or name a new folder."),
            code="cluster-exists",
            folder=str(folder),
        )
    addresses = [_address(machine) for machine in dict.fromkeys([*machines, "127.0.0.1"])]
    make_private_directory(folder)
    now = datetime.now(UTC)
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "countenance cluster authority")])

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + _LIFE)
        )

    root = (
        builder(issuer, authority.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority, hashes.SHA256())
    )
    node = (
        builder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "countenance cluster node")]), key.public_key()
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(address) for address in addresses]), critical=False
        )
        .sign(authority, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    write_atomically(folder / "ca.pem", root.public_bytes(encoding))
    write_atomically(folder / "node.pem", node.public_bytes(encoding))
    write_atomically(
        folder / "node.key", key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    )
    write_atomically(folder / "token", secrets.token_hex(32).encode())
    write_atomically(folder / "secret", secrets.token_hex(32).encode())


def stays_inside(interface: str) -> bool:
    """Does Ray listen at the loopback device alone, given this address? Raises UsageError (`cluster-address`)."""
    return _address(interface).is_loopback


def _address(machine: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(machine)
    except ValueError as error:
        raise UsageError(
            N_("Machines of a cluster are named by their IP addresses: {problem}."),
            code="cluster-address",
            problem=str(error),
        ) from error


def read_secret(folder: Path) -> bytes:
    """The cluster's secret. Raises NotFoundError."""
    try:
        return bytes.fromhex((folder / "secret").read_text())
    except (FileNotFoundError, ValueError) as error:
        raise NotFoundError(
            N_("There is no cluster in {folder}."),
            remedy=N_("Copy the folder from the machine where you ran: countenance cluster up"),
            code="cluster-missing",
            folder=str(folder),
        ) from error


def environment(folder: Path) -> dict[str, str]:
    """What Ray's processes, and whoever speaks to them, must have in their environment before Ray is imported."""
    read_secret(folder)
    return {
        FOLDER_VARIABLE: str(folder),
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": str(folder / "node.pem"),
        "RAY_TLS_SERVER_KEY": str(folder / "node.key"),
        "RAY_TLS_CA_CERT": str(folder / "ca.pem"),
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_enable_worker_prestart": "0",
        "RAY_prestart_worker_first_driver": "0",
        "RAY_DEDUP_LOGS": "0",
        # Ray lowers the priority of its workers, as of batches beside which it has to stay alive. Holders answer searches.
        "RAY_worker_niceness": "0",
        # What each call was and how long it took is reported to the head otherwise, and nobody looks there.
        "RAY_task_events_report_interval_ms": "0",
        "RAY_enable_metrics_collection": "0",
        # Past the last port (RFC 9293, 3.1): the monitor notes in its log that it cannot listen, and goes on.
        "AUTOSCALER_METRIC_PORT": "65536",
        "RAY_enable_timeline": "0",
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    }


def start_node(
    folder: Path, *, interface: str, port: int = DEFAULT_PORT, join: str | None = None, processors: int = 0
) -> Node:
    """Start this machine's node, as the head or joining the one at `join` (HOST:PORT). Returns when it is up.

    `processors`: how many of its holders there are to be; 0: one for each processor.

    Raises UnavailableError (`ray-missing`, `cluster-not-started`), ConflictError where it runs already.
    """
    program = Path(sys.executable).with_name("ray")
    if not program.exists():
        raise UnavailableError(
            N_("Ray is not installed."),
            remedy=N_("Install it with: pip install 'countenance[ray]'"),
            code="ray-missing",
        )
    if (known := read_node(folder)) is not None and runs(known):
        raise ConflictError(
            N_("A node of this cluster runs on this machine already."),
            remedy=N_("See it with: countenance cluster status"),
            code="cluster-runs",
        )
    address = join or f"{interface}:{port}"
    words = [str(program), "start", "--block", "--disable-usage-stats", f"--node-ip-address={interface}"]
    words += [f"--object-store-memory={_OBJECTS}", f"--num-cpus={processors or os.cpu_count() or 1}"]
    words += [f"--address={join}"] if join else ["--head", f"--port={port}", "--include-dashboard=false"]
    for _ in range(_TRIES):
        node = _start(folder, words, Node(address=address, interface=interface, process=0, begun=0))
        if node is not None:
            return node
    raise UnavailableError(
        N_("Ray did not start on {interface}."),
        remedy=N_("Look into {log}. Is the port free, and the head reachable?"),
        code="cluster-not-started",
        interface=interface,
        log=str(folder / "node.log"),
    )


def _start(folder: Path, words: Sequence[str], to_be: Node) -> Node | None:
    """The node once it is up; None where it was not in time, and nothing of it is left."""
    log = folder / "node.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - Ray's own program, from our environment
            words,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environment(folder)},
        )
    _started[process.pid] = process
    log.chmod(0o600)
    node = replace(to_be, process=process.pid, begun=_begun(process.pid))
    write_atomically(folder / "node.json", json.dumps(vars(node)).encode())
    ends = time.monotonic() + _START_SECONDS
    while b"Ray runtime started" not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > ends:
            stop_node(folder)
            return None
        time.sleep(0.2)
    return node


def read_node(folder: Path) -> Node | None:
    """The node of this machine as it was started last; None where none was."""
    try:
        return Node(**json.loads((folder / "node.json").read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def runs(node: Node) -> bool:
    """Does it run still?"""
    return node.begun > 0 and _begun(node.process) == node.begun


def stop_node(folder: Path) -> bool:
    """End the processes that `start_node` started, and no others; False where none ran."""
    node = read_node(folder)
    if node is None:
        return False
    there = runs(node)
    if there:
        os.killpg(node.process, signal.SIGTERM)
        ends = time.monotonic() + _STOP_SECONDS
        while _session(node.process) and time.monotonic() < ends:
            time.sleep(0.1)
    # Without its leader a number may be another session's by now, unless it is a child of ours that we have not fetched.
    for process in _session(node.process) if there or node.process in _started else []:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    if (child := _started.pop(node.process, None)) is not None:
        child.wait()
    (folder / "node.json").unlink(missing_ok=True)
    return there


def _begun(process: int) -> int:
    """When a process began (proc(5), field 22); 0 where there is none, or it is dead and not yet fetched."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def _session(leader: int) -> list[int]:
    """Processes of the session that `leader` leads (proc(5), field 6)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def machines_of(folder: Path, address: str) -> list[Machine]:
    """Machines of the cluster at `address`. Asked in a process of its own, since Ray stays
    loaded where it was loaded once. Raises UnavailableError (`cluster-down`).
    """
    program = (
        "import json, ray; ray.init(address=__import__('sys').argv[1], configure_logging=False, log_to_driver=False,"
        " logging_level=40); print(json.dumps([{'address': n['NodeManagerAddress'],"
        " 'processors': int(n['Resources'].get('CPU', 0)), 'alive': n['Alive']} for n in ray.nodes()]))"
    )
    done = subprocess.run(  # noqa: S603 - this very Python
        [sys.executable, "-c", program, address],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment(folder)},
    )
    if done.returncode:
        raise UnavailableError(
            N_("No cluster answers at {address}."),
            remedy=N_("Start it with: countenance cluster up. This machine must be one of its nodes."),
            code="cluster-down",
            address=address,
        )
    return [Machine(**one) for one in json.loads(done.stdout.splitlines()[-1])]
