"""What has ended is behind no door: no list made before, no picture of it, no report, no answer kept for a program."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from house import PURPOSE, House, photograph
from review_desk import desk_of
from web_parts import Visitor

from countenance.api.tokens import making, until


def _bearer(house: House) -> str:
    made, params = making(
        house.caseworker,
        name="programs",
        expires_at=until(house.clock(), 30),
        purposes=[PURPOSE],
        acts="search",
    )
    house.act("token-make", house.caseworker, **params)
    return f"Bearer {made.text()}"


def _asked_by_a_program(house: House, bearer: str, key: str) -> Any:
    return Client(raise_request_exception=False).post(
        "/api/v1/searches",
        {"case": house.case, "purpose": PURPOSE, "gallery": "people", "photographs": [_file()]},
        HTTP_AUTHORIZATION=bearer,
        HTTP_IDEMPOTENCY_KEY=key,
    )


def _file() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.jpg", photograph("P001", "amateur_selfie"))


def _pictures(page: Any) -> list[str]:
    return re.findall(r'<img src="([^"]+)"', page.content.decode())


@pytest.fixture
def carol(served: House) -> Visitor:
    return Visitor(house=served).enter(served.caseworker)


def _listed(carol: Visitor) -> str:
    """The address of a list of candidates that was just made."""
    case = f"/cases/{carol.house.case}"
    return str(carol.post(f"{case}/search", case, photographs=_file(), gallery="people").url)


def test_who_withdrew_is_behind_no_door(served: House, carol: Visitor) -> None:
    receipt = served.person("P001")
    served.enrol(receipt, photograph("P001"))
    bearer = _bearer(served)
    listed = _listed(carol)
    page = carol.get(listed)
    assert "P001" in page.content.decode()
    probe, picture = _pictures(page)
    assert carol.get(picture).status_code == 200
    assert b"P001" in _asked_by_a_program(served, bearer, "before").content

    served.act("consent-withdraw", receipt=receipt)

    assert carol.get(picture).status_code == 404
    after = carol.get(listed)
    assert after.status_code == 200
    assert "P001" not in after.content.decode()
    assert _pictures(after) == [probe]
    assert carol.get(probe).status_code == 200  # the caseworker's own photograph
    assert carol.get(picture).status_code == 404
    assert carol.get(f"{listed}/1").status_code == 404
    for key in ("before", "after"):
        answer = _asked_by_a_program(served, bearer, key)
        assert answer.status_code == 200
        assert b"P001" not in answer.content
    for form in ("html", "pdf"):
        report = carol.post(f"/cases/{served.case}/report", None, form=form)
        assert report.status_code == 200
        assert b"P001" not in report.content


def test_a_suspended_gallery_closes_lists_that_were_made(served: House, carol: Visitor) -> None:
    served.enrol(served.person("P001"), photograph("P001"))
    listed = _listed(carol)
    picture = _pictures(carol.get(listed))[1]

    served.act("gallery-suspend", name="people", reason="an inquiry")

    assert carol.get(picture).status_code == 404
    for address in (listed, f"{listed}/1"):
        refused = carol.get(address)
        assert refused.status_code == 403
        text = refused.content.decode()
        assert "P001" not in text
        assert not _pictures(refused)
        for label in ("Reason", "Rule", "Authority", "Since"):
            assert f"<dt>{label}</dt>" in text


def test_an_examiner_sees_no_pair_after_somebody_left(served: House) -> None:
    desk = desk_of(served, people=1)
    carol = Visitor(house=served).enter(served.caseworker)
    _listed(carol)
    carol.post(f"/cases/{served.case}/act/reviews", f"/cases/{served.case}")
    ada = Visitor(house=served).enter(desk.reviewers["ada"])
    pair = ada.post("/review/next", "/review").url
    pictures = _pictures(ada.get(pair))
    assert {ada.get(each).status_code for each in pictures} == {200}

    served.act("consent-withdraw", receipt=served.person("P007"))  # of anybody: a pair does not say who it is

    assert {ada.get(each).status_code for each in pictures} == {404}
    gone = ada.get(pair)
    assert gone.status_code == 404
    assert "what you have not sealed comes again" in gone.content.decode()
    again = ada.post("/review/next", "/review").url
    assert {ada.get(each).status_code for each in _pictures(ada.get(again))} == {200}
