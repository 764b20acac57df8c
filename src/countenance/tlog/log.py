"""The log: append in the caller's transaction, sign what was read back, prove, forget, verify, export.

Every method takes the caller's open transaction and leaves it open. What was appended counts only once that
transaction is committed, together with the record it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from countenance.primitives.clock import require_aware
from countenance.primitives.errors import IntegrityError, NotFoundError, UnavailableError, UsageError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_
from countenance.tlog import store
from countenance.tlog.audit import LogReport, audit_log
from countenance.tlog.cosignature import WitnessKey, verify_cosignature
from countenance.tlog.export import ExportReport, export_log
from countenance.tlog.leaf import NewEntry, Payload, make_leaf
from countenance.tlog.merkle import (
    EMPTY_ROOT,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    verify_inclusion,
)
from countenance.tlog.note import (
    Checkpoint,
    VerifierKey,
    check_name,
    format_proof,
    format_signature,
    open_checkpoint,
    parse_note,
    sign_note,
    verifier_key,
)
from countenance.tlog.readback import verified_root
from countenance.tlog.tiles import CachedTiles, TreeBuilder, range_hash, read_edge

SKEW = timedelta(seconds=60)
"""By how much an entry may be dated before an earlier one: transactions overlap, and read the clock first."""


@dataclass(frozen=True, kw_only=True)
class Appended:
    """Where an entry stands. `leaf_hash`: 32 bytes."""

    index: int
    leaf_hash: bytes


@dataclass(frozen=True, kw_only=True)
class Head:
    """The tree as it stands, signed or not. `root`: 32 bytes. `latest_at`: None for an empty log."""

    size: int
    root: bytes
    latest_at: datetime | None


class Log:
    """One log, known by its origin and its key.

    `signer`: needed only to sign checkpoints. `public_key`: the key to verify with where there is no signer.
    """

    def __init__(
        self,
        origin: str,
        signer: Ed25519PrivateKey | None = None,
        *,
        public_key: Ed25519PublicKey | None = None,
    ) -> None:
        self.origin = check_name(origin)
        self._signer = signer
        self._public_key = signer.public_key() if signer is not None else public_key

    @property
    def key(self) -> VerifierKey:
        """The key that the log's checkpoints verify with. Raises UsageError if the log was opened without
        any.
        """
        if self._public_key is None:
            raise UsageError(N_("The log {origin} was opened without its key."), origin=self.origin)
        return verifier_key(self.origin, self._public_key)

    @property
    def vkey(self) -> str:
        """The verifier key as one line (C2SP signed-note), to be published and handed to every verifier."""
        return self.key.vkey

    def append(self, tx: Transaction, entries: Sequence[NewEntry]) -> list[Appended]:
        """Append entries, in order. Serialised by a lock on the head until `tx` ends (SQLite: BEGIN
        IMMEDIATE).

        Raises UsageError for a field out of shape, UnavailableError for a time more than `SKEW` before that
        of an earlier entry (a clock was set back), IntegrityError if the database holds another log.
        """
        made = [make_leaf(entry) for entry in entries]
        head = self._lock(tx)
        if not made:
            return []
        latest = head.latest_at
        for entry in entries:
            at = _seconds(entry.at)
            if at < latest - SKEW.total_seconds():
                raise _clock_set_back(at, latest)
            latest = max(latest, at)
        leaves = [leaf for leaf, _ in made]
        hashes = [leaf_hash(leaf) for leaf in leaves]
        builder = TreeBuilder(head.size, read_edge(store.SqlTiles(tx), head.size))
        builder.extend(hashes)
        store.insert_entries(tx, head.size, leaves, [payload for _, payload in made])
        store.write_tiles(tx, builder.changed)
        store.write_head(tx, builder.size, latest)
        return [Appended(index=head.size + i, leaf_hash=each) for i, each in enumerate(hashes)]

    def head(self, tx: Transaction) -> Head:
        """Size and root as they stand in this transaction; no signature, no promise."""
        row = self._read(tx)
        at = datetime.fromtimestamp(row.latest_at, UTC) if row.size else None
        return Head(size=row.size, root=self._root(tx, row.size), latest_at=at)

    def sign_checkpoint(self, tx: Transaction, now: datetime) -> str:
        """Read back all that is new, verify it, then sign; returns the signed note (C2SP tlog-checkpoint).

        Where nothing was appended since the last checkpoint, that one is returned. Raises IntegrityError
        naming the entry if what is stored is not what was logged or is less than was signed;
        UnavailableError if `now` is before the last checkpoint or, by more than `SKEW`, before an entry;
        UsageError without a signing key.
        """
        if self._signer is None:
            raise UsageError(
                N_("The log {origin} was opened for reading: its signing key is not here."),
                origin=self.origin,
            )
        head = self._lock(tx)
        last = store.read_last_checkpoint(tx)
        moment = _seconds(now)
        if last is not None and moment < last.signed_at:
            raise _clock_set_back(moment, last.signed_at)
        if moment < head.latest_at - SKEW.total_seconds():
            raise _clock_set_back(moment, head.latest_at)
        if last is not None:
            signed = open_checkpoint(last.note, self.key)
            if (signed.size, signed.root) != (last.size, last.root):
                raise IntegrityError(N_("The last checkpoint's row is not what was signed."))
        root = verified_root(tx, head, last)
        if last is not None and last.size == head.size:
            return store.cosigned_note(tx, last)
        checkpoint = Checkpoint(origin=self.origin, size=head.size, root=root)
        note = sign_note(checkpoint.text, self.origin, self._signer)
        store.insert_checkpoint(
            tx, store.CheckpointRow(size=head.size, signed_at=moment, root=root, note=note)
        )
        return note

    def latest_checkpoint(self, tx: Transaction) -> str | None:
        """The last signed checkpoint, or None."""
        row = store.read_last_checkpoint(tx)
        return None if row is None else store.cosigned_note(tx, row)

    def add_cosignatures(self, tx: Transaction, size: int, lines: str, witness: WitnessKey) -> datetime:
        """Keep a witness's signature lines with the checkpoint of `size` leaves; returns when it cosigned.

        Lines of other keys are passed over; a later cosignature by the same key replaces an earlier one. Raises NotFoundError
        (no such checkpoint), FormatError and IntegrityError (no good cosignature by `witness`).
        """
        self._lock(tx)
        row = store.read_checkpoint(tx, size)
        if row is None:
            raise NotFoundError(
                N_("No checkpoint of {size} entries was signed."), size=size, code="checkpoint-missing"
            )
        text = parse_note(row.note).text
        good = [
            (verify_cosignature(text, line, witness), line)
            for line in parse_note(f"{text}\n{lines}").signatures
            if (line.name, line.key_id) == (witness.name, witness.key_id)
        ]
        if not good:
            raise IntegrityError(
                N_("The cosignature by {name} is not good."), name=witness.name, code="cosignature"
            )
        at, line = max(good, key=lambda each: each[0])
        store.put_cosignature(tx, size, witness.vkey, _seconds(at), format_signature(line))
        return at

    def take_cosignatures(self, tx: Transaction, lines: str, witness: WitnessKey) -> tuple[int, datetime]:
        """As `add_cosignatures`, for lines that do not say which checkpoint they are of: the newest they are good for."""
        for row in reversed(list(store.read_checkpoints(tx))):
            try:
                return row.size, self.add_cosignatures(tx, row.size, lines, witness)
            except IntegrityError:
                continue
        raise IntegrityError(
            N_("The cosignature by {name} is not good."), name=witness.name, code="cosignature"
        )

    def inclusion_proof(self, tx: Transaction, index: int, size: int | None = None) -> list[bytes]:
        """Hashes (32 bytes each, leaf's sibling first) that show entry `index` in the tree of `size`
        (default: all).

        Raises NotFoundError where the log has no such entry or size.
        """
        size = self._size(tx, size)
        if not 0 <= index < size:
            raise _no_entry(index, size)
        tiles = CachedTiles(store.SqlTiles(tx), size)
        return [range_hash(tiles, each) for each in inclusion_ranges(index, size)]

    def consistency_proof(self, tx: Transaction, old_size: int, new_size: int | None = None) -> list[bytes]:
        """Hashes (32 bytes each) that show the tree of `old_size` to be a beginning of the tree of
        `new_size`.
        """
        new_size = self._size(tx, new_size)
        if not 0 < old_size <= new_size:
            raise _no_entry(old_size, new_size)
        tiles = CachedTiles(store.SqlTiles(tx), new_size)
        return [range_hash(tiles, each) for each in consistency_ranges(old_size, new_size)]

    def prove(self, tx: Transaction, index: int) -> str:
        """A C2SP tlog-proof of entry `index` under the last checkpoint; the leaf itself rides along as extra
        data.

        Raises NotFoundError for no such entry, UnavailableError where no checkpoint covers it yet,
        IntegrityError if what is stored does not prove it.
        """
        last = store.read_last_checkpoint(tx)
        if last is None or index >= last.size:
            size = self._read(tx).size
            if not 0 <= index < size:
                raise _no_entry(index, size)
            raise UnavailableError(
                N_("Entry {entry} is not under a signed checkpoint yet."),
                remedy=N_("Sign a checkpoint first: countenance log checkpoint."),
                entry=index,
            )
        proof = self.inclusion_proof(tx, index, last.size)
        rows = store.read_entries(tx, index, index + 1)
        if not rows or not verify_inclusion(leaf_hash(rows[0][1]), index, last.size, proof, last.root):
            raise IntegrityError(N_("Entry {entry} of the log is not the one that was logged."), entry=index)
        return format_proof(index, proof, store.cosigned_note(tx, last), extra=rows[0][1])

    def payload(self, tx: Transaction, index: int) -> Payload | None:
        """Salt and details of an entry, for one who may see them; None once forgotten."""
        rows = store.read_payloads(tx, index, index + 1)
        return rows[0][1] if rows else None

    def forget(self, tx: Transaction, indexes: Iterable[int]) -> int:
        """Delete salts and details of entries; leaves, tiles, roots and proofs stay. Returns how many there
        were.
        """
        return store.delete_payloads(tx, indexes)

    def verify(self, tx: Transaction) -> LogReport:
        """Check the whole log as it is stored: entries, order, dates, tiles, roots, checkpoints, payloads."""
        return audit_log(tx, self._read(tx), None if self._public_key is None else self.key)

    def export(self, tx: Transaction, directory: Path, *, payloads: bool = False) -> ExportReport:
        """Write the log up to its last checkpoint as a C2SP tlog-tiles folder; may be repeated and resumed.

        `payloads`: with the details that are not forgotten, for an authority that may see them.
        """
        self._read(tx)
        return export_log(tx, directory, self.key, payloads=payloads)

    def _lock(self, tx: Transaction) -> store.HeadRow:
        return self._own(store.lock_head(tx, self.origin))

    def _read(self, tx: Transaction) -> store.HeadRow:
        row = store.read_head(tx)
        return self._own(row or store.HeadRow(origin=self.origin, size=0, latest_at=0))

    def _own(self, row: store.HeadRow) -> store.HeadRow:
        if row.origin != self.origin:
            raise IntegrityError(
                N_("The database holds the log {found}, not {origin}."), found=row.origin, origin=self.origin
            )
        return row

    def _size(self, tx: Transaction, size: int | None) -> int:
        known = self._read(tx).size
        if size is not None and not 0 <= size <= known:
            raise _no_entry(size, known)
        return known if size is None else size

    def _root(self, tx: Transaction, size: int) -> bytes:
        return range_hash(CachedTiles(store.SqlTiles(tx), size), (0, size)) if size else EMPTY_ROOT


def _seconds(moment: datetime) -> int:
    return int(require_aware(moment).timestamp())


def _clock_set_back(moment: int, before: int) -> UnavailableError:
    return UnavailableError(
        N_("The clock says {now}, but the log already reaches {before}: the clock was set back."),
        remedy=N_("Set the clock right and try again. Nothing was written."),
        code="clock-set-back",
        now=_text(moment),
        before=_text(before),
    )


def _text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _no_entry(index: int, size: int) -> NotFoundError:
    return NotFoundError(
        N_("The log has {size} entries; there is none numbered {entry}."), size=size, entry=index
    )
