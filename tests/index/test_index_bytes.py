"""Every byte of every file: what is erased is nowhere, in no form; and the same look did find it before."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import numpy as np
from index_parts import GALLERY, SPACE, Database, World, random_template

from countenance.biometrics.templates import Template
from countenance.index.codes import pack
from countenance.index.layout import file_name

RNG = np.random.default_rng(17)


def everything(folder: Path) -> bytes:
    """All files of a folder, `-wal` and temporary ones too."""
    return b"\0\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def wrapped_key(world: World, record: str) -> bytes:
    return world.vault._keys.wrapped([uuid.UUID(record).bytes])[uuid.UUID(record).bytes]


def forms(world: World, template: Template) -> dict[str, bytes]:
    """What somebody could look for who holds the template and the gallery's secret."""
    codec = world.index.codec(GALLERY, template.dimension)
    rotated = codec.rotate(template.vector[None])
    exact = codec.exact(rotated)
    return {
        "float32": template.to_bytes()[:64],
        "rotated float32": rotated.tobytes()[:64],
        "int8": exact.values.tobytes()[:64],
        "codes": codec.codes(exact).tobytes(),
    }


def test_an_erased_template_is_in_no_file_in_no_form(sqlite_database: Database, tmp_path: Path) -> None:
    world = World(sqlite_database, tmp_path / "vault")
    target = random_template(RNG)
    row = world.row(target, reference=str(uuid.uuid4()))
    world.enrol(row, *(world.row(random_template(RNG), reference=str(uuid.uuid4())) for _ in range(200)))
    world.keep()
    (old,) = world.live().segments
    part = world.index.held().parts[GALLERY, SPACE].segments[0]
    sealed_file = world.files._path(file_name(old.id)).read_bytes()
    place = part.segment.references(np.arange(201)).index(row.reference_id)
    at = part.segment._starts[3] + place * 128
    marks = {
        "sealed template": row.sealed[13:77],
        "wrapped key of the face": wrapped_key(world, row.face_id),
        "ciphertext of its row in the segment": sealed_file[at : at + 128],
        "ciphertext of the codes": sealed_file[part.segment._starts[1] :][:64],
        "wrapped key of the segment": wrapped_key(world, old.id),
        "key of the segment, as the file holds it": sealed_file[16:60],
        "reference": row.reference_id.encode(),
    }
    before = everything(tmp_path)
    assert {name for name, mark in marks.items() if mark not in before} == set()

    world.remove(row.reference_id)
    world.vault.destroy([uuid.UUID(row.face_id)])
    world.keep()
    for _ in range(2):
        world.enrol(world.row(random_template(RNG)))
    with world.session.transaction() as tx:
        world.index.trim(tx, keep=0)
    assert world.session.sqlite is not None
    world.session.sqlite.execute("pragma wal_checkpoint(truncate)")
    after = everything(tmp_path)
    assert {name for name, mark in marks.items() if mark in after} == set()
    plain = forms(world, target)
    assert {name for name, mark in plain.items() if mark in after} == set()
    world.close()


def test_the_look_finds_each_plain_form_where_it_is(tmp_path: Path, sqlite_world: World) -> None:
    """Negative control: the forms are looked for as they would lie in a file that is not encrypted."""
    target = random_template(RNG)
    codec = sqlite_world.index.codec(GALLERY, 128)
    exact = codec.exact(codec.rotate(target.vector[None]))
    (tmp_path / "leak").mkdir()
    (tmp_path / "leak" / "a").write_bytes(os.urandom(99) + target.to_bytes() + exact.values.tobytes())
    (tmp_path / "leak" / "b").write_bytes(
        codec.codes(exact).tobytes() + codec.rotate(target.vector[None]).tobytes()
    )
    leaked = everything(tmp_path / "leak")
    assert {name for name, mark in forms(sqlite_world, target).items() if mark not in leaked} == set()
    assert pack(codec.codes(exact)).tobytes() not in leaked


def test_plain_rows_and_codes_are_in_no_file_while_the_segment_lives(
    sqlite_world: World, tmp_path: Path
) -> None:
    templates = [random_template(RNG) for _ in range(40)]
    sqlite_world.enrol(*(sqlite_world.row(one, reference=str(uuid.uuid4())) for one in templates))
    sqlite_world.keep()
    sqlite_world.found(templates[0])
    held = everything(tmp_path)
    codec = sqlite_world.index.codec(GALLERY, 128)
    exact = codec.exact(codec.rotate(np.stack([one.vector for one in templates])))
    packed = np.asarray(sqlite_world.index.held().parts[GALLERY, SPACE].segments[0].segment.scanner.M)
    assert packed == 64
    for template in templates:
        assert {name for name, mark in forms(sqlite_world, template).items() if mark in held} == set()
    assert exact.scales.tobytes()[:16] not in held
