"""Uploads over the API: whatever is sent as a picture ends in a named result, and touches no disk on the way."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from api_parts import Api
from django.core.files.uploadedfile import SimpleUploadedFile
from house import PURPOSE, photograph
from PIL import Image

from countenance.records.models import ApiAnswer


def _png(width: int, height: int) -> bytes:
    """A header that promises so many pixels, and few bytes behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", zlib.crc32(kind + data) & 0xFFFFFFFF)
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100))


def _blank() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 200), "grey").save(out, "JPEG")
    return out.getvalue()


GOOD = photograph("P001")
BAD = {
    "empty": b"",
    "text": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "cut off": GOOD[: len(GOOD) // 2],
    "a bomb": _png(50_000, 50_000),
    "a page": b"<html><script>alert(1)</script>" + GOOD,
    "an archive behind a picture's beginning": GOOD[:4] + b"PK\x03\x04" + bytes(500),
    "nobody": _blank(),
    "zeros": bytes(100_000),
}


def _file(data: bytes, name: str = "probe.jpg") -> Any:
    return SimpleUploadedFile(name, data, "image/jpeg")


def _fields(api: Api, *files: Any, **more: Any) -> dict[str, Any]:
    return {"case": api.house.case, "purpose": PURPOSE, "photographs": list(files), **more}


def test_every_bad_picture_is_a_named_failure(api: Api) -> None:
    token = api.token(api.house.caseworker)
    for name, data in BAD.items():
        answer = api.upload("/searches", token, _fields(api, _file(data)))
        assert answer.status in {200, 400}, (name, answer.json)
        if answer.status == 200:
            assert answer.json["kind"] == "failure-to-acquire", (name, answer.json)
            assert answer.json["reason"], name


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00b.jpg", "C:\\x.jpg", "x" * 5000, "é\u202e.jpg"])
def test_a_name_is_only_a_name(api: Api, name: str) -> None:
    token = api.token(api.house.caseworker)
    boundary = "b0undary"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in (("case", api.house.case), ("purpose", PURPOSE))
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="photographs"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n".encode()
        + GOOD
        + f"\r\n--{boundary}--\r\n".encode()
    )
    found = api.client.generic(
        "POST",
        "/api/v1/searches",
        b"".join(parts),
        f"multipart/form-data; boundary={boundary}",
        HTTP_AUTHORIZATION=f"Bearer {token}",
    )
    assert found.status_code in {200, 400, 422}
    assert name.encode() not in found.content


def test_too_many_and_wrong_fields(api: Api) -> None:
    token = api.token(api.house.caseworker)
    many = api.upload("/searches", token, _fields(api, *[_file(_blank()) for _ in range(21)]))
    assert many.status in {400, 413}
    assert api.upload("/searches", token, _fields(api)).status == 422
    assert api.upload("/searches", token, _fields(api, _file(GOOD), k=21)).status == 422
    assert api.upload("/searches", token, _fields(api, _file(GOOD), faces=[0, 1])).status == 400
    assert api.upload("/searches", token, _fields(api, _file(GOOD), purpose="x" * 100_000)).status == 422
    assert api.upload("/searches", token, {**_fields(api, _file(GOOD)), "case": ""}).status == 422
    assert api.ask("POST", "/searches", token, {"case": "x"}).status in {400, 422}


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    token = api.token(api.house.operator)
    answer = api.act("person-add", token, {"label": "x" * (5 << 20)})
    assert answer.status in {400, 413, 422}


def test_leads_carry_the_space_of_their_score(api: Api) -> None:
    house = api.house
    house.enrol(house.person("P001"), photograph("P001"))
    token = api.token(house.caseworker)
    probe = photograph("P001", "amateur_selfie")
    answer = api.upload("/searches", token, _fields(api, _file(probe), pictures=True), idempotency_key="s")
    assert answer.status == 200, answer.json
    (lead,) = answer.json["candidates"]
    assert lead["person"] == "P001"
    assert lead["comparison_score"]["space_id"] == answer.json["space_id"]
    assert lead["picture"]
    assert "not identifications" in answer.json["statement"]
    # Asked again under the same key: it was made, and the list is not kept a second time.
    again = api.upload("/searches", token, _fields(api, _file(probe), pictures=True), idempotency_key="s")
    assert again.json == {"kind": "search-made", "log_entry": answer.json["log_entry"]}
    assert house.events().count("search-made") == 1
    assert b"P001" not in bytes(ApiAnswer.objects.get().sealed)


def test_which_face_and_a_refusal(api: Api) -> None:
    token = api.token(api.house.caseworker)
    refused = api.upload("/searches", token, {**_fields(api, _file(GOOD)), "case": "C-0000-0000"})
    assert (refused.status, refused.json["reason"]) == (403, "no-case")
    narrow = api.token(api.house.caseworker, name="other", purposes=["family-tracing"])
    refused = api.upload("/searches", narrow, _fields(api, _file(GOOD)))
    assert (refused.status, refused.json["rule"]) == (403, "TOKEN-03")


def test_a_requesters_own_face(api: Api) -> None:
    house = api.house
    house.enrol(house.person("P001"), photograph("P001"))
    token = api.token(house.operator)
    opened = api.act(
        "request-open",
        token,
        {"kind": "access", "pointer": "own-face", "name": "Anne", "contact": "anne@example.org"},
    ).json["record"]["request"]
    own = {"request": opened, "picture": _file(photograph("P001", "amateur_selfie"))}
    assert api.upload("/requests/search", token, own).status == 409  # nobody has seen who it is
    verified = api.act(
        "request-verify", token, {"request": opened, "tier": "own-face-seen", "seen": "licence"}
    )
    assert verified.status == 200, verified.json
    found = api.upload(
        "/requests/search", token, {**own, "picture": _file(photograph("P001", "amateur_selfie"))}
    )
    assert found.status == 200, found.json
    assert [face["source"] for face in found.json["record"]["faces"]] == ["archive"]
    assert found.json["record"]["faces"][0]["picture"]
    caseworker = api.token(house.caseworker)
    own["picture"] = _file(photograph("P001", "amateur_selfie"))
    assert api.upload("/requests/search", caseworker, own).status == 403


def test_kept_out_by_choice(api: Api) -> None:
    token = api.token(api.house.operator)
    opened = api.act(
        "request-open",
        token,
        {
            "kind": "opt-out",
            "form": "protected-template",
            "pointer": "own-face",
            "name": "Anne",
            "contact": "anne@example.org",
        },
    ).json["record"]["request"]
    fields = {"request": opened, "picture": _file(photograph("P002")), "days": 30}
    assert api.upload("/requests/keep-out", token, fields).status == 409  # nobody has seen who it is
    seen = {"request": opened, "tier": "own-face-seen", "seen": "licence"}
    assert api.act("request-verify", token, seen).status == 200
    assert api.upload("/requests/keep-out", token, {**fields, "picture": _file(_blank())}).status == 400
    joined = api.upload("/requests/keep-out", token, {**fields, "picture": _file(photograph("P002"))})
    assert joined.status == 200, joined.json
    assert joined.json["record"]["code"]


def test_a_face_does_not_come_back_by_a_repetition(api: Api) -> None:
    """Answers are kept for a day, and a basis may end within it."""
    from countenance.api.sealing import TokenText

    house = api.house
    receipt = house.person("P001")
    house.enrol(receipt, photograph("P001"))
    token = api.token(house.caseworker)
    asked = {
        "case": house.case,
        "purpose": PURPOSE,
        "photographs": [_file(photograph("P001", "amateur_selfie"))],
    }
    entry = api.upload("/searches", token, asked).json["log_entry"]
    look = {"case": house.case, "search": entry, "rank": 1}
    first = api.act("candidate-show", token, look, idempotency_key="k")
    assert "picture" in first.json["record"], first.json
    house.act("consent-withdraw", receipt=receipt)
    again = api.act("candidate-show", token, look, idempotency_key="k")
    assert (again.status, again.json) == (200, {**first.json, "record": None})
    assert again.headers["Idempotency-Replayed"] == "true"
    secret = TokenText.read(token)
    assert secret is not None
    kept = secret.unseal(bytes(ApiAnswer.objects.get().sealed), use="answer")
    assert len(kept) < 200


def test_whoever_hands_out_pictures_is_known() -> None:
    """A module that begins to: does its act stand in `SHOWS_FACES`?"""
    source = Path(__file__).parents[2] / "src/countenance"
    paths = ("review", "service", "oversight", "rights", "search", "registry", "ingest", "evaluation")
    assert {
        str(path.relative_to(source))
        for folder in paths
        for path in (source / folder).rglob("*.py")
        if "b64encode" in path.read_text("utf-8")
    } == {
        *("review/pictures.py", "review/showing.py", "oversight/inspecting.py", "service/pictures.py"),
        *("registry/acts/tokens.py", "service/webhooks.py"),  # keys and signatures
    }
