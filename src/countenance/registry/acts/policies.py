"""Policy packs: put in force by two persons, their hash in the log, the one before kept for replay."""

from __future__ import annotations

from collections.abc import Mapping

from countenance.acting.step import Outcome, Step
from countenance.policy.manifest import HOUSE
from countenance.policy.pack import pack_from_files
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import PolicyPackRecord
from countenance.records.policies import hashes_in_force
from countenance.records.policies import put_in_force as packs_in_force


def activate(step: Step) -> Outcome:
    """`files`: name -> text of the pack. It must load (schema, annotations) before it replaces the one in force."""
    files = step.params.json.get("files")
    if not isinstance(files, Mapping) or not all(isinstance(text, str) for text in files.values()):
        raise UsageError(N_("A policy pack is a set of text files."), code="policy-files")
    return put_in_force(step, {name: str(text) for name, text in files.items()})


def put_in_force(step: Step, files: dict[str, str]) -> Outcome:
    """Put the pack of these files in the place of the one of its name, if there is one."""
    pack = pack_from_files(files)
    if pack.hash in hashes_in_force():
        raise ConflictError(N_("This very pack is in force already."), code="policy-in-force")
    book = packs_in_force([(pack, files)], step.now)
    step.workspace.revoke_grants()
    return Outcome(
        record={
            "pack": pack.name,
            "version": pack.version,
            "hash": pack.hash,
            "policy": book.hash,
            "state": "in-force",
        },
        event=Event.POLICY_ACTIVATED,
        details={"hash": pack.hash, "version": pack.version, "policy": book.hash},
        jurisdiction=None if pack.name == HOUSE else pack.name,
    )


def describe(row: PolicyPackRecord) -> dict[str, Json]:
    """What is shown of a pack."""
    return {
        "pack": row.name,
        "version": row.version,
        "hash": row.hash,
        "activated_at": row.activated_at.isoformat(timespec="seconds"),
        "state": "retired" if row.retired_at else "in-force",
    }
