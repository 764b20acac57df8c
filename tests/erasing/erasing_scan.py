"""Every byte of every file of a workspace, and what to look for in it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db import connection
from house import House

from countenance.index.codes import Codec
from countenance.records import models
from countenance.vault.vault import Sealed


def everything(house: House) -> bytes:
    """All files of the workspace, `-wal` and temporary ones too; of PostgreSQL every row of every table as it is read."""
    files = [path.read_bytes() for path in sorted(house.workspace.directory.rglob("*")) if path.is_file()]
    if connection.vendor == "postgresql":
        files.append(_tables())
    return b"\0\0".join(files)


def _tables() -> bytes:
    parts: list[bytes] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"select * from {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                parts.extend(_bytes(value) for value in row)
    return b"\0".join(parts)


def _bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


class Planted:
    """One person's marks: in the clear, as codes, as ciphertext, and the wrapped keys."""

    def __init__(self, house: House, person: uuid.UUID) -> None:
        self.marks: dict[str, bytes] = {}
        self.plain: dict[str, bytes] = {}
        workspace = house.workspace
        row = models.Person.objects.get(pk=person)
        self.marks["label"] = row.label.encode()
        for receipt in row.receipts.all():
            self.marks[f"receipt {receipt.code}"] = receipt.code.encode()
        for face in row.faces.select_related("photograph"):
            name = face.pk.hex[:6]
            with connection.cursor() as cursor:
                cursor.execute("select sealed from index_template where face_id = %s", [str(face.pk)])
                (sealed,) = cursor.fetchone()
            sealed = bytes(sealed)
            self.marks[f"sealed template {name}"] = sealed[13:77]
            self.marks[f"crop {name}"] = workspace.media.get(face.crop)[13:200]
            self.marks[f"crop name {name}"] = b""
            self.marks[f"wrapped key {name}"] = workspace.vault._keys.wrapped([face.pk.bytes])[face.pk.bytes]
            self.marks[f"bytes {name}"] = face.photograph.sha256.encode()
            self.marks[f"path {name}"] = face.photograph.path.encode()
            template = workspace.vault.unseal(
                [Sealed(record_id=face.pk, part=f"template:{face.space_id}", data=sealed)]
            )[0]
            self.plain |= forms(
                workspace.index.codec(str(models.Gallery.objects.get().pk), 128), template, name
            )
            crop = workspace.vault.unseal(
                [Sealed(record_id=face.pk, part="crop", data=workspace.media.get(face.crop))]
            )[0]
            self.plain[f"picture {name}"] = crop[40:160]

    def missing(self, data: bytes) -> set[str]:
        """Marks that are not there: before an erasure there must be none (the look works)."""
        return {name for name, mark in self.marks.items() if mark not in data}

    def found(self, data: bytes) -> set[str]:
        """Marks and plain forms that are there: after an erasure there must be none."""
        return {name for name, mark in {**self.marks, **self.plain}.items() if mark and mark in data}


def forms(codec: Codec, template: bytes, name: str) -> Mapping[str, bytes]:
    """A template in the clear, rotated, as int8 and as codes: what somebody could look for who holds it."""
    import numpy as np

    vector = np.frombuffer(template, dtype="<f4")
    rotated = codec.rotate(vector[None])
    exact = codec.exact(rotated)
    return {
        f"float32 {name}": template[:64],
        f"rotated {name}": rotated.tobytes()[:64],
        f"int8 {name}": exact.values.tobytes()[:64],
        f"codes {name}": codec.codes(exact).tobytes(),
    }
