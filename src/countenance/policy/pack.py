"""A policy pack: the law of one place as files that decide, say why, and can be hashed, signed and replayed.

`policy.cedar` holds the rules, `pack.json` what they say to people and which places they govern, `terms.json` what
is not a yes or no: time limits, storage limits, fields that must be filled. The pack HOUSE has
`schema.cedarschema` too, which says what the rules of every pack may look at; all others build on it (CA-QC on CA, CA on
HOUSE), and `book.py` puts those in force together.

A pack is used only where its files agree: the rules pass Cedar's validation against the schema, each rule is
annotated with `@id @reason @authority @since`, and each has its text. Cedar skips a rule that meets a missing
field; without the validation that is how a forbid gets lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import cedarpy

from countenance.policy.clauses import Clause, clause_of
from countenance.policy.manifest import (
    HOUSE,
    Ground,
    LawSource,
    Manifest,
    PackPurpose,
    RuleText,
    Verdict,
    pack_error,
    parse_manifest,
    require_date,
    require_name,
    require_reason,
)
from countenance.policy.terms import Terms, parse_terms
from countenance.primitives.canonical import canonical_json, sha256_hex
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_

PACK_FILES = ("pack.json", "policy.cedar", "terms.json")
HOUSE_FILES = (*PACK_FILES, "schema.cedarschema")

ORDER_FILE = "order.json"
"""The only file of an order pack; see `ordering.py`."""

SIGNATURES_FILE = "signatures.json"
"""Lies beside a pack's files, and is no part of it."""

_FORMAT = "countenance-policy-pack/1"
_ANNOTATIONS = {"id", "reason", "authority", "since"}


class Effect(StrEnum):
    """What a rule does when its condition holds. `neither`: the two verdicts that no rule of the file gives."""

    PERMIT = "permit"
    FORBID = "forbid"
    NEITHER = "neither"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of a pack.

    `id`: the pack and a number, as in `CA-03`; a refusal is named by the lowest number that speaks. `reason`: kebab-case code, one per forbid. `authority`, `authority_fr`: what it rests on. `since`: ISO
    date from which it applies. `sources`: ids of the pack's sources of law. `en`, `fr`: one sentence each.
    """

    id: str
    effect: Effect
    reason: str
    authority: str
    authority_fr: str
    since: str
    sources: tuple[str, ...]
    en: str
    fr: str

    @property
    def pack(self) -> str:
        """Name of the pack under which it is named."""
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> str:
        """Its number in that pack, and in HOUSE where it is a rule of HOUSE's."""
        return self.id.rpartition("-")[2]


@dataclass(frozen=True, kw_only=True)
class PolicyPack:
    """A pack that has passed every check of `pack_from_files`.

    `hash`: SHA-256 (64 hex digits) over the canonical listing of its files. `builds_on`: the pack below, None of HOUSE.
    `covers`, `excepted`: ISO 3166 codes of the places that it governs, and of parts of them that it does not.
    `rules`: its own, in the order of the file; `grounds`: what rules of HOUSE rest on in its law.
    `default`: the refusal where nothing permits, None where that of the pack below serves; `error`: of HOUSE only.
    `clauses`: each of `rules` in Cedar.
    """

    name: str
    version: str
    builds_on: str | None
    covers: tuple[str, ...]
    excepted: tuple[str, ...]
    in_force_since: str
    signers: tuple[str, ...]
    hash: str
    purposes: tuple[PackPurpose, ...]
    sources: tuple[LawSource, ...]
    grounds: tuple[Ground, ...]
    rules: tuple[Rule, ...]
    default: Rule | None
    error: Rule | None
    terms: Terms
    clauses: tuple[Clause, ...] = field(repr=False)
    schema: str | None = field(repr=False)


def shipped_packs() -> tuple[str, ...]:
    """Names of the packs that come with the program, sorted."""
    return tuple(sorted(entry.name for entry in _shipped().iterdir() if entry.is_dir()))


def shipped_pack_files(name: str) -> dict[str, str]:
    """The texts of the shipped pack of that name, by file name. Raises NotFoundError, or FormatError."""
    return read_packed(_shipped() / require_name(name), name)


def load_pack(source: Path | str) -> PolicyPack:
    """The pack in a directory (a Path), or the shipped pack of that name (a str such as `CA`).

    Raises NotFoundError where there is none, FormatError (code `policy-pack`) where it must not be used.
    """
    if isinstance(source, Path):
        return pack_from_files(read_pack_files(source))
    pack = pack_from_files(shipped_pack_files(source))
    if pack.name != source:
        raise pack_error(f"it calls itself {pack.name}, not {source}")
    return pack


def read_pack_files(directory: Path) -> dict[str, str]:
    """The texts of the pack in `directory`, by file name. Raises NotFoundError, or FormatError."""
    return read_packed(directory, directory.name)


def pack_from_files(texts: Mapping[str, str]) -> PolicyPack:
    """The pack whose files have these texts, by file name. Raises FormatError (code `policy-pack`).

    Its rules are checked against its own schema, or against that of the HOUSE that comes with the program; a book checks
    them again, against that of the HOUSE they are put in force with. The same texts are checked once by a process.
    """
    return _checked(frozenset(texts.items()))


@lru_cache(maxsize=64)
def _checked(listed: frozenset[tuple[str, str]]) -> PolicyPack:
    texts = dict(listed)
    is_house = "schema.cedarschema" in texts
    if wrong := sorted(set(texts) ^ set(HOUSE_FILES if is_house else PACK_FILES)):
        raise pack_error(f"files are missing or do not belong to it: {', '.join(wrong)}")
    digest = pack_hash(texts)
    manifest = parse_manifest(texts["pack.json"])
    if (manifest.name == HOUSE) != is_house:
        raise pack_error("HOUSE alone has a schema, and must have one")
    terms = parse_terms(texts["terms.json"], {entry.id for entry in manifest.sources})
    policy = texts["policy.cedar"]
    try:
        schema = cedarpy.Schema.from_str(texts["schema.cedarschema"] if is_house else _house_schema())
        listing = json.loads(cedarpy.policies_to_json_str(policy))
        validation = cedarpy.validate_policies(policy, schema)
    except ValueError as error:
        raise pack_error(f"Cedar cannot read it ({error})") from error
    if listing["templates"] or listing["templateLinks"]:
        raise pack_error("it holds templates; every rule must be complete")
    rules = _rules(listing["staticPolicies"], manifest)
    if not validation.validation_passed:
        raise pack_error(f"its rules do not fit the schema ({'; '.join(map(str, validation.errors))})")
    return PolicyPack(
        name=manifest.name,
        version=manifest.version,
        builds_on=manifest.builds_on,
        covers=manifest.covers,
        excepted=manifest.excepted,
        in_force_since=manifest.in_force_since,
        signers=manifest.signers,
        hash=digest,
        purposes=manifest.purposes,
        sources=manifest.sources,
        grounds=manifest.grounds,
        rules=rules,
        default=_verdict_rule(manifest.default, manifest) if manifest.default else None,
        error=_verdict_rule(manifest.error, manifest) if manifest.error else None,
        terms=terms,
        clauses=tuple(
            clause_of(listing["staticPolicies"][f"policy{number}"], manifest.name)
            for number in range(len(rules))
        ),
        schema=texts.get("schema.cedarschema"),
    )


@cache
def _house_schema() -> str:
    return shipped_pack_files(HOUSE)["schema.cedarschema"]


def pack_hash(texts: Mapping[str, str]) -> str:
    """SHA-256 (hex) of the canonical JSON (RFC 8785) that lists each file's name and SHA-256 of its UTF-8 bytes."""
    try:
        listing = {name: sha256_hex(text.encode("utf-8")) for name, text in texts.items()}
    except UnicodeEncodeError as error:
        raise pack_error("a file holds text that is not Unicode") from error
    return sha256_hex(canonical_json({"format": _FORMAT, "files": listing}))


def read_packed(directory: Traversable, name: str) -> dict[str, str]:
    """The texts of a pack's files, by name; signatures beside them are left out. Raises NotFoundError, or FormatError."""
    if not directory.is_dir():
        raise NotFoundError(N_("There is no policy pack {name}."), name=name, code="no-such-pack")
    texts: dict[str, str] = {}
    for entry in directory.iterdir():
        if entry.name == SIGNATURES_FILE:
            continue
        if entry.name not in {*HOUSE_FILES, ORDER_FILE}:
            raise pack_error(f"files are missing or do not belong to it: {entry.name}")
        try:
            texts[entry.name] = entry.read_bytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise pack_error(f"{entry.name} is not UTF-8") from error
        except OSError as error:
            raise pack_error(f"{entry.name} cannot be read ({error.strerror})") from error
    return texts


def _shipped() -> Traversable:
    return files("countenance.policy") / "packs"


def _rules(policies: Mapping[str, Mapping[str, object]], manifest: Manifest) -> tuple[Rule, ...]:
    """Cedar numbers policies `policy0`, `policy1` .. in the order of the file; ours is that order."""
    if not policies and manifest.builds_on in (None, HOUSE):
        raise pack_error("it has no rules; an empty set would decide nothing")
    rules: list[Rule] = []
    for number in range(len(policies)):
        policy = policies[f"policy{number}"]
        annotations = policy.get("annotations")
        if (
            not isinstance(annotations, dict)
            or set(annotations) != _ANNOTATIONS
            or not all(annotations.values())
        ):
            raise pack_error(
                f"rule {number + 1} of the file must have exactly @id, @reason, @authority, @since"
            )
        rule_id = annotations["id"]
        text = manifest.rules.get(rule_id)
        if text is None:
            raise pack_error(f"pack.json has no text for rule {rule_id}")
        rules.append(
            _rule(
                Verdict(
                    id=rule_id,
                    reason=require_reason(annotations["reason"], rule_id),
                    authority=annotations["authority"],
                    since=require_date(annotations["since"], rule_id),
                ),
                Effect(str(policy["effect"])),
                text,
                manifest.name,
            )
        )
    verdicts = [verdict.id for verdict in (manifest.default, manifest.error) if verdict]
    ids = [rule.id for rule in rules] + verdicts
    if len(set(ids)) != len(ids):
        raise pack_error("two rules share an id")
    if unused := sorted(set(manifest.rules) - set(ids)):
        raise pack_error(f"pack.json speaks of rules that are not in the file: {', '.join(unused)}")
    grounded = {f"{manifest.name}-{number}" for ground in manifest.grounds for number in ground.rules}
    if both := sorted(grounded & set(ids)):
        raise pack_error(f"it grounds a rule of HOUSE under the id of a rule of its own: {', '.join(both)}")
    reasons = [rule.reason for rule in rules if rule.effect is Effect.FORBID]
    if len(set(reasons)) != len(reasons):
        raise pack_error("two rules share a reason; a refusal would not tell which")
    return tuple(rules)


def _verdict_rule(verdict: Verdict, manifest: Manifest) -> Rule:
    text = manifest.rules.get(verdict.id)
    if text is None:
        raise pack_error(f"pack.json has no text for {verdict.id}")
    return _rule(verdict, Effect.NEITHER, text, manifest.name)


def _rule(verdict: Verdict, effect: Effect, text: RuleText, pack: str) -> Rule:
    if not re.fullmatch(rf"{pack}-[0-9]{{2,3}}", verdict.id):
        raise pack_error(f"{verdict.id!r} is not an id such as {pack}-03")
    return Rule(
        id=verdict.id,
        effect=effect,
        reason=verdict.reason,
        authority=verdict.authority,
        authority_fr=text.authority_fr,
        since=verdict.since,
        sources=text.sources,
        en=text.en,
        fr=text.fr,
    )
