"""Lists of oversight: locks, orders, inquiries, authorities."""

from __future__ import annotations

from enum import StrEnum

from countenance.acting.step import Outcome, Step
from countenance.oversight import authorities, inquiries, locks, orders
from countenance.primitives.canonical import Json
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.workspace import Workspace


class OversightListing(StrEnum):
    """What can be listed."""

    LOCKS = "locks"
    ORDERS = "orders"
    AUTHORITIES = "authorities"
    INQUIRIES = "inquiries"
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
        case OversightListing.LOG:
            rows = []
            # After the transaction: a long log takes its time, and nobody waits for it to write.
            step.afterwards.append(lambda: rows.append(_verified(step.workspace)))
    return Outcome(record={listing.value: rows})
