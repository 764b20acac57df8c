"""A workspace filled with generated people, as ingest leaves it: records, sealed templates, keys, crops, segments, log entries.

Crops are written for the first `crops` faces only: a million small files say something about the file system, not about us.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from itertools import repeat
from pathlib import Path

from django.db import connection
from django.db.models import Model

from countenance.bench.generator import TemplateGenerator
from countenance.biometrics.vocabulary import FaceState, PhotographState
from countenance.index.head import NewRow, template_part
from countenance.policy.purposes import BasisKind, Purpose
from countenance.primitives.clock import ManualClock
from countenance.primitives.text import folded
from countenance.records import models
from countenance.records.sealing import CROP_PART
from countenance.records.workspace import Workspace
from countenance.registry.founding import found
from countenance.tlog.leaf import NewEntry
from countenance.vault.vault import Plain

SEED, DIMENSION, PIECE, PER_ENTRY = 1, 128, 20_000, 200
SPACE = "generated-0000000000000001"
HOME, AWAY = "CA-BC", "CA-ON"
CROP = bytes(range(256)) * 32


def fill(
    folder: Path, faces: int, residents: int, crops: int, clock: ManualClock, *, searchable: bool = False
) -> None:
    """`faces` people with one face each; the first `residents` live in `HOME` by a document seen.

    `searchable`: in the space of the workspace's own models, so that photographs can be compared with them.
    """
    workspace = found(folder, operator="Bench", jurisdiction="CA", clock=clock).workspace
    space = str(workspace.models.space_id) if searchable else SPACE
    if connection.vendor == "sqlite":
        # Keys are random: with the small cache of a server each insert would write pages of the tree many times over.
        with connection.cursor() as cursor:
            cursor.execute("pragma cache_size=-2000000")
    gallery, source, basis, kind = _register(workspace, clock())
    draw = TemplateGenerator(SEED, DIMENSION)
    for start in range(0, faces, PIECE):
        count = min(PIECE, faces - start)
        vectors = draw.photographs(draw.people(count))
        numbers = range(start, start + count)
        ids = {
            name: [uuid.uuid4() for _ in numbers] for name in ("person", "photograph", "face", "reference")
        }
        plain = [
            Plain(record_id=key, part=template_part(space), data=vector.astype("<f4").tobytes())
            for key, vector in zip(ids["face"], vectors, strict=True)
        ]
        sealed = workspace.vault.seal(plain)
        with_crop = [key for key, number in zip(ids["face"], numbers, strict=True) if number < crops]
        pictures = workspace.vault.seal(
            [Plain(record_id=key, part=CROP_PART, data=CROP) for key in with_crop]
        )
        workspace.media.put_many(
            [(f"crop-{key.hex}", data) for key, data in zip(with_crop, pictures, strict=True)]
        )
        with workspace.transaction() as (tx, now):
            places = [HOME if number < residents else AWAY for number in numbers]
            crops_at = [
                f"crop-{key.hex}" if n < crops else "" for key, n in zip(ids["face"], numbers, strict=True)
            ]
            _write(
                models.Person(created_at=now),
                id=ids["person"],
                label=[f"P{number}" for number in numbers],
                folded=[folded(f"P{number}") for number in numbers],
            )
            _write(
                models.ResidencyClaim(grade="document", evidence="seen", claimed_at=now),
                id=[uuid.uuid4() for _ in numbers],
                person=ids["person"],
                place=places,
            )
            _write(
                models.Photograph(
                    source=source,
                    basis=basis,
                    state=PhotographState.DONE.value,
                    extraction="bench",
                    fingerprint="bench",
                    ingested_at=now,
                ),
                id=ids["photograph"],
                sha256=[uuid.uuid4().hex * 2 for _ in numbers],
                path=[f"{number // 1000:04d}/{number}.jpg" for number in numbers],
            )
            _write(
                models.Face(
                    number=0,
                    x=10.0,
                    y=10.0,
                    width=90.0,
                    height=90.0,
                    landmarks=[[1, 1]] * 5,
                    detector_score=0.9,
                    eye_distance=40.0,
                    norm=8.0,
                    space_id=space,
                    state=FaceState.ENROLLED.value,
                ),
                id=ids["face"],
                photograph=ids["photograph"],
                person=ids["person"],
                crop=crops_at,
            )
            _write(
                models.Reference(gallery=gallery, permission_class=kind, basis=basis, enrolled_at=now),
                id=ids["reference"],
                face=ids["face"],
            )
            workspace.index.enrol(
                tx,
                [
                    NewRow(
                        reference_id=str(reference),
                        face_id=str(face),
                        gallery_id=str(gallery.pk),
                        class_id=kind.pk,
                        space_id=space,
                        dimension=DIMENSION,
                        norm=8.0,
                        sealed=data,
                    )
                    for reference, face, data in zip(ids["reference"], ids["face"], sealed, strict=True)
                ],
            )
            workspace.record(
                tx,
                [
                    NewEntry(
                        event="faces-enrolled",
                        at=now,
                        purpose=None,
                        jurisdiction="CA",
                        client=None,
                        pack=None,
                        details={"faces": [str(key) for key in ids["face"][at : at + PER_ENTRY]]},
                    )
                    for at in range(0, count, PER_ENTRY)
                ],
            )
    while workspace.keep_index_where_due() is not None:
        pass
    workspace.checkpoint()
    workspace.close()


def _register(
    workspace: Workspace, now: datetime
) -> tuple[models.Gallery, models.Source, models.Basis, models.PermissionClass]:
    account = models.Account.objects.order_by("created_at")[0]
    purposes = frozenset({Purpose.MISSING_PERSON.value})
    with workspace.transaction():
        gallery = models.Gallery.objects.create(
            name="people",
            purposes=purposes,
            jurisdiction="CA",
            notice="https://example.org/notice",
            created_at=now,
        )
        basis = models.Basis.objects.create(
            kind=BasisKind.PUBLIC_TASK.value,
            purposes=purposes,
            jurisdiction="CA",
            evidence="bench",
            permits_unlabelled=True,
            valid_from=now,
        )
        source = models.Source.objects.create(
            name="archive",
            gallery=gallery,
            basis=basis,
            location="nowhere",
            holder="Bench",
            contact="bench@example.org",
            notice="https://example.org/notice",
            registered_by=account,
            created_at=now,
        )
        kind = models.PermissionClass.objects.create(
            gallery=gallery, basis_kind=basis.kind, purposes=purposes, jurisdiction="CA"
        )
    return gallery, source, basis, kind


def _write(like: Model, **columns: Sequence[object]) -> None:
    """Rows that are all like `like` but for these fields. Each value is made ready for the database once, not once a row."""
    options = like._meta  # noqa: SLF001 - Django's own name for it
    fields = options.local_concrete_fields
    rows = len(next(iter(columns.values())))
    ready = [
        [field.get_db_prep_save(value, connection) for value in columns[field.name]]
        if field.name in columns
        else repeat(field.get_db_prep_save(getattr(like, field.attname), connection), rows)
        for field in fields
    ]
    names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(options.db_table)
        cursor.executemany(f"insert into {table} ({names}) values ({marks})", list(zip(*ready, strict=True)))  # noqa: S608 - names of our own models
