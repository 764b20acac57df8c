"""Rows as facts for policy: the one place where a record becomes part of a question."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from countenance.policy.purposes import BasisKind, Purpose
from countenance.policy.questions import (
    BasisFacts,
    CaseFacts,
    ConsentState,
    GalleryFacts,
    PermissionClass,
    RequesterFacts,
    SoughtFacts,
)
from countenance.policy.terms import RequiredField
from countenance.primitives.text import folded
from countenance.records import models


def _purposes(words: frozenset[str]) -> frozenset[Purpose]:
    return frozenset(Purpose(word) for word in words)


def gallery_facts(gallery: models.Gallery) -> GalleryFacts:
    """A gallery is live once its notice, or the exemption from one, is on record."""
    return GalleryFacts(
        id=str(gallery.id),
        purposes=_purposes(gallery.purposes),
        jurisdiction=gallery.jurisdiction,
        live=bool(gallery.notice or gallery.notice_exemption),
        suspended=gallery.suspended_at is not None,
        search_locked=gallery.search_locked_at is not None,
        ingest_locked=gallery.ingest_locked_at is not None,
        filed_on=gallery.filed_on,
        filled=_filled(gallery),
    )


def _filled(gallery: models.Gallery) -> frozenset[str]:
    given = {name for name, text in gallery.particulars.items() if text}
    if gallery.filed_on is not None:
        given.add(RequiredField.FILING_DATE.value)
    return frozenset(given)


def permission_class(row: models.PermissionClass) -> PermissionClass:
    """One class, by the id that index rows carry."""
    return PermissionClass(
        id=row.pk,
        gallery_id=str(row.gallery_id),
        basis=BasisKind(row.basis_kind),
        purposes=_purposes(row.purposes),
        jurisdiction=row.jurisdiction,
    )


@dataclass(frozen=True, kw_only=True)
class CaseRead:
    """A case with what policy weighs of it."""

    row: models.Case
    facts: CaseFacts
    requester: RequesterFacts


def read_case(**which: object) -> CaseRead | None:
    """The case that `which` (field=value) names, or None."""
    row = models.Case.objects.filter(**which).annotate(used=Count("searches")).first()
    if row is None:
        return None
    return CaseRead(
        row=row,
        facts=_case_facts(row, row.used),
        requester=requester_facts(row),
    )


def case_facts(case: models.Case) -> CaseFacts:
    """A case as it stands now; each search that was made counts."""
    return _case_facts(case, case.searches.count())


def _case_facts(case: models.Case, used: int) -> CaseFacts:
    return CaseFacts(
        id=str(case.id),
        client_id=str(case.client_id),
        purpose=Purpose(case.purpose),
        open=case.closed_at is None,
        expires_at=case.expires_at,
        searches_left=max(case.searches_allowed - used, 0),
    )


def requester_facts(case: models.Case) -> RequesterFacts:
    """The requester of record. A suspended body of the same name, in whatever spelling, is suspended here too."""
    barred = models.Organisation.objects.filter(suspended_at__isnull=False).values_list("name", flat=True)
    requester = folded(case.on_behalf_of)
    return RequesterFacts(
        jurisdiction=case.on_behalf_of_jurisdiction,
        suspended=any(folded(name) == requester for name in barred),
    )


def sought_facts(case: models.Case) -> SoughtFacts:
    """What the caseworker declared of the sought person."""
    return SoughtFacts(
        declared_minor=case.sought_is_minor,
        guardian_consent=case.guardian_consent,
        recorded_authority=bool(case.recorded_authority),
    )


def basis_facts(basis: models.Basis, source: models.Source, now: datetime) -> BasisFacts:
    """A basis is live from its first day until it or its source ends."""
    return BasisFacts(
        kind=BasisKind(basis.kind),
        purposes=_purposes(basis.purposes),
        jurisdiction=basis.jurisdiction,
        live=basis.valid_from <= now and basis.ended_at is None and source.withdrawn_at is None,
        permits_unlabelled=basis.permits_unlabelled,
    )


def consent_state(receipt: models.ConsentReceipt | None, now: datetime) -> ConsentState:
    """The state of one receipt, or of none, at `now`."""
    if receipt is None:
        return ConsentState.NONE
    if receipt.withdrawn_at is not None:
        return ConsentState.WITHDRAWN
    if receipt.expires_at is not None and receipt.expires_at <= now:
        return ConsentState.EXPIRED
    return ConsentState.LIVE if receipt.given_at <= now else ConsentState.NONE
