"""What Ray leaves open on a machine: knocked at without a certificate, and in plain."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import pytest

from countenance.cluster.fleet import Fleet
from countenance.cluster.ring import read_node

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
"""What a client begins with (RFC 9113, 3.4): the preface and an empty SETTINGS frame, which a server answers with its own."""


def _listening(processes: set[int]) -> dict[tuple[str, int], str]:
    """(address, port) of the TCP sockets that processes listen at, and whose they are (proc(5), net/tcp; state 0A)."""
    owners = {}
    for process in processes:
        for one in Path(f"/proc/{process}/fd").glob("*"):
            try:
                owners[str(one.readlink())] = process
            except FileNotFoundError:  # closed meanwhile
                continue
    found = {}
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            owner = owners.get(f"socket:[{fields[9]}]")
            if fields[3] == "0A" and owner is not None:
                address, _, port = fields[1].partition(":")
                found[address, int(port, 16)] = _name(owner)
    return found


def _name(process: int) -> str:
    """Number and command line of a process, shortened."""
    said = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return f"{process} {said[:300]}"


def _session(leader: int) -> set[int]:
    members = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == leader:
            members.add(int(entry.name))
    return members


def _answer(connection: socket.socket) -> bytes:
    """What comes back on the preface within two seconds."""
    connection.settimeout(2)
    try:
        connection.sendall(_PREFACE)
        return connection.recv(64)
    except OSError:  # closed, an alert, or silence
        return b""


def _status(host: str, port: int) -> str:
    """The first line that a plain HTTP server answers on a request of Ray's for an environment, without a token."""
    with socket.create_connection((host, port), timeout=5) as one:
        one.settimeout(5)
        one.sendall(
            b"POST /get_or_create_runtime_env HTTP/1.1\r\nHost: ray\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        )
        return one.recv(200).decode(errors="replace").partition("\r\n")[0]


@pytest.mark.slow  # counts every port of Ray's processes, some of which come and go beside other tests
def test_no_door_opens_without_a_certificate_of_the_cluster(ring, fleet: Fleet) -> None:  # type: ignore[no-untyped-def]
    fleet.look()
    assert fleet.links  # workers listen too
    processes = {link.process for link in fleet.links.values()}
    for folder in ring.folders:
        node = read_node(folder)
        assert node is not None
        processes |= _session(node.process)
    doors = _listening(processes)
    everywhere = {port: name for (address, port), name in doors.items() if set(address) == {"0"}}
    narrow = {port: name for (address, port), name in doors.items() if set(address) != {"0"}}
    assert (
        everywhere
    )  # should Ray come to listen at the given address alone, the text in `ring` has to change
    # The agents speak plain HTTP, at the given address alone, and to nobody without the token.
    for port, name in narrow.items():
        assert "RuntimeEnvAgent" in name
        assert " 401 " in _status(ring.interface, port), name
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    for port, name in everywhere.items():
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            assert _answer(plain) == b"", (port, name)
        with socket.create_connection(("127.0.0.1", port), timeout=5) as outer:
            try:
                inner = stranger.wrap_socket(outer)
            except OSError:
                continue
            with inner:
                assert _answer(inner) == b"", (port, name)
    # Whoever has one is let in, so a closed door is not a dead one.
    member = ssl.create_default_context(cafile=str(ring.folder / "ca.pem"))
    member.load_cert_chain(ring.folder / "node.pem", ring.folder / "node.key")
    member.set_alpn_protocols(["h2"])
    for port, name in everywhere.items():
        with (
            socket.create_connection((ring.interface, port), timeout=5) as outer,
            member.wrap_socket(outer, server_hostname=ring.interface) as inner,
        ):
            assert _answer(inner)[3:4] == b"\x04", (port, name)
