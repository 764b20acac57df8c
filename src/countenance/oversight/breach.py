"""After a leak: whose records lay in the files that got out, person by person, and what a finder can read of them (R31).

Records are known by their ids, which stand in the names of sealed files, in database files and in the file of keys. A segment
of the index holds its ids sealed, so it counts as holding everybody of its gallery. Nothing of the leaked files is kept.
Source of the duty: Regulation (EU) 2016/679, Art. 33(3)(a) and 34; PIPEDA, s. 10.1.
"""

from __future__ import annotations

import mmap
import re
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from countenance.acting.path import ActResult, perform
from countenance.acting.step import Handler, Outcome, Step
from countenance.index.live import read_live
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError, UnavailableError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.identity import SignedRequest, require_act
from countenance.records.models import ConsentReceipt, Face, Person, Probe, Reference
from countenance.records.workspace import Workspace

_DASHED = re.compile(rb"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_HEX = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])")
_AT_ONCE = 1 << 24
_QUERY = 500


@dataclass(kw_only=True)
class Touched:
    """What lay there of one person. `readable`: of how many of the faces the key still exists, so that who has it can read."""

    faces: set[uuid.UUID] = field(default_factory=set)
    photographs: set[uuid.UUID] = field(default_factory=set)
    receipts: int = 0
    readable: int = 0


def report(workspace: Workspace, signed: SignedRequest, files: Iterable[Path]) -> ActResult:
    """The act `breach-report`. Params: `reference` (file number, no name). `files`: copies of what leaked.

    Reads only, but for the log's entry, which says how many people and nobody's name. Raises what `perform` raises,
    NotFoundError and UnavailableError for files that cannot be read.
    """
    require_act(signed, Act.BREACH_REPORT.value)
    handler = Handler(carry_out=partial(_report, files=sorted(_walk(files))))
    return perform(workspace, signed, {Act.BREACH_REPORT: handler})


def with_files(_: Step) -> Outcome:
    """The act without its files: nothing to report on."""
    raise UsageError(
        N_("A breach report needs the files, which no message to a searcher carries."),
        remedy=N_("Give it on the workspace's own machine: countenance breach FILE"),
        code="breach-files",
    )


def _report(step: Step, *, files: list[Path]) -> Outcome:
    faces, probes, people, receipts = _known()
    found: set[uuid.UUID] = set()
    segments: set[str] = set()
    live = {one.id: one.gallery_id for one in read_live(step.tx).segments}
    known = faces | probes | people | receipts
    for path in files:
        found |= ids_in(path, known)
        segments |= {one for one in live if one in path.name or one.replace("-", "") in path.name}
    galleries = {uuid.UUID(live[one]) for one in segments}
    touched = _by_person(step.workspace, faces & found, people & found, receipts & found, galleries)
    labels = dict(Person.objects.filter(pk__in=[key for key in touched if key]).values_list("pk", "label"))
    rows: list[Json] = [
        {
            "person": labels.get(key) if key else None,
            "faces": len(each.faces),
            "photographs": len(each.photographs),
            "receipts": each.receipts,
            "readable": each.readable,
        }
        for key, each in sorted(touched.items(), key=lambda item: labels.get(item[0], "") if item[0] else "")
    ]
    cases = Probe.objects.filter(pk__in=probes & found, search__case__isnull=False)
    record: dict[str, Json] = {
        "reference": step.params.line("reference"),
        "files": len(files),
        "people": rows,
        "probes": len(probes & found),
        "cases": sorted(set(cases.values_list("search__case__code", flat=True))),
        "segments": len(segments),
    }
    details: dict[str, Json] = {
        "reference": record["reference"],
        "files": len(files),
        "people": len(rows),
        "probes": record["probes"],
        "segments": len(segments),
    }
    return Outcome(record=record, event=Event.BREACH_REPORTED, details=details)


def ids_in(path: Path, known: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Which of the known ids stand in a file, in its name or its bytes: written out, in hexadecimal, or as 16 bytes."""
    wanted = set(known)
    found = {key for key in map(_id, _texts(path.name.encode())) if key in wanted}
    if path.stat().st_size == 0:
        return found
    prefixes = np.unique(
        np.array([int.from_bytes(key.bytes[:8], "little") for key in wanted], dtype=np.uint64)
    )
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found |= {key for key in map(_id, _texts(data)) if key in wanted}
            for start in range(0, len(data), _AT_ONCE):
                part = data[start : start + _AT_ONCE + 16]
                found |= _binary(part, prefixes, wanted)
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be read: {problem}."),
            code="breach-file",
            path=str(path),
            problem=error.strerror,
        ) from error
    return found


def _binary(part: bytes, prefixes: npt.NDArray[np.uint64], wanted: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """At every offset: first by the half of an id, many at once, then whole."""
    found: set[uuid.UUID] = set()
    for shift in range(8):
        count = (len(part) - shift) // 8
        if count <= 0:
            break
        words = np.frombuffer(part, dtype="<u8", count=count, offset=shift)
        for place in np.flatnonzero(np.isin(words, prefixes)):
            at = shift + 8 * int(place)
            whole = part[at : at + 16]
            if len(whole) == 16 and (key := uuid.UUID(bytes=whole)) in wanted:
                found.add(key)
    return found


def _texts(data: bytes | mmap.mmap) -> Iterator[bytes]:
    for pattern in (_DASHED, _HEX):
        for match in pattern.finditer(data):
            yield match.group()


def _id(text: bytes) -> uuid.UUID:
    return uuid.UUID(text.decode())


def _known() -> tuple[set[uuid.UUID], set[uuid.UUID], set[uuid.UUID], set[uuid.UUID]]:
    return (
        set(Face.objects.values_list("pk", flat=True)),
        set(Probe.objects.values_list("pk", flat=True)),
        set(Person.objects.values_list("pk", flat=True)),
        set(ConsentReceipt.objects.values_list("pk", flat=True)),
    )


def _by_person(
    workspace: Workspace,
    faces: set[uuid.UUID],
    people: set[uuid.UUID],
    receipts: set[uuid.UUID],
    galleries: set[uuid.UUID],
) -> Mapping[uuid.UUID | None, Touched]:
    touched: dict[uuid.UUID | None, Touched] = defaultdict(Touched)
    whole = Reference.objects.filter(gallery__in=galleries, ended_at__isnull=True)
    faces = faces | set(whole.values_list("face_id", flat=True))
    alive = set(workspace.vault.record_ids())
    listed = sorted(faces)
    for start in range(0, len(listed), _QUERY):
        rows = Face.objects.filter(pk__in=listed[start : start + _QUERY])
        for key, photograph, person in rows.values_list("pk", "photograph_id", "person_id"):
            each = touched[person]
            each.faces.add(key)
            each.photographs.add(photograph)
            each.readable += key in alive
    for key in people:
        touched[key]
    ordered = sorted(receipts)
    for start in range(0, len(ordered), _QUERY):
        held = ConsentReceipt.objects.filter(pk__in=ordered[start : start + _QUERY])
        for person in held.values_list("person_id", flat=True):
            touched[person].receipts += 1
    return touched


def _walk(files: Iterable[Path]) -> Iterator[Path]:
    for path in files:
        if path.is_dir():
            yield from (inner for inner in path.rglob("*") if inner.is_file())
        elif path.is_file():
            yield path
        else:
            raise NotFoundError(N_("There is no file {path}."), code="breach-missing", path=str(path))
