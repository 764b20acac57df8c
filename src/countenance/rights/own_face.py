"""Search by one's own face: for one verified request, among all that is held, and for the requester alone.

1. authorise   the request is signed by an account of the desk, fresh and new
2. policy      the requester was seen to be the person on the picture; for each gallery a grant of kind `rights-request`;
               what a lock or an order closes is not looked through, and the answer names it
3. probe       one face of the picture becomes a template, in memory; the picture is sealed under the request's own key
4. scan        every reference of each open gallery that is still held, whatever purposes it is held for
5. log         in one transaction: what was found is noted to be looked at, the log has its entry
6. show        the found faces, and nothing that is known of them, to a person at the desk who says which are the requester

The picture serves this request and is never enrolled; its key is destroyed when the request ends. Nothing is known of anybody
else afterwards: what is not confirmed is forgotten.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import Detail
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PROBE_RULE, ExtractionFailed, FaceExtraction, Unreadable
from countenance.index.answers import Coverage
from countenance.policy.decisions import Refused
from countenance.policy.grants import Grant
from countenance.policy.mint import GrantMint
from countenance.policy.questions import Act, OwnFaceQuestion
from countenance.policy.replay import question_json
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.errors import ConflictError, RefusedError, UnavailableError, UsageError
from countenance.primitives.text import N_
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.events import Event
from countenance.records.facts import gallery_facts
from countenance.records.identity import Caller, SignedRequest, require_act, spend, verify
from countenance.records.params import Params
from countenance.records.refusing import log_refusal
from countenance.records.requests import drop_picture, picture_name
from countenance.records.restrictions import rows_are_open, search_refusal
from countenance.records.workspace import Workspace
from countenance.rights.acts.finding import note_faces
from countenance.rights.desk import PICTURE_PART, verified_request
from countenance.rights.facts import request_facts
from countenance.rights.showing import FoundFace, show_faces
from countenance.rights.values import Pointer, VerifiedRequest
from countenance.tlog.leaf import NewEntry
from countenance.vault.vault import Plain

MOST_SHOWN = 60
"""Faces put before the person at the desk, over all galleries."""
_ROWS = 320
_TRIES = 5


@dataclass(frozen=True, kw_only=True)
class ClosedToSearch:
    """A gallery that was not looked through, or not all of it. `rule`, `authority`: of the lock or order; empty where it
    closes a source, or the people of a place, within the gallery.
    """

    gallery: str
    rule: str = ""
    authority: str = ""


@dataclass(frozen=True, kw_only=True)
class OwnFaceFound:
    """What a search by one's own face gave, to be looked at by a person at the desk. `closed`: what it could not reach."""

    request: str
    faces: tuple[FoundFace, ...]
    coverage: Coverage
    closed: tuple[ClosedToSearch, ...]
    log_entry: int
    probe: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class NoProbe:
    """The picture gave no template: `no-face`, `which-face`, or why it was not read. `faces`: how many there are."""

    reason: str
    faces: int = 0


type OwnFaceAnswer = OwnFaceFound | NoProbe | Refused


@dataclass(frozen=True, kw_only=True)
class _Allowed:
    """What step 2 gave: a grant for each gallery that is open, all of one `epoch`; and what is closed."""

    grants: list[Grant]
    closed: tuple[ClosedToSearch, ...]
    epoch: int


def search_own_face(
    workspace: Workspace, signed: SignedRequest, picture: bytes, pool: ExtractionPool
) -> OwnFaceAnswer:
    """Search for the requester. Params: `request`, `picture` (SHA-256), `face` where the picture shows several.

    A refusal is a value, and logged. Raises RefusedError where who asks is not to be trusted, ConflictError where the
    request is not verified, UsageError where the picture is not the one that was signed for.
    """
    require_act(signed, Act.REQUEST_SEARCH.value)
    params = Params(signed.params)
    if params.text("picture") != sha256_hex(picture):
        raise UsageError(N_("The picture is not the one that was signed for."), code="photographs-signed")
    for _ in range(_TRIES):
        allowed = _permit(workspace, signed, params)
        if isinstance(allowed, Refused):
            return allowed
        face = choose_face(pool, picture, params.number("face", default=-1, least=-1, most=10_000))
        if isinstance(face, NoProbe):
            return face
        assert face.template is not None
        try:
            scores, coverage = _scan(workspace, allowed.grants, face.template)
        except RefusedError as error:
            if error.reason in {"grant-revoked", "grant-expired"}:
                continue
            raise
        found = _conclude(workspace, signed, params.text("request"), allowed, face, picture, scores, coverage)
        if found is not None:
            return found
    raise UnavailableError(
        N_("Permissions changed faster than this search could be made."),
        remedy=N_("Give the same command again."),
        code="permissions-changing",
    )


def choose_face(pool: ExtractionPool, picture: bytes, wanted: int) -> FaceExtraction | NoProbe:
    """The one face of a requester's picture, or number `wanted` of it (-1: the only one)."""
    result = pool.submit(picture, detail=Detail.STANDARD, rule=PROBE_RULE).result()
    if isinstance(result, Unreadable | ExtractionFailed):
        return NoProbe(reason=result.reason.value)
    page = result.pages[0]
    if page.unreadable is not None:
        return NoProbe(reason=page.unreadable.value)
    faces = [face for face in page.faces if face.template is not None]
    chosen = [face for face in faces if wanted in {-1, face.index}]
    if not chosen:
        return NoProbe(reason="no-face", faces=len(faces))
    if len(chosen) > 1:
        return NoProbe(reason="which-face", faces=len(faces))
    return chosen[0]


def _permit(workspace: Workspace, signed: SignedRequest, params: Params) -> _Allowed | Refused:
    """Steps 1 and 2: one grant for each gallery, whatever purposes it is held for, unless a lock or an order closes it."""
    refused: Refused | None = None
    grants: list[Grant] = []
    closed: list[ClosedToSearch] = []
    shut: Refused | None = None
    asked: dict[str, Json] = {}  # what policy refused, so that it can be asked again
    with workspace.transaction() as (tx, now):
        epoch = workspace.epoch()
        caller = verify(signed, workspace_id=str(workspace.settings.id), now=now)
        verified = verified_request(workspace, params.text("request"))
        _check_pointer(verified)
        mint = GrantMint(workspace.policy(epoch), workspace.grant_key)
        for gallery in models.Gallery.objects.order_by("name"):
            against = search_refusal(workspace, caller.account, None, gallery, now, epoch=epoch)
            if against is not None:
                shut = against
                closed.append(
                    ClosedToSearch(gallery=gallery.name, rule=against.rule, authority=against.authority)
                )
                continue
            question = OwnFaceQuestion(
                caller=caller.facts,
                request=request_facts(verified),
                gallery=gallery_facts(gallery),
                now=now,
            )
            classes, whole = _open_classes(workspace, gallery, now, epoch)
            if not whole:
                closed.append(ClosedToSearch(gallery=gallery.name))
            made = mint.mint_own_face(question, classes, epoch=epoch)
            if isinstance(made, Refused):
                refused, asked = made, {"question": question_json(question)}
                break
            grants.append(made)
        else:
            refused = None if grants else shut
        if refused is not None:
            spend(signed, now)
            number = str(verified.request.id)
            log_refusal(workspace, tx, caller, Act.REQUEST_SEARCH, refused, now, request=number, **asked)
    return refused or _Allowed(grants=grants, closed=tuple(closed), epoch=epoch)


def _open_classes(
    workspace: Workspace, gallery: models.Gallery, now: datetime, epoch: int
) -> tuple[list[int], bool]:
    """The permission classes of a gallery that no lock or order keeps back; and whether those are all that hold anything."""
    rows = list(models.PermissionClass.objects.filter(gallery=gallery))
    reached = [
        row.pk
        for row in rows
        if not row.withheld and rows_are_open(workspace, row.jurisdiction, now, epoch=epoch)
    ]
    kept_back = [row.pk for row in rows if row.pk not in reached]
    held = models.Reference.objects.filter(permission_class__in=kept_back, ended_at__isnull=True)
    return reached, not (kept_back and held.exists())


def _check_pointer(verified: VerifiedRequest) -> None:
    if verified.request.pointer is not Pointer.OWN_FACE:
        raise ConflictError(
            N_("The request {request} is not one by the requester's own face."),
            code="request-pointer",
            request=verified.request.row.number,
        )


def _scan(
    workspace: Workspace, grants: list[Grant], probe: Template
) -> tuple[dict[uuid.UUID, float], Coverage]:
    """Best score of each face found, best first, over all galleries."""
    scores: dict[uuid.UUID, float] = {}
    searched = permitted = missing = 0
    for grant in grants:
        with open_reading() as tx:
            answer = workspace.index.search(
                tx,
                grant,
                probe,
                floor=workspace.models.candidate_floor,
                now=workspace.clock(),
                epoch=workspace.epoch(),
                limit=_ROWS,
            )
        searched += answer.coverage.searched
        permitted += answer.coverage.permitted
        missing += answer.coverage.not_searchable
        found = {uuid.UUID(row.reference_id): row.score for row in answer.rows}
        held = models.Reference.objects.filter(id__in=list(found), ended_at__isnull=True)
        for reference, face in held.values_list("id", "face_id"):
            scores[face] = max(found[reference], scores.get(face, -1.0))
    best = sorted(scores, key=lambda face: (-scores[face], str(face)))[:MOST_SHOWN]
    return {face: scores[face] for face in best}, Coverage(
        searched=searched, permitted=permitted, not_searchable=missing
    )


def _conclude(
    workspace: Workspace,
    signed: SignedRequest,
    number: str,
    allowed: _Allowed,
    face: FaceExtraction,
    picture: bytes,
    scores: dict[uuid.UUID, float],
    coverage: Coverage,
) -> OwnFaceFound | None:
    """Steps 3 (sealing), 5 and 6; None where something was closed or revoked meanwhile. The picture is at rest before its
    request knows of it; its key exists since the opening.
    """
    with workspace.transaction():
        row = verified_request(workspace, number).request.row
    kept = False
    try:
        sealed = workspace.vault.seal([Plain(record_id=row.pk, part=PICTURE_PART, data=picture)])[0]
        workspace.media.put(picture_name(row), sealed)
        noted, appended = _note(workspace, signed, number, allowed, coverage, scores)
        kept = noted is not None
    finally:
        if not kept:
            drop_picture(workspace, row)
    if noted is None:
        return None
    return OwnFaceFound(
        request=row.number,
        faces=tuple(show_faces(workspace, noted)),
        coverage=coverage,
        closed=allowed.closed,
        log_entry=appended,
        probe=face.crop,
    )


def _note(
    workspace: Workspace,
    signed: SignedRequest,
    number: str,
    allowed: _Allowed,
    coverage: Coverage,
    scores: dict[uuid.UUID, float],
) -> tuple[list[models.RequestFaceRecord] | None, int]:
    """Step 5: the faces that are to be looked at, and the entry's index; (None, -1) where something was revoked meanwhile."""
    grants = allowed.grants
    with workspace.transaction() as (tx, now):
        if workspace.epoch() != allowed.epoch:
            return None, -1
        spend(signed, now)
        caller = verify(signed, workspace_id=str(workspace.settings.id), now=now)
        row = verified_request(workspace, number).request.row
        live = models.Reference.objects.filter(face__in=list(scores), ended_at__isnull=True)
        still = set(live.values_list("face_id", flat=True))
        noted = note_faces(row, [(key, score) for key, score in scores.items() if key in still])
        entry = _entry(caller, row, allowed, coverage, len(noted), now)
        (appended,) = workspace.record(tx, [entry])
        models.Search.objects.bulk_create(
            models.Search(
                rights_request_id=row.pk,
                purpose=grant.purpose.value,
                on_behalf_of=grant.on_behalf_of,
                gallery_id=grant.gallery_id,
                account=caller.account,
                grant_id=grant.id,
                pack_hash=grant.pack_hash,
                space_id=workspace.models.space_id,
                searched=coverage.searched,
                permitted=coverage.permitted,
                not_searchable=coverage.not_searchable,
                made_at=now,
                log_index=appended.index,
            )
            for grant in grants
        )
    return noted, appended.index


def _entry(
    caller: Caller,
    row: models.RequestRecord,
    allowed: _Allowed,
    coverage: Coverage,
    found: int,
    now: datetime,
) -> NewEntry:
    grants = allowed.grants
    return NewEntry(
        event=Event.REQUEST_SEARCHED.value,
        at=now,
        purpose=grants[0].purpose.value if grants else None,
        jurisdiction=None,  # where a requester lives is nobody's business but the desk's
        client=None,
        pack=grants[0].pack_hash if grants else None,
        details={
            "account": caller.facts.id,
            "request": str(row.pk),
            "by": Pointer.OWN_FACE.value,
            "grants": [grant.id for grant in grants],
            "searched": coverage.searched,
            "permitted": coverage.permitted,
            "not_searchable": coverage.not_searchable,
            "faces": found,
            "closed": [[each.gallery, each.rule] for each in allowed.closed],
        },
    )
