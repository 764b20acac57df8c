"""How a run stands: counts, and every file that did not simply succeed."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from django.db.models import Count

from countenance.biometrics.vocabulary import FaceState, PhotographState
from countenance.ingest.meter import Meter
from countenance.ingest.values import FaceReport, IngestResult, ItemReport
from countenance.primitives.errors import NotFoundError
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_
from countenance.records.database import open_reading
from countenance.records.models import Face, IngestItem, IngestRun, Photograph, Reference, Source
from countenance.records.workspace import Workspace

NOT_WELL = (PhotographState.FAILED, PhotographState.HELD, PhotographState.REFUSED, PhotographState.UNREADABLE)
_PAGE = 500

type _Row = tuple[str, str, str, uuid.UUID | None]
"""path, state, reason, photograph of an item."""


def result_of(run: IngestRun, source: Source, meter: Meter) -> IngestResult:
    """The counts of a run from the records, whoever did the work."""
    fresh = IngestRun.objects.get(pk=run.pk)
    photographs = _counts(IngestItem.objects.filter(run=run).values_list("state").annotate(count=Count("pk")))
    seen = IngestItem.objects.filter(run=run, photograph__isnull=False).values("photograph")
    not_read = IngestItem.objects.filter(run=run, photograph__isnull=True).values("path")
    gone = Photograph.objects.filter(source=source, page=0).exclude(pk__in=seen).exclude(path__in=not_read)
    # A manifest is a choice of files: what it does not name may well lie in the folder.
    missing = gone.count() if fresh.listed and not fresh.manifest_sha256 else 0
    return IngestResult(
        run=run.code,
        source=source.name,
        photographs=photographs,
        faces=_faces(run),
        references=Reference.objects.filter(face__photograph__source=source, ended_at__isnull=True).count(),
        missing=missing,
        rate=round(meter.mean_rate, 2),
        seconds=round(meter.seconds, 2),
        bottleneck=meter.bottleneck,
        stopped=fresh.finished_at is None,
    )


def items(
    workspace: Workspace, run: str, states: Sequence[PhotographState] = NOT_WELL
) -> Iterator[ItemReport]:
    """The files of a run that ended in one of `states`, in order of listing, each with its faces that are not enrolled.

    A file that is done but holds a held or refused face is listed too where that face's state is among `states`.
    Raises NotFoundError.
    """
    del workspace  # the records are those of the open workspace
    code = read_code(run)
    found = IngestRun.objects.filter(code=code).first() if code else None
    if found is None:
        raise NotFoundError(
            N_("There is no ingest run {run}."),
            remedy=N_("See them with: countenance status"),
            code="run-missing",
            run=run,
        )
    wanted = {state.value for state in states}
    rows = (
        IngestItem.objects.filter(run=found)
        .order_by("position")
        .values_list("path", "state", "reason", "photograph")
    )
    page: list[_Row] = []
    for row in rows.iterator(chunk_size=_PAGE):
        page.append(row)
        if len(page) == _PAGE:
            yield from _reports(found, page, wanted)
            page = []
    yield from _reports(found, page, wanted)


def _reports(run: IngestRun, page: Sequence[_Row], wanted: set[str]) -> Iterator[ItemReport]:
    owners = [key for _, state, _, key in page if key and state != PhotographState.DUPLICATE.value]
    hashes = dict(Photograph.objects.filter(pk__in=owners).values_list("pk", "sha256"))
    faces: dict[str, list[FaceReport]] = defaultdict(list)
    rows = (
        Face.objects.filter(
            photograph__source=run.source, photograph__sha256__in=set(hashes.values()), number__gte=0
        )
        .exclude(state=FaceState.ENROLLED.value)
        .select_related("photograph", "person")
        .order_by("photograph__page", "number")
    )
    for face in rows:
        faces[face.photograph.sha256].append(
            FaceReport(
                page=face.photograph.page,
                number=face.number,
                state=face.state,
                reason=face.reason,
                rule=face.rule,
                person=face.person.label if face.person else None,
                box=(round(face.x), round(face.y), round(face.width), round(face.height)),
            )
        )
    for path, state, reason, key in page:
        duplicate = state == PhotographState.DUPLICATE.value
        mine = tuple(faces[hashes[key]]) if key in hashes and not duplicate else ()
        if state in wanted or any(face.state in wanted for face in mine):
            yield ItemReport(path=path, state=state, reason=reason, faces=mine)


def _faces(run: IngestRun) -> dict[str, int]:
    """Faces by state, on all pages of the files of a run. From the items onwards: the other way round takes for ever."""
    with open_reading() as tx:
        rows = tx.execute(
            "select f.state, count(*) from records_ingestitem i"
            " join records_photograph first on first.id = i.photograph_id"
            " join records_photograph p on p.source_id = first.source_id and p.sha256 = first.sha256"
            " join records_face f on f.photograph_id = p.id and f.number >= 0"
            " where i.run_id = %s and i.state <> %s group by f.state order by f.state",
            (run.pk.hex if tx.dialect == "sqlite" else str(run.pk), PhotographState.DUPLICATE.value),
        )
    return {str(state): count for state, count in rows if isinstance(count, int)}


def _counts(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    return dict(sorted(dict(rows).items()))
