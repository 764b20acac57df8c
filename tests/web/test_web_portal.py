"""The public portal: no account, no script; it tells what is held and why, and takes in what people ask."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from house import House, photograph
from web_parts import Visitor

from countenance.records.models import RequestRecord
from countenance.tlog import verifier


@pytest.fixture
def public(served: House) -> Visitor:
    return Visitor(house=served)


def _ask(public: Visitor, **changes: str) -> str:
    form = {
        "kind": "access",
        "pointer": "own-face",
        "value": "",
        "name": "Anne Roy",
        "contact": "anne@example.org",
        "place": "CA-QC",
        **changes,
    }
    return str(public.post("/ask", None, **form).content.decode())


def _codes(page: str) -> tuple[str, str]:
    number, secret = re.findall(r'<code class="secret">([^<]+)</code>', page)
    return number, secret


def test_the_register_says_what_is_held_and_why_and_no_path(served: House, public: Visitor) -> None:
    served.enrol(served.person("P001"), photograph("P001"))
    page = public.get("/register").content.decode()
    for said in (
        "What we hold, and why.",
        "Photographs of members, 1990 to 2010.",
        "archive@example.org",
        "consent",
    ):
        assert said in page
    assert "missing person" in page
    assert ">1</dd>" in page
    assert "P001" not in page  # no label of a person
    assert "binder 7" not in page  # evidence is the operator's
    assert str(served.workspace.directory.parent) not in page  # nor where files lie


def test_ask_follow_and_check_the_receipt_without_us(served: House, public: Visitor, tmp_path: Path) -> None:
    number, secret = _codes(_ask(public))
    row = RequestRecord.objects.get(number=number)
    assert (row.kind, row.pointer, row.place, row.entered_by) == ("access", "own-face", "CA-QC", None)
    assert secret not in repr(RequestRecord.objects.filter(pk=row.pk).values())
    assert b"Anne" not in bytes(row.details)
    assert served.events()[-1] == "request-received"
    followed = public.post("/follow", None, number=number.lower(), secret=secret).content.decode()
    assert "Received" in followed
    file = public.post("/follow/receipt", "/follow", number=number, secret=secret)
    assert file.headers["Content-Disposition"].startswith(f'attachment; filename="receipt-{number}-')
    (tmp_path / "receipt.json").write_bytes(file.content)
    key = served.workspace.log.vkey
    command = [sys.executable, verifier.__file__, "statement", str(tmp_path / "receipt.json"), "--key", key]
    checked = subprocess.run(command, capture_output=True, check=False, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("form", ["erase", "block-picture", "protected-template"])
def test_opt_out_has_three_forms(public: Visitor, form: str) -> None:
    number, _ = _codes(_ask(public, kind=f"opt-out:{form}"))
    assert RequestRecord.objects.get(number=number).opt_out == form


def test_wrong_secret_and_unknown_number_are_told_alike(public: Visitor) -> None:
    number, _ = _codes(_ask(public))
    pages = [
        public.post("/follow", None, number=asked, secret="S-0000-0000-0000-0000")
        for asked in (number, "Q-0000-0000")
    ]
    assert {page.status_code for page in pages} == {404}
    said = [re.sub(r'value="[^"]*"', "", page.content.decode()) for page in pages]
    assert said[0] == said[1]


def test_the_answer_is_the_same_whoever_is_held(served: House, public: Visitor) -> None:
    code = served.person("P001")
    served.enrol(code, photograph("P001"))
    held, unknown = (
        _ask(public, kind="withdrawal", pointer="receipt", value=each)
        for each in (code, "R-0000-0000-0000-0000")
    )
    strip = re.compile(r"[QS](-[0-9A-Z]{4})+|csrfmiddlewaretoken\" value=\"[^\"]+")
    assert strip.sub("", held) == strip.sub("", unknown)


def test_what_is_out_of_form_is_said_on_the_form(public: Visitor) -> None:
    for changes in (
        {"name": ""},
        {"kind": "everything"},
        {"pointer": "receipt"},
        {"place": "XX"},
        {"contact": "x" * 401},
    ):
        answer = public.post(
            "/ask", None, **{"kind": "access", "pointer": "own-face", "name": "A", "contact": "b", **changes}
        )
        assert answer.status_code == 400, changes
        assert 'role="alert"' in answer.content.decode()
    assert not RequestRecord.objects.exists()


def test_one_address_cannot_fill_the_desk(public: Visitor) -> None:
    answers = [
        public.post("/ask", None, kind="access", pointer="own-face", name="A", contact="b") for _ in range(7)
    ]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert RequestRecord.objects.count() == 5


def test_the_portal_reads_in_french(served: House) -> None:
    public = Visitor(house=served, lang="fr")
    assert "Ce que nous détenons" in public.get("/register").content.decode()
    asked = _ask(public)
    assert "secret" in asked
    assert RequestRecord.objects.get().language == "fr"


def test_pages_need_no_script(public: Visitor) -> None:
    for path in ("/", "/register", "/ask", "/follow"):
        page = public.get(path).content.decode()
        assert "<script" not in page
        assert not re.findall(r"<[^>]*\son\w+=", page)
        assert "style=" not in page


def test_what_was_done_is_told_to_everybody(public: Visitor) -> None:
    """Without an account: figures that name their entries, and all that one needs to count them again."""
    public.house.workspace.checkpoint()
    page = public.get("/transparency").content.decode()
    assert "Searches made" in page
    assert public.house.workspace.log.vkey.split("+")[0] in page
    held = json.loads(public.get("/transparency/yearly.json").content)
    assert held["edition"] == "public"
    assert b"def " in public.get("/transparency/recount.py").content
    assert public.get("/transparency/secret.py").status_code == 404
