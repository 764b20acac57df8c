"""Galleries and sources: what is held, on what basis, and how it ends."""

from __future__ import annotations

from django.db.models import Q

from countenance.acting.step import Outcome, Step
from countenance.policy.purposes import BasisKind, Purpose
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.text import N_
from countenance.records.ending import end_references
from countenance.records.events import Event
from countenance.records.models import Basis, Gallery, IngestRun, IngestShard, Reference, Source
from countenance.records.named import find_gallery, find_source
from countenance.records.naming import namesake


def add_gallery(step: Step) -> Outcome:
    """Add a gallery. Without a notice or an exemption from one it is not live."""
    name = step.params.line("name")
    if namesake(Gallery, name) is not None:
        raise ConflictError(N_("There is a gallery {gallery} already."), code="gallery-exists", gallery=name)
    gallery = Gallery.objects.create(
        name=name,
        purposes=step.params.purposes(),
        jurisdiction=step.params.place("jurisdiction"),
        notice=step.params.text("notice", ""),
        notice_exemption=step.params.text("notice_exemption", ""),
        created_at=step.now,
    )
    return _gallery_outcome(gallery, Event.GALLERY_ADDED)


def suspend_gallery(step: Step) -> Outcome:
    """Close a gallery to searches and ingests at once."""
    gallery = find_gallery(step.params.line("name"))
    gallery.suspended_at = step.now
    gallery.suspension_reason = step.params.text("reason")
    gallery.save(update_fields=["suspended_at", "suspension_reason"])
    step.workspace.revoke_grants()
    return _gallery_outcome(gallery, Event.GALLERY_SUSPENDED)


def reinstate_gallery(step: Step) -> Outcome:
    """Open it again; takes two persons."""
    gallery = find_gallery(step.params.line("name"))
    gallery.suspended_at = None
    gallery.suspension_reason = ""
    gallery.save(update_fields=["suspended_at", "suspension_reason"])
    return _gallery_outcome(gallery, Event.GALLERY_REINSTATED)


def add_source(step: Step) -> Outcome:
    """A source's purposes may not reach beyond its gallery's."""
    name = step.params.line("name")
    if namesake(Source, name) is not None:
        raise ConflictError(N_("There is a source {source} already."), code="source-exists", source=name)
    gallery = find_gallery(step.params.line("gallery"))
    purposes = step.params.purposes()
    _within_gallery(purposes, gallery)
    basis = Basis.objects.create(
        kind=step.params.choice("basis", BasisKind).value,
        purposes=purposes,
        jurisdiction=step.params.place("jurisdiction"),
        evidence=step.params.text("evidence"),
        permits_unlabelled=step.params.flag("permits_unlabelled"),
        valid_from=step.params.moment("valid_from") or step.now,
    )
    source = Source.objects.create(
        name=name,
        gallery=gallery,
        basis=basis,
        location=step.params.text("location"),
        holder=step.params.line("holder"),
        contact=step.params.line("contact"),
        notice=step.params.text("notice"),
        registered_by=step.caller.account,
        created_at=step.now,
    )
    return _source_outcome(source, Event.SOURCE_ADDED, {})


def withdraw_source(step: Step) -> Outcome:
    """End a source: nothing of it is found any more, and the keys of its faces are destroyed."""
    source = find_source(step.params.line("name"))
    if source.withdrawn_at is not None:
        raise ConflictError(
            N_("The source {source} has been withdrawn already."), code="source-withdrawn", source=source.name
        )
    source.withdrawn_at = step.now
    source.save(update_fields=["withdrawn_at"])
    Basis.objects.filter(pk=source.basis_id).update(ended_at=step.now)
    ended = end_references(
        step.workspace, step.tx, Reference.objects.filter(face__photograph__source=source), step.now
    )
    return _source_outcome(source, Event.SOURCE_WITHDRAWN, {"references_ended": ended})


def correct_source(step: Step) -> Outcome:
    """Put another basis in the place of a wrong one; takes two persons.

    What was enrolled rested on the wrong one, so it ends, with its keys; the next ingest takes in what the right one
    permits. An ingest that is under way is given up: its list was made for the basis that was wrong.
    """
    source = find_source(step.params.line("name"))
    if source.withdrawn_at is not None:
        raise ConflictError(
            N_("The source {source} has been withdrawn already."), code="source-withdrawn", source=source.name
        )
    wrong = source.basis
    purposes = step.params.purposes()
    _within_gallery(purposes, source.gallery)
    reason = step.params.text("reason")
    source.basis = Basis.objects.create(
        kind=step.params.choice("basis", BasisKind).value,
        purposes=purposes,
        jurisdiction=step.params.place("jurisdiction"),
        evidence=step.params.text("evidence"),
        permits_unlabelled=step.params.flag("permits_unlabelled"),
        valid_from=step.params.moment("valid_from") or step.now,
    )
    source.save(update_fields=["basis"])
    Basis.objects.filter(Q(pk=wrong.pk) | Q(narrows=wrong), ended_at=None).update(ended_at=step.now)
    ended = end_references(
        step.workspace, step.tx, Reference.objects.filter(face__photograph__source=source), step.now
    )
    IngestShard.objects.filter(run__source=source, finished_at=None).update(finished_at=step.now)
    IngestRun.objects.filter(source=source, finished_at=None).update(finished_at=step.now)
    more: dict[str, Json] = {"references_ended": ended, "wrong_basis": str(wrong.pk), "reason": reason}
    return _source_outcome(source, Event.SOURCE_CORRECTED, more)


def describe_gallery(gallery: Gallery) -> dict[str, Json]:
    """What is shown of a gallery."""
    return {
        "gallery": gallery.name,
        "purposes": sorted(gallery.purposes),
        "jurisdiction": gallery.jurisdiction,
        "notice": gallery.notice or None,
        "notice_exemption": gallery.notice_exemption or None,
        "references": Reference.objects.filter(gallery=gallery, ended_at__isnull=True).count(),
        "state": _gallery_state(gallery),
    }


def _within_gallery(purposes: frozenset[Purpose], gallery: Gallery) -> None:
    beyond = purposes - gallery.purposes
    if beyond:
        raise UsageError(
            N_("The gallery {gallery} is not for {purpose}."),
            remedy=N_("Its purposes are: {known}."),
            code="purpose-outside-gallery",
            gallery=gallery.name,
            purpose=", ".join(sorted(beyond)),
            known=", ".join(sorted(gallery.purposes)),
        )


def _gallery_state(gallery: Gallery) -> str:
    if gallery.suspended_at:
        return "suspended"
    return "live" if gallery.notice or gallery.notice_exemption else "not-live"


def describe_source(source: Source) -> dict[str, Json]:
    """What is shown of a source."""
    return {
        "source": source.name,
        "gallery": source.gallery.name,
        "basis": source.basis.kind,
        "purposes": sorted(source.basis.purposes),
        "jurisdiction": source.basis.jurisdiction,
        "evidence": source.basis.evidence,
        "permits_unlabelled": source.basis.permits_unlabelled,
        "location": source.location,
        "holder": source.holder,
        "contact": source.contact,
        "notice": source.notice,
        "registered": iso(source.created_at),
        "state": "withdrawn" if source.withdrawn_at else "live",
    }


def _gallery_outcome(gallery: Gallery, event: Event) -> Outcome:
    return Outcome(
        record=describe_gallery(gallery),
        event=event,
        details={"gallery": str(gallery.pk), "reason": gallery.suspension_reason},
        jurisdiction=gallery.jurisdiction,
    )


def _source_outcome(source: Source, event: Event, more: dict[str, Json]) -> Outcome:
    return Outcome(
        record={**describe_source(source), **more},
        event=event,
        details={
            "source": str(source.pk),
            "basis": source.basis.kind,
            "evidence": source.basis.evidence,
            **more,
        },
        jurisdiction=source.basis.jurisdiction,
    )
