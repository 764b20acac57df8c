"""The book: the packs that are in force together, and which of them govern a place.

A place is governed by the pack that covers it, or else its country: CA-QC by CA-QC, CA-ON by CA, FR by EU. That pack
speaks, and so do those it builds on (CA-QC on CA, CA on HOUSE). A place that no pack covers is lawless: the rules of HOUSE
refuse it. Where several places are concerned, each one's pack must permit; see `engine.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import cedarpy

from countenance.policy.manifest import HOUSE, LawSource, pack_error
from countenance.policy.pack import PolicyPack, Rule, load_pack, shipped_packs
from countenance.policy.places import country
from countenance.policy.terms import NO_TERMS, FieldOf, RequiredField, Terms
from countenance.primitives.canonical import Json, canonical_json, sha256_hex
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.text import N_

_FORMAT = "countenance-policy-book/1"


@dataclass(frozen=True, kw_only=True)
class Law:
    """What governs the places of one question.

    `leaves`: names of the packs that govern them, each of which must permit, the operator's first. `governed`: these
    and all that they build on. `lawless`: whose places none governs (`operator`, `gallery`, `client` ..). `keepers`: the
    packs of the operator's and the gallery's own place, which say what must be on record.
    """

    leaves: tuple[str, ...]
    governed: tuple[str, ...]
    lawless: tuple[str, ...]
    keepers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Some rules of a book, parsed. `numbers`: Cedar's name of each (`policy0` ..) -> its place in the book.

    `reads`: names of the facts of a request's context that one of them looks at; None: of all.
    """

    policy_set: cedarpy.PolicySet
    numbers: Mapping[str, int]
    reads: frozenset[str] | None


class PolicyBook:
    """Packs that have been checked against each other. `operator`: ISO 3166 code of the place of whoever runs this.

    `hash`: SHA-256 (64 hex digits) over the canonical listing of all that decides; it names the book in decisions, grants
    and the log. `rules`: every rule of Cedar's set with the name of its pack, in the set's order.
    """

    def __init__(self, packs: Iterable[PolicyPack], *, operator: str, checked: bool = False) -> None:
        """Raises FormatError (code `policy-pack`) where the packs do not make a book.

        `checked`: these very packs have made a book before, so their rules need not be held against the schema again.
        """
        found = sorted(packs, key=lambda pack: (pack.name != HOUSE, pack.name))
        self.packs: Mapping[str, PolicyPack] = {pack.name: pack for pack in found}
        self.operator = operator
        if len(self.packs) != len(found):
            raise pack_error("two packs of one name cannot be in force together")
        if HOUSE not in self.packs or self.house.schema is None:
            raise pack_error("without HOUSE no pack is in force")
        for pack in found:
            self._check_chain(pack)
        covered = [place for pack in found for place in pack.covers]
        if len(set(covered)) != len(covered):
            raise pack_error("two packs cover the same place")
        self.rules: tuple[tuple[str, Rule], ...] = tuple(
            (pack.name, rule) for pack in found for rule in pack.rules
        )
        text = "\n".join(clause.guarded for pack in found for clause in pack.clauses)
        try:
            self.schema = cedarpy.Schema.from_str(self.house.schema)
            self.policy_set = cedarpy.PolicySet.from_str(text)
            validation = None if checked else cedarpy.validate_policies(text, self.schema)
        except ValueError as error:
            raise pack_error(f"Cedar cannot read it ({error})") from error
        if validation is not None and not validation.validation_passed:
            raise pack_error(f"the rules do not fit the schema ({'; '.join(map(str, validation.errors))})")
        self._by_id = self._named_rules()
        self.hash = sha256_hex(canonical_json(self.listing()))
        self._clauses = tuple(clause for pack in found for clause in pack.clauses)
        self._slices: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Slice] = {}
        self._laws: dict[tuple[tuple[str, str | None], ...], Law] = {}
        self._asked: dict[tuple[str, ...], frozenset[str]] = {}
        self._grounded: dict[tuple[str, tuple[str, ...]], Rule] = {}

    def with_pack(self, pack: PolicyPack) -> PolicyBook:
        """The book with `pack` in the place of the one of its name, or added. Raises FormatError."""
        return PolicyBook({**self.packs, pack.name: pack}.values(), operator=self.operator)

    @property
    def hashes(self) -> frozenset[str]:
        """Hashes of its packs."""
        return frozenset(pack.hash for pack in self.packs.values())

    @property
    def house(self) -> PolicyPack:
        """The pack that all others build on."""
        return self.packs[HOUSE]

    @cached_property
    def of_this_release(self) -> bool:
        """Whether HOUSE describes questions as this release asks them. Where it does not, most of them are refused."""
        return self.house.schema == load_pack(HOUSE).schema

    def listing(self) -> Json:
        """What `hash` is taken over."""
        return {
            "format": _FORMAT,
            "operator": self.operator,
            "packs": {name: pack.hash for name, pack in self.packs.items()},
        }

    def chain(self, name: str) -> tuple[PolicyPack, ...]:
        """The pack of that name and those below it, HOUSE last."""
        packs = [self.packs[name]]
        while packs[-1].builds_on is not None:
            packs.append(self.packs[packs[-1].builds_on])
        return tuple(packs)

    def governing(self, place: str | None) -> PolicyPack | None:
        """The pack that governs a place (ISO 3166), or None."""
        if place is None:
            return None
        exact = self._covering.get(place)
        if exact is not None:
            return exact
        pack = self._covering.get(country(place))
        return pack if pack is not None and place not in pack.excepted else None

    def law(self, places: tuple[tuple[str, str | None], ...]) -> Law:
        """What governs `places` (whose place, and its code), the operator's first."""
        law = self._laws.get(places)
        if law is None:
            named = [
                (whose, self.governing(place)) for whose, place in (("operator", self.operator), *places)
            ]
            leaves = dict.fromkeys(pack.name for _, pack in named if pack is not None)
            law = Law(
                leaves=tuple(leaves),
                governed=tuple(dict.fromkeys(pack.name for leaf in leaves for pack in self.chain(leaf))),
                lawless=tuple(whose for whose, pack in named if pack is None),
                keepers=tuple(
                    dict.fromkeys(
                        pack.name
                        for whose, pack in named
                        if pack is not None and whose in {"operator", "gallery"}
                    )
                ),
            )
            if len(self._laws) < _MOST_LAWS:
                self._laws[places] = law
        return law

    def slice(self, kind: str, law: Law) -> Slice:
        """The rules that can speak to a request of `kind` under this law: all others would stay silent."""
        key = (kind, law.governed, law.lawless)
        found = self._slices.get(key)
        if found is None:
            speaking = [
                (number, clause)
                for number, ((pack, _), clause) in enumerate(zip(self.rules, self._clauses, strict=True))
                if kind in clause.kinds
                and (pack == HOUSE or pack in law.governed)
                and (clause.lawless is None or clause.lawless in law.lawless)
            ]
            reads = [clause.reads for _, clause in speaking]
            found = Slice(
                policy_set=cedarpy.PolicySet.from_str("\n".join(clause.text for _, clause in speaking)),
                numbers={f"policy{place}": number for place, (number, _) in enumerate(speaking)},
                reads=None if None in reads else frozenset(name for each in reads for name in each or ()),
            )
            if len(self._slices) < _MOST_LAWS:
                self._slices[key] = found
        return found

    def named(self, number: int, leaves: tuple[str, ...]) -> Rule:
        """Rule `number` of the set, as the packs that govern name it: by the first that gives it a ground."""
        pack, rule = self.rules[number]
        found = self._grounded.get((rule.id, leaves))
        if found is None:
            found = self._ground_of(rule, pack, leaves)
            self._grounded[rule.id, leaves] = found
        return found

    def _ground_of(self, rule: Rule, pack: str, leaves: tuple[str, ...]) -> Rule:
        for leaf in leaves:
            names = [at.name for at in self.chain(leaf)]
            if pack in names:
                for name in names[: names.index(pack)]:
                    if (grounded := f"{name}-{rule.number}") in self._by_id:
                        return self._by_id[grounded]
        return rule

    def default(self, leaves: tuple[str, ...]) -> Rule:
        """The refusal where nothing permits: that of the first pack of `leaves` which brings one, or of HOUSE."""
        for leaf in leaves:
            for pack in self.chain(leaf):
                if pack.default is not None:
                    return pack.default
        assert self.house.default is not None
        return self.house.default

    @property
    def error(self) -> Rule:
        """The refusal where evaluation failed."""
        assert self.house.error is not None
        return self.house.error

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Every rule under every name it can have, by pack and number."""
        return tuple(self._by_id.values())

    def rule(self, rule_id: str) -> Rule:
        """The rule of that id. Raises NotFoundError where no pack has it."""
        try:
            return self._by_id[rule_id]
        except KeyError:
            raise NotFoundError(
                N_("No policy pack in force has a rule {rule}."), rule=rule_id, code="no-such-rule"
            ) from None

    def explain(self, rule_id: str, lang: str = "en") -> str:
        """One sentence on what the rule says, in `en` or `fr`. Raises NotFoundError, or UsageError for `lang`."""
        rule = self.rule(rule_id)
        if lang not in ("en", "fr"):
            raise UsageError(
                N_("Rules are explained in en or fr, not in {lang}."), lang=lang, code="language"
            )
        return rule.fr if lang == "fr" else rule.en

    def sources_of(self, rule: Rule) -> tuple[LawSource, ...]:
        """The sources of law that a rule of this book rests on."""
        known = {source.id: source for pack in self.chain(rule.pack) for source in reversed(pack.sources)}
        return tuple(known[name] for name in rule.sources)

    def terms(self, place: str) -> Terms:
        """The terms of a place: its pack's, over those of the packs below. None of any where no pack governs it."""
        pack = self.governing(place)
        terms = NO_TERMS
        for at in reversed(self.chain(pack.name) if pack else ()):
            terms = at.terms.over(terms)
        return terms

    def _check_chain(self, pack: PolicyPack) -> None:
        seen = {pack.name}
        while pack.builds_on is not None:
            below = self.packs.get(pack.builds_on)
            if below is None:
                raise pack_error(f"{pack.name} builds on {pack.builds_on}, which is not in force")
            if below.name in seen:
                raise pack_error(f"{pack.name} builds on itself")
            seen.add(below.name)
            pack = below

    @cached_property
    def _covering(self) -> Mapping[str, PolicyPack]:
        return {place: pack for pack in self.packs.values() for place in pack.covers}

    def _named_rules(self) -> Mapping[str, Rule]:
        rules: dict[str, Rule] = {}
        for pack in self.packs.values():
            below = {rule.number: rule for at in self.chain(pack.name)[1:] for rule in at.rules}
            if both := sorted({rule.number for rule in pack.rules} & set(below)):
                raise pack_error(f"{pack.name} numbers a rule {both[0]}, as a pack below does")
            own = {rule.id: rule for rule in (*pack.rules, pack.default, pack.error) if rule is not None}
            for ground in pack.grounds:
                for number in ground.rules:
                    if number not in below:
                        raise pack_error(f"{pack.name} grounds rule {number}, which no pack below has")
                    own[f"{pack.name}-{number}"] = replace(
                        below[number],
                        id=f"{pack.name}-{number}",
                        authority=ground.authority,
                        authority_fr=ground.authority_fr,
                        since=ground.since,
                        sources=ground.sources,
                    )
            rules |= dict(sorted(own.items()))
        return rules

    def missing(self, leaves: tuple[str, ...], filled: frozenset[str]) -> tuple[str, ...]:
        """Fields of a gallery that one of these packs, or one below, asks for and that are not among `filled`."""
        asked = self._asked.get(leaves)
        if asked is None:
            terms = [at.terms for leaf in leaves for at in self.chain(leaf)]
            asked = frozenset(entry.field.value for each in terms for entry in each.fields(FieldOf.GALLERY))
            # A notice has a rule of its own (`live`), since an exemption from it can be recorded.
            self._asked[leaves] = asked = asked - {RequiredField.NOTICE.value}
        return tuple(sorted(asked - filled))


_MOST_LAWS = 4096
"""Places come from records, and these are many only where somebody makes them up."""


def load_book(*names: str, operator: str) -> PolicyBook:
    """The shipped packs of these names, with all that they build on; every shipped pack where none is named.

    Raises NotFoundError where there is none, FormatError (code `policy-pack`) where they make no book.
    """
    return PolicyBook(map(load_pack, _with_below(names or shipped_packs())), operator=operator)


def packs_for(place: str, chosen: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the shipped packs that a workspace of an operator in `place` begins with, each after those it builds on.

    These are `chosen`, or else the packs that cover the place's country or a part of it.

    Raises NotFoundError where there is none: in a place without law of ours nothing is permitted.
    """
    if not chosen:
        whole = country(place)
        shipped = [load_pack(name) for name in shipped_packs()]
        chosen = [pack.name for pack in shipped if any(country(part) == whole for part in pack.covers)]
        if (
            PolicyBook((load_pack(name) for name in _with_below(chosen or [HOUSE])), operator=place)
            .law(())
            .lawless
        ):
            raise NotFoundError(
                N_("There is no policy pack for {place}."),
                remedy=N_("Without one nothing is permitted there. Those that there are: {known}."),
                place=place,
                known=", ".join(name for name in shipped_packs() if name != HOUSE),
                code="no-such-pack",
            )
    return _with_below(chosen)


def _with_below(names: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        chain = [load_pack(name)]
        while chain[-1].builds_on is not None:
            chain.append(load_pack(chain[-1].builds_on))
        found |= dict.fromkeys(pack.name for pack in reversed(chain))
    return tuple(found)
