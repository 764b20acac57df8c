"""From scored references to a list of people, checked, logged, and only then fit to be shown."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from countenance.index.answers import Answer
from countenance.policy.replay import question_json
from countenance.primitives.canonical import sha256_hex
from countenance.records import models
from countenance.records.cropping import eye_share
from countenance.records.database import DjangoTransaction
from countenance.records.events import Event
from countenance.records.liveness import live_references
from countenance.records.photographs import open_crop
from countenance.records.workspace import Workspace
from countenance.search.keeping import SealedProbe
from countenance.search.permission import Asked, question_of
from countenance.search.statement import statements_for
from countenance.search.values import (
    ByThreshold,
    Candidate,
    CandidateList,
    Concluded,
    Lead,
    LoggedCandidates,
    Probe,
)
from countenance.tlog.leaf import NewEntry

_BATCH = 500


def group_by_person(probe: Probe, answer: Answer) -> CandidateList:
    """Best reference of each person; an unlabelled face stands alone."""
    scores = {uuid.UUID(row.reference_id): row.score for row in answer.rows}
    identifiers = list(scores)
    people: dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID | None]] = {}
    for start in range(0, len(identifiers), _BATCH):
        rows = models.Reference.objects.filter(id__in=identifiers[start : start + _BATCH])
        people.update(
            {
                key: (face, person)
                for key, face, person in rows.values_list("id", "face_id", "face__person_id")
            }
        )
    leads: dict[uuid.UUID, Lead] = {}
    for reference_id, score in scores.items():  # best first
        if reference_id not in people:
            continue  # ended since the scan
        face_id, person_id = people[reference_id]
        leads.setdefault(
            person_id or face_id,
            Lead(
                reference_id=reference_id,
                face_id=face_id,
                person_id=person_id,
                score=score,
                fused=(reference_id,),
            ),
        )
    return CandidateList(
        probe=probe,
        leads=tuple(leads.values()),
        coverage=answer.coverage,
        space_id=answer.space_id,
    )


def leads_standing(found: CandidateList, now: datetime) -> tuple[Lead, ...] | None:
    """The leads to be listed: those whose best reference is live at this moment, at most k.

    None where another reference that made the score of one of them has ended since the scan: fuse again without it.
    """
    live = _live(found, {lead.reference_id for lead in found.leads}, now)
    leads = tuple(lead for lead in found.leads if lead.reference_id in live)[: found.probe.grant.k]
    fused = {reference for lead in leads for reference in lead.fused} - live
    return None if fused - _live(found, fused, now) else leads


def _live(found: CandidateList, references: AbstractSet[uuid.UUID], now: datetime) -> set[uuid.UUID]:
    grant = found.probe.grant
    return live_references(references, now, gallery=grant.gallery_id, classes=grant.permission_classes)


def write(
    workspace: Workspace,
    tx: DjangoTransaction,
    asked: Asked,
    found: CandidateList,
    leads: tuple[Lead, ...],
    sealed: Sequence[SealedProbe],
    now: datetime,
) -> Concluded:
    """Write the leads that stand (`leads_standing`) and log them, in the open transaction."""
    grant = found.probe.grant
    search_id = uuid.uuid4()
    point = asked.point if isinstance(asked.point, models.OperatingPoint) else None
    (appended,) = workspace.record(
        tx,
        [
            NewEntry(
                event=Event.SEARCH_MADE.value,
                at=now,
                purpose=grant.purpose.value,
                jurisdiction=grant.on_behalf_of,
                client=asked.caller.facts.client.id if asked.caller.facts.client else None,
                pack=grant.pack_hash,
                details={
                    "account": asked.caller.facts.id,
                    "case": grant.authority_id,
                    "search": str(search_id),
                    "gallery": grant.gallery_id,
                    "grant": grant.id,
                    "space": found.space_id,
                    "searched": found.coverage.searched,
                    "permitted": found.coverage.permitted,
                    "not_searchable": found.coverage.not_searchable,
                    "operating_point": point.code if point else None,
                    "threshold": f"{point.threshold:.6f}" if point else None,
                    "candidates": [
                        {"reference": str(lead.reference_id), "score": round(lead.score, 6)} for lead in leads
                    ],
                    "probes": [str(part.probe_id) for part in sealed],
                    "classes": list(grant.permission_classes),
                    "question": question_json(question_of(asked, now)),
                },
            )
        ],
    )
    search = models.Search.objects.create(
        id=search_id,
        case_id=grant.authority_id,
        purpose=grant.purpose.value,
        on_behalf_of=grant.on_behalf_of,
        gallery_id=grant.gallery_id,
        account=asked.caller.account,
        grant_id=grant.id,
        pack_hash=grant.pack_hash,
        space_id=found.space_id,
        searched=found.coverage.searched,
        permitted=found.coverage.permitted,
        not_searchable=found.coverage.not_searchable,
        threshold=point.threshold if point else None,
        operating_point=point.code if point else "",
        made_at=now,
        log_index=appended.index,
    )
    models.Probe.objects.bulk_create(
        models.Probe(
            id=part.probe_id,
            search=search,
            number=number,
            sha256=sha256_hex(photograph),
            face_number=face.number,
            box=[face.box.x, face.box.y, face.box.width, face.box.height],
            quality=frozenset(face.quality),
            components=dict(face.components),
            norm=face.norm,
            picture=part.picture,
            template=part.template,
            crop=part.crop,
            eye_share=face.eye_share,
        )
        for number, (part, (face, _), photograph) in enumerate(
            zip(sealed, found.probe.parts, asked.request.photographs, strict=True)
        )
    )
    candidates = models.Candidate.objects.bulk_create(
        models.Candidate(
            search=search,
            rank=rank,
            person_id=lead.person_id,
            face_id=lead.face_id,
            reference_id=lead.reference_id,
            score=lead.score,
            references=len(lead.fused),
        )
        for rank, lead in enumerate(leads, start=1)
    )
    models.FusedReference.objects.bulk_create(
        models.FusedReference(candidate=candidate, reference_id=reference)
        for candidate, lead in zip(candidates, leads, strict=True)
        if len(lead.fused) > 1
        for reference in lead.fused
    )
    return Concluded(found=found, leads=leads, log_entry=appended.index)


def show(workspace: Workspace, asked: Asked, concluded: Concluded) -> LoggedCandidates:
    """The list as it may be shown, with thumbnails. A face whose key was destroyed a moment ago is left out."""
    found, leads = concluded.found, concluded.leads
    faces = {
        face.pk: face
        for face in models.Face.objects.select_related("person", "photograph__source").filter(
            id__in=[lead.face_id for lead in leads]
        )
    }
    people = workspace.counter.people(
        asked.gallery.pk, found.probe.grant.permission_classes, found.coverage.searched
    )
    stating, evidence = statements_for(
        workspace.models, asked.gallery, people, found.coverage.searched, workspace.clock()
    )
    candidates: list[Candidate] = []
    for rank, lead in enumerate(leads, start=1):
        face = faces[lead.face_id]
        crop = open_crop(workspace, face)
        if crop is None:
            continue
        photograph = face.photograph
        candidates.append(
            Candidate(
                rank=rank,
                person=face.person.label if face.person else None,
                photo=photograph.path,
                face=face.number,
                score=round(lead.score, 4),
                references=len(lead.fused),
                frames=lead.frames,
                source=photograph.source.name,
                source_ref=photograph.source_ref,
                captured_at=photograph.captured_at,
                holder=photograph.source.holder,
                contact=photograph.source.contact,
                statement=stating(lead.score),
                crop=crop,
                eye_share=eye_share(face),
            )
        )
    return LoggedCandidates(
        case=asked.case.row.code if asked.case else "",
        purpose=found.probe.grant.purpose.value,
        gallery=asked.gallery.name,
        candidates=tuple(candidates),
        coverage=found.coverage,
        people=people,
        evidence=evidence,
        by_threshold=_by_threshold(asked),
        space_id=found.space_id,
        grant_id=found.probe.grant.id,
        log_entry=concluded.log_entry,
        probe=tuple(face for face, _ in found.probe.parts),
    )


def _by_threshold(asked: Asked) -> ByThreshold | None:
    point = asked.point
    if not isinstance(point, models.OperatingPoint):
        return None
    return ByThreshold(
        operating_point=point.code,
        threshold=point.threshold,
        most_people=point.most_people,
        fpir=point.fpir,
        fnir=point.fnir,
        valid_until=min(point.expires_at, point.evaluation.expires_at).date().isoformat(),
    )
