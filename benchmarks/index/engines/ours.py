"""Ours: through `Index` under a grant, with records in SQLite, templates sealed by a real vault, and sealed segments.

Without records rows go straight into segments, as making those again from the records would write them: for sizes that take
too long to fill one record at a time. What is searched is the same; adding, deleting and disk are then not told.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from engines.base import CannotError, Engine, Numbers, Rows

_GALLERY = "gallery"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_PIECE = 50_000
_SEAL_AT = 1_000_000


class Ours(Engine):
    """A row number is the end of its reference's id. Upkeep is run where the searcher would run it by itself."""

    def __init__(self, folder: Path, dimension: int, *, records: bool = True) -> None:
        super().__init__(folder, dimension)
        self._records = records

    def build(self, rows: Rows) -> None:
        """Filled by a process of its own, then opened: what serves has not built, as after every start."""
        from countenance.vault.vault import Vault

        Vault.create(self.folder / "vault").named_secret("grants")
        child = os.fork()
        if not child:
            ended = 1
            try:
                self._fill(rows)
                ended = 0
            finally:
                os._exit(ended)
        if os.waitpid(child, 0)[1]:
            raise ChildProcessError("could not be filled")
        self._open()
        self._sync()

    def _fill(self, rows: Rows) -> None:
        from countenance.index.schema import schema

        self._open()
        with self._begin() as tx:
            for statement in schema("sqlite"):
                tx.execute(statement)
        if self._records:
            self._fill_records(rows)
        else:
            self._fill_segments(rows)
        self._database.close()

    def _fill_records(self, rows: Rows) -> None:
        for start in range(0, len(rows), _PIECE):
            self.add(np.arange(start, min(len(rows), start + _PIECE)), rows[start : start + _PIECE])
            if (start + _PIECE) % _SEAL_AT == 0:
                self._keep()
        self._keep()

    def _fill_segments(self, rows: Rows) -> None:
        from countenance.bench.building import write_straight
        from countenance.index.naming import Ids
        from countenance.records.sealing import VaultSegmentKeys, rotation_seeds
        from countenance.vault.media import FolderMediaStore

        for start in range(0, len(rows), _SEAL_AT):
            part = rows[start : start + _SEAL_AT]
            numbers = range(start, start + len(part))
            write_straight(
                self._begin,
                FolderMediaStore(self.folder / "segments"),
                VaultSegmentKeys(self._vault),
                self._index.codec(_GALLERY, self.dimension),
                seed=rotation_seeds(self._vault)(_GALLERY),
                gallery_id=_GALLERY,
                space_id=self._space,
                ids=Ids(
                    rows=np.frombuffer(b"".join(map(_reference_bytes, numbers)), np.uint8).reshape(-1, 16),
                    width=0,
                ),
                classes=np.ones(len(part), np.int64),
                templates=(np.array(part[at : at + _PIECE]) for at in range(0, len(part), _PIECE)),
            )

    def _open(self) -> None:
        import faiss

        from countenance.biometrics.templates import SpaceId
        from countenance.index.index import Index
        from countenance.primitives.sql import open_sqlite
        from countenance.records.sealing import VaultSegmentKeys, rotation_seeds, unseal_templates
        from countenance.vault.media import FolderMediaStore
        from countenance.vault.vault import Vault

        faiss.omp_set_num_threads(1)
        self._space = SpaceId("generated-0000000000000001")
        self._vault = Vault.open(self.folder / "vault")
        self._key = self._vault.named_secret("grants")
        self._database = open_sqlite(self.folder / "records.sqlite3")
        self._index = Index(
            mac_key=self._key,
            unseal=unseal_templates(self._vault),
            seeds=rotation_seeds(self._vault),
            files=FolderMediaStore(self.folder / "segments"),
            keys=VaultSegmentKeys(self._vault),
        )
        self._grant = self._minted()

    def search(self, probes: Rows, count: int) -> Numbers:
        from countenance.biometrics.templates import Template

        asked = [Template(vector=one.copy(), norm=8.0, space_id=self._space) for one in probes]
        out = np.full((len(probes), count), -1)
        with self._begin() as tx:
            answers = self._index.search_many(
                tx, self._grant, asked, floor=-1.0, now=_NOW, epoch=0, limit=count
            )
        for row, answer in zip(out, answers, strict=True):
            row[: len(answer.rows)] = [int(one.reference_id[-12:], 16) for one in answer.rows]
        return out

    def add(self, numbers: Numbers, rows: Rows) -> None:
        self._check_records()
        from countenance.index.head import NewRow, template_part
        from countenance.vault.vault import Plain

        part = template_part(self._space)
        ids = [(_reference(number), str(_face(number))) for number in numbers.tolist()]
        sealed = self._vault.seal(
            [
                Plain(record_id=uuid.UUID(face), part=part, data=row.tobytes())
                for (_, face), row in zip(ids, rows, strict=True)
            ]
        )
        new = [
            NewRow(
                reference_id=reference,
                face_id=face,
                gallery_id=_GALLERY,
                class_id=1,
                space_id=self._space,
                dimension=self.dimension,
                norm=8.0,
                sealed=data,
            )
            for (reference, face), data in zip(ids, sealed, strict=True)
        ]
        with self._begin() as tx:
            self._index.enrol(tx, new)

    def delete(self, numbers: Numbers) -> None:
        self._check_records()
        with self._begin() as tx:
            self._index.remove(tx, [_reference(one) for one in numbers.tolist()])
        self._vault.destroy([_face(one) for one in numbers.tolist()])

    def save(self) -> None:
        self._database.execute("pragma wal_checkpoint(truncate)")

    def clean(self) -> None:
        self._keep()
        self.save()

    def close(self) -> None:
        self._database.close()

    def marks(self, numbers: Numbers, rows: Rows) -> list[dict[str, bytes]]:
        """What is in the files is ciphertext and wrapped keys; plain forms are looked for too, and never found."""
        if not self._records:
            return []
        codec = self._index.codec(_GALLERY, self.dimension)
        exact = codec.exact(codec.rotate(np.array(rows)))
        out: list[dict[str, bytes]] = []
        places = self._places({_reference(number) for number in numbers.tolist()})
        for number, row, coded in zip(numbers.tolist(), rows, exact.values, strict=True):
            (sealed,) = self._database.execute(
                "select sealed from index_template where face_id = ?", (str(_face(number)),)
            ).fetchone()
            face = _face(number).bytes
            out.append(
                {
                    "float32": row.tobytes()[:32],
                    "int8": coded.tobytes()[:32],
                    "sealed template": bytes(sealed)[13:45],
                    "sealed row of the segment": places[_reference(number)],
                    "wrapped key": self._vault._keys.wrapped([face])[face],  # noqa: SLF001 - to look for it
                }
            )
        return out

    def _places(self, wanted: set[str]) -> dict[str, bytes]:
        """The ciphertext of rows as it stands in the segment files."""
        from countenance.index.layout import TAG, Area, rows_a_chunk, stride

        out = {}
        for part in self._index.held().parts.values():
            for held in part.segments:
                one, wide = held.segment, stride(self.dimension)
                each = rows_a_chunk(wide)
                for at, reference in enumerate(one.references(np.arange(one.rows))):
                    if reference in wanted:
                        chunk, within = divmod(at, each)
                        start = one._starts[Area.EXACT] + chunk * (each * wide + TAG)  # noqa: SLF001 - to look for it
                        start += within * wide
                        out[reference] = bytes(one._map[start : start + 32])  # noqa: SLF001 - as above
        return out

    def notes(self) -> dict[str, float]:
        """`p50_ms_without_database`: the same searches without beginning a transaction and reading what changed."""
        from countenance.biometrics.templates import Template

        times = []
        for one in self._probes:
            probe = Template(vector=one, norm=8.0, space_id=self._space)
            began = time.perf_counter()
            self._index._scan(self._grant, [probe], floor=-1.0, limit=50)  # noqa: SLF001 - the part below the database
            times.append(time.perf_counter() - began)
        return {"p50_ms_without_database": round(float(np.median(times)) * 1e3, 2)}

    def _check_records(self) -> None:
        if not self._records:
            raise CannotError("not tried: no records")

    def _keep(self) -> None:
        from countenance.index import upkeep

        for _ in range(4):
            report = upkeep.keep(self._index, self._begin, now=_NOW, seal_rows=1)
            if not (report.sealed_rows or report.rewritten or report.merged or report.given_up):
                break

    def _sync(self) -> None:
        with self._begin() as tx:
            self._index.sync(tx)

    @contextmanager
    def _begin(self) -> Iterator[object]:
        from countenance.primitives.sql import sqlite_transaction

        with sqlite_transaction(self._database) as tx:
            yield tx

    def _minted(self) -> object:
        from countenance.policy.grants import AuthorityKind, Grant, compute_mac
        from countenance.policy.purposes import Purpose

        made = Grant(
            id="compare",
            authority_kind=AuthorityKind.EVALUATION,
            authority_id="compare",
            purpose=Purpose.MISSING_PERSON,
            on_behalf_of="CA",
            gallery_id=_GALLERY,
            permission_classes=(1,),
            k=20,
            expires_at=_NOW + timedelta(days=1),
            pack_hash="0" * 64,
            revocation_epoch=0,
        )
        return replace(made, mac=compute_mac(made, self._key))


def _reference(number: int) -> str:
    return str(uuid.UUID(bytes=_reference_bytes(number)))


def _reference_bytes(number: int) -> bytes:
    """A UUID of version 7 (RFC 9562, 5.7) at the beginning of time."""
    return ((7 << 76) | (2 << 62) | number).to_bytes(16, "big")


def _face(number: int) -> uuid.UUID:
    return uuid.UUID(int=(1 << 100) | number)
