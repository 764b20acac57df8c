"""Replay: what ended after a backup was made ends again, before the restored workspace serves anything.

Only ends are replayed, and what lifts a suspension that the log shows. What began after the backup (people, consents,
sources, cases, enrolments, searches) is not in it and cannot be made up; it is counted, so that people know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from countenance.policy.pack import PolicyPack, pack_from_files, shipped_pack_files, shipped_packs
from countenance.primitives.errors import RefusedError
from countenance.primitives.text import N_
from countenance.records import closing, models
from countenance.records.database import DjangoTransaction
from countenance.records.denying import deny_case, destroy_probes
from countenance.records.ending import end_references, rests_on
from countenance.records.erasing.replaying import repeat_batch, repeat_end, repeat_start
from countenance.records.events import Event
from countenance.records.majority import reach
from countenance.records.policies import restore_in_force
from countenance.records.suppressing.lists import SuppressionList
from countenance.records.workspace import Workspace
from countenance.registry.continuing import LoggedEntry

AUTHORITY = "Rule of the house: what was ended stays ended; PIPEDA Principle 4.3.8 (withdrawal of consent)"
SINCE = "2026-11-01"


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """`ended`: entries carried out again, by event. `lost`: entries of what began after the backup, by event."""

    ended: Mapping[str, int]
    lost: Mapping[str, int]
    references_ended: int


@dataclass(kw_only=True)
class _Replay:
    workspace: Workspace
    tx: DjangoTransaction
    now: datetime
    packs: Mapping[str, dict[str, str]]
    references: int = 0
    probes: tuple[tuple[UUID, str], ...] = ()

    def consent_withdrawn(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        keys = [UUID(key) for key in details["receipts"]]
        models.ConsentReceipt.objects.filter(pk__in=keys, withdrawn_at__isnull=True).update(
            withdrawn_at=entry.leaf.at
        )
        held = list(models.ConsentReceipt.objects.filter(pk__in=keys))
        self.references += end_references(self.workspace, self.tx, rests_on(held), self.now)

    def source_withdrawn(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        source = models.Source.objects.filter(pk=UUID(details["source"])).first()
        if source is not None:
            models.Source.objects.filter(pk=source.pk).update(withdrawn_at=entry.leaf.at)
            models.Basis.objects.filter(pk=source.basis_id).update(ended_at=entry.leaf.at)
            self._end(face__photograph__source=source)

    def case_closed(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        models.Case.objects.filter(pk=UUID(details["case"])).update(closed_at=entry.leaf.at)

    def search_made(self, _entry: LoggedEntry, details: dict[str, Any]) -> None:
        """A search that is not in the backup still counts against its case."""
        if details.get("case"):
            models.Case.objects.filter(pk=UUID(details["case"]), searches_allowed__gt=0).update(
                searches_allowed=F("searches_allowed") - 1
            )

    def suspended(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        kind, key = self._subject(entry, details)
        kind.objects.filter(pk=key).update(
            suspended_at=entry.leaf.at, suspension_reason=str(details.get("reason") or "-")
        )

    def reinstated(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        kind, key = self._subject(entry, details)
        kind.objects.filter(pk=key).update(suspended_at=None, suspension_reason="")

    def lock_set(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        closing.set_lock(self.workspace, self.tx, details, account=None, at=entry.leaf.at)

    def lock_lifted(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        closing.lift_lock(self.workspace, self.tx, str(details["code"]), at=entry.leaf.at)

    def order_issued(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        """An order stands, whatever backup is restored."""
        closing.issue_order(
            self.workspace, self.tx, details, account=None, at=entry.leaf.at, log_index=entry.index
        )

    def order_lifted(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        code, reason = str(details["code"]), str(details.get("reason") or "-")
        closing.lift_order(self.workspace, self.tx, code, reason=reason, at=entry.leaf.at)

    def order_destroyed(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        """It is not carried out again, and not lifted; its erasure is repeated by entries of its own."""
        models.Order.objects.filter(code=str(details["code"]), destroyed_at=None).update(
            destroyed_at=entry.leaf.at, erasure=str(details["erasure"])
        )

    def case_denied(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        case = models.Case.objects.filter(pk=UUID(details["case"])).first()
        if case is not None:
            denied = deny_case(
                self.workspace,
                self.tx,
                case,
                authority=str(details["authority"]),
                reason=str(details["reason"]),
                at=entry.leaf.at,
            )
            self.probes += denied.probes

    def source_corrected(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        """What rested on the wrong basis ends. The right one is not in the log: the source waits for it."""
        wrong = UUID(details["wrong_basis"])
        models.Basis.objects.filter(Q(pk=wrong) | Q(narrows=wrong), ended_at=None).update(
            ended_at=entry.leaf.at
        )
        self._end(face__photograph__source=UUID(details["source"]))

    def policy_activated(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        """A pack that is known here, comes with the program, or was handed in. Never an older one in silence."""
        digest = str(details["hash"])
        row = models.PolicyPackRecord.objects.filter(pk=digest).first()
        files = row.files if row is not None else self.packs.get(digest)
        if files is None:
            raise refused(
                "policy-pack-missing",
                N_("After the backup the policy pack {hash} was put in force, and it is not here."),
                hash=digest,
            )
        pack: PolicyPack = pack_from_files(files)
        restore_in_force([(pack, dict(files))], entry.leaf.at)

    def erasure_started(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        repeat_start(details, entry.leaf.at, entry.leaf.jurisdiction)

    def erasure_unfindable(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        self.references += repeat_batch(self.workspace, self.tx, details, entry.index, self.now)

    def erasure_done(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        repeat_end(details, entry.index, self.now)

    def suppression_ended(self, _entry: LoggedEntry, details: dict[str, Any]) -> None:
        SuppressionList(self.workspace).remove([UUID(key) for key in details["entries"]])

    def majority_reached(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        people = [UUID(key) for key in details["people"]]
        self.references += reach(self.workspace, self.tx, people, entry.leaf.at)

    def hold_lifted(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        models.Hold.objects.filter(code=str(details["code"]), lifted_at=None).update(lifted_at=entry.leaf.at)

    def evaluation_ended(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        models.AdoptedEvaluation.objects.filter(code=str(details["code"]), ended_at=None).update(
            ended_at=entry.leaf.at, ended_reason=str(details["reason"])
        )

    def operating_point_ended(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        models.OperatingPoint.objects.filter(code=str(details["code"]), ended_at=None).update(
            ended_at=entry.leaf.at, ended_reason=str(details["reason"])
        )

    def operating_point_set(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        """The new one is not in the backup; the one it took the place of does not come back."""
        models.OperatingPoint.objects.filter(gallery_id=UUID(details["gallery"]), ended_at=None).update(
            ended_at=entry.leaf.at, ended_reason="replaced"
        )

    def token_revoked(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        models.ApiToken.objects.filter(pk=UUID(details["token"]), revoked_at=None).update(
            revoked_at=entry.leaf.at, sealed_key=b""
        )

    def webhook_removed(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        models.Webhook.objects.filter(code=details["webhook"], removed_at=None).update(
            removed_at=entry.leaf.at
        )

    def provider_removed(self, entry: LoggedEntry, details: dict[str, Any]) -> None:
        models.Provider.objects.filter(name=details["provider"], removed_at=None).update(
            removed_at=entry.leaf.at
        )

    def _end(self, **which: Any) -> None:
        chosen = models.Reference.objects.filter(**which)
        self.references += end_references(self.workspace, self.tx, chosen, self.now)

    @staticmethod
    def _subject(
        entry: LoggedEntry, details: dict[str, Any]
    ) -> tuple[type[models.Organisation | models.Account | models.Gallery], UUID]:
        if entry.leaf.event in {Event.CLIENT_SUSPENDED, Event.CLIENT_REINSTATED}:
            return models.Organisation, UUID(str(entry.leaf.client))
        if entry.leaf.event in {Event.ACCOUNT_SUSPENDED, Event.ACCOUNT_REINSTATED}:
            return models.Account, UUID(details["subject"])
        return models.Gallery, UUID(details["gallery"])


_ENDS: Mapping[str, Callable[[_Replay, LoggedEntry, dict[str, Any]], None]] = {
    Event.CONSENT_WITHDRAWN: _Replay.consent_withdrawn,
    Event.SOURCE_WITHDRAWN: _Replay.source_withdrawn,
    Event.CASE_CLOSED: _Replay.case_closed,
    Event.SEARCH_MADE: _Replay.search_made,
    Event.CLIENT_SUSPENDED: _Replay.suspended,
    Event.CLIENT_REINSTATED: _Replay.reinstated,
    Event.ACCOUNT_SUSPENDED: _Replay.suspended,
    Event.ACCOUNT_REINSTATED: _Replay.reinstated,
    Event.GALLERY_SUSPENDED: _Replay.suspended,
    Event.GALLERY_REINSTATED: _Replay.reinstated,
    Event.POLICY_ACTIVATED: _Replay.policy_activated,
    Event.LOCK_SET: _Replay.lock_set,
    Event.LOCK_LIFTED: _Replay.lock_lifted,
    Event.ORDER_ISSUED: _Replay.order_issued,
    Event.ORDER_LIFTED: _Replay.order_lifted,
    Event.ORDER_DESTROYED: _Replay.order_destroyed,
    Event.CASE_DENIED: _Replay.case_denied,
    Event.SOURCE_CORRECTED: _Replay.source_corrected,
    Event.MAJORITY_REACHED: _Replay.majority_reached,
    Event.HOLD_LIFTED: _Replay.hold_lifted,
    Event.EVALUATION_ENDED: _Replay.evaluation_ended,
    Event.OPERATING_POINT_ENDED: _Replay.operating_point_ended,
    Event.OPERATING_POINT_SET: _Replay.operating_point_set,
    Event.SUPPRESSION_ENDED: _Replay.suppression_ended,
    Event.ERASURE_STARTED: _Replay.erasure_started,
    Event.ERASURE_UNFINDABLE: _Replay.erasure_unfindable,
    Event.ERASURE_DONE: _Replay.erasure_done,
    Event.TOKEN_REVOKED: _Replay.token_revoked,
    Event.WEBHOOK_REMOVED: _Replay.webhook_removed,
    Event.PROVIDER_REMOVED: _Replay.provider_removed,
}

_BEGINS = frozenset(
    {
        Event.CLIENT_ADDED,
        Event.ACCOUNT_ADDED,
        Event.ACCOUNT_CERTIFIED,
        Event.GALLERY_ADDED,
        Event.GALLERY_DESCRIBED,
        Event.SOURCE_ADDED,
        Event.PERSON_ADDED,
        Event.CONSENT_RECORDED,
        Event.CASE_OPENED,
        Event.FACES_ENROLLED,
        Event.SEARCH_MADE,
        Event.PROPOSAL_MADE,
        Event.AUTHORITY_ADDED,
        Event.INQUIRY_OPENED,
        Event.INQUIRY_JOINED,
        Event.INQUIRY_ATTACHED,
        Event.INQUIRY_CLOSED,
        Event.SUPPRESSION_JOINED,
        Event.HOLD_PLACED,
        Event.RETENTION_SET,
        Event.ASSESSMENT_RECORDED,
        Event.EVALUATION_ADOPTED,
        Event.OPERATING_POINT_SET,
        Event.TOKEN_MADE,
        Event.WEBHOOK_ADDED,
        Event.PROVIDER_ADDED,
    }
)


def replay(
    workspace: Workspace,
    tx: DjangoTransaction,
    entries: list[LoggedEntry],
    *,
    now: datetime,
    packs: Mapping[str, dict[str, str]],
) -> Replayed:
    """Carry out again what ended, in the order of the log, in the open transaction.

    `packs`: policy packs handed in, by hash. Raises RefusedError where the log does not say what ended.
    """
    known = {**_shipped(), **packs}
    work = _Replay(workspace=workspace, tx=tx, now=now, packs=known)
    ended: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    erased = _forgotten(entries)
    for entry in entries:
        handler = _ENDS.get(entry.leaf.event)
        if handler is not None and entry.index not in erased:
            if entry.details is None:
                raise refused(
                    "log-without-details",
                    N_(
                        "Entry {entry} of the log ended something ({event}), and the export does not say what."
                    ),
                    entry=entry.index,
                    event=entry.leaf.event,
                )
            handler(work, entry, entry.details)
            ended[entry.leaf.event] += 1
        if entry.leaf.event in _BEGINS:
            lost[entry.leaf.event] += 1
    workspace.revoke_grants()
    destroy_probes(workspace, work.probes)
    return Replayed(ended=dict(ended), lost=dict(lost), references_ended=work.references)


def _forgotten(entries: list[LoggedEntry]) -> set[int]:
    """Entries without details because an erasure forgot them: what they ended is erased."""
    return {
        int(position)
        for entry in entries
        if entry.leaf.event == Event.ERASURE_DONE and entry.details is not None
        for position in entry.details["forgotten"]
    }


def refused(reason: str, what: str, **params: object) -> RefusedError:
    """A restore that would bring back what was ended."""
    return RefusedError(what, reason=reason, rule="RESTORE-01", authority=AUTHORITY, since=SINCE, **params)


def _shipped() -> dict[str, dict[str, str]]:
    packs = (shipped_pack_files(name) for name in shipped_packs())
    return {pack_from_files(files).hash: files for files in packs}
