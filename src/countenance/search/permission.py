"""Steps 1 and 2: who asks, in which case, and what policy grants; read from the records as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from countenance.policy.decisions import Refused
from countenance.policy.grants import Grant
from countenance.policy.mint import GrantMint
from countenance.policy.questions import SearchQuestion, SoughtFacts
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_
from countenance.records import models
from countenance.records.assessing import assessment_refusal
from countenance.records.facts import (
    CaseRead,
    case_facts,
    gallery_facts,
    permission_class,
    read_case,
    sought_facts,
)
from countenance.records.identity import Caller, SignedRequest, caller_facts, verify
from countenance.records.measuring import operating_point_of
from countenance.records.named import find_gallery
from countenance.records.restrictions import rows_are_open, search_refusal
from countenance.records.workspace import Workspace
from countenance.search.values import SearchRequest


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A search request with the rows it names, as read at one moment. `case` is None where no such case exists.

    `point`: what identification by threshold goes by, or why it may not; None where the search goes by rank. `epoch` was read before the rows: what is revoked between the two makes the grant too old, never too young.
    """

    caller: Caller
    request: SearchRequest
    case: CaseRead | None
    gallery: models.Gallery
    point: models.OperatingPoint | Refused | None
    epoch: int

    @property
    def purpose(self) -> str:
        """The purpose named, or else the case's own."""
        return self.request.purpose or (self.case.row.purpose if self.case else "")


def ask(workspace: Workspace, signed: SignedRequest, request: SearchRequest, now: datetime) -> Asked:
    """Check who asks, and find case and gallery.

    Raises RefusedError (identity), NotFoundError for an unknown gallery, UsageError where one must be named.
    """
    epoch = workspace.epoch()
    caller = verify(signed, workspace_id=str(workspace.settings.id), now=now)
    code = read_code(request.case) if request.case else None
    case = read_case(code=code) if code else None
    gallery = _gallery(request.gallery)
    point = _point(workspace, request, gallery, now, epoch)
    return Asked(caller=caller, request=request, case=case, gallery=gallery, point=point, epoch=epoch)


def ask_again(workspace: Workspace, asked: Asked, now: datetime) -> Asked:
    """The same request, with every row as it is now."""
    epoch = workspace.epoch()
    account = models.Account.objects.select_related("organisation", "sponsor").get(pk=asked.caller.account.pk)
    gallery = models.Gallery.objects.get(pk=asked.gallery.pk)
    return Asked(
        caller=Caller(account=account, facts=caller_facts(account)),
        request=asked.request,
        case=read_case(pk=asked.case.row.pk) if asked.case else None,
        gallery=gallery,
        point=_point(workspace, asked.request, gallery, now, epoch),
        epoch=epoch,
    )


def decide(workspace: Workspace, asked: Asked, now: datetime) -> Grant | Refused:
    """Ask the locks and orders in force, then policy, class by class."""
    case = asked.case
    closed = search_refusal(
        workspace, asked.caller.account, case.row if case else None, asked.gallery, now, epoch=asked.epoch
    )
    if closed is not None:
        return closed
    if isinstance(asked.point, Refused):
        return asked.point
    reopened = assessment_refusal(
        workspace,
        asked.gallery,
        asked.purpose,
        pack=workspace.policy(asked.epoch).book.hash,
        identification=asked.point.threshold if asked.point else None,
    )
    if reopened is not None:
        return reopened
    classes = [
        permission_class(row)
        for row in models.PermissionClass.objects.filter(gallery=asked.gallery, withheld=False)
        if rows_are_open(workspace, row.jurisdiction, now, epoch=asked.epoch)
    ]
    mint = GrantMint(workspace.policy(asked.epoch), workspace.grant_key)
    return mint.mint(question_of(asked, now), classes, k=asked.request.k, epoch=asked.epoch)


def question_of(asked: Asked, now: datetime) -> SearchQuestion:
    """What policy is asked of the search as such."""
    case = asked.case
    return SearchQuestion(
        caller=asked.caller.facts,
        case=case.facts if case else None,
        purpose=asked.purpose or None,
        requester=case.requester if case else None,
        gallery=gallery_facts(asked.gallery),
        permission_class=None,
        sought=sought_facts(case.row) if case else SoughtFacts(),
        now=now,
    )


def still_stands(workspace: Workspace, asked: Asked, grant: Grant, now: datetime) -> bool:
    """Whether a grant can still be used: nothing was revoked, it has not run out, and the case has a search left.

    Everything else a decision rests on changes the epoch, or is in the grant's own expiry.
    """
    if grant.revocation_epoch != workspace.epoch() or now >= grant.expires_at or asked.case is None:
        return False
    return case_facts(asked.case.row).searches_left > 0


def _point(
    workspace: Workspace, request: SearchRequest, gallery: models.Gallery, now: datetime, epoch: int
) -> models.OperatingPoint | Refused | None:
    if not request.identify:
        return None
    space = str(workspace.models.space_id)
    return operating_point_of(gallery, space, 0, now, pack=workspace.policy(epoch).book.hash)


def outgrown(
    workspace: Workspace, asked: Asked, grant: Grant, permitted: int, now: datetime
) -> Refused | None:
    """What speaks against a search by threshold once it is known how many references it may search."""
    if asked.point is None:
        return None
    people = workspace.counter.people(asked.gallery.pk, grant.permission_classes, permitted)
    space = str(workspace.models.space_id)
    found = operating_point_of(asked.gallery, space, people, now, pack=grant.pack_hash)
    return found if isinstance(found, Refused) else None


def _gallery(name: str) -> models.Gallery:
    if name:
        return find_gallery(name)
    galleries = list(models.Gallery.objects.order_by("name")[:20])
    if not galleries:
        raise NotFoundError(
            N_("There is no gallery yet."),
            remedy=N_("Add one with: countenance gallery add"),
            code="gallery-missing",
        )
    if len(galleries) > 1:
        raise UsageError(
            N_("There are several galleries: {known}."),
            remedy=N_("Say which with --gallery."),
            code="which-gallery",
            known=", ".join(gallery.name for gallery in galleries),
        )
    return galleries[0]
