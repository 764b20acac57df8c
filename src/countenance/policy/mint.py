"""The mint: the only place where a `Grant` is made, and only from decisions of the policy engine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from countenance.policy.decisions import Permitted, Refused
from countenance.policy.engine import PolicyEngine
from countenance.policy.grants import MAX_CANDIDATES, AuthorityKind, Grant, compute_mac, require_mac_key
from countenance.policy.purposes import Purpose
from countenance.policy.questions import PermissionClass, SearchQuestion
from countenance.primitives.clock import require_aware
from countenance.primitives.errors import UsageError
from countenance.primitives.ids import new_id
from countenance.primitives.text import N_

DEFAULT_TTL = timedelta(seconds=60)
MAX_TTL = timedelta(minutes=10)


class GrantMint:
    """Makes grants by one engine, under one MAC key (32 bytes, shared with the index that verifies)."""

    def __init__(self, engine: PolicyEngine, mac_key: bytes) -> None:
        """Raises UsageError unless `mac_key` is 32 bytes long."""
        self._engine = engine
        self._key = require_mac_key(mac_key)

    def mint(
        self,
        question: SearchQuestion,
        classes: Iterable[PermissionClass],
        *,
        k: int,
        epoch: int,
        ttl: timedelta = DEFAULT_TTL,
    ) -> Grant | Refused:
        """A grant for the search that `question` asks about, over those of `classes` that policy permits.

        1. The search as such is decided (`question.permission_class` is set aside). Refused: that is the answer.
        2. Each class is decided. A refused one is left out without a word, since an answer must not tell what was
           excluded; a search that is permitted but reaches nothing gets a grant over no class, and finds nothing.
           A class whose evaluation failed is no exclusion but a fault, and refuses everything.
        3. The grant says what was decided: case, purpose, requester and gallery are the question's own. It ends
           after `ttl`, and never later than the case, the licence or the certification it rests on.

        `k`: most candidates, 1..20. `epoch`: revocation epoch read before the facts were. `ttl`: 1 s..10 min.
        Raises UsageError for a `k` or `ttl` out of range.
        """
        if not 1 <= k <= MAX_CANDIDATES:
            raise UsageError(
                N_("A search lists 1 to {most} candidates, not {k}."),
                most=MAX_CANDIDATES,
                k=k,
                code="grant-k",
            )
        if not timedelta(seconds=1) <= ttl <= MAX_TTL:
            raise UsageError(
                N_("A grant lasts from 1 second to {most} minutes."),
                most=MAX_TTL // timedelta(minutes=1),
                code="grant-ttl",
            )
        rows = list(classes)
        as_such, decisions = self._engine.decide_search(question, rows)
        if isinstance(as_such, Refused):
            return as_such
        if self._engine.fault in decisions:
            return self._engine.fault
        decided = list(zip((entry.id for entry in rows), decisions, strict=True))
        # Two classes of one id would be a fault of the records; what either may not reach, the id does not reach.
        excluded = {number for number, decision in decided if not isinstance(decision, Permitted)}
        permitted = tuple(sorted({number for number, _ in decided} - excluded))
        return self._sign(question, permitted, k=k, epoch=epoch, ttl=ttl)

    def _sign(
        self, question: SearchQuestion, permitted: tuple[int, ...], *, k: int, epoch: int, ttl: timedelta
    ) -> Grant | Refused:
        case, client, requester = question.case, question.caller.client, question.requester
        if case is None or client is None or requester is None or question.purpose not in set(Purpose):
            # Only a pack whose rules were weakened gets here: no grant without all four, whatever it permits.
            return self._engine.fault
        ends = (
            require_aware(question.now) + ttl,
            case.expires_at,
            client.licensed_until,
            question.caller.certified_until,
        )
        grant = Grant(
            id=str(new_id()),
            authority_kind=AuthorityKind.CASE,
            authority_id=case.id,
            purpose=Purpose(question.purpose),
            on_behalf_of=requester.jurisdiction,
            gallery_id=question.gallery.id,
            permission_classes=permitted,
            k=k,
            expires_at=min(require_aware(end) for end in ends).replace(microsecond=0),
            pack_hash=self._engine.book.hash,
            revocation_epoch=epoch,
        )
        return replace(grant, mac=compute_mac(grant, self._key))
