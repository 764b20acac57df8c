"""A question as a Cedar request: every fact goes into the context, where the pack's schema checks its type.

Times become whole seconds since 1970-01-01T00:00:00Z, rounded so that rounding never permits: beginnings up, ends
and the present moment down. Nothing is looked up, so the same question always makes the same request.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

from countenance.policy.questions import (
    ActQuestion,
    CallerFacts,
    EnrolQuestion,
    GalleryFacts,
    OwnFaceQuestion,
    PermissionClass,
    Question,
    SearchQuestion,
    SweepQuestion,
)
from countenance.primitives.clock import require_aware

type Request = dict[str, dict[str, object]]
type Shape = tuple[object, ...]
"""A request without its values: kinds of principal, action and resource, the names in the context, and the type of each."""
type Places = tuple[tuple[str, str | None], ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_LATEST_MIDNIGHT = timedelta(hours=12)
"""Behind UTC: where a calendar day begins last (UTC-12)."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One Cedar request but for the law that it falls under. `places`: whose, and the ISO 3166 code; None: unknown.

    `filled`: fields of the gallery that are filled; None where no gallery is asked about.
    """

    request: Request
    places: Places
    filled: frozenset[str] | None = None

    @property
    def kind(self) -> str:
        """The kind of request that it is, one of `clauses.KINDS`."""
        return (
            "act" if self.request["resource"]["type"] == "Organisation" else str(self.request["action"]["id"])
        )

    def under(
        self,
        governed: Iterable[str],
        lawless: Iterable[str],
        *,
        operator: str = "",
        missing: Iterable[str] = (),
    ) -> Request:
        """The whole request. `operator`: its place; `missing`: what a law asks for of the gallery and is not filled."""
        context = {**self.request["context"], "governed": list(governed), "lawless": list(lawless)}
        if self.filled is not None:
            context |= {"operator": operator, "missing": list(missing)}
        return {**self.request, "context": context}


def asked_by(question: Question) -> list[Asked]:
    """The Cedar requests that `question` asks, all of which must be permitted. Raises ValueError for a naive datetime.

    One for each question, and a second for a search that names a permission class: the search as such, and its rows.
    """
    match question:
        case SearchQuestion():
            as_such = _asked(
                "Account",
                question.caller.id,
                "search",
                "Gallery",
                question.gallery.id,
                _search(question),
                _search_places(question),
                question.gallery.filled,
            )
            rows = question.permission_class
            return [as_such] if rows is None else [as_such, rows_asked(question, rows)]
        case EnrolQuestion():
            places = (("gallery", question.gallery.jurisdiction), ("basis", question.basis.jurisdiction))
            return [
                _asked(
                    "Pipeline",
                    "ingest",
                    "enrol",
                    "Gallery",
                    question.gallery.id,
                    _enrol(question),
                    places,
                    question.gallery.filled,
                )
            ]
        case ActQuestion():
            owner = "" if question.client_id is None else question.client_id
            client = question.caller.client
            return [
                _asked(
                    "Account",
                    question.caller.id,
                    question.act.value,
                    "Organisation",
                    owner,
                    _act(question),
                    () if client is None else (("client", client.jurisdiction),),
                )
            ]
        case OwnFaceQuestion():
            # No place but the operator's: whoever is photographed may ask, wherever that was and wherever they live.
            return [
                _asked(
                    "Account",
                    question.caller.id,
                    "own-face",
                    "Gallery",
                    question.gallery.id,
                    _own(question),
                    (),
                )
            ]
        case SweepQuestion():
            basis = question.basis
            context = {
                **_own(question),
                "basis": {"kind": basis.kind, "jurisdiction": basis.jurisdiction, "live": basis.live},
            }
            return [
                _asked(
                    "Account",
                    question.caller.id,
                    "sweep",
                    "Request",
                    question.request.id,
                    context,
                    (("basis", basis.jurisdiction),),
                )
            ]
        case _:
            assert_never(question)


def rows_asked(question: SearchQuestion, rows: PermissionClass) -> Asked:
    """The Cedar request that asks whether the search may reach these rows. It concerns the search's places too."""
    context: dict[str, object] = {
        "gallery": question.gallery.id,
        "basis": {
            "gallery": rows.gallery_id,
            "kind": rows.basis,
            "purposes": _words(rows.purposes),
            "jurisdiction": rows.jurisdiction,
        },
        "now": _floor(question.now),
    }
    if question.purpose is not None:
        context["purpose"] = question.purpose
    return _asked(
        "Account",
        question.caller.id,
        "search-rows",
        "Gallery",
        question.gallery.id,
        context,
        (*_search_places(question), ("basis", rows.jurisdiction)),
    )


def _search_places(question: SearchQuestion) -> Places:
    client, requester = question.caller.client, question.requester
    found: Places = (
        ("gallery", question.gallery.jurisdiction),
        ("client", None if client is None else client.jurisdiction),
    )
    # Whether one is named at all is a rule of its own.
    return found if requester is None else (*found, ("requester", requester.jurisdiction))


def _asked(
    principal: str,
    principal_id: str,
    action: str,
    resource: str,
    resource_id: str,
    context: dict[str, object],
    places: Places,
    filled: frozenset[str] | None = None,
) -> Asked:
    request: Request = {
        "principal": {"type": principal, "id": principal_id},
        "action": {"type": "Action", "id": action},
        "resource": {"type": resource, "id": resource_id},
        "context": context,
    }
    return Asked(request=request, places=places, filled=filled)


def _search(question: SearchQuestion) -> dict[str, object]:
    context: dict[str, object] = {
        "caller": _caller(question.caller),
        "gallery": _gallery(question.gallery, locked=question.gallery.search_locked),
        "now": _floor(question.now),
    }
    # Anything but a plain False counts as declared, so that a wrong value cannot make a minor of age.
    if question.sought.declared_minor is not False:
        context["minor"] = {
            "guardian_consent": question.sought.guardian_consent,
            "recorded_authority": question.sought.recorded_authority,
        }
    if (case := question.case) is not None:
        context["case"] = {
            "client": case.client_id,
            "purpose": case.purpose,
            "open": case.open,
            "expires_at": _floor(case.expires_at),
            "searches_left": case.searches_left,
        }
    if question.purpose is not None:
        context["purpose"] = question.purpose
    if (requester := question.requester) is not None:
        context["requester"] = {"jurisdiction": requester.jurisdiction, "suspended": requester.suspended}
    return context


def _enrol(question: EnrolQuestion) -> dict[str, object]:
    basis = question.basis
    context: dict[str, object] = {
        "purpose": question.purpose,
        "gallery": _gallery(question.gallery, locked=question.gallery.ingest_locked),
        "basis": {
            "kind": basis.kind,
            "purposes": _words(basis.purposes),
            "jurisdiction": basis.jurisdiction,
            "live": basis.live,
            "permits_unlabelled": basis.permits_unlabelled,
        },
        "now": _floor(question.now),
    }
    if (person := question.person) is not None:
        context["person"] = {
            "consent": person.consent,
            "declared_minor": person.declared_minor,
            "guardian_consent": person.guardian_consent,
        }
    return context


def _act(question: ActQuestion) -> dict[str, object]:
    context: dict[str, object] = {
        "caller": _caller(question.caller),
        "approvals": question.approvals,
        "now": _floor(question.now),
    }
    if question.client_id is not None:
        context["organisation"] = question.client_id
    return context


def _own(question: OwnFaceQuestion | SweepQuestion) -> dict[str, object]:
    return {
        "caller": _caller(question.caller),
        "request": {"open": question.request.open, "own_face_seen": question.request.own_face_seen},
        "now": _floor(question.now),
    }


def _caller(caller: CallerFacts) -> dict[str, object]:
    facts: dict[str, object] = {
        "role": caller.role,
        "suspended": caller.suspended,
        "sponsored": caller.sponsored,
        "certified_until": _floor(caller.certified_until),
    }
    if caller.authority is not None:
        facts["authority"] = caller.authority
    if (client := caller.client) is not None:
        facts["client"] = {
            "id": client.id,
            "jurisdiction": client.jurisdiction,
            "purposes": _words(client.licensed_purposes),
            "licensed_from": _ceil(client.licensed_from),
            "licensed_until": _floor(client.licensed_until),
            "suspended": client.suspended,
        }
    return facts


def _gallery(gallery: GalleryFacts, *, locked: bool) -> dict[str, object]:
    facts: dict[str, object] = {
        "purposes": _words(gallery.purposes),
        "jurisdiction": gallery.jurisdiction,
        "live": gallery.live,
        "suspended": gallery.suspended,
        "locked": locked,
    }
    if gallery.filed_on is not None:
        # A day has begun everywhere on earth at noon of UTC; counted from there, no day is counted early anywhere.
        midnight = datetime(gallery.filed_on.year, gallery.filed_on.month, gallery.filed_on.day, tzinfo=UTC)
        facts["filed_at"] = _floor(midnight + _LATEST_MIDNIGHT)
    return facts


def shape_of(request: Request) -> Shape:
    """The shape of a request. Two of one shape are alike to a schema of texts, numbers, truths, sets and records of these."""
    return (
        request["principal"]["type"],
        request["action"]["id"],
        request["resource"]["type"],
        _shape(request["context"]),
    )


def _shape(value: object) -> object:
    if isinstance(value, dict):
        # Asked of every request: the plain ones, which are nearly all, without a call each.
        return tuple(value), tuple(
            [kind if (kind := type(fact)) in _PLAIN else _shape(fact) for fact in value.values()]
        )
    if isinstance(value, list | tuple):
        return list, frozenset([_shape(entry) for entry in value])
    return type(value)


_PLAIN = frozenset({str, int, bool})


def _words(values: Iterable[str]) -> list[str]:
    return sorted(values)


def _floor(moment: datetime) -> int:
    return (require_aware(moment) - _EPOCH) // _SECOND


def _ceil(moment: datetime) -> int:
    return -((_EPOCH - require_aware(moment)) // _SECOND)
