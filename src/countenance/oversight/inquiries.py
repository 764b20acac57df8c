"""Inquiries of authorities: opened with a scope, joined, documents attached, closed with findings.

An inquiry belongs to the authorities that take part in it. No act of the operator ends it, and none is needed to go on.
"""

from __future__ import annotations

import base64
import binascii

from countenance.acting.step import Outcome, Step
from countenance.oversight import authorities
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.clock import iso
from countenance.primitives.errors import ConflictError, NotFoundError, UsageError
from countenance.primitives.ids import new_code, new_id
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Inquiry, InquiryAuthority, InquiryDocument
from countenance.records.named import find_client, find_inquiry
from countenance.records.sealing import DOCUMENT_PART
from countenance.vault.vault import Plain, Sealed

MOST_BYTES = 4 * 2**20
"""Size of one document, in bytes."""


def authority_of(step: Step) -> str | None:
    """For policy: the caller's own authority where it takes part, else the one that opened the inquiry."""
    inquiry = find_inquiry(step.params.text("inquiry"))
    own = step.caller.facts.authority
    taking_part = [
        str(key) for key in inquiry.parts.order_by("joined_at", "pk").values_list("authority", flat=True)
    ]
    return own if own in taking_part else taking_part[0]


def open_inquiry(step: Step) -> Outcome:
    """Open one. Scope: a client, a period, a place; what is not given is not narrowed."""
    authority = authorities.own(step)
    assert authority is not None  # policy lets nobody else come here
    client = step.params.line("client", "")
    start, end = step.params.moment("from"), step.params.moment("until")
    if start is not None and end is not None and end <= start:
        raise UsageError(N_("The period would end before it begins."), code="inquiry-period")
    inquiry = Inquiry.objects.create(
        code=new_code("I"),
        title=step.params.line("title"),
        reference=step.params.line("reference"),
        client=find_client(client) if client else None,
        jurisdiction=step.params.place("place") if step.params.text("place", "") else "",
        period_from=start,
        period_until=end,
        opened_by=step.caller.account,
        opened_at=step.now,
    )
    InquiryAuthority.objects.create(inquiry=inquiry, authority=authority, joined_at=step.now)
    return _outcome(step, inquiry, Event.INQUIRY_OPENED)


def join(step: Step) -> Outcome:
    """Take part in an inquiry of another authority, which hands over its code."""
    authority = authorities.own(step)
    assert authority is not None
    inquiry = find_open(step)
    if inquiry.parts.filter(authority=authority).exists():
        raise ConflictError(
            N_("{authority} takes part in {inquiry} already."),
            code="inquiry-joined",
            authority=authority.name,
            inquiry=inquiry.code,
        )
    InquiryAuthority.objects.create(inquiry=inquiry, authority=authority, joined_at=step.now)
    return _outcome(step, inquiry, Event.INQUIRY_JOINED)


def attach(step: Step) -> Outcome:
    """Attach a document; its SHA-256 stands in the log."""
    inquiry = find_open(step)
    document = _keep(step, inquiry)
    return _outcome(step, inquiry, Event.INQUIRY_ATTACHED, {"sha256": document.sha256, "name": document.name})


def close(step: Step) -> Outcome:
    """Close it with findings, and their document."""
    inquiry = find_open(step)
    document = _keep(step, inquiry)
    inquiry.findings = step.params.text("findings")
    inquiry.closed_at = step.now
    inquiry.save(update_fields=["findings", "closed_at"])
    more: dict[str, Json] = {"sha256": document.sha256, "name": document.name, "findings": inquiry.findings}
    return _outcome(step, inquiry, Event.INQUIRY_CLOSED, more)


def find_open(step: Step) -> Inquiry:
    """The inquiry that the params name, unless it is closed. Raises NotFoundError, ConflictError."""
    inquiry = find_inquiry(step.params.text("inquiry"))
    if inquiry.closed_at is not None:
        raise ConflictError(
            N_("The inquiry {inquiry} is closed; nobody looks any more under it."),
            remedy=N_("Open another one with: countenance inquiry open"),
            code="inquiry-closed",
            inquiry=inquiry.code,
        )
    return inquiry


def describe(inquiry: Inquiry) -> dict[str, Json]:
    """What is shown of an inquiry."""
    names = inquiry.parts.order_by("joined_at", "pk").values_list("authority__name", flat=True)
    return {
        "inquiry": inquiry.code,
        "title": inquiry.title,
        "reference": inquiry.reference,
        "authorities": list(names),
        "client": inquiry.client.name if inquiry.client else None,
        "jurisdiction": inquiry.jurisdiction or None,
        "period_from": iso(inquiry.period_from) if inquiry.period_from else None,
        "period_until": iso(inquiry.period_until) if inquiry.period_until else None,
        "opened_at": iso(inquiry.opened_at),
        "findings": inquiry.findings or None,
        "documents": [
            {"name": row.name, "sha256": row.sha256}
            for row in inquiry.documents.order_by("attached_at", "pk")
        ],
        "state": "closed" if inquiry.closed_at else "open",
    }


def read_document(step: Step, inquiry: Inquiry, sha256: str) -> bytes:
    """A document's bytes. Raises NotFoundError."""
    row = inquiry.documents.filter(sha256=sha256).first()
    if row is None:
        raise NotFoundError(N_("The inquiry has no document of this hash."), code="document-missing")
    sealed = Sealed(record_id=row.pk, part=DOCUMENT_PART, data=bytes(row.content))
    return step.workspace.vault.unseal([sealed])[0]


def _keep(step: Step, inquiry: Inquiry) -> InquiryDocument:
    """The document of the params (`document`: base64), sealed under a key of its own."""
    try:
        content = base64.b64decode(step.params.text("document"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(N_("A document is sent in base64."), code="document") from error
    if not 0 < len(content) <= MOST_BYTES:
        raise UsageError(N_("A document has 1 byte to {most} bytes."), code="document", most=MOST_BYTES)
    key = new_id()
    (sealed,) = step.workspace.vault.seal([Plain(record_id=key, part=DOCUMENT_PART, data=content)])
    return InquiryDocument.objects.create(
        id=key,
        inquiry=inquiry,
        name=step.params.line("name"),
        sha256=sha256_hex(content),
        size=len(content),
        content=sealed,
        attached_by=step.caller.account,
        attached_at=step.now,
    )


def _outcome(step: Step, inquiry: Inquiry, event: Event, more: dict[str, Json] | None = None) -> Outcome:
    return Outcome(
        record=describe(inquiry),
        event=event,
        details={"inquiry": inquiry.code, "authority": step.caller.facts.authority, **(more or {})},
        jurisdiction=inquiry.jurisdiction or None,
        client=str(inquiry.client_id) if inquiry.client_id else None,
    )
