"""Inspection: an authority looks at the records, inside the scope of its inquiry, reading only. Each look is logged.

Nothing here shows a face; `faces` does, one search at a time, with a reason of its own. What lies outside the scope
(another client, another period, another place) is not there for the one who looks.
"""

from __future__ import annotations

import base64
import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from enum import StrEnum

from django.db.models import Q, QuerySet

from countenance.acting.step import Outcome, Step
from countenance.oversight import inquiries, locks, orders
from countenance.oversight.targets import place_q
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.text import N_
from countenance.records import models
from countenance.records.events import Event
from countenance.records.models import Inquiry
from countenance.records.sealing import CROP_PART, PICTURE_PART
from countenance.vault.vault import Sealed

MOST_SAMPLES = 200


class Look(StrEnum):
    """What can be looked at."""

    POLICY = "policy"  # packs that were in force
    COUNTS = "counts"
    ACCOUNTS = "accounts"
    CASES = "cases"
    SEARCHES = "searches"
    PURPOSES = "purposes"
    OUTCOMES = "outcomes"
    SAMPLES = "samples"  # searches drawn by the log's head, so that nobody chose them
    CLOSURES = "closures"  # locks and orders
    DOCUMENTS = "documents"


def inspect(step: Step) -> Outcome:
    """One look, with its reason."""
    inquiry = inquiries.find_open(step)
    look = step.params.choice("look", Look)
    reason = _reason(step)
    found = _LOOKS[look](step, inquiry)
    return Outcome(
        record={"inquiry": inquiry.code, "look": look.value, look.value: found},
        event=Event.INSPECTED,
        details={
            "inquiry": inquiry.code,
            "authority": step.caller.facts.authority,
            "look": look.value,
            "reason": reason,
        },
        client=str(inquiry.client_id) if inquiry.client_id else None,
        jurisdiction=inquiry.jurisdiction or None,
    )


def faces(step: Step) -> Outcome:
    """The pictures of one search: its probes, and the crops of its candidates that are still there (base64)."""
    inquiry = inquiries.find_open(step)
    reason = _reason(step)
    number = step.params.number("entry", default=-1, least=0, most=2**53)
    search = searches(inquiry).filter(log_index=number).first()
    if search is None:
        raise NotFoundError(
            N_("Entry {entry} is no search within the scope of {inquiry}."),
            code="search-missing",
            entry=number,
            inquiry=inquiry.code,
        )
    wanted = [
        *(("probe", probe.pk, PICTURE_PART, probe.picture) for probe in search.probes.order_by("number")),
        *(
            (f"candidate {row.rank}", row.face_id, CROP_PART, row.face.crop)
            for row in search.candidates.select_related("face").order_by("rank")
            if row.face.crop
        ),
    ]
    media = step.workspace.media
    sealed = [Sealed(record_id=key, part=part, data=media.get(name)) for _, key, part, name in wanted]
    opened = step.workspace.vault.unseal_existing(sealed)
    shown: list[Json] = [
        {"what": what, "picture": base64.b64encode(data).decode()}
        for (what, _, _, _), data in zip(wanted, opened, strict=True)
        if data is not None
    ]
    return Outcome(
        record={"inquiry": inquiry.code, "entry": number, "faces": shown},
        event=Event.FACES_INSPECTED,
        details={
            "inquiry": inquiry.code,
            "authority": step.caller.facts.authority,
            "search": str(search.pk),
            "reason": reason,
            "shown": len(shown),
        },
        client=str(inquiry.client_id) if inquiry.client_id else None,
        jurisdiction=inquiry.jurisdiction or None,
    )


def searches(inquiry: Inquiry) -> QuerySet[models.Search]:
    """The searches within the scope, oldest first."""
    condition = Q(case__isnull=False)
    if inquiry.client_id:
        condition &= Q(case__client=inquiry.client_id)
    if inquiry.jurisdiction:
        condition &= place_q("case__on_behalf_of_jurisdiction", inquiry.jurisdiction) | place_q(
            "case__client__jurisdiction", inquiry.jurisdiction
        )
    if inquiry.period_from:
        condition &= Q(made_at__gte=inquiry.period_from)
    if inquiry.period_until:
        condition &= Q(made_at__lt=inquiry.period_until)
    rows = models.Search.objects.filter(condition)
    return rows.select_related("case__client", "account", "gallery").order_by("log_index")


def accounts(inquiry: Inquiry) -> QuerySet[models.Account]:
    """The accounts of the clients within the scope: every one ever, with those that are suspended."""
    rows = models.Account.objects.filter(organisation__kind="client")
    if inquiry.client_id:
        rows = rows.filter(organisation=inquiry.client_id)
    if inquiry.jurisdiction:
        rows = rows.filter(place_q("organisation__jurisdiction", inquiry.jurisdiction))
    return rows.select_related("organisation", "sponsor").order_by("name")


def describe_search(search: models.Search) -> dict[str, Json]:
    """A search without a face and without a name of who was sought or found."""
    case = search.case
    return {
        "entry": search.log_index,
        "made_at": iso(search.made_at),
        "account": search.account.name,
        "case": case.code if case else None,
        "reference": case.reference if case else None,
        "purpose": search.purpose,
        "on_behalf_of": case.on_behalf_of if case else None,
        "on_behalf_of_jurisdiction": search.on_behalf_of,
        "gallery": search.gallery.name,
        "candidates": search.candidates.count(),
        "pack": search.pack_hash,
    }


def _policy(_: Step, __: Inquiry) -> Json:
    rows = models.PolicyPackRecord.objects.order_by("activated_at")
    return [
        {
            "pack": row.name,
            "version": row.version,
            "hash": row.hash,
            "activated_at": iso(row.activated_at),
            "retired_at": iso(row.retired_at) if row.retired_at else None,
        }
        for row in rows
    ]


def _counts(_: Step, inquiry: Inquiry) -> Json:
    made = searches(inquiry)
    return {
        "accounts": accounts(inquiry).count(),
        "cases": _cases_of(inquiry).count(),
        "searches": made.count(),
        "candidates": models.Candidate.objects.filter(search__in=made.order_by()).count(),
        "references": models.Reference.objects.filter(ended_at=None).count(),
    }


def _accounts(_: Step, inquiry: Inquiry) -> Json:
    made = Counter(searches(inquiry).values_list("account", flat=True))
    return [
        {
            "account": row.name,
            "client": row.organisation.name if row.organisation else None,
            "role": row.role,
            "sponsor": row.sponsor.name if row.sponsor else None,
            "created_at": iso(row.created_at),
            "certified_at": iso(row.certified_at),
            "searches": made[row.pk],
            "state": "suspended" if row.suspended_at else "active",
        }
        for row in accounts(inquiry)
    ]


def _cases_of(inquiry: Inquiry) -> QuerySet[models.Case]:
    rows = models.Case.objects.select_related("client").order_by("opened_at")
    if inquiry.client_id:
        rows = rows.filter(client=inquiry.client_id)
    if inquiry.jurisdiction:
        rows = rows.filter(
            place_q("on_behalf_of_jurisdiction", inquiry.jurisdiction)
            | place_q("client__jurisdiction", inquiry.jurisdiction)
        )
    if inquiry.period_until:
        rows = rows.filter(opened_at__lt=inquiry.period_until)
    return rows


def _cases(_: Step, inquiry: Inquiry) -> Json:
    return [
        {
            "case": row.code,
            "client": row.client.name,
            "purpose": row.purpose,
            "reference": row.reference,
            "on_behalf_of": row.on_behalf_of,
            "on_behalf_of_jurisdiction": row.on_behalf_of_jurisdiction,
            "opened_at": iso(row.opened_at),
            "searches": row.searches.count(),
            "state": "denied" if row.denied_at else "closed" if row.closed_at else "open",
        }
        for row in _cases_of(inquiry)
    ]


def _searches(_: Step, inquiry: Inquiry) -> Json:
    return [describe_search(row) for row in searches(inquiry)]


def _purposes(_: Step, inquiry: Inquiry) -> Json:
    return dict(sorted(Counter(searches(inquiry).values_list("purpose", flat=True)).items()))


def _outcomes(_: Step, inquiry: Inquiry) -> Json:
    counts = Counter(
        "with-candidates" if row.candidates.exists() else "no-candidate" for row in searches(inquiry)
    )
    return dict(sorted(counts.items()))


def _samples(step: Step, inquiry: Inquiry) -> Json:
    """Drawn by HMAC-SHA-256 of each entry's number under the root of the log: anyone who has both draws the same again."""
    wanted = step.params.number("count", default=10, least=1, most=MOST_SAMPLES)
    head = step.workspace.log.head(step.tx)

    def rank(row: models.Search) -> bytes:
        return hmac.digest(head.root, str(row.log_index).encode(), "sha256")

    drawn = sorted(searches(inquiry), key=rank)[:wanted]
    return {
        "log_size": head.size,
        "log_root": head.root.hex(),
        "searches": [describe_search(row) for row in sorted(drawn, key=lambda row: row.log_index)],
    }


def _closures(_: Step, __: Inquiry) -> Json:
    return {
        "locks": [
            locks.describe(row) for row in models.Lock.objects.select_related("set_by").order_by("set_at")
        ],
        "orders": [
            orders.describe(row)
            for row in models.Order.objects.select_related("authority", "issued_by").order_by("issued_at")
        ],
    }


def _documents(step: Step, inquiry: Inquiry) -> Json:
    wanted = step.params.text("sha256", "")
    if not wanted:
        return inquiries.describe(inquiry)["documents"]
    return base64.b64encode(inquiries.read_document(step, inquiry, wanted)).decode()


_LOOKS: Mapping[Look, Callable[[Step, Inquiry], Json]] = {
    Look.POLICY: _policy,
    Look.COUNTS: _counts,
    Look.ACCOUNTS: _accounts,
    Look.CASES: _cases,
    Look.SEARCHES: _searches,
    Look.PURPOSES: _purposes,
    Look.OUTCOMES: _outcomes,
    Look.SAMPLES: _samples,
    Look.CLOSURES: _closures,
    Look.DOCUMENTS: _documents,
}


def _reason(step: Step) -> str:
    reason = step.params.text("reason")
    if len(reason.split()) < 2:
        raise UsageError(N_("Say in a few words why you look; it stands in the log."), code="reason")
    return reason
