"""The durable head: what is in the index, written in the transaction of the record it belongs to.

Every writer first advances the one row of `index_clock` and so holds its lock until it commits. Numbers therefore
become visible in their order, on PostgreSQL too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from countenance.biometrics.templates import SpaceId
from countenance.index import live
from countenance.index.changes import integer, new_mark
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.sql import Row, Transaction
from countenance.primitives.text import N_

_CHUNK = 400  # values in one `in (...)`


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRow:
    """One reference to enrol.

    `face_id`: the record whose data key seals the template. `class_id`: permission class. `dimension`: values in
    the template. `norm`: raw norm of the embedding. `sealed`: the template's bytes (little-endian float32), sealed
    as the part `template_part(space_id)` of the record.
    """

    reference_id: str
    face_id: str
    gallery_id: str
    class_id: int
    space_id: SpaceId
    dimension: int
    norm: float
    sealed: bytes


def template_part(space_id: str) -> str:
    """The part name under which a template is sealed, so that no other part or space opens as one."""
    return f"template:{space_id}"


def enrol(tx: Transaction, rows: Sequence[NewRow]) -> None:
    """Add references. Raises UsageError for a bad row, ConflictError for a reference that is there already.

    A face whose template is there (a second reference to it) gets the new seal: both open to the same template.
    """
    if not rows:
        return
    for row in rows:
        _check(row)
    last = _advance(tx, len(rows) + 1)
    _check_spaces(tx, rows)
    known = _check_new(tx, rows)
    tx.executemany(
        "insert into index_template (face_id, space_id, dimension, norm, sealed) values (%s, %s, %s, %s, %s)"
        " on conflict (face_id, space_id) do update set"
        " dimension = excluded.dimension, norm = excluded.norm, sealed = excluded.sealed",
        [(row.face_id, row.space_id, row.dimension, row.norm, row.sealed) for row in rows],
    )
    _write_mark(tx, last - len(rows))
    tx.executemany(
        "insert into index_change (seq, op, reference_id, face_id, gallery_id, class_id, space_id)"
        " values (%s, 'add', %s, %s, %s, %s, %s)",
        [
            (seq, row.reference_id, row.face_id, row.gallery_id, row.class_id, row.space_id)
            for seq, row in enumerate(rows, start=last - len(rows) + 1)
        ],
    )
    new = {row.reference_id: (row.gallery_id, row.class_id, "") for row in rows}
    live.count(
        tx,
        Counter((row.gallery_id, row.class_id, row.space_id) for row in rows)
        + Counter(key for reference, key in new.items() if reference not in known),
    )


def remove(tx: Transaction, reference_ids: Sequence[str]) -> int:
    """Take references out, in every space, with the templates that no other reference uses.

    Returns how many of them were there. What remains is the line `remove`, until `trim`.
    """
    wanted = list(dict.fromkeys(reference_ids))
    _advance(tx, 0)  # takes the lock: nobody adds one of them in between
    there: list[Row] = []
    for part in _parts(wanted):
        there += tx.execute(
            _spread(
                "select reference_id, face_id, gallery_id, class_id, space_id from index_change"
                " where op = 'add' and reference_id in (*)",
                part,
            ),
            part,
        )
    if not there:
        return 0
    last = _advance(tx, len(there) + 1)
    for part in _parts(list(dict.fromkeys(str(row[0]) for row in there))):
        tx.execute(_spread("delete from index_change where op = 'add' and reference_id in (*)", part), part)
    for part in _parts(list(dict.fromkeys(str(row[1]) for row in there))):
        tx.execute(
            _spread(
                "delete from index_template where face_id in (*) and not exists ("
                "select 1 from index_change c where c.op = 'add'"
                " and c.face_id = index_template.face_id and c.space_id = index_template.space_id)",
                part,
            ),
            part,
        )
    _write_mark(tx, last - len(there))
    tx.executemany(
        "insert into index_change (seq, op, reference_id, gallery_id, class_id, space_id)"
        " values (%s, 'remove', %s, %s, %s, %s)",
        [
            (seq, reference, gallery, class_id, space)
            for seq, (reference, _, gallery, class_id, space) in enumerate(there, start=last - len(there) + 1)
        ],
    )
    gone = Counter((str(gallery), integer(class_id), str(space)) for _, _, gallery, class_id, space in there)
    gone.update({row[0]: (str(row[2]), integer(row[3]), "") for row in there}.values())
    live.count(tx, {key: -number for key, number in gone.items()})
    return len({row[0] for row in there})


def move(tx: Transaction, classes: Mapping[str, int]) -> int:
    """Give references (id -> new permission class) another class, in every space; their templates stay as they are.

    Returns how many rows were moved. A search before the commit sees all of them in the old class, one after it in the new.
    """
    moved: list[NewRow] = []
    _advance(tx, 0)
    for part in _parts(list(classes)):
        moved += [
            NewRow(
                reference_id=str(reference),
                face_id=str(face),
                gallery_id=str(gallery),
                class_id=classes[str(reference)],
                space_id=SpaceId(str(space)),
                dimension=integer(dimension),
                norm=float(str(norm)),
                sealed=sealed if isinstance(sealed, bytes) else b"",
            )
            for reference, face, gallery, space, dimension, norm, sealed in tx.execute(
                _spread(
                    "select c.reference_id, c.face_id, c.gallery_id, c.space_id, t.dimension, t.norm, t.sealed"
                    " from index_change c"
                    " join index_template t on t.face_id = c.face_id and t.space_id = c.space_id"
                    " where c.op = 'add' and c.reference_id in (*)",
                    part,
                ),
                part,
            )
        ]
    remove(tx, list(classes))
    enrol(tx, moved)
    return len(moved)


def trim(tx: Transaction, *, keep: int) -> int:
    """Forget removals older than the last `keep` changes, so that no list of removed references lasts for ever.

    A reader that was further behind loads the index afresh at its next search. Returns the lines deleted.
    """
    now = _advance(tx, 0)
    found = tx.execute(
        "select max(seq) from index_change where op = 'mark' and seq <= %s", (max(0, now - keep),)
    )
    if not found or found[0][0] is None:
        return 0
    # A removal is what keeps a row of a sealed segment dead until the segment is rewritten without it.
    past = "op <> 'add' and seq < %s and (op = 'mark' or seq <= %s)"
    bounds = (found[0][0], live.read_live(tx).applied_through)
    ((count,),) = tx.execute(f"select count(*) from index_change where {past}", bounds)  # noqa: S608 - constant text
    tx.execute(f"delete from index_change where {past}", bounds)  # noqa: S608 - constant text
    return integer(count)


def _check(row: NewRow) -> None:
    if not (row.reference_id and row.face_id and row.gallery_id and row.space_id and row.sealed):
        raise UsageError(
            N_("A reference needs its ids, its space and a sealed template; {reference} lacks one."),
            reference=row.reference_id or "?",
            code="reference-incomplete",
        )
    if row.dimension <= 0 or row.dimension % 8:
        raise UsageError(
            N_("The length of a template is a multiple of 8, not {length} ({reference})."),
            length=row.dimension,
            reference=row.reference_id,
            code="template-shape",
        )
    if not math.isfinite(row.norm) or row.norm <= 0:
        raise UsageError(
            N_("The raw norm of an embedding is a positive number, not {norm} ({reference})."),
            norm=row.norm,
            reference=row.reference_id,
            code="template-norm",
        )


def _check_spaces(tx: Transaction, rows: Sequence[NewRow]) -> None:
    for space, dimension in dict.fromkeys((row.space_id, row.dimension) for row in rows):
        tx.execute(
            "insert into index_space (space_id, dimension) values (%s, %s) on conflict (space_id) do nothing",
            (space, dimension),
        )
        ((known,),) = tx.execute("select dimension from index_space where space_id = %s", (space,))
        if known != dimension:
            raise UsageError(
                N_("Templates of the space {space} have {known} values, not {given}."),
                space=space,
                known=known,
                given=dimension,
                code="template-shape",
            )


def _check_new(tx: Transaction, rows: Sequence[NewRow]) -> set[str]:
    """Which of the references are enrolled already, in another space."""
    spaces: dict[str, set[str]] = {}
    homes: dict[str, tuple[str, int]] = {}
    for part in _parts(list(dict.fromkeys(row.reference_id for row in rows))):
        for reference, space, gallery, class_id in tx.execute(
            _spread(
                "select reference_id, space_id, gallery_id, class_id from index_change"
                " where op = 'add' and reference_id in (*)",
                part,
            ),
            part,
        ):
            spaces.setdefault(str(reference), set()).add(str(space))
            homes[str(reference)] = (str(gallery), integer(class_id))
    known = set(homes)
    for row in rows:
        there = spaces.setdefault(row.reference_id, set())
        if row.space_id in there:
            raise ConflictError(
                N_("A reference can be enrolled once in a space; {reference} is there already."),
                remedy=N_("Remove it first, in the same transaction if it is to be replaced."),
                reference=row.reference_id,
                code="reference-enrolled",
            )
        there.add(row.space_id)
        if homes.setdefault(row.reference_id, (row.gallery_id, row.class_id)) != (
            row.gallery_id,
            row.class_id,
        ):
            raise ConflictError(
                N_(
                    "A reference has one gallery and one permission class in all spaces; {reference} would have two."
                ),
                remedy=N_("Remove it first, in the same transaction if it is to be moved."),
                reference=row.reference_id,
                code="reference-class",
            )
    return known


def _advance(tx: Transaction, by: int) -> int:
    ((seq,),) = tx.execute("update index_clock set seq = seq + %s where id = 1 returning seq", (by,))
    return integer(seq)


def _write_mark(tx: Transaction, seq: int) -> None:
    tx.execute(
        "insert into index_change (seq, op, reference_id) values (%s, 'mark', %s)",
        (seq, new_mark()),
    )


def _parts(values: list[str]) -> list[list[str]]:
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]


def _spread(sql: str, values: Sequence[str]) -> str:
    """`sql` with a placeholder for each value in the place of `(*)`."""
    return sql.replace("(*)", f"({','.join(['%s'] * len(values))})")
