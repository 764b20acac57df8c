"""Writes a segment: encrypted, in one file, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from countenance.biometrics.templates import SpaceId
from countenance.index.answers import NotSearchable
from countenance.index.codes import Bytes8, Exact, pack
from countenance.index.layout import MAGIC, Area, Description, bound, file_name, nonce, stride, turn_of
from countenance.index.naming import Ids
from countenance.index.stores import SegmentFiles, SegmentKeys


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SegmentRows:
    """What goes into a segment, in order of (class, id). `codes`: unpacked. `exact`: int8 and scales."""

    ids: Ids
    classes: npt.NDArray[np.int64]
    codes: Bytes8
    exact: Exact


def write_segment(
    files: SegmentFiles,
    keys: SegmentKeys,
    *,
    segment_id: str,
    gallery_id: str,
    space_id: SpaceId,
    dimension: int,
    seed: bytes,
    rows: SegmentRows,
    closed: Sequence[tuple[str, int, NotSearchable]] = (),
) -> None:
    """Write one segment, durable when it returns. Raises UnavailableError where there is no room."""
    key = AESGCM.generate_key(256)
    wrapped = keys.wrap(segment_id, key)
    told = Description(
        segment_id=segment_id,
        gallery_id=gallery_id,
        space_id=space_id,
        dimension=dimension,
        rows=len(rows.ids),
        runs=_runs(rows.classes),
        closed=tuple(closed),
        turn=turn_of(segment_id, seed),
        width=rows.ids.width,
    )
    areas = (pack(rows.codes), rows.exact.scales.astype("<f4"), _padded(rows.exact.values), rows.ids.rows)

    def parts() -> Iterator[bytes]:
        cipher, plain = AESGCM(key), told.encoded()
        yield MAGIC + len(wrapped).to_bytes(4, "little") + len(plain).to_bytes(4, "little") + wrapped
        yield cipher.encrypt(nonce(Area.DESCRIPTION, 0), plain, bound(segment_id))
        for extent, data in zip(told.extents(), areas, strict=True):
            flat = memoryview(np.ascontiguousarray(data).reshape(-1).view(np.uint8))
            for number, start, length in extent.chunks():
                chunk = flat[start : start + length]
                yield cipher.encrypt(nonce(extent.area, number), chunk, bound(segment_id))

    files.put_stream(file_name(segment_id), parts())


def _runs(classes: npt.NDArray[np.int64]) -> tuple[tuple[int, int], ...]:
    """(class, rows) of classes in order."""
    found, counts = np.unique(classes, return_counts=True)
    return tuple(zip(found.tolist(), counts.tolist(), strict=True))


def _padded(values: npt.NDArray[np.int8]) -> Bytes8:
    wide = stride(values.shape[1])
    out = np.zeros((len(values), wide), np.uint8)
    out[:, : values.shape[1]] = values.view(np.uint8)
    return out
