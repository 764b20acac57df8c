"""Through the real doors: enrol, seal, withdraw the consent, upkeep. Then a scan of every byte of the workspace."""

from __future__ import annotations

import uuid

import numpy as np
from django.db import connection
from house import House, photograph

from countenance.biometrics.templates import Template
from countenance.index.blocks import packed_codes
from countenance.index.layout import file_name
from countenance.index.live import read_live
from countenance.records import models
from countenance.records.database import open_reading
from countenance.search.values import LoggedCandidates


def everything(house: House) -> bytes:
    """All files, `-wal` and temporary ones too."""
    files = sorted(path for path in house.workspace.directory.rglob("*") if path.is_file())
    return b"\0\0".join(path.read_bytes() for path in files)


def _wrapped(house: House, record: uuid.UUID) -> bytes:
    return house.workspace.vault._keys.wrapped([record.bytes])[record.bytes]


def test_a_withdrawn_template_is_in_no_file_in_no_form(sqlite_house: House) -> None:
    house = sqlite_house
    receipt = house.person("P001")
    reference = str(house.enrol(receipt, photograph("P001")))
    house.enrol(house.person("P002"), photograph("P002"))
    assert house.workspace.keep_index(seal_rows=1).sealed_rows == 2
    with open_reading() as tx:
        (segment,) = read_live(tx).segments
    (part,) = house.workspace.index.held().parts.values()
    (held,) = part.segments
    row = held.references(np.arange(2)).index(reference)
    face = models.Reference.objects.get(pk=reference).face_id
    with connection.cursor() as cursor:
        cursor.execute("select sealed from index_template where face_id = %s", [str(face)])
        sealed = bytes(cursor.fetchone()[0])
    template = next(one.template for one in house.faces(photograph("P001")) if one.template is not None)
    assert isinstance(template, Template)
    data = (house.workspace.directory / "segments").rglob(file_name(segment.id))
    file = next(iter(data)).read_bytes()
    at = held.segment._starts[3] + row * 128
    marks = {
        "sealed template": sealed[13:77],
        "wrapped key of the face": _wrapped(house, face),
        "wrapped key of the segment": _wrapped(house, uuid.UUID(segment.id)),
        "the row's ciphertext in the segment": file[at : at + 128],
        "ciphertext of the codes": file[held.segment._starts[1] :][:64],
        "name of the segment": segment.id.encode(),
    }
    exact = held.exact(np.array([row]))
    plain = {
        "float32": template.to_bytes()[:64],
        "rotated float32": part.codec.rotate(template.vector[None]).tobytes()[:64],
        "int8": exact.values.tobytes()[:64],
        "codes": part.codec.codes(exact).tobytes(),
        "packed codes": packed_codes(held.scanner())[0].tobytes(),
    }
    before = everything(house)
    assert {
        name for name, mark in marks.items() if mark not in before
    } == set()  # the same look finds them now
    assert {name for name, mark in plain.items() if mark in before} == set()

    house.act("consent-withdraw", receipt=receipt)
    answer = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(answer, LoggedCandidates)
    assert (answer.coverage.searched, answer.coverage.permitted) == (1, 1)
    report = house.workspace.keep_index_where_due()
    assert report is not None
    assert (report.rewritten, report.destroyed) == (1, 1)
    assert house.workspace.keep_index_where_due() is None
    connection.cursor().execute("pragma wal_checkpoint(truncate)")
    after = everything(house)
    assert {name for name, mark in {**marks, **plain}.items() if mark in after} == set()
