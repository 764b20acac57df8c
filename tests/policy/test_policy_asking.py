"""Each question as the evaluator is asked it: every fact, under its name, and nothing else."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import policy_factories as make
import pytest

from countenance.policy.facts import Asked, asked_by, rows_asked, shape_of
from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import SoughtFacts

SOME = frozenset({Purpose.MISSING_PERSON, Purpose.FAMILY_TRACING})
NOW = 1_796_126_400  # 2026-12-01 12:00:00 UTC
DAY = 86_400

CALLER = {
    "role": "caseworker",
    "suspended": False,
    "sponsored": True,
    "certified_until": NOW + 60 * DAY,
    "client": {
        "id": "tracing-service",
        "jurisdiction": "CA-ON",
        "purposes": ["family-tracing", "missing-person"],
        "licensed_from": NOW - DAY,
        "licensed_until": NOW + 30 * DAY,
        "suspended": False,
    },
}
DESK = {
    "role": "request-desk",
    "suspended": False,
    "sponsored": True,
    "certified_until": NOW + 60 * DAY,
}
GALLERY = {
    "purposes": ["family-tracing", "missing-person"],
    "jurisdiction": "CA",
    "live": True,
    "suspended": False,
    "locked": False,
}
CASE = {
    "client": "tracing-service",
    "purpose": "missing-person",
    "open": True,
    "expires_at": NOW + 10 * DAY,
    "searches_left": 5,
}
SEARCH = {
    "caller": CALLER,
    "gallery": GALLERY,
    "now": NOW,
    "case": CASE,
    "purpose": "missing-person",
    "requester": {"jurisdiction": "CA", "suspended": False},
}
SEARCH_PLACES = (("gallery", "CA"), ("client", "CA-ON"), ("requester", "CA"))


def search(**changes: object):
    return make.search(caller__client__licensed_purposes=SOME, gallery__purposes=SOME, **changes)


def request(principal: tuple[str, str], action: str, resource: tuple[str, str], context: object) -> object:
    return {
        "principal": {"type": principal[0], "id": principal[1]},
        "action": {"type": "Action", "id": action},
        "resource": {"type": resource[0], "id": resource[1]},
        "context": context,
    }


def test_a_search():
    (asked,) = asked_by(search())
    account, gallery = ("Account", "account-1"), ("Gallery", "gallery-1")
    assert asked == Asked(
        request=request(account, "search", gallery, SEARCH),  # type: ignore[arg-type]
        places=SEARCH_PLACES,
        filled=frozenset(),
    )
    assert asked.kind == "search"


@pytest.mark.parametrize(
    "changes, differs",
    [
        ({"case": None}, {"case": None}),
        ({"purpose": None}, {"purpose": None}),
        ({"purpose": "odd"}, {"purpose": "odd"}),
        ({"requester": None}, {"requester": None}),
        ({"requester__suspended": True}, {"requester": {"jurisdiction": "CA", "suspended": True}}),
        ({"gallery__search_locked": True}, {"gallery": {**GALLERY, "locked": True}}),
        ({"gallery__ingest_locked": True}, {}),
        ({"gallery__live": False}, {"gallery": {**GALLERY, "live": False}}),
        ({"gallery__suspended": True}, {"gallery": {**GALLERY, "suspended": True}}),
        ({"gallery__jurisdiction": "GB"}, {"gallery": {**GALLERY, "jurisdiction": "GB"}}),
        # A day has begun everywhere at noon of UTC.
        (
            {"gallery__filed_on": date(2026, 12, 1)},
            {"gallery": {**GALLERY, "filed_at": NOW}},
        ),
        ({"case__open": False}, {"case": {**CASE, "open": False}}),
        ({"case__searches_left": 0}, {"case": {**CASE, "searches_left": 0}}),
        ({"case__client_id": "x"}, {"case": {**CASE, "client": "x"}}),
        ({"caller__client": None}, {"caller": {key: CALLER[key] for key in CALLER if key != "client"}}),
        ({"caller__authority": "opc"}, {"caller": {**CALLER, "authority": "opc"}}),
        ({"caller__role": Role.REVIEWER}, {"caller": {**CALLER, "role": "reviewer"}}),
        ({"caller__suspended": True}, {"caller": {**CALLER, "suspended": True}}),
        ({"caller__sponsored": False}, {"caller": {**CALLER, "sponsored": False}}),
        (
            {"sought": SoughtFacts(declared_minor=True, recorded_authority=True)},
            {"minor": {"guardian_consent": False, "recorded_authority": True}},
        ),
        (
            {"sought": SoughtFacts(declared_minor=True, guardian_consent=True)},
            {"minor": {"guardian_consent": True, "recorded_authority": False}},
        ),
        # Anything but a plain no counts as declared.
        (
            {"sought": SoughtFacts(declared_minor=None)},  # type: ignore[arg-type]
            {"minor": {"guardian_consent": False, "recorded_authority": False}},
        ),
    ],
)
def test_each_fact_of_a_search_has_its_place(changes, differs):
    (asked,) = asked_by(search(**changes))
    expected = {name: fact for name, fact in {**SEARCH, **differs}.items() if fact is not None}
    assert asked.request["context"] == expected


def test_whose_places_a_search_concerns():
    (nobody,) = asked_by(search(caller__client=None, requester=None))
    assert nobody.places == (("gallery", "CA"), ("client", None))
    (asked,) = asked_by(
        search(gallery__jurisdiction="GB", caller__client__jurisdiction="FR", requester__jurisdiction="US-IL")
    )
    assert asked.places == (("gallery", "GB"), ("client", "FR"), ("requester", "US-IL"))


def test_the_rows_that_a_search_would_reach():
    rows = make.rows(4, purposes=SOME, basis=BasisKind.PUBLIC_TASK, jurisdiction="CA-QC", gallery_id="other")
    as_such, asked = asked_by(search(permission_class=rows))
    assert as_such == asked_by(search())[0]
    context = {
        "gallery": "gallery-1",
        "basis": {
            "gallery": "other",
            "kind": "public-task",
            "purposes": ["family-tracing", "missing-person"],
            "jurisdiction": "CA-QC",
        },
        "now": NOW,
        "purpose": "missing-person",
    }
    account, gallery = ("Account", "account-1"), ("Gallery", "gallery-1")
    assert asked == Asked(
        request=request(account, "search-rows", gallery, context),  # type: ignore[arg-type]
        places=(*SEARCH_PLACES, ("basis", "CA-QC")),
    )
    assert asked.kind == "search-rows"
    assert "purpose" not in rows_asked(search(purpose=None), rows).request["context"]


def test_an_enrolment():
    enrol = make.enrol(basis__purposes=SOME, gallery__purposes=SOME, gallery__filled=frozenset({"contact"}))
    (asked,) = asked_by(enrol)
    basis = {
        "kind": "consent",
        "purposes": ["family-tracing", "missing-person"],
        "jurisdiction": "CA",
        "live": True,
        "permits_unlabelled": False,
    }
    person = {"consent": "live", "declared_minor": False, "guardian_consent": False}
    context = {
        "purpose": "missing-person",
        "gallery": GALLERY,
        "basis": basis,
        "now": NOW,
        "person": person,
    }
    assert asked == Asked(
        request=request(("Pipeline", "ingest"), "enrol", ("Gallery", "gallery-1"), context),  # type: ignore[arg-type]
        places=(("gallery", "CA"), ("basis", "CA")),
        filled=frozenset({"contact"}),
    )
    assert asked.kind == "enrol"
    (nobody,) = asked_by(make.enrol(person=None, gallery__ingest_locked=True, basis__jurisdiction="GB"))
    assert "person" not in nobody.request["context"]
    assert nobody.request["context"]["gallery"]["locked"] is True  # type: ignore[index]
    assert nobody.places == (("gallery", "CA"), ("basis", "GB"))
    (searched,) = asked_by(make.enrol(gallery__search_locked=True))
    assert searched.request["context"]["gallery"]["locked"] is False  # type: ignore[index]


def test_an_act():
    (asked,) = asked_by(make.ACT)
    caller = {**DESK, "role": "operator"}
    context = {"caller": caller, "approvals": 1, "now": NOW}
    assert asked == Asked(
        request=request(("Account", "account-2"), "source-add", ("Organisation", ""), context),  # type: ignore[arg-type]
        places=(),
    )
    assert asked.kind == "act"
    (for_client,) = asked_by(make.act(caller=make.CASEWORKER, client_id="tracing-service", approvals=2))
    assert for_client.request["resource"] == {"type": "Organisation", "id": "tracing-service"}
    assert for_client.request["context"]["organisation"] == "tracing-service"
    assert for_client.request["context"]["approvals"] == 2
    assert for_client.places == (("client", "CA-ON"),)


def test_ones_own_face_and_a_sweep():
    (asked,) = asked_by(make.own_face(request__open=False))
    own = {"caller": DESK, "request": {"open": False, "own_face_seen": True}, "now": NOW}
    assert asked == Asked(
        request=request(("Account", "account-3"), "own-face", ("Gallery", "gallery-1"), own),  # type: ignore[arg-type]
        places=(),
    )
    (swept,) = asked_by(make.sweep(request__own_face_seen=False, basis__live=False))
    own = {"caller": DESK, "request": {"open": True, "own_face_seen": False}, "now": NOW}
    basis = {"kind": "consent", "jurisdiction": "CA", "live": False}
    assert swept == Asked(
        request=request(("Account", "account-3"), "sweep", ("Request", "request-1"), {**own, "basis": basis}),  # type: ignore[arg-type]
        places=(("basis", "CA"),),
    )
    assert (asked.kind, swept.kind) == ("own-face", "sweep")


def test_rounding_never_permits():
    """Beginnings up, ends and the present moment down, wherever the clock of the moment stands."""
    tick, east = timedelta(microseconds=1), timezone(timedelta(hours=9))
    odd = {
        "now": make.NOW + tick,
        "case__expires_at": (make.NOW + 2 * make.SECOND - tick).astimezone(east),
        "caller__certified_until": make.NOW + make.SECOND - tick,
        "caller__client__licensed_from": make.NOW + tick,
        "caller__client__licensed_until": make.NOW - tick,
    }
    (asked,) = asked_by(make.search(**odd))
    context: dict[str, dict[str, object]] = asked.request["context"]  # type: ignore[assignment]
    assert context["now"] == NOW
    assert context["case"]["expires_at"] == NOW + 1
    assert context["caller"]["certified_until"] == NOW
    client: dict[str, object] = context["caller"]["client"]  # type: ignore[assignment]
    assert client["licensed_from"] == NOW + 1
    assert client["licensed_until"] == NOW - 1


@pytest.mark.parametrize(
    "path",
    [
        "now",
        "case__expires_at",
        "caller__certified_until",
        "caller__client__licensed_from",
        "caller__client__licensed_until",
    ],
)
def test_a_moment_without_a_time_zone_is_none(path):
    with pytest.raises(ValueError, match="time zone"):
        asked_by(make.search(**{path: datetime(2027, 1, 1)}))


def test_the_law_is_put_beside_the_facts():
    asked = Asked(request=request(("A", "a"), "b", ("C", "c"), {"x": 1}), places=())  # type: ignore[arg-type]
    assert asked.under(["CA", "HOUSE"], ("gallery",), operator="CA", missing=["m"])["context"] == {
        "x": 1,
        "governed": ["CA", "HOUSE"],
        "lawless": ["gallery"],
    }
    gallery = Asked(request=asked.request, places=(), filled=frozenset())
    assert gallery.under((), (), operator="CA", missing=("m", "n")) == request(
        ("A", "a"),
        "b",
        ("C", "c"),
        {"x": 1, "governed": [], "lawless": [], "operator": "CA", "missing": ["m", "n"]},
    )
    assert gallery.under([], [])["context"] == {
        "x": 1,
        "governed": [],
        "lawless": [],
        "operator": "",
        "missing": [],
    }
    assert asked.request["context"] == {"x": 1}


def shape(context: object, **changes: tuple[str, str]) -> object:
    parts = {"principal": ("A", "a"), "action": ("Action", "b"), "resource": ("C", "c"), **changes}
    made = request(parts["principal"], parts["action"][1], parts["resource"], context)
    return shape_of(made)  # type: ignore[arg-type]


PLAIN = {"text": "a", "number": 1, "truth": True, "set": ["a", "b"], "record": {"inner": "x"}}


def test_requests_that_differ_in_values_alone_are_of_one_shape():
    other = {"text": "b", "number": 0, "truth": False, "set": ["c"], "record": {"inner": "y"}}
    assert shape(PLAIN) == shape(other)
    assert shape(PLAIN) == shape(PLAIN, principal=("A", "z"), resource=("C", "z"))


@pytest.mark.parametrize(
    "change",
    [
        {"text": 1},
        {"number": True},
        {"truth": None},
        {"set": [1, "b"]},
        {"set": "a"},
        {"set": [["a"]]},
        {"set": [{"a": 1}]},
        {"set": ("a", 1)},
        {"record": {}},
        {"record": {"other": "x"}},
        {"record": {"inner": 1}},
        {"record": [("inner", "x")]},
        {"more": 1},
    ],
)
def test_another_type_or_name_is_another_shape(change):
    assert shape({**PLAIN, **change}) != shape(PLAIN)
    assert hash(shape({**PLAIN, **change})) is not None


def test_what_is_inside_a_set_tells_shapes_apart():
    assert shape({"set": [{"a": 1}]}) != shape({"set": [{"a": "1"}]})
    assert shape({"set": [["a"]]}) != shape({"set": [[1]]})


def test_another_kind_of_request_is_another_shape():
    assert shape(PLAIN, principal=("B", "a")) != shape(PLAIN)
    assert shape(PLAIN, action=("Action", "z")) != shape(PLAIN)
    assert shape(PLAIN, resource=("D", "c")) != shape(PLAIN)
