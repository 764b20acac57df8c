"""On whose lists a verified requester stood: the searches, in the order in which an access package numbers them."""

from __future__ import annotations

from django.db.models import Q

from countenance.records.models import Candidate, Search
from countenance.rights.values import VerifiedRequest


def mine_of(verified: VerifiedRequest) -> Q:
    """Which candidates are the requester's: by the faces that were confirmed, or by the person of their receipt."""
    mine = Q(face_id__in=verified.faces)
    return mine if verified.person_id is None else mine | Q(person_id=verified.person_id)


def searches_of(verified: VerifiedRequest) -> list[Search]:
    """The searches on whose lists the requester stood, oldest first."""
    found = Candidate.objects.filter(mine_of(verified)).values_list("search", flat=True)
    rows = Search.objects.filter(pk__in=set(found)).select_related("gallery", "case__client", "account")
    return list(rows.order_by("made_at", "pk"))
