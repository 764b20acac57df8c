"""What is wrong with a pack is said exactly: which file, which entry, which value."""

from __future__ import annotations

import json
from datetime import date

import policy_factories as make
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countenance.policy.decisions import Refused
from countenance.policy.manifest import (
    DPV,
    SIGNATURES,
    Ground,
    LawSource,
    PackPurpose,
    RuleText,
    Verdict,
    pack_error,
    parse_manifest,
)
from countenance.policy.pack import (
    Effect,
    Rule,
    load_pack,
    pack_from_files,
    read_pack_files,
    shipped_pack_files,
)
from countenance.policy.purposes import Purpose
from countenance.policy.signing import (
    PackSignature,
    check_signatures,
    read_signatures,
    sign_pack,
    signed_bytes,
    write_signatures,
)
from countenance.policy.terms import (
    Ages,
    Clock,
    DataKind,
    ExtensionReason,
    FieldOf,
    PauseReason,
    RequestKind,
    Required,
    RequiredField,
    RetentionLimit,
    Span,
    Terms,
    parse_terms,
)
from countenance.primitives.errors import FormatError, NotFoundError, RefusedError

SOURCE = {
    "id": "law",
    "title": "Law",
    "title_fr": "Loi",
    "article": "s. 1",
    "article_fr": "art. 1",
    "date": "2001-01-01",
}
GROUND = {
    "rules": ["01", "104"],
    "authority": "A",
    "authority_fr": "B",
    "since": "2002-02-02",
    "sources": ["law"],
}
RULE = {"sources": ["law"], "authority_fr": "C", "en": "En.", "fr": "Fr."}
DEFAULT = {"id": "XX-00", "reason": "not-permitted", "authority": "D", "since": "2003-03-03"}
PLACE = {
    "name": "CA-QC",
    "version": "1",
    "builds_on": "CA",
    "in_force_since": "2026-11-01",
    "covers": ["CA-QC"],
    "except": ["US-IL"],
    "signers": ["one", "two"],
    "sources": [SOURCE, {**SOURCE, "id": "more", "url": "https://example.org/"}],
    "grounds": [GROUND],
    "rules": {"CA-QC-50": RULE},
    "default": DEFAULT,
}
PURPOSE = {"id": "missing-person", "dpv": DPV + "X", "en": "E", "fr": "F"}
HOUSE = {
    **PLACE,
    "name": "HOUSE",
    "builds_on": None,
    "error": {**DEFAULT, "id": "HOUSE-99"},
    "purposes": [PURPOSE],
}


def test_a_manifest_is_read_as_it_is_written():
    read = parse_manifest(json.dumps(PLACE))
    source = LawSource(**SOURCE, url=None)
    assert (read.name, read.version, read.builds_on) == ("CA-QC", "1", "CA")
    assert (read.covers, read.excepted, read.in_force_since) == (("CA-QC",), ("US-IL",), "2026-11-01")
    assert read.signers == ("one", "two")
    assert read.sources == (source, LawSource(**{**SOURCE, "id": "more"}, url="https://example.org/"))
    assert read.grounds == (
        Ground(rules=("01", "104"), authority="A", authority_fr="B", since="2002-02-02", sources=("law",)),
    )
    assert read.rules == {"CA-QC-50": RuleText(sources=("law",), authority_fr="C", en="En.", fr="Fr.")}
    assert read.default == Verdict(id="XX-00", reason="not-permitted", authority="D", since="2003-03-03")
    assert (read.error, read.purposes) == (None, ())
    house = parse_manifest(json.dumps(HOUSE))
    assert (house.name, house.builds_on) == ("HOUSE", None)
    assert house.error == Verdict(id="HOUSE-99", reason="not-permitted", authority="D", since="2003-03-03")
    assert house.purposes == (PackPurpose(purpose=Purpose.MISSING_PERSON, dpv=DPV + "X", en="E", fr="F"),)
    plain = {key: value for key, value in PLACE.items() if key != "default"}
    assert parse_manifest(json.dumps(plain)).default is None
    assert (DPV, SIGNATURES) == ("https://w3id.org/dpv#", 2)


NO_CODE = "its name is not an ISO 3166 code such as CA or CA-QC"


@pytest.mark.parametrize(
    "top, change, problem",
    [
        (PLACE, {"name": "Canada"}, NO_CODE),
        (PLACE, {"name": "CA-QCXX"}, NO_CODE),
        (PLACE, {"name": None}, NO_CODE),
        (PLACE, {"version": "  "}, "version is not a text"),
        (PLACE, {"builds_on": None}, "builds_on must name a pack, and HOUSE alone builds on none"),
        (HOUSE, {"builds_on": "CA"}, "builds_on must name a pack, and HOUSE alone builds on none"),
        (PLACE, {"builds_on": "x"}, NO_CODE),
        (PLACE, {"in_force_since": 2026}, "in_force_since is not a text"),
        (PLACE, {"in_force_since": "2026-11"}, "in_force_since: '2026-11' is not a date YYYY-MM-DD"),
        (PLACE, {"covers": "CA"}, "covers is not a list"),
        (PLACE, {"covers": ["CA", "ca"]}, "covers: 'ca' is not an ISO 3166 code"),
        (PLACE, {"except": {}}, "except is not a list"),
        (PLACE, {"except": [None]}, "except: None is not an ISO 3166 code"),
        (PLACE, {"signers": "one"}, "signers is not a list with entries"),
        (PLACE, {"signers": ["one", 2]}, "signers is not a text"),
        (PLACE, {"signers": ["one"]}, "signers does not name two different keys"),
        (PLACE, {"signers": ["one", "two", "two"]}, "signers does not name two different keys"),
        (PLACE, {"sources": []}, "sources is not a list with entries"),
        (PLACE, {"sources": [SOURCE, SOURCE]}, "two sources of law share an id"),
        (PLACE, {"sources": [SOURCE, {**SOURCE, "id": ""}]}, "sources[1].id is not a text"),
        (PLACE, {"sources": [{**SOURCE, "title_fr": 1}]}, "sources[0].title_fr is not a text"),
        (PLACE, {"sources": [{**SOURCE, "date": "x"}]}, "sources[0]: 'x' is not a date YYYY-MM-DD"),
        (PLACE, {"sources": [{**SOURCE, "u": "x"}]}, "sources[0] has missing or unknown keys: u"),
        (PLACE, {"grounds": {}}, "grounds is not a list"),
        (PLACE, {"grounds": [1]}, "grounds[0] is not an object"),
        (
            PLACE,
            {"grounds": [GROUND, {**GROUND, "rules": ["9", "01"]}]},
            "grounds[1]: '9' is not the number of a rule",
        ),
        (PLACE, {"grounds": [GROUND, {**GROUND, "rules": ["104"]}]}, "two grounds speak of the same rule"),
        (PLACE, {"grounds": [{**GROUND, "rules": []}]}, "grounds[0].rules is not a list with entries"),
        (PLACE, {"grounds": [{**GROUND, "rules": [1]}]}, "grounds[0].rules is not a text"),
        (PLACE, {"grounds": [{**GROUND, "authority": ""}]}, "grounds[0].authority is not a text"),
        (PLACE, {"grounds": [{**GROUND, "authority_fr": ""}]}, "grounds[0].authority_fr is not a text"),
        (PLACE, {"grounds": [{**GROUND, "since": None}]}, "grounds[0].since is not a text"),
        (PLACE, {"grounds": [{**GROUND, "since": "1"}]}, "grounds[0]: '1' is not a date YYYY-MM-DD"),
        (PLACE, {"grounds": [{**GROUND, "sources": ["b", "a"]}]}, "grounds[0] names unknown sources: a, b"),
        (PLACE, {"rules": []}, "rules is not an object"),
        (PLACE, {"rules": {"R": 1}}, "R is not an object"),
        (PLACE, {"rules": {"R": {**RULE, "sources": []}}}, "R.sources is not a list with entries"),
        (PLACE, {"rules": {"R": {**RULE, "sources": ["x"]}}}, "R names unknown sources: x"),
        (PLACE, {"rules": {"R": {**RULE, "authority_fr": ""}}}, "R.authority_fr is not a text"),
        (PLACE, {"rules": {"R": {**RULE, "en": ""}}}, "R.en is not a text"),
        (PLACE, {"rules": {"R": {**RULE, "fr": ""}}}, "R.fr is not a text"),
        (
            PLACE,
            {"default": {**DEFAULT, "reason": "No Reason"}},
            "default: 'No Reason' is not a kebab-case reason",
        ),
        (PLACE, {"default": {**DEFAULT, "since": "x"}}, "default: 'x' is not a date YYYY-MM-DD"),
        (PLACE, {"default": {}}, "default has missing or unknown keys: authority, id, reason, since"),
        (PLACE, {"default": {**DEFAULT, "authority": ""}}, "default.authority is not a text"),
        (PLACE, {"error": DEFAULT}, "pack.json has missing or unknown keys: error"),
        (HOUSE, {"error": []}, "error is not an object"),
        (HOUSE, {"purposes": []}, "purposes is not a list with entries"),
        (HOUSE, {"purposes": [PURPOSE, {**PURPOSE, "id": "x"}]}, "purposes[1]: 'x' is not a purpose"),
        (HOUSE, {"purposes": [{**PURPOSE, "dpv": "x"}]}, "purposes[0]: its IRI is not a DPV term"),
        (HOUSE, {"purposes": [{**PURPOSE, "en": ""}]}, "purposes[0].en is not a text"),
    ],
)
def test_a_manifest_s_fault_is_said_exactly(top, change, problem):
    with pytest.raises(FormatError) as caught:
        parse_manifest(json.dumps({**top, **change}))
    assert (caught.value.code, caught.value.message.params) == ("policy-pack", {"problem": problem})


@pytest.mark.parametrize(
    "text, problem",
    [
        ("[]", "pack.json is not an object"),
        ('{"name": 1, "name": 2}', "pack.json is not JSON (a key appears twice)"),
        (
            "{",
            "pack.json is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))",
        ),
    ],
)
def test_what_is_no_manifest(text, problem):
    with pytest.raises(FormatError) as caught:
        parse_manifest(text)
    assert caught.value.message.params == {"problem": problem}
    assert pack_error("x").remedy is not None


# ---- terms ---------------------------------------------------------------------------------------------------

CLOCK = {
    "request": "access",
    "within": "30 days",
    "extension": "2 months",
    "extension_for": ["volume", "consultation"],
    "notice_within": "10 days",
    "pauses": ["clarification-asked"],
    "sources": ["law"],
    "en": "E",
    "fr": "F",
}
LIMIT = {"data": "probe", "at_most": "1 months", "sources": ["law"], "en": "E", "fr": "F"}
FIELD = {"of": "gallery", "field": "notice", "since": "2020-01-01", "sources": ["law"], "en": "E", "fr": "F"}
AGES = {"majority": 18, "own_consent": 14, "sources": ["law"], "en": "E", "fr": "F"}
TERMS = {"clocks": [CLOCK], "retention": [LIMIT], "required": [FIELD], "ages": AGES}
WORDS = {"sources": ("law",), "en": "E", "fr": "F"}


def test_terms_are_read_as_they_are_written():
    assert parse_terms(json.dumps(TERMS), {"law"}) == Terms(
        clocks=(
            Clock(
                request=RequestKind.ACCESS,
                within=Span(days=30),
                extension=Span(months=2),
                extension_for=(ExtensionReason.VOLUME, ExtensionReason.CONSULTATION),
                notice_within=Span(days=10),
                pauses=(PauseReason.CLARIFICATION_ASKED,),
                **WORDS,
            ),
        ),
        retention=(RetentionLimit(data=DataKind.PROBE, at_most=Span(months=1), **WORDS),),
        required=(Required(of=FieldOf.GALLERY, field=RequiredField.NOTICE, since="2020-01-01", **WORDS),),
        ages=Ages(majority=18, own_consent=14, **WORDS),
    )
    bare = {**CLOCK, "extension": None, "extension_for": [], "notice_within": None, "pauses": []}
    terms = parse_terms(
        json.dumps({**TERMS, "clocks": [bare], "retention": [{**LIMIT, "at_most": None}], "ages": None}),
        {"law"},
    )
    clock = terms.clock(RequestKind.ACCESS)
    assert clock is not None
    assert (clock.extension, clock.notice_within, clock.extension_for, clock.pauses) == (None, None, (), ())
    assert terms.retention[0].at_most is None
    assert terms.ages is None
    assert parse_terms(json.dumps({**TERMS, "ages": {**AGES, "majority": 30, "own_consent": 30}}), {"law"})
    assert parse_terms(json.dumps({**TERMS, "ages": {**AGES, "own_consent": 1}}), {"law"})


SPAN = "is not a span such as 30 days or 1 months"
NO_AGES = "ages are whole years, and consent comes with majority at the latest"
REASONS = "access: an extension has its reasons, and no reason is without an extension"


@pytest.mark.parametrize(
    "part, change, problem",
    [
        ("clocks", {"within": "30 day"}, f"'30 day' {SPAN}"),
        ("clocks", {"within": "0 days"}, f"'0 days' {SPAN}"),
        ("clocks", {"within": None}, "None is not a text"),
        ("clocks", {"extension": "x"}, f"'x' {SPAN}"),
        ("clocks", {"notice_within": ""}, "'' is not a text"),
        ("clocks", {"extension": None}, REASONS),
        ("clocks", {"extension_for": []}, REASONS),
        ("clocks", {"extension_for": "volume"}, "'volume' is not a list"),
        ("clocks", {"extension_for": [1]}, "1 is not a text"),
        ("clocks", {"pauses": None}, "None is not a list"),
        ("clocks", {"pauses": ["x"]}, "'x' is not a valid PauseReason"),
        ("clocks", {"request": "x"}, "'x' is not a valid RequestKind"),
        ("clocks", {"request": 1}, "1 is not a text"),
        ("clocks", {"sources": []}, "[] are not sources of the pack"),
        ("clocks", {"sources": ["law", "x"]}, "['law', 'x'] are not sources of the pack"),
        ("clocks", {"en": " "}, "' ' is not a text"),
        ("clocks", {"fr": None}, "None is not a text"),
        (
            "clocks",
            {"more": 1},
            "a clock does not have exactly request within extension extension_for notice_within pauses sources en fr",
        ),
        ("retention", {"data": "x"}, "'x' is not a valid DataKind"),
        ("retention", {"at_most": "9"}, f"'9' {SPAN}"),
        ("retention", {"sources": ["x"]}, "['x'] are not sources of the pack"),
        ("retention", {"en": ""}, "'' is not a text"),
        ("retention", {"fr": ""}, "'' is not a text"),
        ("retention", {"more": 1}, "a storage limit does not have exactly data at_most sources en fr"),
        ("required", {"of": "x"}, "'x' is not a valid FieldOf"),
        ("required", {"field": "x"}, "'x' is not a valid RequiredField"),
        ("required", {"since": "x"}, "Invalid isoformat string: 'x'"),
        ("required", {"since": 1}, "1 is not a text"),
        ("required", {"sources": [1]}, "1 is not a text"),
        ("required", {"en": ""}, "'' is not a text"),
        ("required", {"fr": ""}, "'' is not a text"),
        ("required", {"more": 1}, "a required field does not have exactly of field since sources en fr"),
        ("ages", {"majority": 31}, NO_AGES),
        ("ages", {"majority": 13}, NO_AGES),
        ("ages", {"majority": "18"}, NO_AGES),
        ("ages", {"own_consent": 0}, NO_AGES),
        ("ages", {"own_consent": True}, NO_AGES),
        ("ages", {"sources": None}, "None is not a list"),
        ("ages", {"en": ""}, "'' is not a text"),
        ("ages", {"fr": ""}, "'' is not a text"),
        ("ages", {"more": 1}, "ages does not have exactly majority own_consent sources en fr"),
    ],
)
def test_a_fault_of_the_terms_is_said_exactly(part, change, problem):
    old = TERMS[part]
    new = [{**old[0], **change}] if isinstance(old, list) else {**old, **change}
    with pytest.raises(FormatError) as caught:
        parse_terms(json.dumps({**TERMS, part: new}), {"law"})
    assert caught.value.message.params == {"problem": f"terms.json: {problem}"}


def test_two_things_of_one_and_what_is_no_terms():
    for part in ("clocks", "retention", "required"):
        with pytest.raises(FormatError) as caught:
            parse_terms(json.dumps({**TERMS, part: TERMS[part] * 2}), {"law"})
        assert caught.value.message.params == {"problem": "terms.json says two things of one"}
    with pytest.raises(FormatError) as caught:
        parse_terms(json.dumps({**TERMS, "x": 1}), {"law"})
    expected = "terms.json: terms.json does not have exactly clocks retention required ages"
    assert caught.value.message.params == {"problem": expected}
    for text in ("", "[]", '{"clocks": 1}'):
        with pytest.raises(FormatError):
            parse_terms(text, {"law"})


@pytest.mark.parametrize(
    "span, start, end",
    [
        (Span(days=30), date(2026, 1, 31), date(2026, 3, 2)),
        (Span(months=1), date(2026, 1, 31), date(2026, 2, 28)),
        (Span(months=1), date(2028, 1, 31), date(2028, 2, 29)),
        (Span(months=2), date(2026, 11, 15), date(2027, 1, 15)),
        (Span(months=1), date(2026, 12, 31), date(2027, 1, 31)),
        (Span(months=13), date(2026, 12, 1), date(2028, 1, 1)),
        (Span(days=1, months=1), date(2026, 1, 31), date(2026, 3, 1)),
        (Span(), date(2026, 12, 31), date(2026, 12, 31)),
    ],
)
def test_days_and_months_are_counted_as_laws_do(span, start, end):
    assert span.after(start) == end


def test_spans_in_words_and_terms_on_terms():
    assert (str(Span(days=30)), str(Span(months=2)), str(Span())) == ("30 days", "2 months", "0 days")
    below = parse_terms(json.dumps(TERMS), {"law"})
    own = parse_terms(
        json.dumps(
            {
                **TERMS,
                "clocks": [{**CLOCK, "within": "9 days"}, {**CLOCK, "request": "erasure"}],
                "ages": None,
            }
        ),
        {"law"},
    )
    both = own.over(below)
    assert [(each.request.value, str(each.within)) for each in both.clocks] == [
        ("access", "9 days"),
        ("erasure", "30 days"),
    ]
    assert both.ages == below.ages
    assert both.retention == below.retention
    assert below.over(Terms()) == below
    assert Terms().clock(RequestKind.ACCESS) is None
    assert below.clock(RequestKind.ERASURE) is None
    assert below.limit(DataKind.PROBE) == below.retention[0]
    assert below.limit(DataKind.RESULT) is None
    assert below.fields(FieldOf.GALLERY) == below.required
    assert below.fields(FieldOf.CLIENT) == ()


# ---- packs and their signatures ------------------------------------------------------------------------------


def test_a_rule_says_what_stands_with_it_and_in_the_manifest():
    files = make.planted(
        "CA",
        make.NOTES.format(id="CA-90", reason="planted-rule") + "forbid (principal, action, resource);",
        "CA-90",
    )
    assert pack_from_files(files).rules[-1] == Rule(
        id="CA-90",
        effect=Effect.FORBID,
        reason="planted-rule",
        authority="Test",
        authority_fr="Essai",
        since="2026-11-01",
        sources=("house",),
        en="Test.",
        fr="Essai.",
    )
    rule = load_pack("CA-QC").rules[0]
    assert (rule.pack, rule.number) == ("CA-QC", rule.id.removeprefix("CA-QC-"))


def test_files_that_make_no_pack(tmp_path):
    files = shipped_pack_files("CA")
    for texts, problem in (
        ({**files, "b": "", "a": ""}, "files are missing or do not belong to it: a, b"),
        (
            {"pack.json": files["pack.json"]},
            "files are missing or do not belong to it: policy.cedar, terms.json",
        ),
        ({**files, "schema.cedarschema": ""}, "HOUSE alone has a schema, and must have one"),
        ({**files, "policy.cedar": ""}, "it has no rules; an empty set would decide nothing"),
    ):
        with pytest.raises(FormatError) as caught:
            pack_from_files(texts)
        assert caught.value.message.params == {"problem": problem}
    with pytest.raises(NotFoundError) as missing:
        read_pack_files(tmp_path / "none")
    assert (missing.value.code, missing.value.message.params) == ("no-such-pack", {"name": "none"})
    (tmp_path / "policy.cedar").write_bytes(b"\xff")
    with pytest.raises(FormatError) as caught:
        read_pack_files(tmp_path)
    assert caught.value.message.params == {"problem": "policy.cedar is not UTF-8"}
    (tmp_path / "policy.cedar").unlink()
    (tmp_path / "policy.cedar").mkdir()
    with pytest.raises(FormatError) as caught:
        read_pack_files(tmp_path)
    assert caught.value.message.params == {"problem": "policy.cedar cannot be read (Is a directory)"}
    (tmp_path / "policy.cedar").rmdir()
    (tmp_path / "odd").touch()
    with pytest.raises(FormatError) as caught:
        read_pack_files(tmp_path)
    assert caught.value.message.params == {"problem": "files are missing or do not belong to it: odd"}
    (tmp_path / "odd").unlink()
    (tmp_path / "signatures.json").touch()
    (tmp_path / "order.json").write_text("é", encoding="utf-8")
    assert read_pack_files(tmp_path) == {"order.json": "é"}
    wrong = {**files, "pack.json": files["pack.json"].replace('"CA"', '"CA-QC"', 1)}
    for name, text in wrong.items():
        (tmp_path / name).write_text(text)


KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
TRUSTED = {"founder-1": KEY.public_key().public_bytes_raw(), "founder-2": bytes(32)}


def test_the_bytes_under_a_signature():
    pack = load_pack("CA")
    signed = (
        f'{{"hash":"{pack.hash}","name":"CA","type":"countenance/policy-pack/v1","version":"{pack.version}"}}'
    )
    assert signed_bytes(pack) == signed.encode()
    signature = sign_pack(pack, "founder-1", KEY)
    assert signature == PackSignature(key="founder-1", signature=KEY.sign(signed.encode()))


def test_a_file_of_signatures_by_its_bytes():
    signatures = [PackSignature(key="a", signature=b"\x01\xff"), PackSignature(key="b", signature=b"")]
    text = """{
  "format": "countenance-policy-signatures/1",
  "signatures": [
    {
      "key": "a",
      "signature": "01ff"
    },
    {
      "key": "b",
      "signature": ""
    }
  ]
}
"""
    assert write_signatures(signatures) == text
    assert read_signatures(text) == tuple(signatures)


def test_a_refusal_as_an_error_says_the_same():
    refused = Refused(
        reason="r", rule="CA-01", authority="Law", since="2001-01-01", explanation="No.", pack="0" * 64
    )
    error = refused.error()
    assert (error.message.template, error.message.params) == ("No.", {})
    assert (error.reason, error.rule, error.authority, error.since) == ("r", "CA-01", "Law", "2001-01-01")


@pytest.mark.parametrize(
    "keys, reason, params",
    [
        ([], "pack-unsigned", {}),
        (["other"], "pack-signer-unknown", {"key": "other"}),
        (["founder-2"], "pack-altered", {"key": "founder-2"}),
        (["founder-1", "founder-1"], "pack-key-twice", {}),
        (["founder-1"], "pack-signed-once", {}),
    ],
)
def test_a_refused_signature_says_whose_and_why(keys, reason, params):
    pack = load_pack("CA")
    with pytest.raises(RefusedError) as caught:
        check_signatures(pack, [sign_pack(pack, key, KEY) for key in keys], TRUSTED)
    error = caught.value
    assert (error.reason, error.rule, error.since) == (reason, "PACK-01", "2026-11-01")
    assert error.authority == "Rule of the house: two persons vouch for a policy before it decides"
    assert error.message.params == {"pack": "CA", **params}


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "5",
        '{"format": "countenance-policy-signatures/1", "signatures": 5}',
        '{"format": "countenance-policy-signatures/1", "signatures": [], "more": 1}',
        '{"format": "countenance-policy-signatures/2", "signatures": []}',
        '{"format": "countenance-policy-signatures/1", "signatures": [{"key": "a", "signature": "g0"}]}',
    ],
)
def test_what_is_no_file_of_signatures(text):
    with pytest.raises(FormatError) as caught:
        read_signatures(text)
    assert (caught.value.code, caught.value.message.params) == (
        "policy-signatures",
        {"file": "signatures.json"},
    )
