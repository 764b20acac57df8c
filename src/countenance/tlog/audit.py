"""The whole log checked where it is stored, by the code that checks an export: the verifier's."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from countenance.primitives.errors import CountenanceError
from countenance.primitives.sql import Transaction
from countenance.tlog import store, verifier
from countenance.tlog.leaf import commit
from countenance.tlog.note import VerifierKey, open_checkpoint
from countenance.tlog.tiles import TILE_WIDTH, width_in


@dataclass(frozen=True, kw_only=True)
class LogReport:
    """What an audit of the stored log found.

    `size`: entries. `checkpoints`: signed tree heads. `forgotten`: entries whose payload is erased.
    `findings`: what is wrong, first entry first; `Finding.sentence(lang)` says it in English or French.
    """

    origin: str
    size: int
    checkpoints: int
    forgotten: int
    findings: tuple[verifier.Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def first_bad_entry(self) -> int | None:
        """Number of the first entry that a finding names, counted from 0."""
        named = [finding.entry for finding in self.findings if finding.entry is not None]
        return min(named, default=None)


def audit_log(tx: Transaction, head: store.HeadRow, key: VerifierKey | None) -> LogReport:
    """Check entries, tiles and roots against the checkpoints, and payloads against their commitments.

    `key` None: the checkpoints' signatures are not looked at, their roots are.
    """
    checkpoints = list(store.read_checkpoints(tx))
    findings = [each for row in checkpoints if (each := _check_signature(row, key)) is not None]
    last = checkpoints[-1] if checkpoints else None
    if last is not None and last.size > head.size:
        values = {"size": head.size, "old": last.size}
        findings.append(verifier.Finding(kind="rolled-back", entry=head.size, values=values))
    else:
        heads = [verifier.Head(size=row.size, root=row.root) for row in checkpoints]
        findings.extend(_check_tree(tx, head, heads))
    surplus = store.last_position(tx) + 1 - head.size
    if surplus > 0:
        findings.append(verifier.Finding(kind="inserted", entry=head.size, values={"count": surplus}))
    present = 0
    for position in range(-(-head.size // TILE_WIDTH)):
        count, bad = _check_payloads(tx, position * TILE_WIDTH, width_in(head.size, 0, position))
        present += count
        findings.extend(verifier.Finding(kind="payload", entry=entry) for entry in bad)
    return LogReport(
        origin=head.origin,
        size=head.size,
        checkpoints=len(checkpoints),
        forgotten=head.size - present,
        findings=tuple(findings),
    )


def _check_signature(row: store.CheckpointRow, key: VerifierKey | None) -> verifier.Finding | None:
    if key is None:
        return None
    try:
        signed = open_checkpoint(row.note, key)
    except CountenanceError:
        signed = None
    if signed is not None and (signed.size, signed.root) == (row.size, row.root):
        return None
    return verifier.Finding(kind="signature", values={"path": f"checkpoint {row.size}"})


def _check_tree(
    tx: Transaction, head: store.HeadRow, checkpoints: list[verifier.Head]
) -> list[verifier.Finding]:
    """All up to the last checkpoint against its root; what is newer only against its own tiles."""
    signed = checkpoints[-1] if checkpoints else None
    if signed is None or signed.size < head.size:
        findings = verifier.Audit(store.SqlSource(tx), head.size, None, checkpoints).run()
        if not findings or signed is None or not signed.size:
            return findings
        # Once more under the signed root alone: it tells a false entry from a false tile.
        under = verifier.Audit(store.SqlSource(tx), signed.size, signed.root, checkpoints).run()
        return under or findings
    return verifier.Audit(store.SqlSource(tx), signed.size, signed.root, checkpoints).run()


def _check_payloads(tx: Transaction, start: int, width: int) -> tuple[int, list[int]]:
    """How many payloads there are, and those that do not open their entry's commitment."""
    leaves = dict(store.read_entries(tx, start, start + width))
    payloads = store.read_payloads(tx, start, start + width)
    bad: list[int] = []
    for entry, payload in payloads:
        leaf = verifier.parse_leaf(leaves.get(entry, b""))
        if leaf is None or not hmac.compare_digest(leaf["commitment"], commit(payload).hex()):
            bad.append(entry)
    return len(payloads), bad
