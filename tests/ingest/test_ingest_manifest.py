"""Manifests: what is read, what is refused, and that every bad row is named before anything is written."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ingest_setup import Desk

from countenance.ingest.manifest import COLUMNS, ManifestError, read_manifest
from countenance.policy.purposes import BasisKind, Purpose
from countenance.primitives.errors import FormatError, NotFoundError
from countenance.records.models import Basis, IngestItem, IngestRun


def read(tmp_path: Path, text: str | bytes, name: str = "m.csv"):  # type: ignore[no-untyped-def]
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_manifest(path, bytes(tmp_path / "root"))


def problems(tmp_path: Path, text: str) -> dict[int, str]:
    with pytest.raises(ManifestError) as raised:
        read(tmp_path, text)
    return {bad.line: str(bad.problem) for bad in raised.value.bad}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("comma", [",", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_as_programs_write_it(tmp_path: Path, mark: str, comma: str, end: str) -> None:
    lines = [
        ["path", "person", "purposes", "face_box", "declared_minor", "captured_at"],
        ["b/ü.jpg", "Ada", "missing-person", "1 2 3 4", "yes", "1984-06?"],
        ["", "", "", "", "", ""],
        ["a.jpg", "", "", "", "", ""],
    ]
    manifest = read(tmp_path, mark + end.join(comma.join(line) for line in lines))
    assert list(manifest.rows) == [b"a.jpg", "b/ü.jpg".encode()]
    (row,) = manifest.rows["b/ü.jpg".encode()]
    assert (row.line, row.person, row.purposes) == (2, "Ada", {Purpose.MISSING_PERSON})
    assert row.box is not None
    assert (row.box.x, row.box.y, row.box.width, row.box.height) == (1, 2, 3, 4)
    assert row.declared_minor
    assert row.captured_at == "1984-06?"


def test_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "path": ["a.jpg", "b.jpg"],
            "person": ["Ada", None],
            "declared_minor": [True, None],
            "face_box": [[1.0, 2.0, 3.0, 4.5], None],
            "purposes": [["missing-person"], None],
        }
    )
    stream = io.BytesIO()
    pq.write_table(table, stream)
    manifest = read(tmp_path, stream.getvalue(), "m.parquet")
    (row,) = manifest.rows[b"a.jpg"]
    assert row.declared_minor
    assert row.box is not None
    assert row.box.height == 4.5
    assert row.line == 2
    assert manifest.rows[b"b.jpg"][0].person == ""
    with pytest.raises(FormatError) as raised:
        read(tmp_path, b"PAR1 nonsense", "m.parquet")
    assert raised.value.code == "manifest-parquet"


@pytest.mark.parametrize(
    ("heading", "named"),
    [
        ("path,colour", "colour"),
        ("person", "no column path"),
        ("path,person,person", "named twice: person"),
        ("", "no column path"),
    ],
)
def test_columns_fail_by_name(tmp_path: Path, heading: str, named: str) -> None:
    with pytest.raises(FormatError, match="columns") as raised:
        read(tmp_path, f"{heading}\na,b,c\n")
    assert raised.value.code == "manifest-columns"
    assert named in str(raised.value)
    assert raised.value.remedy is not None
    assert all(column in str(raised.value.remedy) for column in COLUMNS)


def test_every_bad_row_is_named(tmp_path: Path) -> None:
    text = (
        "path,person,basis,purposes,jurisdiction,captured_at,declared_minor,face_box,id\n"
        "good.jpg,Ada,,,,1987~,,,1\n"
        "../out.jpg,,,,,,,,\n"
        "/etc/passwd,,,,,,,,\n"
        "x.jpg,,love,,,,,,\n"
        "y.jpg,,,profit,,,,,\n"
        "z.jpg,,,,XX-1,,,,\n"
        "u.jpg,,,,,last summer,,,\n"
        "v.jpg,Ada,,,,,perhaps,,\n"
        'w.jpg,Ada,,,,,,"1,2,3",\n'
        "w.jpg,Ada,,,,,,1 2 0 4,\n"
        "t.jpg,,,,,,,1 2 3 4,\n"
        "s.jpg,,,,,,,,1\n"
        ",,,,,,,,7\n"
        "good.jpg,Ada,,,,1987~,,,1\n"
        "good.jpg,Ben,,,,1988,,,1\n"
    )
    found = problems(tmp_path, text)
    assert set(found) == set(range(3, 17))
    for line, word in {
        3: "leads out",
        4: "leads out",
        5: "love",
        6: "profit",
        7: "XX-1",
        8: "last summer",
    }.items():
        assert word in found[line]
    assert "line 2" in found[13]
    assert "same as line 2" in found[15]
    assert "captured_at differs from line 2" in found[16]


def test_what_is_no_manifest(tmp_path: Path) -> None:
    for text, code in ((b"path\n\xff\xfe\n", "manifest-encoding"), (b'path\n"open\n', "manifest-csv")):
        with pytest.raises(FormatError) as raised:
            read(tmp_path, text)
        assert raised.value.code == code
    with pytest.raises(ManifestError, match="line 2"):
        read(tmp_path, "path,person\na.jpg\n")
    with pytest.raises(NotFoundError):
        read_manifest(tmp_path / "none.csv", b"/")


@given(st.text(alphabet="ab./\\ %\n\u00e9", min_size=1, max_size=30))
def test_no_path_leaves_the_source(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    import csv

    folder = tmp_path_factory.getbasetemp() / "manifest-paths"
    folder.mkdir(exist_ok=True)
    stream = io.StringIO()
    csv.writer(stream).writerows([["path"], [name]])
    try:
        manifest = read(folder, stream.getvalue())
    except ManifestError:
        return
    for path in manifest.rows:
        assert not path.startswith((b"/", b"../"))
        assert path not in {b"..", b"."}


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("a.jpg,,legal-obligation,,", "neither the source's"),
        ("a.jpg,,,family-tracing,", "beyond the purposes"),
        ("a.jpg,,,missing-person victim-identification,", "beyond the purposes"),
        ("a.jpg,,,,US", "does not lie within"),
        ("a.jpg,,publicly-available,,", "neither the source's"),
    ],
)
def test_a_row_never_widens_its_sources_basis(
    archive: Desk, portraits: dict[str, bytes], row: str, named: str
) -> None:
    archive.put("a.jpg", portraits["P001"])
    manifest = archive.manifest(f"path,person,basis,purposes,jurisdiction\n{row}\na.jpg,Ada,,,\n")
    with pytest.raises(ManifestError, match="line 2") as raised:
        archive.ingest(manifest=manifest)
    assert named in str(raised.value)
    assert not IngestRun.objects.exists()
    assert Basis.objects.count() == 1


def test_narrower_rows_share_one_basis(archive: Desk, portraits: dict[str, bytes]) -> None:
    from countenance.ingest.narrowing import Narrower
    from countenance.records.models import Source

    for name in ("a", "b", "c"):
        archive.put(f"{name}.jpg", portraits["P001"])
    manifest = archive.manifest("path,basis\na.jpg,consent\nb.jpg,consent\nc.jpg,public-task\n")
    archive.ingest(manifest=manifest)
    narrow = Basis.objects.get(narrows__isnull=False)
    assert (narrow.kind, narrow.permits_unlabelled) == (BasisKind.CONSENT.value, False)
    bases = [item.rows[0]["basis"] for item in IngestItem.objects.order_by("position")]
    source = Source.objects.get()
    assert bases == [str(narrow.pk), str(narrow.pk), str(source.basis.pk)]
    archive.ingest(manifest=manifest)
    assert Basis.objects.count() == 2
    assert Narrower(source)._made == {}


def test_the_location_may_be_the_manifest(desk: Desk, portraits: dict[str, bytes]) -> None:
    desk.put("list.csv", b"path,person\na.jpg,Ada\n")
    desk.put("a.jpg", portraits["P001"])
    desk.put("not-listed.jpg", portraits["P002"])
    desk.gallery()
    desk.source(location=str(desk.photos / "list.csv"))
    assert desk.ingest().photographs == {"done": 1}
