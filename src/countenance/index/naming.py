"""Reference ids as bytes of one width, in an order that is the order of the ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import numpy.typing as npt

from countenance.index.codes import Bytes8

_GROUPS = ((0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12))
"""Where a UUID's text has its digits (RFC 9562, section 4): place in the text, first digit, how many."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ids:
    """Encoded ids. `rows`: uint8 (n, width or 16). `width`: 0 where they are UUIDs."""

    rows: Bytes8
    width: int

    @classmethod
    def of(cls, references: Sequence[str]) -> Ids:
        width = id_width(references)
        return cls(rows=encode_ids(references, width), width=width)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def sortable(self) -> npt.NDArray[np.bytes_]:
        """One value a row, which sorts as the ids do."""
        return np.ascontiguousarray(self.rows).view(f"S{self.rows.shape[1]}").reshape(-1)

    def take(self, which: npt.NDArray[np.int64] | slice) -> Ids:
        return Ids(rows=self.rows[which], width=self.width)


def joined_ids(parts: Sequence[Ids]) -> Ids:
    """All of them, of one width."""
    if len({part.width for part in parts}) == 1:
        return Ids(rows=np.concatenate([part.rows for part in parts]), width=parts[0].width)
    return Ids.of([name for part in parts for name in decode_ids(part.rows, part.width)])


def id_width(references: Sequence[str]) -> int:
    """0 where all ids are UUIDs in their usual form (16 bytes then); else the bytes of the longest, a multiple of 16."""
    if all(_UUID.fullmatch(reference) for reference in references):
        return 0
    longest = max(len(reference.encode()) for reference in references)
    return -(-(longest + 1) // 16) * 16


def encode_ids(references: Sequence[str], width: int) -> Bytes8:
    """uint8 (n, width or 16). UTF-8 sorts as its characters do, and the form of a UUID as its number."""
    if width == 0:
        joined = b"".join(UUID(reference).bytes for reference in references)
    else:
        joined = b"".join(reference.encode().ljust(width, b"\0") for reference in references)
    return np.frombuffer(joined, np.uint8).reshape(-1, width or 16)


def decode_ids(encoded: Bytes8, width: int) -> list[str]:
    """What `encode_ids` was given."""
    if width == 0:
        # All at once: a search names hundreds, and `str(UUID(..))` costs more than scoring them.
        spread = np.full((len(encoded), 37), ord("-"), np.uint8)
        spread[:, 36] = ord("\n")
        digits = np.frombuffer(encoded.tobytes().hex().encode(), np.uint8).reshape(-1, 32)
        for at, first, many in _GROUPS:
            spread[:, at : at + many] = digits[:, first : first + many]
        return spread.tobytes().decode().split("\n")[:-1]
    return [one.tobytes().rstrip(b"\0").decode() for one in encoded]


def encode_one(reference: str, width: int) -> bytes | None:
    """One id as a row of `encode_ids` has it, or None where no such row can hold it."""
    if width == 0:
        return UUID(reference).bytes if _UUID.fullmatch(reference) else None
    raw = reference.encode()
    return raw.ljust(width, b"\0") if len(raw) < width else None
