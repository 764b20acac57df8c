"""What can be known of a rule before anything is asked: to which requests it can speak, and what it looks at.

A book asks of each request only the rules that can speak to it, and tells the evaluator only what these look at. Both leave
every decision as it is: a rule that is left out would have stayed silent, a fact that is left out nobody reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cedarpy

from countenance.policy.manifest import HOUSE

ACT = "act"
OWN = frozenset({"own-face", "sweep"})
"""The actions of HOUSE's group `own`: for the person in the photographs."""
KINDS = frozenset({"search", "search-rows", "enrol", ACT}) | OWN
"""The kinds of request: Cedar's actions, with all acts under one name."""

_CONTEXT = {"Var": "context"}


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One rule in Cedar. `text`: as its pack says it; `guarded`: so that it speaks only where the pack governs.

    `kinds`: of request that it can speak to. `reads`: names of the facts of the context that it looks at; None: of all.
    `lawless`: whose place must be without law for it to speak (`client`, `gallery` ..); None: it speaks elsewhere too.
    """

    text: str
    guarded: str
    kinds: frozenset[str]
    reads: frozenset[str] | None
    lawless: str | None


def clause_of(policy: dict[str, Any], pack: str) -> Clause:
    """The clause of a rule (Cedar's JSON form) of `pack`."""
    read = frozenset(_read([condition["body"] for condition in policy["conditions"]]))
    return Clause(
        text=_text(policy),
        guarded=_guarded(policy, pack),
        kinds=_kinds(policy["action"]),
        reads=None if None in read else frozenset(name for name in read if name is not None),
        lawless=_lawless(policy["conditions"]),
    )


def _kinds(scope: dict[str, Any]) -> frozenset[str]:
    """The kinds of request that a rule's action scope lets it speak to; all where it names none."""
    named = [scope["entity"]] if "entity" in scope else scope.get("entities", [])
    if not named:
        return KINDS
    names = {entity["id"] for entity in named}
    # Whatever is no kind by itself is an act, or a group of acts.
    kinds = frozenset(name if name in KINDS else ACT for name in names - {"own"})
    return kinds | OWN if "own" in names else kinds


def _read(expression: object) -> Iterator[str | None]:
    """Names of what an expression takes from the context; None where it takes the context itself."""
    if isinstance(expression, list):
        for part in expression:
            yield from _read(part)
    elif isinstance(expression, dict):
        taken = expression.get(".", expression.get("has"))
        if isinstance(taken, dict) and taken.get("left") == _CONTEXT and isinstance(taken.get("attr"), str):
            yield taken["attr"]
        elif expression == _CONTEXT:
            yield None
        else:
            yield from _read([*expression.values()])


def _lawless(conditions: list[dict[str, Any]]) -> str | None:
    """`client` of a rule whose only condition is `when { context.lawless.contains("client") }`."""
    match conditions:
        case [{"kind": "when", "body": {"contains": {"left": held, "right": {"Value": str(whose)}}}}]:
            return whose if held == _fact("lawless") else None
    return None


def _guarded(policy: dict[str, Any], pack: str) -> str:
    """The text of a rule that speaks only where `pack` governs one of the places concerned; HOUSE always does."""
    if pack == HOUSE:
        return _text(policy)
    guard = {
        "kind": "when",
        "body": {"contains": {"left": _fact("governed"), "right": {"Value": pack}}},
    }
    return _text({**policy, "conditions": [guard, *policy["conditions"]]})


def _fact(name: str) -> dict[str, Any]:
    return {".": {"left": _CONTEXT, "attr": name}}


def _text(policy: dict[str, Any]) -> str:
    alone = {"staticPolicies": {"policy0": policy}, "templates": {}, "templateLinks": []}
    return cedarpy.policies_from_json_str(json.dumps(alone))
