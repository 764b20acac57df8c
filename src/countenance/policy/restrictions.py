"""What has been closed by a lock or an order: data that is asked before any rule, and refuses in its own name.

A rule of a pack speaks for a law and stands in a file. A lock or an order is one decision about one thing, taken on one
day, and whoever is refused because of it is told which, whose and since when. So these are values, read from the
records, and no part of a pack.

| kind | at once |
|---|---|
| `cease-offering` | clients of a place, requesters of record there and galleries there are served no more; of a client, every act |
| `cease-collecting` | nothing is taken in from, into or about it |
| `cease-disclosing` | nothing leaves it: no sheet, no saved list, no report |
| `delete` | all three, for what is held, until it is destroyed |
| lock `ingest`, `search`, `export` | that one effect alone |
| lock `all` | a suspension: all three, and every act of the clients of a place |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from countenance.policy.decisions import Refused
from countenance.policy.places import within
from countenance.primitives.clock import require_aware
from countenance.primitives.text import N_


class Effect(StrEnum):
    """What can be closed, each alone (requirement R8: collection, use and disclosure)."""

    INGEST = "ingest"  # collection
    SEARCH = "search"  # use
    EXPORT = "export"  # disclosure


class OrderKind(StrEnum):
    """What an authority can order."""

    CEASE_OFFERING = "cease-offering"
    CEASE_COLLECTING = "cease-collecting"
    CEASE_DISCLOSING = "cease-disclosing"
    DELETE = "delete"  # locks at once; destroys after two signatures and the date


class LockKind(StrEnum):
    """What an operator can lock."""

    INGEST = "ingest"
    SEARCH = "search"
    EXPORT = "export"
    ALL = "all"  # a suspension


class TargetKind(StrEnum):
    """What a lock or an order is about."""

    PLACE = "place"
    CLIENT = "client"
    ACCOUNT = "account"  # one person's; locks only
    GALLERY = "gallery"
    SOURCE = "source"


_ALL = frozenset(Effect)
ORDER_EFFECTS = {
    OrderKind.CEASE_OFFERING: frozenset({Effect.SEARCH, Effect.EXPORT}),
    OrderKind.CEASE_COLLECTING: frozenset({Effect.INGEST}),
    OrderKind.CEASE_DISCLOSING: frozenset({Effect.EXPORT}),
    OrderKind.DELETE: _ALL,
}
LOCK_EFFECTS = {kind: frozenset({Effect(kind.value)}) for kind in LockKind if kind is not LockKind.ALL} | {
    LockKind.ALL: _ALL
}

_SENTENCES = {
    OrderKind.CEASE_OFFERING: N_("By order of an authority the service is not offered here."),
    OrderKind.CEASE_COLLECTING: N_("By order of an authority nothing is collected here."),
    OrderKind.CEASE_DISCLOSING: N_("By order of an authority nothing of this is disclosed."),
    OrderKind.DELETE: N_("By order of an authority this is to be deleted; until then it is locked."),
    LockKind.INGEST: N_("A lock on collection is set here."),
    LockKind.SEARCH: N_("A lock on searching is set here."),
    LockKind.EXPORT: N_("A lock on disclosure is set here."),
    LockKind.ALL: N_("This is suspended."),
}
"""What is told to whoever is refused."""

_SUSPENDING = frozenset({OrderKind.CEASE_OFFERING, LockKind.ALL})
_OF_HOLDINGS = frozenset({OrderKind.CEASE_DISCLOSING, OrderKind.DELETE})


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """One lock or order in force.

    `code`: what it is called in refusals. `target_id`: id of the record, or ISO 3166 code of the place. `authority`:
    who ordered it, with the number of the order. `since`: ISO date. `ends`: None until it is lifted.
    """

    code: str
    kind: OrderKind | LockKind
    target: TargetKind
    target_id: str
    authority: str
    since: str
    begins: datetime
    ends: datetime | None = None

    @property
    def effects(self) -> frozenset[Effect]:
        """What it closes."""
        return ORDER_EFFECTS[self.kind] if isinstance(self.kind, OrderKind) else LOCK_EFFECTS[self.kind]

    @property
    def suspends(self) -> bool:
        """Whether it stops every act of the clients it reaches, and not its effects alone."""
        return self.kind in _SUSPENDING

    def stands(self, now: datetime) -> bool:
        """Whether it is in force at `now`."""
        return self.begins <= require_aware(now) and (self.ends is None or now < self.ends)

    def refused(self, pack: str) -> Refused:
        """The refusal that it causes. `pack`: hash of the pack in force, for the log."""
        kind = "order" if isinstance(self.kind, OrderKind) else "lock"
        return Refused(
            reason=f"{kind}-{self.kind.value}",
            rule=self.code,
            authority=self.authority,
            since=self.since,
            explanation=_SENTENCES[self.kind],
            pack=pack,
        )


@dataclass(frozen=True, kw_only=True)
class Touched:
    """What an act touches: ids, and places.

    `service`: places of the client, the requester of record and the gallery: who is served, and by what. `holdings`:
    places of the gallery, of bases and of people: what is held, and about whom.
    """

    account: str | None = None
    client: str | None = None
    gallery: str | None = None
    source: str | None = None
    service: frozenset[str] = frozenset()
    holdings: frozenset[str] = frozenset()


def first_refusal(
    restrictions: Iterable[Restriction], effect: Effect | None, touched: Touched, *, now: datetime, pack: str
) -> Refused | None:
    """The refusal of the first restriction that stands against `effect` on what is `touched`; None where none does.

    `effect` None asks about any act of the account at all: only suspensions speak against that.
    """
    for restriction in restrictions:
        if (
            restriction.stands(now)
            and _speaks(restriction, effect)
            and _reaches(restriction, effect, touched)
        ):
            return restriction.refused(pack)
    return None


def _speaks(restriction: Restriction, effect: Effect | None) -> bool:
    return restriction.suspends if effect is None else effect in restriction.effects


def _reaches(restriction: Restriction, effect: Effect | None, touched: Touched) -> bool:
    wanted = restriction.target_id
    match restriction.target:
        case TargetKind.ACCOUNT:
            return touched.account == wanted
        case TargetKind.CLIENT:
            return touched.client == wanted
        case TargetKind.GALLERY:
            return touched.gallery == wanted
        case TargetKind.SOURCE:
            return touched.source == wanted
        case TargetKind.PLACE:
            places = touched.holdings if effect is Effect.INGEST else touched.service
            if restriction.kind in _OF_HOLDINGS:
                places |= touched.holdings
            return any(within(place, wanted) for place in places)
