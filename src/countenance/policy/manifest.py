"""`pack.json`: the part of a policy pack that people read. Parsed strictly: a key too many or too few refuses.

::

    {"name": "CA", "version": "2026.11.1", "jurisdiction": "CA", "in_force_since": "2026-11-01",
     "default":  {"id": "CA-00", "reason": ..., "authority": ..., "since": ...},   nothing permits
     "error":    {"id": "CA-99", ...},                                             evaluation failed
     "purposes": [{"id": ..., "dpv": IRI, "en": ..., "fr": ...}],
     "sources":  [{"id": ..., "title": ..., "title_fr": ..., "article": ..., "article_fr": ...,
                  "date": ..., "url": optional}],
     "rules":    {"CA-01": {"sources": [ids], "authority_fr": ..., "en": ..., "fr": ...}}}
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

_NAME = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")  # ISO 3166-1 alpha-2 or ISO 3166-2
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
class Manifest:
    """A parsed `pack.json`."""

    name: str
    version: str
    jurisdiction: str
    in_force_since: str
    default: Verdict
    error: Verdict
    purposes: tuple[PackPurpose, ...]
    sources: tuple[LawSource, ...]
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
    """`value` as a pack's name: an ISO 3166-1 or 3166-2 code. Raises FormatError for anything else."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
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
    keys = "name version jurisdiction in_force_since default error purposes sources rules"
    top = _object(top, keys.split(), "pack.json")
    sources = tuple(_source(item, f"sources[{n}]") for n, item in enumerate(_list(top["sources"], "sources")))
    known = {source.id for source in sources}
    if len(known) != len(sources):
        raise pack_error("two sources of law share an id")
    rules = top["rules"]
    if not isinstance(rules, dict):
        raise pack_error("rules is not an object")
    return Manifest(
        name=require_name(top["name"]),
        version=_text(top["version"], "version"),
        jurisdiction=require_name(top["jurisdiction"]),
        in_force_since=require_date(_text(top["in_force_since"], "in_force_since"), "in_force_since"),
        default=_verdict(top["default"], "default"),
        error=_verdict(top["error"], "error"),
        purposes=tuple(
            _purpose(item, f"purposes[{n}]") for n, item in enumerate(_list(top["purposes"], "purposes"))
        ),
        sources=sources,
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


def _rule_text(value: object, rule: str, known: set[str]) -> RuleText:
    found = _object(value, ["sources", "authority_fr", "en", "fr"], rule)
    sources = tuple(_text(item, f"{rule}.sources") for item in _list(found["sources"], f"{rule}.sources"))
    if unknown := sorted(set(sources) - known):
        raise pack_error(f"{rule} names unknown sources: {', '.join(unknown)}")
    return RuleText(
        sources=sources,
        authority_fr=_text(found["authority_fr"], f"{rule}.authority_fr"),
        en=_text(found["en"], f"{rule}.en"),
        fr=_text(found["fr"], f"{rule}.fr"),
    )
