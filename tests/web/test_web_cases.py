"""The case desk: a search from the page, candidates side by side, and what a bad file does."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from house import House, photograph
from pictures import png_bomb, png_header
from review_desk import desk_of
from web_parts import Visitor

from countenance.records import models


@pytest.fixture
def carol(served: House) -> Visitor:
    served.enrol(served.person("P001"), photograph("P001"))
    served.enrol(served.person("P002"), photograph("P002"))
    return Visitor(house=served).enter(served.caseworker)


def _search(carol: Visitor, *photographs: bytes, name: str = "a.jpg", **more: Any) -> Any:
    files = [SimpleUploadedFile(name, each, content_type="image/jpeg") for each in photographs]
    case = carol.house.case
    return carol.post(f"/cases/{case}/search", f"/cases/{case}", photographs=files, gallery="people", **more)


def test_case_to_candidates_to_comparison(served: House, carol: Visitor) -> None:
    listed = carol.get("/cases").content.decode()
    assert served.case in listed
    assert "missing person" in listed
    answer = _search(carol, photograph("P001", "amateur_selfie"))
    assert answer.status_code == 302, answer.content.decode()
    page = carol.get(answer.url).content.decode()
    assert "Searched 2 of 2 permitted references." in page
    assert "Leads, not identifications" in page
    assert "P001" in page
    assert "%" not in re.sub(r"[?&]v=|%20", "", re.sub(r"<[^>]+>", "", page))  # never a per cent of likeness
    sources = re.findall(r'<img src="([^"]+)"', page)
    assert len(sources) in {2, 3}  # the probe, and whoever is above the floor
    for source in sources:
        shown = carol.get(source)
        assert shown.headers["Content-Type"] == "image/jpeg"
        assert shown.headers["Cache-Control"] == "no-store"
    compared = carol.get(f"{answer.url}/1").content.decode()
    assert "Comparison score" in compared
    assert carol.get(f"{answer.url}/9").status_code == 404
    assert "Searches left</dt><dd>49" in carol.get(f"/cases/{served.case}").content.decode()


def test_pictures_are_on_nobody_elses_table(served: House, carol: Visitor) -> None:
    answer = _search(carol, photograph("P001", "amateur_selfie"))
    source = re.findall(r'<img src="([^"]+)"', carol.get(answer.url).content.decode())[0]
    other = Visitor(house=served).enter(served.account("dora", "caseworker"))
    assert other.get(source).status_code == 404
    assert other.get(answer.url).status_code == 404
    assert Visitor(house=served).get(source).status_code == 302  # to the door


def test_a_refusal_names_its_rule_authority_and_date(served: House, carol: Visitor) -> None:
    carol.post(f"/cases/{served.case}/act/close", f"/cases/{served.case}")
    page = _search_closed(carol)
    assert page.status_code == 403
    text = page.content.decode()
    for label in ("Reason", "Rule", "Authority", "Since"):
        assert f"<dt>{label}</dt>" in text


def _search_closed(carol: Visitor) -> Any:
    files = [SimpleUploadedFile("a.jpg", photograph("P001"))]
    case = carol.house.case
    return carol.post(f"/cases/{case}/search", "/cases", photographs=files, gallery="people")


def test_several_faces_one_is_chosen(served: House, carol: Visitor) -> None:
    asked = _search(carol, photograph("P001", "emotions_sheet"))
    page = asked.content.decode()
    assert "Which face?" in page
    upload = re.findall(r'name="upload" value="([^"]+)"', page)[0]
    faces = re.findall(r'<img src="(/pictures/[^"]+)"', page)
    assert len(faces) > 1
    assert carol.get(faces[0]).headers["Content-Type"] == "image/jpeg"
    number = faces[0].rpartition("/")[2]
    chosen = carol.post(f"/cases/{served.case}/search", f"/cases/{served.case}", upload=upload, face=number)
    assert chosen.status_code == 302
    assert "/searches/" in chosen.url


def test_open_a_case_on_the_page(served: House, carol: Visitor) -> None:
    form = {
        "purpose": "missing-person",
        "reference": "2026-44",
        "on_behalf_of": "Sûreté municipale",
        "on_behalf_of_jurisdiction": "CA-ON",
        "searches": "3",
        "expires_at": "2026-12-01",
    }
    made = carol.post("/cases/new", None, **form)
    assert made.status_code == 302
    assert "2026-44" in carol.get(made.url).content.decode()
    assert models.Case.objects.get(reference="2026-44").searches_allowed == 3
    again = carol.post("/cases/new", None, **{**form, "expires_at": "2020-01-01"})
    assert again.status_code == 400
    assert "A case ends between now and" in again.content.decode()
    assert "Sûreté municipale" in again.content.decode()  # nothing typed is lost


BAD = [
    ("nothing", b""),
    ("text", b"this is not a picture"),
    ("html", b"<html><script>alert(1)</script>"),
    ("svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    ("bomb header", png_header(50_000, 50_000)),
    ("cut", b"\xff\xd8\xff\xe0" + b"\0" * 200),
    ("zip", b"PK\x03\x04" + b"\0" * 500),
]


def test_bad_files_end_in_a_named_answer(served: House, carol: Visitor) -> None:
    """Each in its turn through the page: a named answer, no candidate, nothing of it written back, and the page goes on."""
    polyglot = photograph("P001")[:3000] + b"<script>alert(1)</script>"
    for name, data in [*BAD, ("bomb", png_bomb()), ("polyglot", polyglot)]:
        answer = _search(carol, data, name="passwd<b>.jpg")
        assert answer.status_code in {400, 422}, name
        text = answer.content.decode()
        assert 'role="alert"' in text, name
        assert "alert(1)" not in text
        assert "passwd" not in text
    assert models.Search.objects.count() == 0
    assert _search(carol, photograph("P001", "amateur_selfie")).status_code == 302


def test_too_many_files_and_fields_are_refused(served: House, carol: Visitor) -> None:
    answer = _search(carol, *[b"x"] * 21)
    assert answer.status_code == 413
    many = carol.post("/cases/new", None, **{f"f{number}": "x" for number in range(600)})
    assert many.status_code == 413
    assert "Content-Security-Policy" in many.headers


def test_review_desk_is_blind_to_the_end(served: House) -> None:
    """From the page: open, two examine every pair apart, and only then is anything told."""
    desk = desk_of(served, people=1)
    carol = Visitor(house=served).enter(served.caseworker)
    assert _search(carol, photograph("P001", "amateur_selfie")).status_code == 302
    carol.post(f"/cases/{served.case}/act/reviews", f"/cases/{served.case}")
    for name in ("ada", "bob"):
        reviewer = Visitor(house=served).enter(desk.reviewers[name])
        pairs = 0
        answer = reviewer.post("/review/next", "/review")
        while answer.url != "/review?done=1":
            page = reviewer.get(answer.url).content.decode()
            shown = re.sub(r"<(script|link)[^>]*>", "", page)
            assert "P001" not in shown
            assert "score" not in shown.lower()
            assert served.case not in shown
            assert 'id="veil" checked' in page  # veiled until asked
            pairs += 1
            if pairs == 1:
                hasty = reviewer.post(answer.url, None, verdict="+3")
                assert hasty.status_code == 400
                assert "needs at least 3 features" in hasty.content.decode()
            answer = reviewer.post(
                answer.url,
                None,
                verdict="-2",
                note="",
                **{f"finding-{each}": "different" for each in ("ears", "nose", "eyes")},
            )
            assert answer.status_code == 302
        assert pairs == 3  # one candidate and two fillers
        told = carol.get(f"/cases/{served.case}").content.decode()
        assert ("waits for examiners" in told) == (name == "ada")


def test_an_own_verdict_and_the_whole_photograph(served: House, carol: Visitor) -> None:
    folder = served.workspace.directory.parent / "photographs"
    folder.mkdir(exist_ok=True)
    (folder / "P001.jpg").write_bytes(photograph("P001"))
    listed = _search(carol, photograph("P001", "amateur_selfie")).url
    scene = carol.post(f"{listed}/1/photograph", f"{listed}/1")
    assert scene.status_code == 200
    address = re.findall(r'<img class="scene" src="([^"]+)"', scene.content.decode())[0]
    assert carol.get(address).headers["Content-Type"] == "image/jpeg"
    hasty = carol.post(f"{listed}/1", None, verdict="+3", note="surely")
    assert hasty.status_code == 400
    assert "surely" in hasty.content.decode()  # nothing typed is lost
    sealed = carol.post(f"{listed}/1", None, verdict="+1", note="the ears", **{"finding-ears": "alike"})
    assert "Your verdict is sealed" in sealed.content.decode()
    assert models.Review.objects.count() == 1
    assert models.FirstVerdict.objects.count() == 1
    assert carol.post(f"{listed}/9", None, verdict="0").status_code in {400, 404}
    assert served.events().count("candidate-shown") == 1


def test_report_asks_for_a_fresh_code(served: House, carol: Visitor) -> None:
    from datetime import timedelta

    served.clock.move(timedelta(minutes=6))
    assert carol.get(f"/cases/{served.case}/report").url.startswith("/confirm?")
    back = carol.post(f"/confirm?next=/cases/{served.case}/report", None, code=carol.code())
    assert back.url == f"/cases/{served.case}/report"
    pdf = carol.post(f"/cases/{served.case}/report", None, form="pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert b"/MarkInfo" in pdf.content or b"/StructTreeRoot" in pdf.content
    page = carol.post(f"/cases/{served.case}/report", None, form="html")
    assert "attachment" in page.headers["Content-Disposition"]
    assert served.events().count("report-made") == 2
