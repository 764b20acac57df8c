"""The basis step: for each person named, and for faces that nobody named, what a reference may rest on.

A desk is opened for a batch and thrown away: consents change. Within it, equal facts are decided once.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from countenance.biometrics.geometry import Box
from countenance.biometrics.vocabulary import FaceReason
from countenance.extraction.values import EmbedRule, Label
from countenance.ingest.narrowing import ItemRow
from countenance.policy.decisions import Decision, Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.purposes import BasisKind, Purpose
from countenance.policy.questions import BasisFacts, ConsentState, EnrolQuestion, PersonFacts
from countenance.policy.restrictions import Effect, Restriction, Touched, first_refusal
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_, folded
from countenance.records.erasing.tombstones import Hashing, barred
from countenance.records.facts import basis_facts, consent_state, gallery_facts
from countenance.records.models import Basis, ConsentReceipt, Gallery, Person, ResidencyClaim, Source

_QUERY = 500
_ERASED_AUTHORITY = "Rule of the house: what was erased stays erased; PIPEDA, Sch. 1, cl. 4.5.3"


@dataclass(frozen=True, kw_only=True)
class Named:
    """One label of a photograph: who, by which manifest row. `basis`: id of the basis that governs it."""

    key: str
    person: str
    minor: bool
    box: Box | None
    basis: uuid.UUID


@dataclass(frozen=True, kw_only=True)
class Brief:
    """What is known of a photograph before it is looked at.

    `basis`: id of the photograph's own basis. `unlabelled_basis`: the one that governs faces nobody named; None where its
    rows rest on different bases, so that no single one governs them.
    """

    basis: uuid.UUID
    unlabelled_basis: uuid.UUID | None
    named: tuple[Named, ...]
    captured_at: str = ""
    source_ref: str = ""


def read_brief(rows: Sequence[ItemRow], source: Source) -> Brief:
    """A row without a person speaks of the whole photograph; else rows that agree do; else its source does."""
    if not rows:
        return Brief(basis=source.basis_id, unlabelled_basis=source.basis_id, named=())
    bases = [(_text(row, "person"), uuid.UUID(_text(row, "basis"))) for row in rows]
    distinct = {basis for person, basis in bases if not person} or {basis for _, basis in bases}
    single = next(iter(distinct)) if len(distinct) == 1 else None
    named = tuple(
        Named(
            key=str(number),
            person=_text(row, "person"),
            minor=row.get("minor") is True,
            box=_box(row.get("box")),
            basis=uuid.UUID(_text(row, "basis")),
        )
        for number, row in enumerate(rows)
        if row.get("person")
    )
    return Brief(
        basis=single or source.basis_id,
        unlabelled_basis=single,
        named=named,
        captured_at=_text(rows[0], "captured_at"),
        source_ref=_text(rows[0], "source_ref"),
    )


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What one reference rests on: exactly one of `receipt` and `basis`, and the class its row belongs to."""

    receipt: uuid.UUID | None
    basis: uuid.UUID | None
    kind: BasisKind
    purposes: frozenset[Purpose]
    jurisdiction: str

    def words(self) -> Json:
        """The ground as part of a fingerprint."""
        return [str(self.receipt or self.basis), sorted(self.purposes), self.jurisdiction]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What policy says of one person or of unnamed faces: grounds, or none and the refusal that came first.

    `refused` is None, with no grounds, where no basis governs the face. `closed`: refused by a lock or an order, which
    stops what is new and ends nothing that is held.
    """

    grounds: tuple[Ground, ...]
    refused: Refused | None
    closed: bool = False

    @property
    def permitted(self) -> bool:
        return bool(self.grounds)

    def words(self) -> Json:
        """The standing as part of a fingerprint."""
        if self.grounds:
            return [ground.words() for ground in self.grounds]
        return self.refused.rule if self.refused else None


NO_STANDING = Standing(grounds=(), refused=None)


class Desk:
    """Standing of the persons of one batch, at one moment."""

    def __init__(
        self,
        engine: PolicyEngine,
        source: Source,
        gallery: Gallery,
        briefs: Iterable[Brief],
        now: datetime,
        *,
        hashing: Hashing,
        sha256s: Collection[str] = (),
        restrictions: Sequence[Restriction] = (),
    ) -> None:
        """`hashing`: of what was erased. `sha256s`: of the photographs whose faces are about to be decided on."""
        self._engine = engine
        self._restrictions = restrictions
        self._source = source
        self._gallery = gallery
        self._gallery_facts = gallery_facts(gallery)
        self._now = now
        briefs = list(briefs)
        wanted = {named.basis for brief in briefs for named in brief.named}
        wanted |= {brief.unlabelled_basis for brief in briefs if brief.unlabelled_basis}
        self._bases = {basis.pk: basis for basis in Basis.objects.filter(pk__in=wanted | {source.basis_id})}
        labels = sorted({named.person for brief in briefs for named in brief.named})
        self.persons = _by_label(labels)
        self.barred = barred(hashing, labels=labels, sha256s=sha256s)
        self._receipts = _receipts(self.persons.values(), gallery)
        self._homes = _homes(self.persons.values()) if restrictions else {}
        self._given = {receipt.pk: receipt.given_at for receipt in self._receipts.values()}
        self._decided: dict[tuple[uuid.UUID, Purpose, PersonFacts | None], Decision] = {}

    def unlabelled(self, brief: Brief) -> Standing:
        """Of faces that nobody named."""
        if brief.unlabelled_basis is None:
            return NO_STANDING
        basis = self._bases[brief.unlabelled_basis]
        return self._closed(basis) or self._on_basis(basis, None, minor=False)

    def named(self, named: Named) -> Standing:
        """Of one named person."""
        basis = self._bases[named.basis]
        person = self.persons.get(named.person)
        if (closed := self._closed(basis, person)) is not None:
            return closed
        minor = named.minor or (person is not None and person.declared_minor)
        if basis.kind == BasisKind.CONSENT.value:
            standing = self._on_consent(basis, person, minor=minor)
        else:
            standing = self._on_basis(basis, person, minor=minor, somebody=True)
        return self.unless_erased(standing, self.barred.people.get(named.person))

    def unless_erased(self, standing: Standing, erased: datetime | None) -> Standing:
        """`standing` without what an erasure at that moment bars: all but consents that were given after it."""
        if erased is None:
            return standing
        newer = tuple(
            ground
            for ground in standing.grounds
            if ground.receipt is not None and self._given.get(ground.receipt, erased) > erased
        )
        if newer:
            return Standing(grounds=newer, refused=None)
        return Standing(
            grounds=(),
            refused=Refused(
                reason=FaceReason.ERASED.value,
                rule="ERASE-01",
                authority=_ERASED_AUTHORITY,
                since="2026-11-01",
                explanation=N_("This was erased, and nobody has agreed to it since."),
                pack=self._engine.book.hash,
            ),
        )

    def rule(self, brief: Brief) -> EmbedRule:
        """The standing of everybody in a brief as the extraction engine needs it."""
        return EmbedRule(
            unlabelled=self.unlabelled(brief).permitted,
            labels=tuple(
                Label(key=named.key, box=named.box, permitted=self.named(named).permitted)
                for named in brief.named
            ),
        )

    def words(self, brief: Brief) -> Json:
        """All that this desk says of a brief, for its fingerprint."""
        return {
            "basis": str(brief.basis),
            "unlabelled": self.unlabelled(brief).words(),
            "labels": [
                [
                    named.person,
                    named.minor,
                    [named.box.x, named.box.y, named.box.width, named.box.height] if named.box else None,
                    self.named(named).words(),
                ]
                for named in brief.named
            ],
            "captured_at": brief.captured_at,
            "source_ref": brief.source_ref,
        }

    def _closed(self, basis: Basis, person: Person | None = None) -> Standing | None:
        """What a lock or an order says of collecting under this basis, or about somebody who lives where it holds."""
        if not self._restrictions:
            return None
        homes = self._homes.get(person.pk, frozenset()) if person is not None else frozenset()
        touched = Touched(source=str(self._source.pk), holdings=homes | {basis.jurisdiction})
        refused = first_refusal(
            self._restrictions, Effect.INGEST, touched, now=self._now, pack=self._engine.book.hash
        )
        return None if refused is None else Standing(grounds=(), refused=refused, closed=True)

    def _on_consent(self, basis: Basis, person: Person | None, *, minor: bool) -> Standing:
        """One ground per live receipt: the purposes of a person's consent end one by one."""
        grounds: list[Ground] = []
        refusals: list[Refused] = []
        for purpose in self._purposes(basis):
            receipt = self._receipt(person, purpose)
            decision = self._decide(basis, purpose, self._person(receipt, minor=minor))
            if isinstance(decision, Refused):
                refusals.append(decision)
            elif receipt is not None:
                grounds.append(
                    Ground(
                        receipt=receipt.pk,
                        basis=None,
                        kind=BasisKind.CONSENT,
                        purposes=frozenset({purpose}),
                        jurisdiction=basis.jurisdiction,
                    )
                )
        return Standing(grounds=tuple(grounds), refused=None if grounds else _first(refusals))

    def _on_basis(
        self, basis: Basis, person: Person | None, *, minor: bool, somebody: bool = False
    ) -> Standing:
        """One ground for all the purposes that policy permits on this basis."""
        permitted: set[Purpose] = set()
        refusals: list[Refused] = []
        for purpose in self._purposes(basis):
            facts = self._person(self._receipt(person, purpose), minor=minor) if somebody else None
            decision = self._decide(basis, purpose, facts)
            if isinstance(decision, Refused):
                refusals.append(decision)
            else:
                permitted.add(purpose)
        if not permitted:
            return Standing(grounds=(), refused=_first(refusals))
        ground = Ground(
            receipt=None,
            basis=basis.pk,
            kind=BasisKind(basis.kind),
            purposes=frozenset(permitted),
            jurisdiction=basis.jurisdiction,
        )
        return Standing(grounds=(ground,), refused=None)

    def _purposes(self, basis: Basis) -> list[Purpose]:
        shared = sorted(basis.purposes & self._gallery.purposes)
        # A basis without a purpose of the gallery's is asked about all the same, so that policy names the rule.
        return [Purpose(word) for word in shared or sorted(basis.purposes)]

    def _decide(self, basis: Basis, purpose: Purpose, person: PersonFacts | None) -> Decision:
        key = (basis.pk, purpose, person)
        if key not in self._decided:
            self._decided[key] = self._engine.decide(
                EnrolQuestion(
                    basis=self._facts(basis),
                    gallery=self._gallery_facts,
                    purpose=purpose,
                    person=person,
                    now=self._now,
                )
            )
        return self._decided[key]

    def _facts(self, basis: Basis) -> BasisFacts:
        """A narrower basis lives no longer than the one it narrows."""
        facts = basis_facts(basis, self._source, self._now)
        whole = basis_facts(self._bases[self._source.basis_id], self._source, self._now)
        return facts if whole.live else BasisFacts(**{**facts.__dict__, "live": False})

    def _person(self, receipt: ConsentReceipt | None, *, minor: bool) -> PersonFacts:
        state = consent_state(receipt, self._now)
        return PersonFacts(
            consent=state,
            declared_minor=minor,
            guardian_consent=state is ConsentState.LIVE and receipt is not None and bool(receipt.guardian),
        )

    def _receipt(self, person: Person | None, purpose: Purpose) -> ConsentReceipt | None:
        return None if person is None else self._receipts.get((person.pk, purpose.value))


def _first(refusals: Sequence[Refused]) -> Refused | None:
    """Of several purposes' refusals, the one that says most: a person's own no before a missing yes."""
    withdrawn = [each for each in refusals if each.reason.startswith("consent-")]
    return next(iter([*withdrawn, *refusals]), None)


def _by_label(labels: Sequence[str]) -> dict[str, Person]:
    """Persons by label as a manifest spells it: another spelling of a name is no other person."""
    spelt = {label: folded(label) for label in labels}
    keys = sorted(set(spelt.values()))
    found: dict[str, Person] = {}
    for start in range(0, len(keys), _QUERY):
        part = Person.objects.filter(folded__in=keys[start : start + _QUERY])
        found.update((person.folded, person) for person in part)
    return {label: found[key] for label, key in spelt.items() if key in found}


def _receipts(persons: Iterable[Person], gallery: Gallery) -> dict[tuple[uuid.UUID, str], ConsentReceipt]:
    """Of each person and purpose the open receipt, or else the last one that was withdrawn."""
    chosen: dict[tuple[uuid.UUID, str], ConsentReceipt] = {}
    keys = [person.pk for person in persons]
    for start in range(0, len(keys), _QUERY):
        rows = ConsentReceipt.objects.filter(person__in=keys[start : start + _QUERY], gallery=gallery)
        for receipt in rows.order_by("given_at", "pk"):
            key = (receipt.person_id, receipt.purpose)
            held = chosen.get(key)
            if held is None or held.withdrawn_at is not None:
                chosen[key] = receipt
    return chosen


def _homes(persons: Iterable[Person]) -> dict[uuid.UUID, frozenset[str]]:
    """Where each person lives, as far as somebody said so."""
    found: dict[uuid.UUID, frozenset[str]] = {}
    keys = [person.pk for person in persons]
    for start in range(0, len(keys), _QUERY):
        claims = ResidencyClaim.objects.filter(person__in=keys[start : start + _QUERY], ended_at__isnull=True)
        for person, place in claims.values_list("person_id", "place"):
            found[person] = found.get(person, frozenset()) | {place}
    return found


def _text(row: ItemRow, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _box(value: Json) -> Box | None:
    if not isinstance(value, list):
        return None
    x, y, width, height = (float(part) for part in value)
    return Box(x=x, y=y, width=width, height=height)
