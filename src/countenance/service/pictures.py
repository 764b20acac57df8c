"""Acts that come with a picture: a requester's own face looked for, and an opt-out that keeps its template. The picture serves that alone."""

from __future__ import annotations

import base64

from countenance.acting.path import ActResult
from countenance.extraction.pool import ExtractionPool
from countenance.policy.decisions import Refused
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.identity import SignedRequest
from countenance.records.workspace import Workspace
from countenance.rights.opting_out import fulfil_with_picture
from countenance.rights.own_face import NoProbe, OwnFaceFound, search_own_face


def perform_with(
    workspace: Workspace, signed: SignedRequest, picture: bytes, pool: ExtractionPool
) -> ActResult:
    """Carry out a signed act with its picture. Raises what the act's path raises; UsageError for any other act.

    A picture that gives no template is told in the record (`no_probe`), as a named result.
    """
    if signed.act == Act.REQUEST_FULFIL.value:
        return fulfil_with_picture(workspace, signed, picture, pool)
    if signed.act != Act.REQUEST_SEARCH.value:
        raise UsageError(N_("The act {act} takes no picture."), code="act-picture", act=signed.act)
    found = search_own_face(workspace, signed, picture, pool)
    if isinstance(found, Refused):
        raise found.error()
    if isinstance(found, NoProbe):
        record: dict[str, Json] = {"no_probe": found.reason, "faces_seen": found.faces}
        return ActResult(act=signed.act, record=record, log_entry=None)
    return ActResult(act=signed.act, record=_shown(found), log_entry=found.log_entry)


def _shown(found: OwnFaceFound) -> dict[str, Json]:
    """What the desk looks at; pictures are JPEG in base64."""
    return {
        "request": found.request,
        "probe": base64.b64encode(found.probe).decode(),
        "faces": [
            {
                "number": each.number,
                "source": each.source,
                "photograph": each.photograph,
                "face": each.face,
                "confirmed": each.confirmed,
                "picture": base64.b64encode(each.crop).decode(),
            }
            for each in found.faces
        ],
        "searched": found.coverage.searched,
        "permitted": found.coverage.permitted,
        "closed": [
            {"gallery": each.gallery, "rule": each.rule or None, "authority": each.authority or None}
            for each in found.closed
        ],
    }
