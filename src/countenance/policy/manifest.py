"""`pack.json`: the part of a policy pack that people read. Parsed strictly: a key too many or too few refuses.

::

    {"name": "CA-QC", "version": "2026.11.1", "builds_on": "CA", "in_force_since": "2026-11-01",
     "covers": ["CA-QC"], "except": [],              places of ISO 3166 that it governs, and parts of them that it does not
     "signers": ["founder-1", "founder-2"],          names of the keys that must have signed it before it is put in force
     "default":  {"id": "CA-QC-00", "reason": ..., "authority": ..., "since": ...},   nothing permits; optional
     "error":    {"id": "HOUSE-99", ...},            evaluation failed; of HOUSE only
     "purposes": [{"id": ..., "dpv": IRI, "en": ..., "fr": ...}],                     of HOUSE only
     "sources":  [{"id": ..., "title": ..., "title_fr": ..., "article": ..., "article_fr": ...,
                  "date": ..., "url": optional}],
     "grounds":  [{"rules": ["01", "04"], "authority": ..., "authority_fr": ..., "since": ..., "sources": [ids]}],
     "rules":    {"CA-QC-01": {"sources": [ids], "authority_fr": ..., "en": ..., "fr": ...}}}

A ground says what a rule of HOUSE rests on in this place's law; the rule is then named after the pack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from countenance.policy.purposes import Purpose
from countenance.primitives.errors import FormatError
from countenance.primitives.text import N_

DPV = "https://w3id.org/dpv#"
"""Namespace of the W3C Data Privacy Vocabulary."""

HOUSE = "HOUSE"
"""Name of the pack with the rules that hold everywhere, on which all others build."""

SIGNATURES = 2
"""How many different keys sign a pack, at the least."""

_PLACE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166-1 alpha-2 or ISO 3166-2; EU is reserved there
_NUMBER = re.compile(r"[0-9]{2,3}")
_REASON = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, kw_only=True)
class LawSource:
    """A text that rules rest on. `date`: ISO date since which it applies. `url`: None where none is stable."""

    id: str
    title: str
    title_fr: str
    article: str
    article_fr: str
    date: str
    url: str | None


@dataclass(frozen=True, kw_only=True)
class PackPurpose:
    """A purpose that this pack permits. `dpv`: IRI of the DPV term that it is, or is a narrower concept of."""

    purpose: Purpose
    dpv: str
    en: str
    fr: str


@dataclass(frozen=True, kw_only=True)
class RuleText:
    """What a rule says to people, and on which sources it rests (ids of `LawSource`).

    `authority_fr`: the rule's authority in French; the English one stands with the rule.
    """

    sources: tuple[str, ...]
    authority_fr: str
    en: str
    fr: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a refusal without a rule of its own says: id, reason code, authority, ISO date."""

    id: str
    reason: str
    authority: str
    since: str


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What rules of HOUSE rest on in the law of one place. `rules`: their numbers. `since`: ISO date."""

    rules: tuple[str, ...]
    authority: str
    authority_fr: str
    since: str
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A parsed `pack.json`. `builds_on`: name of the pack below; None of HOUSE alone."""

    name: str
    version: str
    builds_on: str | None
    covers: tuple[str, ...]
    excepted: tuple[str, ...]
    in_force_since: str
    signers: tuple[str, ...]
    default: Verdict | None
    error: Verdict | None
    purposes: tuple[PackPurpose, ...]
    sources: tuple[LawSource, ...]
    grounds: tuple[Ground, ...]
    rules: Mapping[str, RuleText]


def pack_error(problem: str) -> FormatError:
    """A pack that must not be used. `problem`: English, without facts about any person."""
    return FormatError(
        N_("This policy pack cannot be used: {problem}."),
        remedy=N_("Restore the pack from its signed release; do not edit it in place."),
        problem=problem,
        code="policy-pack",
    )


def require_name(value: object) -> str:
    """`value` as a pack's name: HOUSE, or an ISO 3166-1 or 3166-2 code. Raises FormatError for anything else."""
    if value == HOUSE:
        return HOUSE
    if not isinstance(value, str) or not _PLACE.fullmatch(value):
        raise pack_error("its name is not an ISO 3166 code such as CA or CA-QC")
    return value


def require_reason(value: str, where: str) -> str:
    """`value` as a kebab-case reason code, or FormatError."""
    if not _REASON.fullmatch(value):
        raise pack_error(f"{where}: {value!r} is not a kebab-case reason")
    return value


def require_date(value: str, where: str) -> str:
    """`value` as an ISO 8601 calendar date (YYYY-MM-DD), or FormatError."""
    try:
        if date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise pack_error(f"{where}: {value!r} is not a date YYYY-MM-DD")


def parse_manifest(data: str) -> Manifest:
    """The manifest in `data` (JSON). Raises FormatError naming what is wrong and where."""
    try:
        top = json.loads(data, object_pairs_hook=_no_repeats)
    except ValueError as error:
        raise pack_error(f"pack.json is not JSON ({error})") from error
    is_house = isinstance(top, dict) and top.get("name") == HOUSE
    keys = [
        "name",
        "version",
        "builds_on",
        "in_force_since",
        "covers",
        "except",
        "signers",
        "sources",
        "grounds",
        "rules",
    ]
    top = _object(top, keys + ["default", "error", "purposes"] * is_house, "pack.json", ("default",))
    sources = tuple(_source(item, f"sources[{n}]") for n, item in enumerate(_list(top["sources"], "sources")))
    known = {source.id for source in sources}
    if len(known) != len(sources):
        raise pack_error("two sources of law share an id")
    rules = top["rules"]
    if not isinstance(rules, dict):
        raise pack_error("rules is not an object")
    if (top["builds_on"] is None) != is_house:
        raise pack_error("builds_on must name a pack, and HOUSE alone builds on none")
    return Manifest(
        name=require_name(top["name"]),
        version=_text(top["version"], "version"),
        builds_on=None if is_house else require_name(top["builds_on"]),
        covers=_places(top["covers"], "covers"),
        excepted=_places(top["except"], "except"),
        in_force_since=require_date(_text(top["in_force_since"], "in_force_since"), "in_force_since"),
        signers=_signers(top["signers"]),
        default=_verdict(top["default"], "default") if "default" in top else None,
        error=_verdict(top["error"], "error") if is_house else None,
        purposes=tuple(
            _purpose(item, f"purposes[{n}]") for n, item in enumerate(_list(top["purposes"], "purposes"))
        )
        if is_house
        else (),
        sources=sources,
        grounds=_grounds(top["grounds"], known),
        rules=MappingProxyType({rule: _rule_text(item, rule, known) for rule, item in rules.items()}),
    )


def _no_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key appears twice")
    return dict(pairs)


def _object(value: object, keys: list[str], where: str, optional: tuple[str, ...] = ()) -> dict[str, object]:
    if not isinstance(value, dict):
        raise pack_error(f"{where} is not an object")
    if wrong := sorted((set(value) ^ set(keys)) - set(optional)):
        raise pack_error(f"{where} has missing or unknown keys: {', '.join(wrong)}")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list) or not value:
        raise pack_error(f"{where} is not a list with entries")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise pack_error(f"{where} is not a text")
    return value


def _texts(value: object, keys: str, where: str, optional: tuple[str, ...] = ()) -> dict[str, str]:
    found = _object(value, keys.split(), where, optional)
    return {key: _text(item, f"{where}.{key}") for key, item in found.items()}


def _verdict(value: object, where: str) -> Verdict:
    found = _texts(value, "id reason authority since", where)
    return Verdict(
        id=found["id"],
        reason=require_reason(found["reason"], where),
        authority=found["authority"],
        since=require_date(found["since"], where),
    )


def _source(value: object, where: str) -> LawSource:
    found = _texts(value, "id title title_fr article article_fr date", where, ("url",))
    return LawSource(
        id=found["id"],
        title=found["title"],
        title_fr=found["title_fr"],
        article=found["article"],
        article_fr=found["article_fr"],
        date=require_date(found["date"], where),
        url=found.get("url"),
    )


def _purpose(value: object, where: str) -> PackPurpose:
    found = _texts(value, "id dpv en fr", where)
    try:
        purpose = Purpose(found["id"])
    except ValueError as error:
        raise pack_error(f"{where}: {found['id']!r} is not a purpose") from error
    if not found["dpv"].startswith(DPV):
        raise pack_error(f"{where}: its IRI is not a DPV term")
    return PackPurpose(purpose=purpose, dpv=found["dpv"], en=found["en"], fr=found["fr"])


def _places(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise pack_error(f"{where} is not a list")
    for item in value:
        if not isinstance(item, str) or not _PLACE.fullmatch(item):
            raise pack_error(f"{where}: {item!r} is not an ISO 3166 code")
    return tuple(value)


def _signers(value: object) -> tuple[str, ...]:
    names = tuple(_text(item, "signers") for item in _list(value, "signers"))
    if len(set(names)) != len(names) or len(names) < SIGNATURES:
        raise pack_error("signers does not name two different keys")
    return names


def _grounds(value: object, known: set[str]) -> tuple[Ground, ...]:
    if not isinstance(value, list):
        raise pack_error("grounds is not a list")
    grounds = tuple(_ground(item, f"grounds[{n}]", known) for n, item in enumerate(value))
    numbers = [number for ground in grounds for number in ground.rules]
    if len(set(numbers)) != len(numbers):
        raise pack_error("two grounds speak of the same rule")
    return grounds


def _ground(value: object, where: str, known: set[str]) -> Ground:
    found = _object(value, ["rules", "authority", "authority_fr", "since", "sources"], where)
    numbers = tuple(_text(item, f"{where}.rules") for item in _list(found["rules"], f"{where}.rules"))
    if wrong := [number for number in numbers if not _NUMBER.fullmatch(number)]:
        raise pack_error(f"{where}: {wrong[0]!r} is not the number of a rule")
    return Ground(
        rules=numbers,
        authority=_text(found["authority"], f"{where}.authority"),
        authority_fr=_text(found["authority_fr"], f"{where}.authority_fr"),
        since=require_date(_text(found["since"], f"{where}.since"), where),
        sources=_known_sources(found["sources"], where, known),
    )


def _known_sources(value: object, where: str, known: set[str]) -> tuple[str, ...]:
    sources = tuple(_text(item, f"{where}.sources") for item in _list(value, f"{where}.sources"))
    if unknown := sorted(set(sources) - known):
        raise pack_error(f"{where} names unknown sources: {', '.join(unknown)}")
    return sources


def _rule_text(value: object, rule: str, known: set[str]) -> RuleText:
    found = _object(value, ["sources", "authority_fr", "en", "fr"], rule)
    return RuleText(
        sources=_known_sources(found["sources"], rule, known),
        authority_fr=_text(found["authority_fr"], f"{rule}.authority_fr"),
        en=_text(found["en"], f"{rule}.en"),
        fr=_text(found["fr"], f"{rule}.fr"),
    )
