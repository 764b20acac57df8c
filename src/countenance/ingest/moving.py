"""Moving a gallery to another model pack: new templates beside the old, from crops or, where none is kept, from sources.

1. find      live references of the gallery that have no template in the new space; so a run goes on where one before it stopped
2. embed     the crop is opened, or the photograph read from its source, and a template made by workers with the new pack: where
             the landmarks are of the detector it uses as well, from those; else the face is found again
3. enrol     in one transaction for each batch: the reference is live still, and its row in the new space is written
4. compare   what saved searches of open cases listed, scored again in the new space: who changes place

Nothing else is touched: labels, consents, decisions and tombstones are about people and photographs, not about templates. Both
spaces are searched by whoever holds a probe of theirs; which one a workspace uses is switched by an act of its own.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from countenance.biometrics.templates import Template, fuse
from countenance.biometrics.vocabulary import Detail, FaceState
from countenance.extraction.pack import ModelPack
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import (
    EVALUATION_RULE,
    EmbedRule,
    ExtractionResult,
    Label,
    PhotographExtraction,
    at_given,
)
from countenance.index.head import NewRow, template_part
from countenance.primitives.canonical import Json
from countenance.primitives.sql import Transaction
from countenance.records.cropping import given, given_in_crop
from countenance.records.database import open_reading
from countenance.records.models import Candidate, Face, Gallery, Reference, Search
from countenance.records.photographs import open_crop, read_photograph
from countenance.records.references import face_templates, fused_score
from countenance.records.sealing import CROP_PART
from countenance.records.workspace import Workspace
from countenance.vault.vault import Plain, Sealed

_BATCH = 100

type Progress = Callable[[int, int], None]
"""Called with how many references are done and how many there are."""


@dataclass(frozen=True, kw_only=True)
class NotMoved:
    """A reference without a template in the new space. `reason`: `no-crop` (nor its very photograph in the source), `no-face`, or
    why our side failed.
    """

    reference: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What came of a run. `before`: had a template of the new space already."""

    references: int
    before: int
    moved: int
    not_moved: tuple[NotMoved, ...]
    stopped: bool


@dataclass(frozen=True, kw_only=True)
class Place:
    """One candidate of a saved search: rank and score as listed, and in the new space. None: no template there."""

    rank: int
    score: float
    rank_now: int | None
    score_now: float | None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One saved search of an open case. `below_floor`: candidates that the new pack would not have listed."""

    case: str
    log_entry: int
    places: tuple[Place, ...]
    below_floor: int


def left_to_move(gallery: Gallery | None, space: str) -> list[uuid.UUID]:
    """Live references (of one gallery, or of all) without a template in `space`, in order of their ids."""
    rows = Reference.objects.filter(ended_at__isnull=True)
    if gallery is not None:
        rows = rows.filter(gallery=gallery)
    every = list(rows.order_by("id").values_list("id", flat=True))
    with open_reading() as tx:
        there = {str(row[0]) for row in tx.execute(_THERE, (space,))}
    return [key for key in every if str(key) not in there]


_THERE = "select reference_id from index_change where op = 'add' and space_id = %s"


def move(
    workspace: Workspace,
    gallery: Gallery,
    pack: ModelPack,
    *,
    workers: int,
    progress: Progress = lambda _done, _total: None,
    stop: threading.Event | None = None,
) -> Moved:
    """Make what is missing in the pack's space. Stops between batches; what is done stays."""
    stop = stop or threading.Event()
    total = Reference.objects.filter(gallery=gallery, ended_at__isnull=True).count()
    todo = left_to_move(gallery, str(pack.space_id))
    before, moved = total - len(todo), 0
    failed: list[NotMoved] = []
    with ExtractionPool(pack, workers=workers, limits=workspace.limits) as pool:
        for at in range(0, len(todo), _BATCH):
            if stop.is_set():
                break
            made, lost = _batch(workspace, pack, pool, todo[at : at + _BATCH])
            moved += made
            failed += lost
            progress(before + moved + len(failed), total)
    return Moved(references=total, before=before, moved=moved, not_moved=tuple(failed), stopped=stop.is_set())


def _batch(
    workspace: Workspace, pack: ModelPack, pool: ExtractionPool, keys: Sequence[uuid.UUID]
) -> tuple[int, list[NotMoved]]:
    face_of = dict(Reference.objects.filter(pk__in=keys).values_list("id", "face_id"))
    faces = {
        face.pk: face
        for face in Face.objects.select_related("photograph__source").filter(pk__in=set(face_of.values()))
    }
    same = workspace.models.detector_sha256 == pack.detector_sha256
    pictures = {
        key: _picture(workspace, face, same_detector=same and face.space_id == str(workspace.models.space_id))
        for key, face in faces.items()
    }
    waiting = {
        key: pool.submit(picture.data, detail=Detail.STANDARD, rule=picture.rule)
        for key, picture in pictures.items()
        if picture is not None
    }
    found = {key: _template(future.result()) for key, future in waiting.items()}
    made = {key: one for key, one in found.items() if isinstance(one, Template)}
    part = template_part(pack.space_id)
    order = list(made)
    sealed = dict(
        zip(
            order,
            workspace.vault.seal(
                [Plain(record_id=key, part=part, data=made[key].to_bytes()) for key in order]
            ),
            strict=True,
        )
    )
    with workspace.transaction() as (tx, _now):
        live = set(Reference.objects.filter(pk__in=keys, ended_at__isnull=True).values_list("id", flat=True))
        rows = [
            NewRow(
                reference_id=str(key),
                face_id=str(face_of[key]),
                gallery_id=gallery,
                class_id=class_id,
                space_id=pack.space_id,
                dimension=pack.dimension,
                norm=made[face_of[key]].norm,
                sealed=sealed[face_of[key]],
            )
            for key, gallery, class_id in _held_rows(tx, keys, str(pack.space_id))
            if key in live and face_of.get(key) in made
        ]
        workspace.index.enrol(tx, rows)
    _destroy_revived(workspace, order)
    lost = [
        NotMoved(reference=str(key), reason=_reason(pictures.get(face_of[key]), found.get(face_of[key])))
        for key in keys
        if key in live and face_of.get(key) not in made
    ]
    return len(rows), lost


def _destroy_revived(workspace: Workspace, faces: Sequence[uuid.UUID]) -> None:
    """A face that was erased or withdrawn meanwhile had lost its key; sealing made it a new one, which goes again.

    Whoever is kept back by a hold still has a crop, and the key it is sealed under.
    """
    rows = Face.objects.filter(pk__in=faces)
    kept = set(rows.exclude(state=FaceState.WITHDRAWN.value, crop="").values_list("id", flat=True))
    workspace.vault.destroy([key for key in faces if key not in kept])


def _held_rows(tx: Transaction, keys: Sequence[uuid.UUID], space: str) -> list[tuple[uuid.UUID, str, int]]:
    """(reference, gallery, class) as the index has them in other spaces, so that what is withheld stays withheld."""
    marks = ", ".join(["%s"] * len(keys))
    done = {
        str(row[0]) for row in tx.execute(f"{_THERE} and reference_id in ({marks})", (space, *map(str, keys)))
    }
    statement = (
        "select distinct reference_id, gallery_id, class_id from index_change where op = 'add' and space_id <> %s"  # noqa: S608
        f" and reference_id in ({marks})"
    )
    there = tx.execute(statement, (space, *(str(key) for key in keys)))
    return [
        (uuid.UUID(str(key)), str(gallery), int(str(class_id)))
        for key, gallery, class_id in there
        if str(key) not in done  # another process has moved it in the meantime
    ]


@dataclass(frozen=True, kw_only=True)
class _Picture:
    """What a template is made from, and how the face is found on it."""

    data: bytes
    rule: EmbedRule


def _picture(workspace: Workspace, face: Face, *, same_detector: bool) -> _Picture | None:
    """The face's crop, or else the very photograph it was found on, if its source still has it."""
    import simplejpeg

    crop = open_crop(workspace, face)
    if crop is not None:
        if not same_detector or not face.photograph.width:  # its edge bounds the crop
            return _Picture(data=crop, rule=EVALUATION_RULE)
        height, width, _, _ = simplejpeg.decode_jpeg_header(crop)
        return _Picture(data=crop, rule=at_given(0, given_in_crop(face, (width, height))))
    photograph = face.photograph
    data = read_photograph(photograph, most=workspace.limits.max_bytes)
    if data is None:
        return None
    there = given(face)
    if same_detector:
        return _Picture(data=data, rule=at_given(photograph.page, there))
    label = Label(key="moved", box=there.box, permitted=True, page=photograph.page)
    return _Picture(data=data, rule=EmbedRule(unlabelled=False, labels=(label,), floor=False))


def _template(result: ExtractionResult) -> Template | str:
    """The one template that was made, or why there is none."""
    if not isinstance(result, PhotographExtraction):
        return result.reason.value
    return "no-face" if result.template is None else result.template


def _reason(picture: _Picture | None, found: Template | str | None) -> str:
    if picture is None:
        return "no-crop"
    return found if isinstance(found, str) else "ended"


def compare(workspace: Workspace, gallery: Gallery, pack: ModelPack, *, workers: int) -> list[Compared]:
    """Saved searches of open cases in this gallery, scored again in the pack's space: only what each had listed, under its case.

    A search whose probe is gone is left out.
    """
    searches = Search.objects.filter(
        gallery=gallery, case__closed_at__isnull=True, case__isnull=False
    ).exclude(space_id=str(pack.space_id))
    told = []
    with ExtractionPool(pack, workers=workers, limits=workspace.limits) as pool:
        for search in searches.select_related("case").order_by("made_at"):
            probe = _probe(workspace, search, pool)
            if probe is not None:
                told.append(_compared(workspace, search, probe, pack))
    return told


def _probe(workspace: Workspace, search: Search, pool: ExtractionPool) -> Template | None:
    sealed = [
        Sealed(record_id=row.pk, part=CROP_PART, data=bytes(row.crop))
        for row in search.probes.order_by("number")
        if row.crop
    ]
    crops = workspace.vault.unseal_existing(sealed)
    pending = [
        pool.submit(crop, detail=Detail.STANDARD, rule=EVALUATION_RULE) for crop in crops if crop is not None
    ]
    made = [one for one in (_template(each.result()) for each in pending) if isinstance(one, Template)]
    return fuse(made) if made and len(made) == search.probes.count() else None


def _compared(workspace: Workspace, search: Search, probe: Template, pack: ModelPack) -> Compared:
    rows = list(search.candidates.order_by("rank").prefetch_related("fused__reference"))
    scores = _scores(workspace, rows, probe)
    order = sorted((row.pk for row in rows if scores.get(row.pk) is not None), key=lambda key: -scores[key])
    places = tuple(
        Place(
            rank=row.rank,
            score=round(row.score, 4),
            rank_now=order.index(row.pk) + 1 if row.pk in order else None,
            score_now=round(scores[row.pk], 4) if row.pk in scores else None,
        )
        for row in rows
    )
    return Compared(
        case=search.case.code if search.case else "",
        log_entry=search.log_index,
        places=places,
        below_floor=sum(score < pack.candidate_floor for score in scores.values()),
    )


def _scores(workspace: Workspace, rows: Sequence[Candidate], probe: Template) -> dict[uuid.UUID, float]:
    """What each candidate scores in the probe's space, by those of its references that have a template there."""
    behind = {row.pk: {each.reference.face_id for each in row.fused.all()} | {row.face_id} for row in rows}
    vectors = face_templates(
        workspace, {face for faces in behind.values() for face in faces}, str(probe.space_id)
    )
    there = {key: [vectors[face] for face in faces if face in vectors] for key, faces in behind.items()}
    return {key: fused_score(held, probe.vector) for key, held in there.items() if held}


def describe(one: Compared) -> dict[str, Json]:
    """A comparison as `--json` shows it: no name, no picture."""
    return {
        "case": one.case,
        "log_entry": one.log_entry,
        "below_floor": one.below_floor,
        "candidates": [
            {"rank": each.rank, "score": each.score, "rank_now": each.rank_now, "score_now": each.score_now}
            for each in one.places
        ],
    }
