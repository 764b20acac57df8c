"""A request as facts for policy."""

from __future__ import annotations

from countenance.policy.questions import RequestFacts
from countenance.records.models import WorkspaceState
from countenance.rights.values import Tier, VerifiedRequest


def request_facts(verified: VerifiedRequest) -> RequestFacts:
    """What policy weighs of a verified request."""
    row = verified.request.row
    return RequestFacts(
        id=str(row.pk),
        open=row.closed_at is None,
        own_face_seen=verified.tier is Tier.OWN_FACE_SEEN,
        jurisdiction=row.place or WorkspaceState.objects.get(pk=1).jurisdiction,
    )
