"""A probe at rest: sealed before its row is written, gone when the search is not made after all."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from countenance.index.head import template_part
from countenance.primitives.errors import UnavailableError
from countenance.records.models import Probe as ProbeRow
from countenance.records.sealing import CROP_PART, PICTURE_PART
from countenance.records.workspace import Workspace
from countenance.search.permission import Asked
from countenance.search.values import Probe
from countenance.vault.vault import Plain

_PREFIX = "probe-"
_LONGEST_SEARCH = timedelta(hours=1)
_PROBES = 7  # version of their ids


@dataclass(frozen=True, kw_only=True)
class SealedProbe:
    """One photograph of a probe at rest: its picture in the media store, its template and crop sealed under the same
    key.
    """

    probe_id: uuid.UUID
    picture: str
    template: bytes
    crop: bytes


@contextmanager
def kept_probe(workspace: Workspace, asked: Asked, probe: Probe) -> Iterator[Keeping]:
    """Seal pictures and templates of the probe; destroyed at the end unless they were `claimed` by a search's rows."""
    identifiers = [_new_id(datetime.now(UTC)) for _ in probe.parts]
    keeping = Keeping(parts=())
    try:
        keeping.parts = tuple(_seal(workspace, asked, probe, identifiers))
        yield keeping
    finally:
        if not keeping.claimed:
            _discard(workspace, identifiers)


@dataclass(kw_only=True)
class Keeping:
    """What is kept of a probe. `claimed`: a committed search owns it."""

    parts: tuple[SealedProbe, ...]
    claimed: bool = False


def sweep_probes(workspace: Workspace) -> int:
    """Destroy what a killed search left: pictures and keys of probes that no search owns. Returns how many.

    Only what is older than any search may last: another process may be in the middle of one.
    """
    left = {
        uuid.UUID(hex=name.removeprefix(_PREFIX))
        for name in workspace.media.names(older_than=_LONGEST_SEARCH)
        if name.startswith(_PREFIX)
    }
    # A key is made before its picture, and on a full disk it cannot be struck out: it may stand alone.
    until = _new_id(datetime.now(UTC) - _LONGEST_SEARCH)
    left |= {key for key in workspace.vault.record_ids(through=until) if key.version == _PROBES}
    left -= set(ProbeRow.objects.values_list("id", flat=True))
    _discard(workspace, sorted(left))
    return len(left)


def _new_id(at: datetime) -> uuid.UUID:
    """An id of the kind that only probes have: a UUID of version 7 (RFC 9562, 5.7), which begins with its moment.

    So keys of probes are found among those of all faces, and the old ones without reading the others: ids of faces are
    random, and few begin with a number as small as this century's milliseconds.
    """
    drawn = int.from_bytes(secrets.token_bytes(10), "big")
    number = int(at.timestamp() * 1000) << 80 | drawn & ~(0xF << 76 | 0x3 << 62)
    return uuid.UUID(int=number | _PROBES << 76 | 0x2 << 62)


def _seal(
    workspace: Workspace, asked: Asked, probe: Probe, identifiers: Sequence[uuid.UUID]
) -> list[SealedProbe]:
    """Under keys of their own, before the transaction: a key is written before its row, and a picture before its name."""
    plain: list[Plain] = []
    for identifier, photograph, (face, template) in zip(
        identifiers, asked.request.photographs, probe.parts, strict=True
    ):
        plain.append(Plain(record_id=identifier, part=PICTURE_PART, data=photograph))
        plain.append(
            Plain(record_id=identifier, part=template_part(template.space_id), data=template.to_bytes())
        )
        plain.append(Plain(record_id=identifier, part=CROP_PART, data=face.crop))
    sealed = workspace.vault.seal(plain)
    kept = [
        SealedProbe(probe_id=identifier, picture=f"{_PREFIX}{identifier.hex}", template=template, crop=crop)
        for identifier, template, crop in zip(identifiers, sealed[1::3], sealed[2::3], strict=True)
    ]
    workspace.media.put_many(list(zip([part.picture for part in kept], sealed[0::3], strict=True)))
    return kept


def _discard(workspace: Workspace, probe_ids: Sequence[uuid.UUID]) -> None:
    pictures = [f"{_PREFIX}{probe_id.hex}" for probe_id in probe_ids]
    try:
        workspace.vault.destroy(probe_ids)
    except UnavailableError:
        # On a full disk nothing can be struck out either; the pictures make the room for it.
        workspace.media.delete_many(pictures)
        workspace.vault.destroy(probe_ids)
    else:
        workspace.media.delete_many(pictures)
