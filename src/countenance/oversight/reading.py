"""Lists of oversight: locks, orders, inquiries, authorities."""

from __future__ import annotations

from enum import StrEnum

from countenance.acting.step import Outcome, Step
from countenance.oversight import authorities, inquiries, inspecting, locks, orders
from countenance.primitives.canonical import Json
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.workspace import Workspace

MOST_SEARCHES = 500
"""Of the timeline. What is older, an inquiry and the log show."""


class OversightListing(StrEnum):
    """What can be listed."""

    LOCKS = "locks"
    ORDERS = "orders"
    AUTHORITIES = "authorities"
    INQUIRIES = "inquiries"
    TIMELINE = "timeline"  # searches, the latest first
    LOG = "log"  # verified now


def _verified(workspace: Workspace) -> Json:
    """The log checked from its first entry to its last, as it is stored now."""
    with open_reading() as tx:
        report = workspace.log.verify(tx)
    return {
        "origin": report.origin,
        "verified": report.ok,
        "size": report.size,
        "checkpoints": report.checkpoints,
        "forgotten": report.forgotten,
        "vkey": workspace.log.vkey,
        "findings": [finding.sentence() for finding in report.findings],
    }


def _timeline() -> list[Json]:
    """Who searched what, why and under which grant; no face, and nobody who was sought or found.

    For the operator's own staff. An authority looks through an inquiry, with a reason that is logged (`inspect`).
    """
    found = models.Search.objects.filter(case__isnull=False).order_by("-log_index")[:MOST_SEARCHES]
    rows = found.select_related("case__client", "account", "gallery", "review")
    return [
        {
            **inspecting.describe_search(row),
            "grant": row.grant_id,
            "review": row.review.outcome or "waiting" if hasattr(row, "review") else None,
        }
        for row in rows
    ]


def read(step: Step) -> Outcome:
    """One listing, whole: what was closed, by whom and why is no secret among those who answer for it."""
    listing = step.params.choice("listing", OversightListing)
    rows: list[Json]
    match listing:
        case OversightListing.LOCKS:
            rows = [
                locks.describe(row) for row in models.Lock.objects.select_related("set_by").order_by("set_at")
            ]
        case OversightListing.ORDERS:
            found = models.Order.objects.select_related("authority", "issued_by").order_by("issued_at")
            rows = [orders.describe(row) for row in found]
        case OversightListing.AUTHORITIES:
            every = models.Organisation.objects.filter(kind="authority").order_by("name")
            rows = [authorities.describe(row) for row in every]
        case OversightListing.INQUIRIES:
            opened = models.Inquiry.objects.select_related("client").order_by("opened_at")
            rows = [inquiries.describe(row) for row in opened]
        case OversightListing.TIMELINE:
            rows = [] if step.caller.account.organisation_id else _timeline()
        case OversightListing.LOG:
            rows = []
            # After the transaction: a long log takes its time, and nobody waits for it to write.
            step.afterwards.append(lambda: rows.append(_verified(step.workspace)))
    return Outcome(record={listing.value: rows})
