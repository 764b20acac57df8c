"""The body of `add-checkpoint` (C2SP tlog-witness): old size, consistency proof, empty line, checkpoint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from countenance.primitives.errors import FormatError
from countenance.primitives.text import N_
from countenance.tlog.merkle import HASH_SIZE
from countenance.tlog.note import b64, unb64

PROOF_LINES_MAX = 63
BODY_BYTES_MAX = 1 << 20
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class AddCheckpoint:
    """A request. `proof`: hashes of 32 bytes, from `old_size` to the checkpoint's. `checkpoint`: the signed note."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: str


def format_request(old_size: int, proof: Sequence[bytes], checkpoint: str) -> str:
    """The request as it is sent."""
    return "".join([f"old {old_size}\n", *(f"{b64(each)}\n" for each in proof), "\n", checkpoint])


def parse_request(body: bytes) -> AddCheckpoint:
    """Read a request. Raises FormatError."""
    try:
        text = body.decode() if len(body) <= BODY_BYTES_MAX else ""
    except UnicodeDecodeError:
        text = ""
    head, blank, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    proof = [unb64(line) for line in lines]
    if (
        not blank
        or old is None
        or len(proof) > PROOF_LINES_MAX
        or any(each is None or len(each) != HASH_SIZE for each in proof)
    ):
        raise FormatError(
            N_("This is not a request to add a checkpoint (C2SP tlog-witness)."), code="witness-request"
        )
    return AddCheckpoint(
        old_size=int(old[1]), proof=tuple(each for each in proof if each is not None), checkpoint=checkpoint
    )
