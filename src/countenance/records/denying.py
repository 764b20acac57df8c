"""An authorisation is refused: what was made under it goes, and a row that says so stays.

Searches, candidates and probes end in the transaction, together with what the log's entries say of them (their salts and
details; entries and proofs stay). Keys and pictures of the probes go after the commit. A crash in between leaves pictures
that no search owns; start-up destroys those (`sweep_probes`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from countenance.records.database import DjangoTransaction, truncate_wal
from countenance.records.models import Candidate, Case, Probe, Search
from countenance.records.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Denied:
    """How many of each went. `probes`: id and name in the media store of what is still to be destroyed."""

    searches: int
    candidates: int
    probes: tuple[tuple[UUID, str], ...]


def deny_case(
    workspace: Workspace, tx: DjangoTransaction, case: Case, *, authority: str, reason: str, at: datetime
) -> Denied:
    """Close the case and remove what came of it, in the open transaction."""
    case.closed_at = case.closed_at or at
    case.denied_at, case.denied_authority, case.denied_reason = at, authority, reason
    case.save(update_fields=["closed_at", "denied_at", "denied_authority", "denied_reason"])
    searches = Search.objects.filter(case=case)
    entries = list(searches.values_list("log_index", flat=True))
    probes = tuple(Probe.objects.filter(search__case=case).values_list("id", "picture"))
    candidates, _ = Candidate.objects.filter(search__case=case).delete()
    Probe.objects.filter(search__case=case).delete()
    gone, _ = searches.delete()
    workspace.log.forget(tx, entries)
    workspace.revoke_grants()
    return Denied(searches=gone, candidates=candidates, probes=probes)


def destroy_probes(workspace: Workspace, probes: tuple[tuple[UUID, str], ...]) -> None:
    """Destroy keys and pictures of probes whose rows are gone; safe to repeat."""
    if not probes:
        return
    workspace.vault.destroy([identifier for identifier, _ in probes])
    for _, picture in probes:
        workspace.media.delete(picture)
    truncate_wal()
