"""A manifest: which files, who is on them, and on what narrower basis. Read whole and checked before anything is written.

CSV (UTF-8 with or without mark, `,` or `;`) or Parquet. `path` is required; an unknown column fails by name. Every bad
row is named with its line, not only the first.
"""

# Names in a source are bytes, and pathlib has none:
# ruff: noqa: PTH118

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from countenance.biometrics.geometry import Box
from countenance.policy.places import check_place
from countenance.policy.purposes import BasisKind, Purpose
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import FormatError, NotFoundError, UnavailableError, UsageError
from countenance.primitives.files import text_to_name
from countenance.primitives.text import N_, Message, plain_line

COLUMNS = (
    "path",
    "id",
    "person",
    "basis",
    "purposes",
    "jurisdiction",
    "captured_at",
    "source_ref",
    "declared_minor",
    "face_box",
)
_YES, _NO = frozenset({"1", "true", "yes", "y", "oui"}), frozenset({"", "0", "false", "no", "n", "non"})
_SHOWN = 50
"""How many bad rows a message names; the rest are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestRow:
    """One row. `path`: bytes, relative to the source. What a row leaves open is "" or None, and its source's counts.

    `line`: 1-based, in the file (Parquet: row number plus 1, as if it had a heading). `captured_at`: EDTF (ISO 8601-2).
    `box`: displayed pixels.
    """

    line: int
    path: bytes
    id: str = ""
    person: str = ""
    basis: BasisKind | None = None
    purposes: frozenset[Purpose] = frozenset()
    jurisdiction: str = ""
    captured_at: str = ""
    source_ref: str = ""
    declared_minor: bool = False
    box: Box | None = None


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that cannot be used: which, and why."""

    line: int
    problem: Message


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All rows of a manifest, by path in order of path. `sha256`: of the file."""

    sha256: str
    rows: Mapping[bytes, tuple[ManifestRow, ...]]


class ManifestError(FormatError):
    """Rows of a manifest are wrong. `bad`: all of them."""

    code = "manifest-rows"

    def __init__(self, path: Path, bad: tuple[BadRow, ...]) -> None:
        self.bad = bad
        shown = "; ".join(f"line {row.line}: {row.problem.render().rstrip('.')}" for row in bad[:_SHOWN])
        super().__init__(
            N_("The manifest {path} has {count} bad rows. {rows}."),
            remedy=N_("Mend these rows, then give the same command again. Nothing was written."),
            path=str(path),
            count=len(bad),
            rows=shown if len(bad) <= _SHOWN else f"{shown}; ...",
        )


def read_manifest(path: Path, root: bytes) -> Manifest:
    """Read and check a manifest of the source at `root`.

    Raises NotFoundError, UnavailableError (cannot be read, or Parquet without its extra), FormatError for columns,
    ManifestError for rows.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(
            N_("There is no manifest {path}."), code="manifest-missing", path=str(path)
        ) from error
    except OSError as error:
        raise UnavailableError(
            N_("The manifest {path} cannot be read: {problem}."),
            code="manifest-unreadable",
            path=str(path),
            problem=error.strerror or type(error).__name__,
        ) from error
    is_parquet = data[:4] == b"PAR1" or path.suffix.lower() == ".parquet"
    records = _parquet(path, data) if is_parquet else _csv(path, data)
    rows: list[ManifestRow] = []
    bad: list[BadRow] = []
    for line, record in records:
        try:
            rows.append(_row(line, record, root))
        except UsageError as error:
            bad.append(BadRow(line=line, problem=error.message))
    bad.extend(_clashes(rows))
    if bad:
        raise ManifestError(path, tuple(sorted(bad, key=lambda each: each.line)))
    grouped: dict[bytes, list[ManifestRow]] = {}
    for row in rows:
        grouped.setdefault(row.path, []).append(row)
    return Manifest(sha256=sha256_hex(data), rows={key: tuple(grouped[key]) for key in sorted(grouped)})


def _csv(path: Path, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            N_("The manifest {path} is not UTF-8 text (byte {byte})."),
            remedy=N_("Save it as CSV in UTF-8."),
            code="manifest-encoding",
            path=str(path),
            byte=error.start,
        ) from error
    heading = text.split("\n", 1)[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(path, columns)
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(columns):
                problem = Message(
                    N_("{given} fields, not {known}"), {"given": len(values), "known": len(columns)}
                )
                raise ManifestError(path, (BadRow(line=reader.line_num, problem=problem),))
            yield reader.line_num, dict(zip(columns, values, strict=True))
    except csv.Error as error:
        raise FormatError(
            N_("The manifest {path} is not CSV, line {line}: {problem}."),
            code="manifest-csv",
            path=str(path),
            line=reader.line_num,
            problem=str(error),
        ) from error


def _parquet(path: Path, data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise UnavailableError(
            N_("The manifest {path} is a Parquet file, and the package that reads it is not installed."),
            remedy=N_("Install countenance[parquet], or save the manifest as CSV."),
            code="parquet-missing",
            path=str(path),
        ) from error
    try:
        file = ParquetFile(io.BytesIO(data))
        _check_columns(path, list(file.schema_arrow.names))
        line = 1
        for batch in file.iter_batches(batch_size=10_000):
            for record in batch.to_pylist():
                line += 1
                yield line, {key: _text(value) for key, value in record.items()}
    except (pa.ArrowException, OSError) as error:
        raise FormatError(
            N_("The manifest {path} is not a Parquet file that can be read: {problem}."),
            code="manifest-parquet",
            path=str(path),
            problem=str(error).splitlines()[0][:200],
        ) from error


def _text(value: object) -> str:
    """A Parquet value as the text a CSV would have."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return " ".join(_text(part) for part in value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value)


def _check_columns(path: Path, columns: list[str]) -> None:
    unknown = [name for name in columns if name not in COLUMNS]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if unknown or twice or "path" not in columns:
        problem = (
            f"unknown: {', '.join(unknown)}"
            if unknown
            else f"named twice: {', '.join(twice)}"
            if twice
            else "no column path"
        )
        raise FormatError(
            N_("The columns of the manifest {path} are wrong ({problem}). Nothing was written."),
            remedy=N_("The columns are path and, as needed: {known}."),
            code="manifest-columns",
            path=str(path),
            problem=problem,
            known=", ".join(COLUMNS[1:]),
        )


def _row(line: int, record: Mapping[str, str], root: bytes) -> ManifestRow:
    """One row. Raises UsageError with what is wrong of it."""
    given = {name: value.strip() for name, value in record.items()}
    row = ManifestRow(
        line=line,
        path=_path(record["path"], root),
        id=_line("id", given),
        person=_line("person", given),
        basis=_word(BasisKind, "basis", given.get("basis", "")),
        purposes=frozenset(
            _known(Purpose, "purposes", word) for word in given.get("purposes", "").replace(",", " ").split()
        ),
        jurisdiction=check_place(given["jurisdiction"]) if given.get("jurisdiction") else "",
        captured_at=_edtf(given.get("captured_at", "")),
        source_ref=_line("source_ref", given),
        declared_minor=_flag(given.get("declared_minor", "")),
        box=_box(given.get("face_box", "")),
    )
    if not row.person and (row.box is not None or row.declared_minor):
        raise UsageError(N_("face_box and declared_minor need a person"))
    return row


def _path(text: str, root: bytes) -> bytes:
    if not text.strip():
        raise UsageError(N_("path is empty"))
    if "\x00" in text:
        raise UsageError(N_("path holds a zero byte"))
    raw = text.encode("utf-8", "surrogateescape")
    if "%" in text and not os.path.lexists(os.path.join(root, raw)):
        decoded = text_to_name(text)  # the spelling in which names that are no text are listed
        raw = decoded if os.path.lexists(os.path.join(root, decoded)) else raw
    joined = os.path.normpath(os.path.join(root, raw))
    if not joined.startswith(os.path.normpath(root).rstrip(b"/") + b"/"):
        raise UsageError(N_("path {path} leads out of the source"), path=text)
    return os.path.relpath(joined, root)


def _line(column: str, given: Mapping[str, str]) -> str:
    try:
        return plain_line(given.get(column, ""))
    except ValueError as error:
        raise UsageError(N_("{column} is not one line of plain text"), column=column) from error


def _known[T: (BasisKind, Purpose)](kind: type[T], column: str, word: str) -> T:
    try:
        return kind(word)
    except ValueError as error:
        raise UsageError(
            N_("{column}: {word} is not one of {known}"), column=column, word=word, known=", ".join(kind)
        ) from error


def _word(kind: type[BasisKind], column: str, word: str) -> BasisKind | None:
    return _known(kind, column, word) if word else None


def _flag(text: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise UsageError(N_("declared_minor: {value} is neither true nor false"), value=text)


def _edtf(text: str) -> str:
    """`text` if it is a date of EDTF (ISO 8601-2:2019, annex A), which says how sure a date is."""
    if not text:
        return ""
    from edtf import parse_edtf
    from edtf.parser.edtf_exceptions import EDTFParseException

    try:
        parse_edtf(text)
    except (EDTFParseException, ValueError) as error:
        raise UsageError(
            N_("captured_at: {value} is not a date of EDTF, such as 1987-05, 1987~ or 1985/1990"), value=text
        ) from error
    return text


def _box(text: str) -> Box | None:
    if not text:
        return None
    try:
        x, y, width, height = (float(part) for part in text.replace(",", " ").split())
    except ValueError as error:
        raise UsageError(N_("face_box: {value} is not x,y,width,height"), value=text) from error
    if not all(math.isfinite(value) for value in (x, y, width, height)) or width <= 0 or height <= 0:
        raise UsageError(N_("face_box: {value} has no area"), value=text)
    return Box(x=x, y=y, width=width, height=height)


def _clashes(rows: Iterable[ManifestRow]) -> Iterator[BadRow]:
    """Rows that contradict an earlier one."""
    ids: dict[str, ManifestRow] = {}
    first: dict[bytes, ManifestRow] = {}
    seen: dict[ManifestRow, int] = {}
    for row in rows:
        if row.id and ids.setdefault(row.id, row).path != row.path:
            yield _clash(row, N_("id {id} is that of line {other}"), id=row.id, other=ids[row.id].line)
        held = first.setdefault(row.path, row)
        for name in ("captured_at", "source_ref", "id"):
            if getattr(held, name) != getattr(row, name):
                yield _clash(
                    row,
                    N_("{column} differs from line {other}, which has the same path"),
                    column=name,
                    other=held.line,
                )
        key = replace(row, line=0)
        if key in seen:
            yield _clash(row, N_("the same as line {other}"), other=seen[key])
        seen.setdefault(key, row.line)


def _clash(row: ManifestRow, template: str, **params: object) -> BadRow:
    return BadRow(line=row.line, problem=Message(template, params))
