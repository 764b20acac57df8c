"""Messages between a searcher and the holders of its segments: one JSON header and some blobs under a MAC. Nothing else
crosses the cluster: Ray carries bytes, and no object of ours is ever pickled.

::

    frame   MAC (32) | length of the header (4, big-endian) | header (UTF-8 JSON, its `blobs` a list of lengths) | blobs
    MAC     HMAC-SHA-256 (RFC 2104) of all that follows it

The greeting is under the cluster's secret, which lies in a file on each machine and never crosses the network; from both
sides' random numbers comes the key of the session (HKDF, RFC 5869). `n` counts messages of a session upwards, and an
answer repeats it, so that none can be played again.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_

type Message = tuple[dict[str, Any], list[bytes]]

_MAC = 32
_MOST_HEADER = 64 << 20  # a list of a million removed references
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def pack(key: bytes, header: dict[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """One frame."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    body = b"".join((len(text).to_bytes(4, "big"), text, *blobs))
    return hmac.digest(key, body, "sha256") + body


def unpack(key: bytes, frame: bytes) -> Message:
    """What `pack` was given. Raises IntegrityError (`cluster-message`) for anything else."""
    if len(frame) < _MAC + 4:
        raise _forged()
    body = memoryview(frame)[_MAC:]
    if not hmac.compare_digest(hmac.digest(key, body, "sha256"), frame[:_MAC]):
        raise _forged()
    length = int.from_bytes(body[:4], "big")
    if length > min(_MOST_HEADER, len(body) - 4):
        raise _forged()
    header = json.loads(bytes(body[4 : 4 + length]))
    at, blobs = 4 + length, []
    for size in header.pop("blobs"):
        blobs.append(bytes(body[at : at + size]))
        at += size
    if at != len(body):
        raise _forged()
    return header, blobs


def session_key(secret: bytes, mine: bytes, theirs: bytes) -> bytes:
    """32 bytes from the cluster's secret and both random numbers, the searcher's first."""
    return HKDF(
        algorithm=hashes.SHA256(), length=32, salt=mine + theirs, info=b"countenance/cluster/session/1"
    ).derive(secret)


def seal_key(public: bytes, key: bytes, segment_id: str) -> bytes:
    """A segment's key for one holder alone: HPKE, base mode (RFC 9180); the segment's id is bound in."""
    return _SUITE.encrypt(key, X25519PublicKey.from_public_bytes(public), info=_info(segment_id))


def open_key(private: X25519PrivateKey, sealed: bytes, segment_id: str) -> bytes:
    """The key that `seal_key` sealed."""
    return _SUITE.decrypt(sealed, private, info=_info(segment_id))


def _info(segment_id: str) -> bytes:
    return b"countenance/cluster/segment-key/1/" + segment_id.encode()


def _forged() -> IntegrityError:
    return IntegrityError(N_("A message of the cluster is not genuine."), code="cluster-message")
