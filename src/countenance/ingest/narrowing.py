"""A manifest row may narrow its source's basis, never widen it."""

from __future__ import annotations

from pathlib import Path

from countenance.ingest.manifest import BadRow, Manifest, ManifestError, ManifestRow
from countenance.policy.purposes import BasisKind, Purpose
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_, Message
from countenance.records.models import Basis, Source

type ItemRow = dict[str, Json]
"""A manifest row as an ingest item keeps it: `line`, `person`, `minor`, `box`, `basis` (id), `captured_at`, `source_ref`."""


def check_narrowing(path: Path, manifest: Manifest, source: Source) -> None:
    """Raise ManifestError naming every row that asks for more than its source's basis gives."""
    bad = [
        BadRow(line=row.line, problem=problem)
        for rows in manifest.rows.values()
        for row in rows
        if (problem := _widens(row, source.basis)) is not None
    ]
    if bad:
        raise ManifestError(path, tuple(sorted(bad, key=lambda each: each.line)))


def _widens(row: ManifestRow, basis: Basis) -> Message | None:
    if row.basis not in {None, BasisKind(basis.kind), BasisKind.CONSENT}:
        return Message(
            N_("basis {basis} is neither the source's ({whole}) nor consent, which is narrower"),
            {"basis": row.basis, "whole": basis.kind},
        )
    beyond = row.purposes - basis.purposes
    if beyond:
        return Message(
            N_("{purposes} is beyond the purposes of the source's basis"),
            {"purposes": ", ".join(sorted(beyond))},
        )
    inside = row.jurisdiction in {"", basis.jurisdiction} or row.jurisdiction.startswith(
        f"{basis.jurisdiction}-"
    )
    if not inside:
        return Message(
            N_("jurisdiction {place} does not lie within the source's ({whole})"),
            {"place": row.jurisdiction, "whole": basis.jurisdiction},
        )
    return None


class Narrower:
    """Finds or makes the shared row of each narrower basis; used in the transaction that writes the items."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._made: dict[tuple[str, frozenset[Purpose], str], Basis] = {}

    def item_rows(self, rows: tuple[ManifestRow, ...]) -> list[ItemRow]:
        """The rows of one file as they are kept."""
        return [
            {
                "line": row.line,
                "person": row.person,
                "minor": row.declared_minor,
                "box": [row.box.x, row.box.y, row.box.width, row.box.height] if row.box else None,
                "basis": str(self._basis(row).pk),
                "captured_at": row.captured_at,
                "source_ref": row.source_ref or row.id,
            }
            for row in rows
        ]

    def _basis(self, row: ManifestRow) -> Basis:
        whole = self._source.basis
        kind = (row.basis or BasisKind(whole.kind)).value
        purposes = row.purposes or frozenset(Purpose(word) for word in whole.purposes)
        place = row.jurisdiction or whole.jurisdiction
        if (kind, purposes, place) == (whole.kind, whole.purposes, whole.jurisdiction):
            return whole
        key = (kind, purposes, place)
        made = self._made.get(key)
        if made is None:
            made, _ = Basis.objects.get_or_create(
                narrows=whole,
                kind=kind,
                purposes=purposes,
                jurisdiction=place,
                ended_at=None,
                defaults={
                    "evidence": whole.evidence,
                    # Under consent nobody unnamed is enrolled, whatever the source's basis allows.
                    "permits_unlabelled": whole.permits_unlabelled and kind != BasisKind.CONSENT.value,
                    "valid_from": whole.valid_from,
                },
            )
            self._made[key] = made
        return made
