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


def _listening(processes: set[int]) -> set[tuple[str, int]]:
    """(address, port) of the TCP sockets that processes listen at (proc(5), net/tcp; state 0A)."""
    inodes = set()
    for process in processes:
        for one in Path(f"/proc/{process}/fd").glob("*"):
            try:
                inodes.add(str(one.readlink()))
            except FileNotFoundError:  # closed meanwhile
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                address, _, port = fields[1].partition(":")
                found.add((address, int(port, 16)))
    return found


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


@pytest.mark.slow  # counts every port of Ray's processes, some of which come and go beside other tests
def test_no_door_opens_without_a_certificate_of_the_cluster(ring, fleet: Fleet) -> None:  # type: ignore[no-untyped-def]
    fleet.look()
    assert fleet.links  # workers listen too
    processes = {link.process for link in fleet.links.values()}
    for folder in ring.folders:
        node = read_node(folder)
        assert node is not None
        processes |= _session(node.process)
    everywhere = {port for address, port in _listening(processes) if set(address) == {"0"}}
    assert (
        everywhere
    )  # should Ray come to listen at the given address alone, the text in `ring` has to change
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    for port in everywhere:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            assert _answer(plain)[3:4] != b"\x04", port
        with socket.create_connection(("127.0.0.1", port), timeout=5) as outer:
            try:
                inner = stranger.wrap_socket(outer)
            except OSError:
                continue
            with inner:
                assert _answer(inner) == b"", port
    # Whoever has one is let in, so a closed door is not a dead one.
    member = ssl.create_default_context(cafile=str(ring.folder / "ca.pem"))
    member.load_cert_chain(ring.folder / "node.pem", ring.folder / "node.key")
    member.set_alpn_protocols(["h2"])
    greeted = 0
    for port in everywhere:
        with (
            socket.create_connection((ring.interface, port), timeout=5) as outer,
            member.wrap_socket(outer, server_hostname=ring.interface) as inner,
        ):
            greeted += _answer(inner)[3:4] == b"\x04"
    assert greeted == len(everywhere)
