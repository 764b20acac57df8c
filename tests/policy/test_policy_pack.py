"""A pack is used only where its three files are whole and agree."""

from __future__ import annotations

import json
import subprocess
import sys

import policy_factories as make
import pytest

from countenance.policy.book import load_book
from countenance.policy.manifest import DPV
from countenance.policy.pack import (
    PACK_FILES,
    Effect,
    load_pack,
    pack_from_files,
    pack_hash,
    shipped_pack_files,
    shipped_packs,
)
from countenance.policy.purposes import Purpose
from countenance.primitives.errors import FormatError, NotFoundError, UsageError


@pytest.fixture
def files() -> dict[str, str]:
    return shipped_pack_files("CA")


def changed(files: dict[str, str], **manifest: object) -> dict[str, str]:
    return {**files, "pack.json": json.dumps({**json.loads(files["pack.json"]), **manifest})}


@pytest.mark.parametrize("name", shipped_packs())
def test_a_shipped_pack_says_all_it_must(name):
    pack = load_pack(name)
    book = load_book(name, operator="CA")
    assert pack.name == name
    assert len(pack.hash) == 64
    ids = [rule.id for rule in pack.rules]
    assert ids == sorted(ids)
    named = [rule for rule in book.all_rules if rule.pack == name]
    used = {source for rule in named for source in rule.sources}
    terms = (*pack.terms.clocks, *pack.terms.retention, *pack.terms.required)
    used |= {source for entry in terms for source in entry.sources}
    assert {source.id for source in pack.sources} - used <= {"pipeda"}
    for rule in named:
        assert rule.en.endswith(".")
        assert rule.fr.endswith(".")
        assert rule.en != rule.fr
        assert rule.authority != rule.authority_fr
        assert not {"match", "hit", "confidence"} & set(rule.en.lower().split())
        assert book.sources_of(rule)
    for entry in terms:
        assert entry.en.endswith(".")
        assert entry.fr.endswith(".")
        assert entry.en != entry.fr


def test_house_knows_every_purpose():
    house = load_pack("HOUSE")
    assert {entry.purpose for entry in house.purposes} == set(Purpose)
    assert all(entry.dpv.startswith(DPV) and entry.en != entry.fr for entry in house.purposes)


def test_no_rule_is_older_than_the_newest_source_named_in_its_authority():
    """A rule that names the findings of 2021 cannot have applied before them."""
    dated = {
        "2021-001": "2021-02-02",
        "10 June 2021": "2021-06-10",
        "the house": "2026-11-01",
        "s. 6.1": "2015-06-18",
    }
    for rule in load_book(operator="CA").all_rules:
        for mark, date in dated.items():
            assert mark not in rule.authority or rule.since >= date, rule.id


def test_explain_speaks_both_languages():
    book = load_book("CA", operator="CA")
    assert book.explain("CA-20") == "A search belongs to a case, and none is named."
    assert book.explain("CA-20", "fr").startswith("Une recherche relève")
    assert book.explain("CA-00", "fr") == "Aucune règle ne le permet."
    assert book.explain(book.error.id)
    with pytest.raises(NotFoundError):
        book.explain("CA-77")
    with pytest.raises(UsageError):
        book.explain("CA-20", "de")


def test_a_directory_a_name_and_texts_load_the_same_pack(files, tmp_path):
    for name, text in files.items():
        (tmp_path / name).write_bytes(text.encode())
    assert load_pack(tmp_path) == load_pack("CA") == pack_from_files(files)


@pytest.mark.parametrize("name", PACK_FILES)
def test_one_changed_byte_changes_the_hash(files, name):
    assert pack_hash({**files, name: files[name] + "\n"}) != pack_hash(files)


def test_moving_text_from_one_file_to_another_changes_the_hash():
    assert pack_hash({"a": "x", "b": "y"}) != pack_hash({"a": "y", "b": "x"})
    assert pack_hash({"a": "xy", "b": ""}) != pack_hash({"a": "x", "b": "y"})


def test_the_hash_can_be_computed_without_our_code(files):
    import hashlib

    inner = ",".join(
        f'"{name}":"{hashlib.sha256(files[name].encode()).hexdigest()}"' for name in sorted(files)
    )
    whole = f'{{"files":{{{inner}}},"format":"countenance-policy-pack/1"}}'
    assert load_pack("CA").hash == hashlib.sha256(whole.encode()).hexdigest()


@pytest.mark.parametrize("name", ["ZZ", "CA-ON"])
def test_an_unknown_pack_is_not_found(name):
    with pytest.raises(NotFoundError):
        load_pack(name)


@pytest.mark.parametrize("name", ["..", "../CA", "ca", "", "CA/", "CA\n"])
def test_a_name_is_never_a_path(name):
    with pytest.raises(FormatError):
        load_pack(name)


def test_missing_extra_and_unreadable_files_refuse(files, tmp_path):
    with pytest.raises(NotFoundError):
        load_pack(tmp_path / "none")
    for name, text in files.items():
        with pytest.raises(FormatError, match="missing"):
            load_pack(tmp_path)
        (tmp_path / name).write_bytes(text.encode())
    load_pack(tmp_path)
    (tmp_path / "policy.cedar").write_bytes(b"\xff")
    with pytest.raises(FormatError, match="UTF-8"):
        load_pack(tmp_path)
    (tmp_path / "policy.cedar").unlink()
    (tmp_path / "policy.cedar").mkdir()
    with pytest.raises(FormatError, match="cannot be read"):
        load_pack(tmp_path)
    with pytest.raises(FormatError, match=r"more\.cedar"):
        pack_from_files({**files, "more.cedar": "permit (principal, action, resource);"})
    (tmp_path / "more.cedar").write_text("permit (principal, action, resource);")
    with pytest.raises(FormatError):
        load_pack(tmp_path)
    with pytest.raises(FormatError, match="Unicode"):
        pack_from_files({**files, "policy.cedar": "\udcff"})


NOTES = '@id("CA-90") @reason("planted") @authority("Test") @since("2026-11-01")\n'
FORBID = "forbid (principal, action, resource) when { context.now < 0 };"


def planted(rule: str, rule_id: str = "CA-90") -> dict[str, str]:
    return make.planted("CA", rule, rule_id)


def test_the_planted_rule_loads_where_nothing_is_wrong_with_it():
    assert pack_from_files(planted(NOTES + FORBID)).rules[-1].effect is Effect.FORBID


@pytest.mark.parametrize(
    "rule, said",
    [
        (FORBID, "must have exactly"),
        (NOTES.replace('@since("2026-11-01")', "") + FORBID, "must have exactly"),
        (NOTES.replace('@authority("Test")', '@authority("")') + FORBID, "must have exactly"),
        (NOTES + '@more("x")' + FORBID, "must have exactly"),
        (NOTES.replace("planted", "Planted Rule") + FORBID, "kebab-case"),
        (NOTES.replace("planted", "basis-kind-not-permitted") + FORBID, "share a reason"),
        (NOTES.replace("2026-11-01", "2026-13-01") + FORBID, "YYYY-MM-DD"),
        (NOTES.replace("2026-11-01", "20261101") + FORBID, "YYYY-MM-DD"),
        (NOTES.replace("CA-90", "CA-91") + FORBID, "no text for rule CA-91"),
        (NOTES.replace("CA-90", "CA-62") + FORBID, "share an id"),
        (NOTES.replace("CA-90", "CA-20") + FORBID, "no text for rule CA-20"),
        (NOTES + FORBID.replace("context.now", "context.later"), "do not fit the schema"),
        (NOTES + FORBID.replace("< 0", '== "x"'), "do not fit the schema"),
        (NOTES + FORBID.replace("context.now < 0", 'context.purpose == "x"'), "do not fit the schema"),
        (NOTES + FORBID.replace("action,", 'action == Action::"serch",'), "do not fit the schema"),
        (NOTES + FORBID.replace("principal,", "principal == ?principal,"), "templates"),
        (NOTES + "forbid (", "Cedar cannot read"),
        ("", "not in the file"),
    ],
)
def test_a_rule_that_is_not_whole_refuses_the_pack(rule, said):
    with pytest.raises(FormatError, match=said) as caught:
        pack_from_files(planted(rule))
    assert caught.value.code == "policy-pack"
    assert caught.value.remedy is not None


@pytest.mark.parametrize("rule_id", ["US-90", "CA-9", "CA-9000", "CA-AB", "CA90"])
def test_rule_ids_carry_the_packs_name(rule_id):
    with pytest.raises(FormatError, match="not an id"):
        pack_from_files(planted(NOTES.replace("CA-90", rule_id) + FORBID, rule_id))


def test_an_empty_rule_set_refuses(files):
    with pytest.raises(FormatError, match="no rules"):
        pack_from_files({**files, "policy.cedar": "// nothing\n"})


GROUND = {
    "rules": ["01"],
    "authority": "Test",
    "authority_fr": "Essai",
    "since": "2026-11-01",
    "sources": ["house"],
}


@pytest.mark.parametrize(
    "purposes, said",
    [
        ([], "purposes is not a list"),
        ([{"id": "marketing", "dpv": DPV + "Marketing", "en": "x", "fr": "x"}], "not a purpose"),
        ([{"id": "missing-person", "dpv": "https://example.org/x", "en": "x", "fr": "x"}], "DPV"),
        (["missing-person"], "not an object"),
    ],
)
def test_the_purposes_of_house_must_be_whole(purposes, said):
    with pytest.raises(FormatError, match=said):
        pack_from_files(changed(shipped_pack_files("HOUSE"), purposes=purposes))


@pytest.mark.parametrize(
    "change, said",
    [
        ({"name": "Canada"}, "ISO 3166"),
        ({"name": None}, "ISO 3166"),
        ({"builds_on": None}, "HOUSE alone"),
        ({"builds_on": "canada"}, "ISO 3166"),
        ({"covers": ["canada"]}, "ISO 3166"),
        ({"covers": "CA"}, "not a list"),
        ({"except": [1]}, "ISO 3166"),
        ({"signers": ["founder-1"]}, "two different keys"),
        ({"signers": ["founder-1", "founder-1"]}, "two different keys"),
        ({"grounds": {}}, "not a list"),
        ({"grounds": [{"rules": ["01"]}]}, "missing or unknown keys"),
        ({"grounds": [GROUND, GROUND]}, "same rule"),
        ({"grounds": [{**GROUND, "rules": ["x"]}]}, "number of a rule"),
        ({"grounds": [{**GROUND, "sources": ["nowhere"]}]}, "unknown sources"),
        ({"grounds": [{**GROUND, "since": "2026"}]}, "YYYY-MM-DD"),
        ({"grounds": [{**GROUND, "rules": ["62"]}]}, "rule of its own"),
        ({"version": ""}, "version is not a text"),
        ({"in_force_since": "soon"}, "YYYY-MM-DD"),
        ({"surprise": 1}, "surprise"),
        ({"purposes": []}, "purposes"),
        ({"sources": {}}, "sources is not a list"),
        ({"rules": []}, "rules is not an object"),
        ({"rules": {}}, "no text for rule CA-62"),
        ({"default": {"id": "CA-00"}}, "missing or unknown keys"),
    ],
)
def test_a_manifest_that_is_not_whole_refuses_the_pack(files, change, said):
    with pytest.raises(FormatError, match=said):
        pack_from_files(changed(files, **change))


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"name":"CA","name":"CA"}'])
def test_a_manifest_that_is_no_object_refuses_the_pack(files, text):
    with pytest.raises(FormatError):
        pack_from_files({**files, "pack.json": text})


@pytest.mark.parametrize("key, value", [("sources", ["nowhere"]), ("sources", []), ("fr", ""), ("en", None)])
def test_a_rules_text_must_be_whole(files, key, value):
    rules = json.loads(files["pack.json"])["rules"]
    rules["CA-62"][key] = value
    with pytest.raises(FormatError):
        pack_from_files(changed(files, rules=rules))


def test_a_missing_default_text_refuses(files):
    rules = json.loads(files["pack.json"])["rules"]
    del rules["CA-00"]
    with pytest.raises(FormatError, match="CA-00"):
        pack_from_files(changed(files, rules=rules))


def test_two_sources_of_one_id_refuse(files):
    sources = json.loads(files["pack.json"])["sources"]
    with pytest.raises(FormatError, match="share an id"):
        pack_from_files(changed(files, sources=[*sources, sources[0]]))


def test_importing_the_values_loads_no_evaluator():
    """`countenance --help` and the index read grants; neither may pay for Cedar."""
    code = (
        "import sys, countenance.policy.grants, countenance.policy.questions, countenance.policy.decisions;"
        "sys.exit('cedarpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
