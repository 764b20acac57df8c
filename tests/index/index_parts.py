"""Parts for the tests of the index: real databases, a real vault, random templates, genuine grants."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg

from countenance.biometrics.templates import SpaceId, Template, Vector
from countenance.index.answers import Answer
from countenance.index.codes import scores
from countenance.index.head import NewRow, template_part
from countenance.index.index import Index
from countenance.index.live import LiveSet, read_live
from countenance.index.upkeep import MOST_ROWS, UpkeepReport, keep
from countenance.policy.grants import AuthorityKind, Grant, compute_mac
from countenance.policy.purposes import Purpose
from countenance.primitives.sql import Dialect, Row, Transaction, Value, open_sqlite, sqlite_transaction
from countenance.records.sealing import VaultSegmentKeys, rotation_seeds
from countenance.vault.media import FolderMediaStore
from countenance.vault.vault import Plain, Sealed, Vault

SPACE = SpaceId("sface-0000000000000001")
OTHER_SPACE = SpaceId("sface-0000000000000002")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EPOCH = 7
GALLERY = "gallery-1"


class PsycopgTransaction:
    """The transaction protocol on a plain psycopg connection."""

    dialect: Dialect = "postgresql"

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        cursor = self._connection.execute(sql, params or None)
        return cursor.fetchall() if cursor.description else []

    def executemany(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(sql, list(rows))


class Database:
    """One database of either kind; every `session` is a connection of its own."""

    def __init__(self, dialect: Dialect, where: str) -> None:
        self.dialect = dialect
        self.where = where

    def session(self) -> Session:
        return Session(self)


class _RolledBackError(Exception):
    pass


class Session:
    def __init__(self, database: Database) -> None:
        self.sqlite: sqlite3.Connection | None = None
        self.postgres: psycopg.Connection | None = None
        if database.dialect == "sqlite":
            self.sqlite = open_sqlite(database.where)
        else:
            self.postgres = psycopg.connect(database.where, autocommit=True)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        if self.sqlite is not None:
            with sqlite_transaction(self.sqlite) as tx:
                yield tx
        else:
            assert self.postgres is not None
            with self.postgres.transaction():
                yield PsycopgTransaction(self.postgres)

    @contextmanager
    def rolled_back(self) -> Iterator[Transaction]:
        """A transaction that does not commit."""
        with suppress(_RolledBackError), self.transaction() as tx:
            yield tx
            raise _RolledBackError

    def close(self) -> None:
        for connection in (self.sqlite, self.postgres):
            if connection is not None:
                connection.close()


def unit(values: np.ndarray) -> Vector:
    return (values / np.linalg.norm(values)).astype(np.float32)


def random_template(rng: np.random.Generator, *, dimension: int = 128, space: SpaceId = SPACE) -> Template:
    return Template(vector=unit(rng.standard_normal(dimension)), norm=8.0, space_id=space)


def grant(key: bytes, *, classes: Sequence[int] = (1,), gallery: str = GALLERY, **changes: object) -> Grant:
    made = Grant(
        id="grant-1",
        authority_kind=AuthorityKind.CASE,
        authority_id="case-1",
        purpose=Purpose.MISSING_PERSON,
        on_behalf_of="CA",
        gallery_id=gallery,
        permission_classes=tuple(sorted(classes)),
        k=20,
        expires_at=NOW + timedelta(seconds=60),
        pack_hash="0" * 64,
        revocation_epoch=EPOCH,
    )
    made = replace(made, **changes)  # type: ignore[arg-type]
    return replace(made, mac=compute_mac(made, key))


def coded_score(index: Index, gallery: str, template: Template, probe: Template) -> float:
    """The score that the index must give: of the template in int8 and the probe, by one row alone."""
    codec = index.codec(gallery, template.dimension)
    return float(scores(codec.exact(codec.rotate(template.vector[None])), codec.probe(probe.vector))[0])


class World:
    """A vault, a database session, and an index on both."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.vault = Vault.open(folder) if folder.exists() else Vault.create(folder)
        self.key = self.vault.named_secret("grants")
        self.files = FolderMediaStore(folder.with_name("segments"))
        self.session = database.session()
        self.index = self.new_index()

    def new_index(self, *, background: bool = False) -> Index:
        return Index(
            mac_key=self.key,
            unseal=self.unseal,
            seeds=rotation_seeds(self.vault),
            files=self.files,
            keys=VaultSegmentKeys(self.vault),
            background=background,
        )

    def keep(
        self, index: Index | None = None, *, seal_rows: int = 1, most_rows: int = MOST_ROWS
    ) -> UpkeepReport:
        """A round of upkeep."""
        return keep(
            index or self.index, self.session.transaction, now=NOW, seal_rows=seal_rows, most_rows=most_rows
        )

    def live(self) -> LiveSet:
        with self.session.transaction() as tx:
            return read_live(tx)

    def unseal(self, items: Sequence[tuple[str, str, bytes]]) -> list[bytes | None]:
        return self.vault.unseal_existing(
            [Sealed(record_id=uuid.UUID(face), part=part, data=data) for face, part, data in items]
        )

    def row(
        self,
        template: Template,
        *,
        reference: str | None = None,
        face: str | None = None,
        class_id: int = 1,
        gallery: str = GALLERY,
    ) -> NewRow:
        face = face or str(uuid.uuid4())
        part = template_part(template.space_id)
        plain = Plain(record_id=uuid.UUID(face), part=part, data=template.to_bytes())
        return NewRow(
            reference_id=reference or str(uuid.uuid4()),
            face_id=face,
            gallery_id=gallery,
            class_id=class_id,
            space_id=template.space_id,
            dimension=template.dimension,
            norm=template.norm,
            sealed=self.vault.seal([plain])[0],
        )

    def enrol(self, *rows: NewRow) -> None:
        with self.session.transaction() as tx:
            self.index.enrol(tx, rows)

    def remove(self, *references: str) -> int:
        with self.session.transaction() as tx:
            return self.index.remove(tx, references)

    def search(
        self,
        probe: Template,
        *,
        index: Index | None = None,
        with_grant: Grant | None = None,
        classes: Sequence[int] = (1,),
        floor: float = -1.0,
        limit: int = 320,
        tx: Transaction | None = None,
    ) -> Answer:
        chosen = with_grant or grant(self.key, classes=classes)
        target = index or self.index
        if tx is not None:
            return target.search(tx, chosen, probe, floor=floor, now=NOW, epoch=EPOCH, limit=limit)
        with self.session.transaction() as own:
            return target.search(own, chosen, probe, floor=floor, now=NOW, epoch=EPOCH, limit=limit)

    def found(
        self, probe: Template, *, index: Index | None = None, classes: Sequence[int] = (1,)
    ) -> list[str]:
        return [row.reference_id for row in self.search(probe, index=index, classes=classes).rows]

    def close(self) -> None:
        self.session.close()
        self.vault.close()
