"""The engine: one book, parsed once, asked many times. It permits only where Cedar plainly does, for every place.

A question concerns places: those of the operator, the gallery, the client, the requester of record, the basis. All rules
in force are evaluated at once, each where its pack governs one of them. A forbid of any of them refuses. And each pack that
governs a place must itself permit, or a pack that it builds on; what one place permits is no permission in another.

Whatever is not a plain `Allow` or a plain `Deny` refuses with reason `policy-error`: an error in the diagnostics
(Cedar skips a forbid that errs, and would then allow), a `NoDecision`, a rule that is not the book's, any
exception. So a fault closes the gate and never opens it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise

import cedarpy

from countenance.policy.book import Law, PolicyBook, Slice
from countenance.policy.decisions import OTHER_RELEASE, Decision, Permitted, Refused
from countenance.policy.facts import Asked, Request, Shape, asked_by, rows_asked, shape_of
from countenance.policy.manifest import HOUSE
from countenance.policy.pack import Effect, Rule
from countenance.policy.questions import PermissionClass, Question, SearchQuestion


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A decision and all that led to it, for `countenance policy test` and for auditors.

    `fired`: every rule that spoke for the outcome, by number: all forbids of a refusal, all permits of a
    permission; empty where nothing permits or evaluation failed. `errors`: what Cedar reported, for the operator.
    """

    decision: Decision
    fired: tuple[Rule, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Finding:
    """What came of one request. `fired`: places in the book's set of the rules that spoke."""

    law: Law
    allowed: bool
    fired: tuple[int, ...] = ()
    errors: tuple[str, ...] = ()


class PolicyEngine:
    """Decides by one book. Holds no state besides parsed handles, so threads may share it."""

    def __init__(self, book: PolicyBook) -> None:
        self.book = book
        # Built with the schema, the set holds the groups of actions that it declares; requests bring no entities.
        self._entities = cedarpy.Entities.from_json_str("[]", book.schema)
        self._shapes: set[Shape] = set()
        """Of requests that the schema was held against and let pass: another of the same shape would pass too."""
        self._concluded: dict[tuple[tuple[Law, bool, tuple[int, ...]], ...], Explanation] = {}
        """What findings mean, by the findings: nothing else goes into it."""
        self.fault = self._refused(book.error)
        """The refusal that stands for every failed evaluation."""
        if not book.of_this_release:
            self.fault = replace(self.fault, reason="policy-other-release", explanation=OTHER_RELEASE)

    def decide(self, question: Question) -> Decision:
        """`Permitted`, or `Refused` by the rule of the lowest number that forbids. Never raises."""
        return self.explain(question).decision

    def decide_many(self, questions: Sequence[Question]) -> list[Decision]:
        """`decide` for each, in order, in one call of the evaluator."""
        return [explanation.decision for explanation in self.explain_many(questions)]

    def decide_search(
        self, question: SearchQuestion, classes: Sequence[PermissionClass]
    ) -> tuple[Decision, list[Decision]]:
        """The search as such (`question.permission_class` is set aside), and the same search for each of `classes`.

        Equal to `decide` with each class put into the question, but the search as such is evaluated once.
        """
        try:
            asked = asked_by(replace(question, permission_class=None))
            asked += [rows_asked(question, rows) for rows in classes]
        except Exception:  # noqa: BLE001 - whatever a question cannot say, it refuses
            return self.fault, [self.fault for _ in classes]
        as_such, *rows_found = self._evaluate(asked)
        whole = [self._conclude([as_such, found]).decision for found in rows_found]
        return self._conclude([as_such]).decision, whole

    def explain(self, question: Question) -> Explanation:
        """The decision with every rule that fired. Never raises."""
        try:
            asked = asked_by(question)
        except Exception:  # noqa: BLE001 - as above
            return self._conclude([])
        return self._conclude(self._evaluate(asked))

    def explain_many(self, questions: Sequence[Question]) -> list[Explanation]:
        """`explain` for each, in order, in one call of the evaluator. A bad question does not spoil the others."""
        asked: list[list[Asked]] = []
        for question in questions:
            try:
                asked.append(asked_by(question))
            except Exception:  # noqa: BLE001 - as above
                asked.append([])
        found = self._evaluate(list(chain.from_iterable(asked)))
        ends = accumulate((len(parts) for parts in asked), initial=0)
        return [self._conclude(found[start:end]) for start, end in pairwise(ends)]

    def _evaluate(self, asked: list[Asked]) -> list[_Finding]:
        try:
            laws = [self.book.law(one.places) for one in asked]
            slices = [self.book.slice(one.kind, law) for one, law in zip(asked, laws, strict=True)]
            if len(asked) == 1:
                return self._ask(slices[0], asked, laws)
            found: list[_Finding | None] = [None] * len(asked)
            # One call for all requests that the same rules can speak to: seldom more than two.
            for rules in {id(each): each for each in slices}.values():
                numbers = [number for number, each in enumerate(slices) if each is rules]
                answers = self._ask(rules, [asked[at] for at in numbers], [laws[at] for at in numbers])
                for number, finding in zip(numbers, answers, strict=True):
                    found[number] = finding
            return [finding for finding in found if finding is not None]
        except Exception as error:  # noqa: BLE001 - a fault of the evaluator refuses, whatever it is
            if len(asked) == 1:
                return [_Finding(law=_NO_LAW, allowed=False, errors=(type(error).__name__,))]
            # Text that is not UTF-8 makes the whole batch fail: ask one by one, so that only its own question does.
            return [self._evaluate([one])[0] for one in asked]

    def _ask(self, rules: Slice, asked: Sequence[Asked], laws: Sequence[Law]) -> list[_Finding]:
        """One call of the evaluator.

        The schema looks at types alone. Holding it against a request costs more than all the rules do, so it is held against
        each shape once; a request of a shape that it has not let pass is never without it. Reading the facts is half of what is
        left, so of a known shape only those are told that the rules look at.
        """
        requests = [self._request(one, law) for one, law in zip(asked, laws, strict=True)]
        shapes = [shape_of(request) for request in requests]
        known = self._shapes.issuperset(shapes)
        told = [_told(request, rules.reads) for request in requests] if known else requests
        schema = None if known else self.book.schema
        results = cedarpy.is_authorized_batch(told, rules.policy_set, self._entities, schema)
        found = [self._read(result, rules, law) for result, law in zip(results, laws, strict=True)]
        if not known and len(self._shapes) < _MOST_SHAPES:
            good = (shape for shape, finding in zip(shapes, found, strict=True) if not finding.errors)
            self._shapes.update(good)
        return found

    def _request(self, asked: Asked, law: Law) -> Request:
        missing = () if asked.filled is None else self.book.missing(law.keepers, asked.filled)
        return asked.under(law.governed, law.lawless, operator=self.book.operator, missing=missing)

    def _read(self, result: cedarpy.AuthzResult, rules: Slice, law: Law) -> _Finding:
        """The result as a finding, where it is a plain Allow or Deny; else one with errors."""
        errors = tuple(result.diagnostics.errors)
        fired = tuple(rules.numbers[policy] for policy in result.diagnostics.reasons)
        effects = {self.book.rules[number][1].effect for number in fired}
        allowed = result.decision is cedarpy.Decision.Allow and effects == {Effect.PERMIT}
        denied = result.decision is cedarpy.Decision.Deny and effects <= {Effect.FORBID}
        if errors or not (allowed or denied):
            wrong = errors or (f"no decision ({result.decision.value})",)
            return _Finding(law=law, allowed=False, errors=wrong)
        return _Finding(law=law, allowed=allowed, fired=fired)

    def _conclude(self, findings: Sequence[_Finding]) -> Explanation:
        """One decision from the findings of one question: each must allow, and in it each place's own pack."""
        errors = tuple(error for finding in findings for error in finding.errors)
        if errors or not findings:
            return Explanation(decision=self.fault, fired=(), errors=errors or ("not a question",))
        key = tuple((finding.law, finding.allowed, finding.fired) for finding in findings)
        if (known := self._concluded.get(key)) is not None:
            return known
        explanation = self._weigh(findings)
        if len(self._concluded) < _MOST_SHAPES:
            self._concluded[key] = explanation
        return explanation

    def _weigh(self, findings: Sequence[_Finding]) -> Explanation:
        """As `_conclude`, of findings without errors."""
        # The last finding concerns all the places of those before it.
        law = findings[-1].law
        allowed = all(finding.allowed for finding in findings)
        if not allowed:
            rules = self._spoke([finding for finding in findings if not finding.allowed], law)
            named = rules[0] if rules else self.book.default(self._silent(findings))
            return Explanation(decision=self._refused(named), fired=rules, errors=())
        if silent := self._silent(findings):
            return Explanation(decision=self._refused(self.book.default(silent)), fired=(), errors=())
        rules = self._spoke(findings, law)
        # Of the operator's own law; the last permit is the narrowest: for a class the one that lets its rows be reached.
        own = {pack.name for pack in self.book.chain(law.leaves[0])}
        last = [rule for rule in rules if rule.pack in own][-1]
        return Explanation(decision=Permitted(rule=last.id, pack=self.book.hash), fired=rules, errors=())

    def _spoke(self, findings: Sequence[_Finding], law: Law) -> tuple[Rule, ...]:
        """The rules that fired, as they are named here: by number, HOUSE before the packs and these in the law's order."""
        order = {name: at for at, name in enumerate((HOUSE, *law.governed))}
        numbers = {number for finding in findings for number in finding.fired}
        found = sorted(
            numbers, key=lambda n: (int(self.book.rules[n][1].number), order[self.book.rules[n][0]], n)
        )
        return tuple(self.book.named(number, law.leaves) for number in found)

    def _silent(self, findings: Sequence[_Finding]) -> tuple[str, ...]:
        """The packs that govern a place and do not permit, nor does one that they build on; all where none governs."""
        for finding in findings:
            spoke = {self.book.rules[number][0] for number in finding.fired} if finding.allowed else set()
            silent = [
                leaf
                for leaf in finding.law.leaves
                if not any(pack.name in spoke for pack in self.book.chain(leaf))
            ]
            if silent or not finding.law.leaves:
                return tuple(silent) or (HOUSE,)
        return ()

    def _refused(self, rule: Rule) -> Refused:
        return Refused(
            reason=rule.reason,
            rule=rule.id,
            authority=rule.authority,
            since=rule.since,
            explanation=rule.en,
            pack=self.book.hash,
        )


def _told(request: Request, reads: frozenset[str] | None) -> Request:
    """The request without the facts that nobody reads."""
    if reads is None:
        return request
    context = {name: fact for name, fact in request["context"].items() if name in reads}
    return {**request, "context": context}


_MOST_SHAPES = 4_096
"""Of either memory; a question has few optional facts, so there are some dozens of shapes."""

_NO_LAW = Law(leaves=(), governed=(), lawless=())
