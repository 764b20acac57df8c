"""Recording assessments and addenda."""

from __future__ import annotations

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.ids import new_code, read_code
from countenance.primitives.text import N_
from countenance.records.assessing import is_assessed
from countenance.records.events import Event
from countenance.records.models import Assessment
from countenance.records.named import find_gallery
from countenance.records.workspace import Workspace

_DIGITS = frozenset("0123456789abcdef")


def record(step: Step) -> Outcome:
    """An assessment of the gallery as it runs now, or an addendum to one. Two persons; grants that are out die."""
    gallery = find_gallery(step.params.line("gallery"))
    typed = step.params.text("adds_to", "")
    before = (
        Assessment.objects.filter(gallery=gallery, code=read_code(typed) or typed).first() if typed else None
    )
    if typed and before is None:
        raise NotFoundError(
            N_("There is no assessment {assessment} of this gallery."),
            remedy=N_("See them with: countenance assessment list"),
            code="assessment-missing",
            assessment=typed,
        )
    digest = step.params.text("document_sha256").lower()
    if len(digest) != 64 or not set(digest) <= _DIGITS:
        raise UsageError(N_("A SHA-256 is 64 hexadecimal digits."), code="sha256")
    purposes = (
        frozenset(purpose.value for purpose in step.params.purposes())
        if step.params.json.get("purposes")
        else frozenset(gallery.purposes)
    )
    models = step.workspace.models
    point = gallery.operating_points.filter(ended_at=None).first()
    made = Assessment.objects.create(
        code=new_code("D", groups=2),
        gallery=gallery,
        adds_to=before,
        space_id=str(models.space_id),
        threshold=models.candidate_floor,
        identification=point.threshold if point else None,
        purposes=purposes,
        title=step.params.line("title"),
        document_sha256=digest,
        recorded_by=step.caller.account,
        recorded_at=step.now,
    )
    step.workspace.revoke_grants()
    return Outcome(
        record=describe(step.workspace, made),
        event=Event.ASSESSMENT_RECORDED,
        details={
            "code": made.code,
            "gallery": str(gallery.pk),
            "adds_to": before.code if before else None,
            "space": made.space_id,
            "threshold": str(made.threshold),
            "identification": None if made.identification is None else f"{made.identification:.6f}",
            "purposes": sorted(purposes),
            "document": digest,
        },
        jurisdiction=gallery.jurisdiction,
    )


def describe(workspace: Workspace, made: Assessment) -> dict[str, Json]:
    """What is shown of an assessment. `state`: of its gallery as it runs now."""
    return {
        "assessment": made.code,
        "gallery": made.gallery.name,
        "adds_to": made.adds_to.code if made.adds_to else None,
        "title": made.title,
        "purposes": sorted(made.purposes),
        "threshold": made.threshold,
        "identification": made.identification,
        "space_id": made.space_id,
        "document_sha256": made.document_sha256,
        "recorded_at": iso(made.recorded_at),
        "state": "in-force" if is_assessed(workspace, made.gallery) else "reopened",
    }
