"""What is held of a verified requester, in words: the text of an access package. Looking is an act, and logged."""

from __future__ import annotations

from collections.abc import Iterable

from countenance.acting.step import Outcome, Step
from countenance.policy.terms import RequestKind
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import ConsentReceipt, Face, Person, WorkspaceState
from countenance.rights.authorities import complaint_to
from countenance.rights.desk import verified_request
from countenance.rights.stood import searches_of
from countenance.rights.values import VerifiedRequest

WITHHELD: tuple[dict[str, Json], ...] = (
    {
        "what": "who-searched",
        "rule": "RIGHTS-01",
        "authority": "Rule of the house: case secrecy; PIPEDA, s. 9(2.1) to 9(2.4); GDPR, Art. 15(4) and 23",
        "since": "2001-01-01",
    },
    {
        "what": "other-people",
        "rule": "RIGHTS-02",
        "authority": "PIPEDA, s. 9(1); GDPR, Art. 15(4)",
        "since": "2001-01-01",
    },
)
"""What is not said, and by which rule: names behind a search, and whatever shows somebody else."""


def prepare(step: Step) -> Outcome:
    """Everything held of the requester, except pictures (see `rights.access`)."""
    verified = verified_request(step.workspace, step.params.text("request"))
    row = verified.request.row
    if verified.request.kind is not RequestKind.ACCESS:
        raise ConflictError(
            N_("The request {request} does not ask for access."), code="request-kind", request=row.number
        )
    if row.faces.filter(confirmed_at__isnull=True).exists():
        raise ConflictError(
            N_("Faces were found that nobody has looked at yet."),
            remedy=N_("Say which are the requester's: countenance request confirm {request} NUMBER..."),
            code="request-unconfirmed",
            request=row.number,
        )
    state = WorkspaceState.objects.get(pk=1)
    faces = _faces(verified)
    record: dict[str, Json] = {
        "request": row.number,
        "language": row.language,
        "name": verified.request.said["name"],
        "operator": state.operator,
        "jurisdiction": state.jurisdiction,
        "made_at": iso(step.now),
        "received_at": iso(row.received_at),
        "person": _person(verified),
        "faces": [_face(number, face) for number, face in enumerate(faces, start=1)],
        "receipts": [_receipt(receipt) for receipt in _receipts(verified)],
        "searches": _searches(verified),
        "withheld": list[Json](WITHHELD),
        "complain_to": complaint_to(row),
    }
    return Outcome(
        record=record,
        event=Event.REQUEST_PREPARED,
        details={"request": str(row.pk), "faces": len(faces)},
    )


def _faces(verified: VerifiedRequest) -> list[Face]:
    rows = Face.objects.filter(pk__in=verified.faces).select_related(
        "photograph__source__gallery", "photograph__basis"
    )
    return list(rows.order_by("photograph__source__name", "photograph__path", "number"))


def _person(verified: VerifiedRequest) -> Json:
    person = Person.objects.filter(pk=verified.person_id).first() if verified.person_id else None
    if person is None:
        return None
    return {
        "label": person.label,
        "declared_minor": person.declared_minor,
        "since": iso(person.created_at),
    }


def _face(number: int, face: Face) -> dict[str, Json]:
    photograph, source = face.photograph, face.photograph.source
    return {
        "number": number,
        "id": str(face.pk),
        "photograph": photograph.path,
        "source_ref": photograph.source_ref,
        "captured_at": photograph.captured_at,
        "taken_in": iso(photograph.ingested_at),
        "sha256": photograph.sha256,
        "source": source.name,
        "holder": source.holder,
        "contact": source.contact,
        "notice": source.notice,
        "gallery": source.gallery.name,
        "purposes": list[Json](sorted(source.gallery.purposes)),
        "basis": photograph.basis.kind,
        "evidence": photograph.basis.evidence,
        "place": photograph.basis.jurisdiction,
        "state": face.state,
        "box": [round(each) for each in (face.x, face.y, face.width, face.height)],
        "template": bool(face.norm is not None and face.space_id),
        "space": face.space_id,
        "quality": list[Json](sorted(face.quality)),
        "components": face.components,
        "findable": [
            {
                "since": iso(reference.enrolled_at),
                "until": iso(reference.ended_at) if reference.ended_at else None,
                "receipt": reference.receipt.code if reference.receipt else None,
            }
            for reference in face.references.select_related("receipt").order_by("enrolled_at")
        ],
    }


def _receipts(verified: VerifiedRequest) -> Iterable[ConsentReceipt]:
    if verified.person_id is None:
        return ()
    rows = ConsentReceipt.objects.filter(person_id=verified.person_id).select_related("gallery")
    return rows.order_by("given_at", "purpose")


def _receipt(receipt: ConsentReceipt) -> dict[str, Json]:
    return {
        "receipt": receipt.code,
        "gallery": receipt.gallery.name,
        "purpose": receipt.purpose,
        "controller": receipt.controller,
        "notice": receipt.notice_text,
        "given_at": iso(receipt.given_at),
        "expires_at": iso(receipt.expires_at) if receipt.expires_at else None,
        "withdrawn_at": iso(receipt.withdrawn_at) if receipt.withdrawn_at else None,
    }


def _searches(verified: VerifiedRequest) -> list[Json]:
    """On which lists the requester stood: the day, the purpose, the place on whose behalf; no client, no case, no score.

    A search that is still to be kept secret cannot be told from this alone: there is no moment and no name in it.
    """
    return [
        {
            "number": number,
            "day": search.made_at.date().isoformat(),
            "purpose": search.purpose,
            "gallery": search.gallery.name,
            "for_place": search.on_behalf_of,
            "licensed_in": search.case.client.jurisdiction if search.case else None,
        }
        for number, search in enumerate(searches_of(verified), start=1)
    ]
