"""A source's status feed: what its holder has taken back is gone at the next cycle (requirement R29).

The holder keeps a CSV file (UTF-8) with the column `status` and one of `path`, `sha256`, `source_ref`, `person`. A row whose
status is not `live` names photographs, or somebody's faces in photographs, of this source; they are erased. A file that is
missing or cannot be read says nothing: missing is not deleted.
"""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from django.db.models import Q

from countenance.primitives.text import folded
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.steps import begin
from countenance.records.erasing.vocabulary import ScopeKind
from countenance.records.events import Event
from countenance.records.holding import spared
from countenance.records.models import Face, Photograph, Source, StatusFeed
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry

LIVE = "live"
_MOST_BYTES = 256 * 2**20
_NAMES = ("path", "sha256", "source_ref", "person")
_log = logging.getLogger(__name__)


def read_statuses(workspace: Workspace) -> int:
    """Read every source's feed, and begin to erase what was taken back; `finish` does the rest. Returns how many."""
    sources = Source.objects.filter(withdrawn_at__isnull=True, status_feed__isnull=False)
    return sum(_read(workspace, source) for source in sources.select_related("basis", "status_feed"))


def _read(workspace: Workspace, source: Source) -> int:
    gone = _scopes(source)
    if not gone:
        return 0
    with workspace.transaction() as (tx, now):
        spare = spared(now)
        going = [scope for scope in gone if not _held(scope, spare.photographs)]
        for scope in going:
            begin(workspace, tx, scope, now=now, ground="status feed of the source")
        if going:
            StatusFeed.objects.filter(source=source).update(acted_at=now)
            entry = NewEntry(
                event=Event.STATUS_READ.value,
                at=now,
                purpose=None,
                jurisdiction=source.basis.jurisdiction,
                client=None,
                pack=None,
                details={"source": str(source.pk), "taken_back": len(going)},
            )
            workspace.record(tx, [entry])
    return len(going)


def _held(scope: ErasureScope, photographs: frozenset[UUID]) -> bool:
    if scope.kind is ScopeKind.PHOTOGRAPH:
        return scope.key in photographs
    return Face.objects.filter(pk=scope.key, photograph__in=list(photographs)).exists()


def _scopes(source: Source) -> list[ErasureScope]:
    """What the feed takes back and is still here, each once."""
    photographs: set[UUID] = set()
    faces: set[UUID] = set()
    for name, value in _rows(source):
        if name == "person":
            found = Face.objects.filter(photograph__source=source, person__folded=folded(value))
            faces.update(found.values_list("pk", flat=True))
        else:
            rows = Photograph.objects.filter(Q(**{name: value}), source=source)
            photographs.update(rows.values_list("pk", flat=True))
    faces -= set(Face.objects.filter(photograph__in=photographs).values_list("pk", flat=True))
    return [
        *(ErasureScope(kind=ScopeKind.PHOTOGRAPH, target=str(key)) for key in sorted(photographs)),
        *(ErasureScope(kind=ScopeKind.FACE, target=str(key)) for key in sorted(faces)),
    ]


def _rows(source: Source) -> Iterator[tuple[str, str]]:
    """Column and value of each row whose status has flipped."""
    path = Path(source.status_feed.file)
    try:
        if not path.is_file():
            return  # its holder has said nothing yet
        if path.stat().st_size > _MOST_BYTES:
            _log.warning("status feed of source %s is too large", source.pk)
            return
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        _log.warning("status feed of source %s cannot be read: %s", source.pk, type(error).__name__)
        return
    table = csv.DictReader(io.StringIO(text))
    columns = [name for name in _NAMES if name in (table.fieldnames or ())]
    if "status" not in (table.fieldnames or ()) or not columns:
        _log.warning("status feed of source %s has not the columns it needs", source.pk)
        return
    for row in table:
        status = (row.get("status") or "").strip().lower()
        if status and status != LIVE:
            named = next(
                ((name, row[name].strip()) for name in columns if (row.get(name) or "").strip()), None
            )
            if named is not None:
                yield named
