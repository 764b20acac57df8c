"""The policy packs of a workspace: which are in force together, and which were when something was decided.

A decision carries the hash of its book: all packs then in force, and where the operator stood. Books are kept, and packs
by their own hash, so that every decision can be made again (`countenance policy replay`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from countenance.policy.book import PolicyBook
from countenance.policy.pack import PolicyPack, pack_from_files
from countenance.policy.signing import PackSignature, check_signatures
from countenance.primitives.errors import IntegrityError, NotFoundError, UnavailableError
from countenance.primitives.text import N_
from countenance.records.models import PackSigner, PolicyBookRecord, PolicyPackRecord, WorkspaceState


def book_in_force(*, checked: bool = True) -> PolicyBook:
    """The packs that are in force now. `checked`: they were when they were put in force.

    Raises UnavailableError where none is, FormatError where they make no book."""
    rows = PolicyPackRecord.objects.filter(retired_at__isnull=True)
    packs = [_read(row) for row in rows]
    if not packs:
        raise UnavailableError(
            N_("No policy pack is in force here, so nothing is permitted."),
            remedy=N_("Make the workspace with: countenance init"),
            code="policy-missing",
        )
    return PolicyBook(packs, operator=operator_place(), checked=checked)


def hashes_in_force() -> frozenset[str]:
    """Hashes of the packs that are in force now."""
    return frozenset(PolicyPackRecord.objects.filter(retired_at__isnull=True).values_list("hash", flat=True))


def operator_place() -> str:
    """Where the body that runs this workspace stands: ISO 3166."""
    return WorkspaceState.objects.values_list("jurisdiction", flat=True).get(pk=1)


def trusted_signers() -> dict[str, bytes]:
    """The keys that may vouch for a pack here, by name."""
    return {row.name: bytes(row.public_key) for row in PackSigner.objects.all()}


def put_in_force(
    packs: Iterable[tuple[PolicyPack, dict[str, str], Iterable[PackSignature]]], now: datetime
) -> PolicyBook:
    """Replace the packs of the same names by these, each with its files, in the open transaction; returns the new book.

    Raises RefusedError where one is not signed as it must be, FormatError where they make no book with those that stay.
    """
    trusted, taken = trusted_signers(), []
    for pack, files, signatures in packs:
        given = tuple(signatures)
        check_signatures(pack, given, trusted)
        taken.append((pack, files, {entry.key: entry.signature.hex() for entry in given}))
    return _replace(taken, now)


def restore_in_force(packs: Iterable[tuple[PolicyPack, dict[str, str]]], now: datetime) -> PolicyBook:
    """The same for packs whose hash the log says was put in force: that they were signed was checked then."""
    return _replace([(pack, files, {}) for pack, files in packs], now)


def _replace(packs: Iterable[tuple[PolicyPack, dict[str, str], dict[str, str]]], now: datetime) -> PolicyBook:
    for pack, files, signatures in packs:
        PolicyPackRecord.objects.filter(name=pack.name, retired_at__isnull=True).update(retired_at=now)
        PolicyPackRecord.objects.update_or_create(
            hash=pack.hash,
            defaults={
                "name": pack.name,
                "version": pack.version,
                "files": files,
                "signatures": signatures,
                "activated_at": now,
                "retired_at": None,
            },
        )
    return keep_book(book_in_force(checked=False), now)


def keep_book(book: PolicyBook, now: datetime) -> PolicyBook:
    """Keep what the book is made of under its hash."""
    PolicyBookRecord.objects.get_or_create(
        hash=book.hash,
        defaults={
            "operator": book.operator,
            "packs": sorted(pack.hash for pack in book.packs.values()),
            "first_at": now,
        },
    )
    return book


def book_of(digest: str) -> PolicyBook:
    """The book of that hash, as it was. Raises NotFoundError, or IntegrityError where its packs are not what they were."""
    row = PolicyBookRecord.objects.filter(pk=digest).first()
    if row is None:
        raise NotFoundError(
            N_("No policy of the hash {hash} was ever in force here."), code="no-such-book", hash=digest
        )
    packs = [_read(pack) for pack in PolicyPackRecord.objects.filter(pk__in=row.packs)]
    book = PolicyBook(packs, operator=row.operator, checked=True)
    if book.hash != digest:
        raise IntegrityError(
            N_("The packs kept for policy {hash} are not what they were."), code="policy-book", hash=digest
        )
    return book


def _read(row: PolicyPackRecord) -> PolicyPack:
    pack = pack_from_files(row.files)
    if pack.hash != row.hash:
        raise IntegrityError(
            N_("The pack kept as {hash} is not what it was."), code="policy-pack-changed", hash=row.hash
        )
    return pack
