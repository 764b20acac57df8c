"""What an ingest would take, told beforehand. A few files are timed; nothing is written, and no template is made."""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.engine import estimate
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.timing import embedding_ms
from countenance.extraction.values import EmbedRule, PhotographExtraction
from countenance.ingest.gate import admit
from countenance.ingest.intake import find_place, read_params, read_rows
from countenance.ingest.ledger import known_photographs
from countenance.ingest.listing import Unread, read_picture, walk
from countenance.ingest.values import Plan
from countenance.ingest.work import Root, source_gone
from countenance.records.identity import SignedRequest
from countenance.records.models import Source
from countenance.records.named import find_source
from countenance.records.workspace import Workspace

SAMPLE_FILES = 16
SAMPLE_SECONDS = 8.0

OVERHEAD = 1.15
"""The path takes this much longer than its workers; the figure to reach is 1.25."""
START_SECONDS = 1.5  # until the workers have their models
FACE_BYTES = 16_000  # crop, template, rows of face and reference, index, log
PHOTOGRAPH_BYTES = 1_200  # rows of photograph and item
BASE_MEMORY = 180 << 20  # this process
WORKER_MEMORY = 150 << 20  # models loaded
PIXEL_BYTES = 8  # decoded, and once more while it is reduced

_NOTHING = EmbedRule(unlabelled=False, labels=())


@dataclass(kw_only=True)
class _Found:
    """The files of a source, counted."""

    paths: list[tuple[bytes, int]] = field(default_factory=list)
    formats: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    unlisted: int = 0


@dataclass(kw_only=True)
class _Timed:
    """Sums over the sample, in seconds of one worker."""

    files: int = 0
    faces: int = 0
    decode: float = 0.0
    detect: float = 0.0
    full_detect: float = 0.0
    most_pixels: int = 0


def plan(workspace: Workspace, request: SignedRequest) -> Plan:
    """Count and price a source. Params as for `ingest`: `source`; `manifest`, `detail`, `workers` where wanted.

    Raises RefusedError, UsageError, FormatError (a bad manifest is found here already), NotFoundError,
    UnavailableError (the source is not there).
    """
    admit(workspace, request)
    asked = read_params(request.params, workspace)
    source = find_source(asked.source)
    place = find_place(source, asked.manifest)
    manifest = read_rows(place, source)
    found = _count(place.root, source, None if manifest is None else list(manifest.rows))
    detail = asked.detail or Detail.STANDARD
    timed = _time(workspace, place.root, found)
    share = len(found.paths) / timed.files if timed.files else 0.0
    faces = round(timed.faces * share)
    # The sample has no permission for templates, so their time is taken from patterns, on this very machine.
    embed = faces * embedding_ms(workspace.models) / 1000
    standard = timed.decode + (timed.detect if detail is Detail.STANDARD else timed.full_detect)
    full = timed.decode + timed.full_detect
    return Plan(
        source=source.name,
        files=len(found.paths),
        bytes=sum(size for _, size in found.paths),
        skipped=found.skipped,
        unlisted=found.unlisted,
        formats=dict(sorted(found.formats.items())),
        sample=timed.files,
        faces=faces,
        seconds=round(START_SECONDS + (standard * share + embed) * OVERHEAD / asked.workers, 1),
        seconds_full=round(START_SECONDS + (full * share + embed) * OVERHEAD / asked.workers, 1),
        disk_bytes=faces * FACE_BYTES + len(found.paths) * PHOTOGRAPH_BYTES,
        memory_bytes=BASE_MEMORY + asked.workers * (WORKER_MEMORY + timed.most_pixels * PIXEL_BYTES),
        workers=asked.workers,
        detail=detail,
        photographs_known=known_photographs(source),
    )


def _count(root: Root, source: Source, named: list[bytes] | None) -> _Found:
    found = _Found()
    if named is not None:
        for path in named:
            _add(found, path, _size(os.path.join(root.path, path)))  # noqa: PTH118 - bytes
        return found
    try:
        for listed in walk(root.path):
            if listed.skipped:
                found.skipped += 1
            elif listed.state is not None:
                found.unlisted += 1
            else:
                _add(found, listed.path, listed.size)
    except OSError as error:
        raise source_gone(source) from error
    return found


def _add(found: _Found, path: bytes, size: int) -> None:
    found.paths.append((path, size))
    ending = os.path.splitext(path)[1].lower().lstrip(b".")  # noqa: PTH122 - bytes
    found.formats[ending.decode("ascii", "replace") or "none"] += 1


def _size(path: bytes) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - bytes
    except OSError:
        return 0


def _time(workspace: Workspace, root: Root, found: _Found) -> _Timed:
    """Time files spread evenly over the source, until there are enough or it has taken long enough."""
    timed = _Timed()
    step = max(1, len(found.paths) // SAMPLE_FILES)
    until = time.monotonic() + SAMPLE_SECONDS
    limits = workspace.limits
    with ExtractionPool(workspace.models, workers=1, limits=limits) as pool:
        for path, _ in found.paths[::step][:SAMPLE_FILES]:
            picture = read_picture(root.path, path, max_bytes=limits.max_bytes)
            timed.files += 1
            if isinstance(picture, Unread):
                continue
            result = pool.submit(picture.data, detail=Detail.STANDARD, rule=_NOTHING).result()
            if isinstance(result, PhotographExtraction):
                _account(timed, result)
            if time.monotonic() > until:
                break
    return timed


def _account(timed: _Timed, result: PhotographExtraction) -> None:
    timed.decode += (result.times.decode + result.times.align) / 1000
    timed.detect += result.times.detect / 1000
    timed.faces += sum(len(page.faces) for page in result.pages)
    standard = full = 1
    for page in result.pages:
        standard += estimate(page.width, page.height, Detail.STANDARD).pixels
        full += estimate(page.width, page.height, Detail.FULL).pixels
        timed.most_pixels = max(timed.most_pixels, page.width * page.height)
    timed.full_detect += result.times.detect / 1000 * full / standard
