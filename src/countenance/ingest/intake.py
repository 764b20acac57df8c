"""Step 3, the source: where it lies, what is asked of it, and which files it holds."""

# Names in a source are bytes, and pathlib has none:
# ruff: noqa: PTH100, PTH112, PTH113, PTH120

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.values import ExtractionLimits
from countenance.ingest.ledger import NewItem, known_photographs
from countenance.ingest.listing import walk
from countenance.ingest.manifest import Manifest, read_manifest
from countenance.ingest.narrowing import Narrower, check_narrowing
from countenance.ingest.work import Root, source_gone
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UnavailableError, UsageError
from countenance.primitives.files import name_to_text, text_to_name
from countenance.primitives.text import N_
from countenance.records.models import Source
from countenance.records.params import Params
from countenance.records.workspace import Workspace

_MANIFESTS = (b".csv", b".parquet")
_MOST_WORKERS = 256


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request names. `detail` and `workers` are None where it leaves them open."""

    source: str
    manifest: Path | None
    detail: Detail | None
    retry_failed: bool
    restart: bool
    workers: int


def read_params(params: Json, workspace: Workspace) -> Asked:
    """The parameters of act `ingest`. Raises UsageError."""
    read = Params(params)
    manifest = read.text("manifest", "")
    return Asked(
        source=read.text("source"),
        manifest=Path(manifest) if manifest else None,
        detail=read.choice("detail", Detail) if read.text("detail", "") else None,
        retry_failed=read.flag("retry_failed"),
        restart=read.flag("restart"),
        workers=read.number("workers", default=workspace.settings.workers, least=1, most=_MOST_WORKERS),
    )


def extraction_words(workspace: Workspace, detail: Detail, limits: ExtractionLimits) -> str:
    """What looks at a photograph, as one line: two photographs with the same line were looked at in the same way."""
    floor = workspace.models.enrolment_floor
    return (
        f"{workspace.models.space_id} detail={detail.value} pixels={limits.max_pixels} pages={limits.max_pages}"
        f" floor={floor.eye_distance:g}/{floor.norm:g}"
    )


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a source lies: its folder, and the manifest that goes with it, if any."""

    root: Root
    manifest: Path | None


def find_place(source: Source, manifest: Path | None) -> Place:
    """The folder of a source. Its location is a folder, or a manifest that lies in the folder.

    Raises UnavailableError where it is not there.
    """
    location = text_to_name(source.location)
    if not os.path.lexists(location):
        location = os.fsencode(source.location)  # registered as typed, with a % of its own
    try:
        if os.path.isfile(location) and location.lower().endswith(_MANIFESTS):
            folder = os.path.dirname(os.path.abspath(location))
            return Place(root=Root.of(folder), manifest=manifest or Path(os.fsdecode(location)))
        if not os.path.isdir(location):
            raise source_gone(source)
        return Place(root=Root.of(os.path.abspath(location)), manifest=manifest)
    except OSError as error:
        raise source_gone(source) from error


def read_rows(place: Place, source: Source) -> Manifest | None:
    """The manifest, checked to the last row, also that none widens the source's basis. Raises FormatError."""
    if place.manifest is None:
        return None
    manifest = read_manifest(place.manifest, place.root.path)
    check_narrowing(place.manifest, manifest, source)
    return manifest


def list_items(place: Place, source: Source, manifest: Manifest | None) -> Iterator[NewItem]:
    """All files, in order. Raises UnavailableError where a source that held photographs holds nothing now."""
    items = _from_folder(place.root, source) if manifest is None else _from_manifest(manifest, source)
    first = next(items, None)
    if first is None:
        if known_photographs(source):
            raise UnavailableError(
                N_(
                    "The source {source} holds {known} photographs in the records and nothing at {location}. "
                    "Nothing was changed: missing is not deleted."
                ),
                remedy=N_("Is its disk mounted? Give the same command again when it is."),
                code="source-empty",
                source=source.name,
                known=known_photographs(source),
                location=source.location,
            )
        return iter(())
    return chain([first], items)


def _from_manifest(manifest: Manifest, source: Source) -> Iterator[NewItem]:
    narrower = Narrower(source)
    for path, rows in manifest.rows.items():
        yield NewItem(path=name_to_text(path), rows=narrower.item_rows(rows))


def _from_folder(root: Root, source: Source) -> Iterator[NewItem]:
    try:
        for listed in walk(root.path):
            if not listed.skipped:
                yield NewItem(
                    path=name_to_text(listed.path), rows=[], state=listed.state, reason=listed.reason
                )
    except OSError as error:
        raise source_gone(source) from error


def check_options(source: Source, asked: Asked) -> None:
    """Raise UsageError where the parameters contradict each other."""
    if asked.retry_failed and asked.restart:
        raise UsageError(
            N_("--retry-failed goes on with the run of {source}, --restart gives it up: choose one."),
            code="options-clash",
            source=source.name,
        )
