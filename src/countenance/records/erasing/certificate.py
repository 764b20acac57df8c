"""The certificate of an erasure: what was where, when it went, and until when a backup could still show it.

It is a document without names, in whole numbers and texts. The log's entry of completion commits to its SHA-256, so it is
signed by whoever signs the log, and verifies offline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError, UnavailableError
from countenance.primitives.text import N_
from countenance.records.database import open_reading
from countenance.records.erasing.vocabulary import ErasureState, ScopeKind, Store
from countenance.records.models import Erasure, WorkspaceState
from countenance.records.workspace import Workspace
from countenance.tlog.statement import digest_of, issue

KIND = "erasure-certificate"
BACKUP_KEYS = timedelta(days=30)
"""How long the keys of a backup are kept, unless a limit of this workspace says otherwise."""

_AT_BYTES = frozenset({Store.INDEX, Store.CROPS, Store.PROBES, Store.LOG_PAYLOADS, Store.INGEST_LEDGER})
"""Stores whose bytes go with the third step; those of rows go with the first, their keys with the second."""


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A finished erasure's certificate. `document`: what is signed. `digest`: its SHA-256. `entry`: in the log."""

    code: str
    document: Mapping[str, Json]
    digest: str
    entry: int


def document(workspace: Workspace, erasure: Erasure) -> Certificate:
    """The certificate's text for machines, from a row whose last moment is set."""
    if not (
        erasure.unfindable_at and erasure.keys_destroyed_at and erasure.bytes_gone_at and erasure.done_at
    ):
        raise _incomplete(erasure)
    stores: list[Json] = []
    for store in Store:
        if store.value not in erasure.counts:
            continue
        gone = erasure.unfindable_at
        if store is Store.VAULT_KEYS:
            gone = erasure.keys_destroyed_at
        elif store in _AT_BYTES or store is Store.TEMPLATES:
            gone = erasure.bytes_gone_at
        stores.append({"store": store.value, "count": int(erasure.counts[store.value]), "gone": iso(gone)})
    made: dict[str, Json] = {
        "kind": KIND,
        "version": 1,
        "workspace": str(workspace.settings.id),
        "operator": WorkspaceState.objects.get(pk=1).operator,
        "erasure": erasure.code,
        "scope": erasure.scope,
        "place": erasure.target if erasure.scope == ScopeKind.JURISDICTION.value else None,
        "rule": erasure.rule or None,
        "ground": erasure.ground,
        "started": iso(erasure.started_at),
        "unfindable": iso(erasure.unfindable_at),
        "keys_destroyed": iso(erasure.keys_destroyed_at),
        "bytes_gone": iso(erasure.bytes_gone_at),
        "done": iso(erasure.done_at),
        "stores": stores,
        "kept_back": {hold: int(number) for hold, number in sorted(erasure.kept_back.items())},
        "uncertain": erasure.uncertain,
        "backups_until": iso(backups_until(erasure.unfindable_at)),
        "caveats": list(caveats()),
        "log_entries": [entry for entry in erasure.entries if entry != erasure.done_entry],
    }
    return Certificate(
        code=erasure.code,
        document=made,
        digest=digest_of(made),
        entry=erasure.done_entry or 0,
    )


def backups_until(moment: datetime) -> datetime:
    """Until when a backup made before `moment` may still hold key and data together."""
    return moment + BACKUP_KEYS


def caveats() -> tuple[str, ...]:
    """What the certificate does not say, by name (see `CAVEATS`)."""
    return (
        "backups",
        "originals",
        "exports",
        *(("postgresql",) if connection.vendor == "postgresql" else ()),
    )


CAVEATS: Mapping[str, str] = {
    "backups": N_(
        "A backup made before this erasure stays readable to whoever holds its keys, until {until}. After that day the "
        "keys of such backups are to be destroyed."
    ),
    "originals": N_(
        "Photographs stay with their holder; this workspace keeps none of them, and will not take these in again."
    ),
    "exports": N_(
        "Lists, reports and exports that were handed out before are in other hands and were not reached."
    ),
    "postgresql": N_(
        "PostgreSQL keeps the bytes of deleted rows in free space and in its write-ahead log until it writes over them. "
        "Templates and pictures were encrypted there, and their keys are destroyed; labels and file names were not "
        "encrypted. On {day} the tables were vacuumed."
    ),
}


def certificate_of(workspace: Workspace, code: str) -> Certificate:
    """The certificate of the erasure `code`.

    Raises NotFoundError where there is none, UnavailableError `erasure-incomplete` where it is not done.
    """
    erasure = Erasure.objects.filter(code=code).first()
    if erasure is None:
        raise NotFoundError(
            N_("There is no erasure {erasure}."),
            remedy=N_("See them with: countenance erase --status"),
            code="erasure-missing",
            erasure=code,
        )
    if erasure.state != ErasureState.DONE.value or erasure.done_entry is None:
        raise _incomplete(erasure)
    return document(workspace, erasure)


def certificate_file(workspace: Workspace, certificate: Certificate) -> str:
    """The signed file (`countenance-statement/1`), to hand out; `verifier.py statement FILE` checks it offline."""
    workspace.checkpoint()
    with open_reading() as tx:
        return issue(workspace.log, tx, certificate.entry, certificate.document)


def _incomplete(erasure: Erasure) -> UnavailableError:
    return UnavailableError(
        N_("The erasure {erasure} is not complete yet: it has come as far as {state}."),
        remedy=N_("It goes on at the next start of any process, and by itself where a searcher runs."),
        code="erasure-incomplete",
        erasure=erasure.code,
        state=erasure.state,
    )
