"""What a handler is given and gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from countenance.policy.decisions import Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.records.database import DjangoTransaction
from countenance.records.events import Event
from countenance.records.identity import Caller
from countenance.records.models import Account
from countenance.records.params import Params
from countenance.records.workspace import Workspace
from countenance.tlog.leaf import NewEntry


@dataclass(frozen=True, kw_only=True)
class Step:
    """One permitted act, inside its open transaction. `proposer`: who signed it first, where two sign. `afterwards`: what
    to do once the transaction is committed; start-up must be able to finish it where it was not done.
    """

    workspace: Workspace
    tx: DjangoTransaction
    caller: Caller
    params: Params
    now: datetime
    proposer: Account | None = None
    afterwards: list[Callable[[], None]] = field(default_factory=list)


def _nothing(_: int) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the handler did.

    `record`: shown to the caller. `event`: None for a list. `details`: go into the salted commitment, never the leaf.
    `jurisdiction`, `purpose`, `client`: shown in the leaf. `further`: what else came of it, logged after its own entry.
    `logged`: told the entry's index, in the same transaction.
    """

    record: Json
    event: Event | None = None
    details: dict[str, Json] = field(default_factory=dict)
    jurisdiction: str | None = None
    purpose: str | None = None
    client: str | None = None
    further: Sequence[NewEntry] = ()
    logged: Callable[[int], None] = _nothing


def _operators(_: Step) -> None:
    return None


def _one_person(_: Step) -> bool:
    return False


def _in_force(step: Step) -> PolicyEngine:
    return step.workspace.policy()


def _nothing_against(_: Step) -> Refused | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Handler:
    """One act.

    `carry_out` does it; `closed` says what locks and orders speak against it, besides those on the account; `client_of`
    says whose thing it touches (None: the operator's), for policy; `needs_two` says whether it takes two persons with
    these params, besides the acts that always do; `against` is a rule of the house that refuses what policy permits, for
    reasons that lie in the path's own records; `engine` is whose rules decide.
    """

    carry_out: Callable[[Step], Outcome]
    client_of: Callable[[Step], str | None] = _operators
    needs_two: Callable[[Step], bool] = _one_person
    closed: Callable[[Step], Refused | None] = _nothing_against
    against: Callable[[Step], Refused | None] = _nothing_against
    engine: Callable[[Step], PolicyEngine] = _in_force


type Handlers = Mapping[Act, Handler]
"""Which handler carries out which act."""
