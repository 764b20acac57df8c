"""The engine: one pack, parsed once, asked many times. It permits only where Cedar plainly does.

Whatever is not a plain `Allow` or a plain `Deny` refuses with reason `policy-error`: an error in the diagnostics
(Cedar skips a forbid that errs, and would then allow), a `NoDecision`, a rule that is not the pack's, any
exception. So a fault closes the gate and never opens it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, pairwise

import cedarpy

from countenance.policy.decisions import Decision, Permitted, Refused
from countenance.policy.facts import Request, requests_of, rows_request
from countenance.policy.pack import Effect, PolicyPack, Rule
from countenance.policy.questions import PermissionClass, Question, SearchQuestion


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A decision and all that led to it, for `countenance policy test` and for auditors.

    `fired`: every rule that spoke for the outcome, in pack order: all forbids of a refusal, all permits of a
    permission; empty where nothing permits or evaluation failed. `errors`: what Cedar reported, for the operator.
    """

    decision: Decision
    fired: tuple[Rule, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class _Finding:
    """What came of one request. `fired`: place in the pack and rule."""

    allowed: bool
    fired: tuple[tuple[int, Rule], ...] = ()
    errors: tuple[str, ...] = ()


class PolicyEngine:
    """Decides by one pack. Holds no state besides parsed handles, so threads may share it."""

    def __init__(self, pack: PolicyPack) -> None:
        self.pack = pack
        # Built with the schema, the set holds the groups of actions that it declares; requests bring no entities.
        self._entities = cedarpy.Entities.from_json_str("[]", pack.schema)
        self._rules = {f"policy{number}": (number, rule) for number, rule in enumerate(pack.rules)}
        self.fault = self._refused(pack.error)
        """The refusal that stands for every failed evaluation."""

    def decide(self, question: Question) -> Decision:
        """`Permitted`, or `Refused` by the first rule in pack order that forbids. Never raises."""
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
            requests = requests_of(replace(question, permission_class=None))
            requests += [rows_request(question, rows) for rows in classes]
        except Exception:  # noqa: BLE001 - whatever a question cannot say, it refuses
            return self.fault, [self.fault for _ in classes]
        as_such, *rows_found = self._evaluate(requests)
        whole = [self._conclude([as_such, found]).decision for found in rows_found]
        return self._conclude([as_such]).decision, whole

    def explain(self, question: Question) -> Explanation:
        """The decision with every rule that fired. Never raises."""
        return self.explain_many([question])[0]

    def explain_many(self, questions: Sequence[Question]) -> list[Explanation]:
        """`explain` for each, in order, in one call of the evaluator. A bad question does not spoil the others."""
        asked: list[list[Request]] = []
        for question in questions:
            try:
                asked.append(requests_of(question))
            except Exception:  # noqa: BLE001 - as above
                asked.append([])
        found = self._evaluate(list(chain.from_iterable(asked)))
        ends = accumulate((len(requests) for requests in asked), initial=0)
        return [self._conclude(found[start:end]) for start, end in pairwise(ends)]

    def _evaluate(self, requests: list[Request]) -> list[_Finding]:
        try:
            results = cedarpy.is_authorized_batch(
                requests, self.pack.policy_set, self._entities, self.pack.schema
            )
            return [self._read(result) for _, result in zip(requests, results, strict=True)]
        except Exception as error:  # noqa: BLE001 - a fault of the evaluator refuses, whatever it is
            if len(requests) == 1:
                return [_Finding(allowed=False, errors=(type(error).__name__,))]
            # Text that is not UTF-8 makes the whole batch fail: ask one by one, so that only its own question does.
            return [self._evaluate([request])[0] for request in requests]

    def _read(self, result: cedarpy.AuthzResult) -> _Finding:
        """The result as a finding, where it is a plain Allow or Deny; else one with errors."""
        errors = tuple(result.diagnostics.errors)
        fired = tuple(self._rules[policy] for policy in result.diagnostics.reasons)
        effects = {rule.effect for _, rule in fired}
        allowed = result.decision is cedarpy.Decision.Allow and effects == {Effect.PERMIT}
        denied = result.decision is cedarpy.Decision.Deny and effects <= {Effect.FORBID}
        if errors or not (allowed or denied):
            return _Finding(allowed=False, errors=errors or (f"no decision ({result.decision.value})",))
        return _Finding(allowed=allowed, fired=fired)

    def _conclude(self, findings: Sequence[_Finding]) -> Explanation:
        """One decision from the findings of one question: all must allow."""
        errors = tuple(error for finding in findings for error in finding.errors)
        if errors or not findings:
            return Explanation(decision=self.fault, fired=(), errors=errors or ("not a question",))
        allowed = all(finding.allowed for finding in findings)
        effect = Effect.PERMIT if allowed else Effect.FORBID
        spoke = {
            entry[0]: entry[1] for finding in findings for entry in finding.fired if entry[1].effect is effect
        }
        rules = tuple(spoke[number] for number in sorted(spoke))
        if allowed:
            # The last permit is the narrowest: for a class it is the one that lets its rows be reached.
            return Explanation(
                decision=Permitted(rule=rules[-1].id, pack=self.pack.hash), fired=rules, errors=()
            )
        return Explanation(
            decision=self._refused(rules[0] if rules else self.pack.default), fired=rules, errors=()
        )

    def _refused(self, rule: Rule) -> Refused:
        return Refused(
            reason=rule.reason,
            rule=rule.id,
            authority=rule.authority,
            since=rule.since,
            explanation=rule.en,
            pack=self.pack.hash,
        )
