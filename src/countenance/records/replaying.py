"""A decision made again from the log: the sealed question, put to the packs of its time.

An entry that a decision led to keeps the question in its sealed details, and shows the hash of the book in its leaf. What
is decided again must name the same rule; anything else is a difference, and is named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from countenance.policy.decisions import Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.questions import SearchQuestion
from countenance.policy.replay import question_from
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_
from countenance.records import models
from countenance.records.database import open_reading
from countenance.records.events import Event
from countenance.records.facts import permission_class
from countenance.records.policies import book_of
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import parse_leaf

_REFUSALS = frozenset({Event.ACT_REFUSED.value, Event.SEARCH_REFUSED.value})


@dataclass(frozen=True, kw_only=True)
class Replay:
    """A decision and the same one made again.

    `logged`, `again`: rule ids; `logged` is empty of a search that was made, where the entry says only that it was
    permitted. `differences`: what is not the same, in words; empty where all is.
    """

    entry: int
    event: str
    at: str
    policy: str
    logged: str
    again: str
    permitted: bool
    differences: tuple[str, ...]


def replay_entry(workspace: Workspace, index: int) -> Replay:
    """Decide entry `index` again.

    Raises NotFoundError where there is no such entry, where it holds no decision of a pack, or where its details are
    forgotten; IntegrityError where the packs kept are not those that decided.
    """
    with open_reading() as tx:
        rows = tx.execute("select leaf from tlog_entry where position = %s", (index,))
        found = [bytes(row[0]) for row in rows]  # type: ignore[arg-type]
        payload = workspace.log.payload(tx, index) if found else None
    if not found:
        raise NotFoundError(N_("The log has no entry {entry}."), code="no-such-entry", entry=index)
    leaf = parse_leaf(found[0])
    details: Json = json.loads(payload.details) if payload is not None else None
    if not isinstance(details, Mapping) or "question" not in details or leaf.pack is None:
        raise NotFoundError(
            N_("Entry {entry} holds no decision of a policy, or its details have been forgotten."),
            code="no-decision",
            entry=index,
        )
    question = question_from(details["question"])
    book = book_of(leaf.pack)
    logged, was_refused = details.get("rule"), leaf.event in _REFUSALS
    if logged is not None and logged not in {rule.id for rule in book.all_rules}:
        raise NotFoundError(
            N_("Entry {entry} was decided by {rule}, which is no rule of a policy."),
            remedy=N_("Locks and orders, and rules of the house beside the packs, decide by themselves."),
            code="no-decision",
            entry=index,
            rule=str(logged),
        )
    engine = PolicyEngine(book)
    decision = engine.decide(question)
    differences: list[str] = []
    if logged is not None and logged != decision.rule:
        differences.append(f"rule: {logged} in the log, {decision.rule} now")
    if was_refused != isinstance(decision, Refused):
        differences.append(
            "refused in the log, permitted now" if was_refused else "permitted in the log, refused now"
        )
    reached = details.get("classes")
    if isinstance(question, SearchQuestion) and isinstance(reached, list):
        for row in models.PermissionClass.objects.filter(pk__in=reached):
            asked = replace(question, permission_class=permission_class(row))
            if isinstance(refused := engine.decide(asked), Refused):
                differences.append(
                    f"rows of class {row.pk}: reached in the log, refused now by {refused.rule}"
                )
    return Replay(
        entry=index,
        event=leaf.event,
        at=leaf.at.isoformat(timespec="seconds"),
        policy=leaf.pack,
        logged=str(logged or ""),
        again=decision.rule,
        permitted=not isinstance(decision, Refused),
        differences=tuple(differences),
    )
