"""What flows through a request. Each value is made from the one before it, so no step can be left out.

`RightsRequest -> VerifiedRequest -> Receipt`
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from countenance.policy.terms import RequestKind
from countenance.primitives.canonical import Json
from countenance.records.models import RequestRecord

FORMAT = "countenance-receipt/1"


class OptOutForm(StrEnum):
    """What somebody wants who wants to be left out. The first is what is done where nothing is said."""

    ERASE = "erase"  # erase, and keep nothing: a later photograph may be taken in again
    BLOCK_PICTURE = "block-picture"  # these photographs are never taken in again; no template is kept
    PROTECTED_TEMPLATE = "protected-template"  # keep a template, only to leave this person out


class Pointer(StrEnum):
    """By what a requester is to be found. Nothing is looked up before the requester is verified."""

    RECEIPT = "receipt"  # code of a consent receipt
    PHOTOGRAPH = "photograph"  # id of a photograph
    SOURCE_REFERENCE = "source-reference"  # the holder's own reference, or the path, of a photograph
    OWN_FACE = "own-face"  # a picture of the requester, which serves this request alone


class Tier(StrEnum):
    """How a requester was verified, from the least to the most."""

    RECEIPT_HOLDER = "receipt-holder"  # holds the code of the receipt
    DOCUMENT_SEEN = "document-seen"  # said who they are, and a document was seen; no copy is kept
    OWN_FACE_SEEN = "own-face-seen"  # as before, and somebody saw that the picture handed in shows them


class RequestState(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    VERIFIED = "verified"
    FULFILLED = "fulfilled"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # by the requester


class RequestStep(StrEnum):
    """What a receipt is given for."""

    RECEIVED = "received"
    VERIFIED = "verified"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    ACCESS_GIVEN = "access-given"
    ERASED = "erased"
    LEFT_OUT = "left-out"
    CORRECTED = "corrected"
    DISCLOSED = "disclosed"  # a search, to the person it affected
    SWEPT = "swept"  # a source without an index was looked through; nothing of others was kept
    CONSENT_WITHDRAWN = "consent-withdrawn"
    OBJECTION_UPHELD = "objection-upheld"
    NOTHING_FOUND = "nothing-found"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OPEN = frozenset({RequestState.RECEIVED.value, RequestState.VERIFIED.value})

_BY_CODE = frozenset(
    {RequestKind.WITHDRAWAL, RequestKind.ERASURE, RequestKind.OPT_OUT, RequestKind.OBJECTION}
)


def tier_needed(kind: RequestKind, pointer: Pointer, form: OptOutForm | None = None) -> Tier:
    """The least verification that a request needs: whoever may have found a code may end something, never see something.

    Nobody puts another's face on the suppression list: for that form somebody must have seen that the picture shows them.
    """
    if pointer is Pointer.OWN_FACE or form is OptOutForm.PROTECTED_TEMPLATE:
        return Tier.OWN_FACE_SEEN
    if pointer is Pointer.RECEIPT and kind in _BY_CODE:
        return Tier.RECEIPT_HOLDER
    return Tier.DOCUMENT_SEEN


@dataclass(frozen=True, kw_only=True)
class RightsRequest:
    """An open request as it was received.

    `said`: what was sealed with it: `name`, `contact`, `value` of the pointer.
    """

    row: RequestRecord
    kind: RequestKind
    opt_out: OptOutForm | None
    pointer: Pointer
    said: Mapping[str, str] = field(repr=False)

    @property
    def id(self) -> uuid.UUID:
        """The record's id, under which its key stands in the vault."""
        return self.row.pk


@dataclass(frozen=True, kw_only=True)
class VerifiedRequest:
    """A request whose requester was verified well enough for it; only then is anything looked up.

    `faces`: ids of the faces that somebody at the desk confirmed. `person_id`: whose the receipt is.
    """

    request: RightsRequest
    tier: Tier
    verified_at: datetime
    person_id: uuid.UUID | None
    faces: tuple[uuid.UUID, ...]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What the requester is given for a step; the log's entry commits to `statement`."""

    step: RequestStep
    statement: Mapping[str, Json]
    digest: str
