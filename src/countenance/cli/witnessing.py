"""Having a checkpoint cosigned: over the network, or by files that somebody carries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.primitives.clock import iso
from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_
from countenance.records.database import open_reading
from countenance.records.workspace import Workspace
from countenance.tlog.cosignature import parse_witness_key
from countenance.tlog.note import open_checkpoint, parse_checkpoint, parse_note
from countenance.witness.client import ask
from countenance.witness.request import format_request

_ANSWER_MAX = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Witnessed:
    """`size`: entries of the cosigned checkpoint. `at_text`: ISO 8601, by the witness's clock."""

    name: str
    size: int
    at_text: str


def ask_witness(workspace: Workspace, url: str, vkey: str) -> Witnessed:
    """Sign the log as it stands, have it cosigned, keep the cosignature."""
    key = parse_witness_key(vkey)
    note = workspace.checkpoint()
    size = parse_checkpoint(parse_note(note).text).size

    def proof(old_size: int) -> Sequence[bytes]:
        with open_reading() as tx:
            return workspace.log.consistency_proof(tx, old_size, size)

    lines = ask(url, size, note, proof)
    with workspace.transaction() as (tx, _):
        at = workspace.log.add_cosignatures(tx, size, lines, key)
    return Witnessed(name=key.name, size=size, at_text=iso(at))


def write_request(workspace: Workspace, old_size: int) -> str:
    """The request for a witness that cosigned `old_size` entries last. Raises NotFoundError for a size the log never had."""
    note = workspace.checkpoint()
    size = open_checkpoint(note, workspace.log.key).size
    with open_reading() as tx:
        proof = workspace.log.consistency_proof(tx, old_size, size) if old_size else ()
    return format_request(old_size, proof, note)


def take_lines(workspace: Workspace, path: Path | None, vkey: str) -> Witnessed:
    """Keep the answer of a witness, which may be about an earlier checkpoint."""
    assert path is not None
    key = parse_witness_key(vkey)
    try:
        with path.open(encoding="utf-8") as stream:
            lines = stream.read(_ANSWER_MAX)
    except (OSError, UnicodeDecodeError) as error:
        raise UnavailableError(
            N_("{path} cannot be read: {problem}."),
            code="witness-answer",
            path=str(path),
            problem=getattr(error, "strerror", None) or type(error).__name__,
        ) from error
    with workspace.transaction() as (tx, _):
        size, at = workspace.log.take_cosignatures(tx, lines, key)
    return Witnessed(name=key.name, size=size, at_text=iso(at))
