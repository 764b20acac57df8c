"""What an operator watches: model packs, keys, backups, the index. Read only, for the operator's own staff."""

from __future__ import annotations

from functools import lru_cache

from countenance.acting.step import Outcome, Step
from countenance.extraction.pack import available_packs, load_pack, read_manifest
from countenance.primitives.canonical import Json, canonical_json, sha256_hex
from countenance.primitives.clock import iso
from countenance.primitives.errors import CountenanceError, NotFoundError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import BackupRecord, PackSigner

MOST_BACKUPS = 50


def model_packs(step: Step) -> list[Json]:
    """The passport of every installed pack; one that cannot be loaded says why."""
    in_use = step.workspace.models.name
    return [
        {
            "model": name,
            "in_use": name == in_use,
            **_passport(name, sha256_hex(canonical_json(read_manifest(name)))),
        }
        for name in available_packs()
    ]


@lru_cache(maxsize=64)
def _passport(name: str, manifest_sha256: str) -> dict[str, Json]:  # noqa: ARG001 - another manifest is another pack
    """A pack is loaded and checked once for each manifest: that reads its files whole."""
    try:
        passport = load_pack(name).passport()
    except CountenanceError as error:
        return {"state": error.code}
    passport.pop("name", None)
    return {"state": "whole", **passport}


def keys(step: Step) -> list[Json]:
    """Public halves: the log's, and of those who may vouch for policy packs. Never a secret."""
    rows: list[Json] = [
        {"key": "log", "public_key": step.workspace.log.vkey},
    ]
    rows += [
        {"key": each.name, "public_key": bytes(each.public_key).hex(), "valid_from": iso(each.trusted_at)}
        for each in PackSigner.objects.order_by("name")
    ]
    return rows


def backups(_: Step) -> list[Json]:
    """The latest first. `verified_at`: when somebody last held every file against the manifest."""
    return [
        {
            "backup": iso(each.made_at),
            "location": each.directory,
            "bytes": each.bytes,
            "log_entry": each.log_entry,
            "verified_at": iso(each.verified_at) if each.verified_at else None,
        }
        for each in BackupRecord.objects.order_by("-made_at")[:MOST_BACKUPS]
    ]


def index(step: Step) -> list[Json]:
    """What the searcher holds open, by template space."""
    held = step.workspace.index.statistics()
    opened, sealed = step.workspace.index.opened(step.tx)
    row: dict[str, Json] = {
        "index": "cluster" if step.workspace.cluster else "searcher",
        "references": held.references,
        "not_searchable": {reason.value: count for reason, count in held.not_searchable.items()},
        "sealed": sealed,
        "opened": opened,
        "changes_applied": held.seq,
        "spaces": [
            {
                "space": str(each.space_id),
                "dimension": each.dimension,
                "references": each.rows,
                "resident_bytes": each.resident_bytes,
            }
            for each in held.spaces
        ],
    }
    if step.workspace.cluster:
        row["location"] = step.workspace.cluster[0]
    return [row]


def note_verified(step: Step) -> Outcome:
    """A backup of this workspace was held against its manifest, file by file, by whoever asks. `made_at`: as its manifest says.

    `backup` instead: whoever carries the act out is to read the copy where it was made, and notes it then (`service.copies`).
    """
    asked = step.params.moment("backup")
    made_at = asked or step.params.moment("made_at")
    row = BackupRecord.objects.filter(made_at=made_at).order_by("pk").last() if made_at else None
    if row is None:
        raise NotFoundError(
            N_("This workspace knows of no backup made at {moment}."),
            code="backup-unknown",
            moment=step.params.text("backup" if asked else "made_at", ""),
        )
    if asked is not None:
        return Outcome(record={"backup": iso(row.made_at), "location": row.directory})
    BackupRecord.objects.filter(pk=row.pk).update(verified_at=step.now)
    return Outcome(record={"backup": iso(row.made_at)}, event=Event.BACKUP_VERIFIED)
