"""The index's tables, in the database of the records: the encrypted truth and the list of changes.

A migration runs `schema(dialect)`. SQLite from 3.35 on (`returning`), PostgreSQL from 14 on.

`index_change.op` is one of

- `add`: the reference is in the index from `seq` on. Deleted when the reference is removed.
- `remove`: the reference left the index at `seq`; readers that had it drop it.
- `mark`: begins what one call wrote. `reference_id` holds a random mark, by which a reader knows that the changes it
  has applied were really committed (see `changes.py`).

`index_live` is one row: the segments that together with the changes after `through` are the index. `index_file` names
segment files that are being written, or that are out of the set and still to be destroyed. `index_count` counts
references by gallery, class and space (`''`: different references, in whichever space), so that coverage needs no scan.
"""

from __future__ import annotations

from countenance.primitives.sql import Dialect

_TYPES: dict[Dialect, dict[str, str]] = {
    "sqlite": {"bytes": "blob", "real": "real", "big": "integer"},
    "postgresql": {"bytes": "bytea", "real": "double precision", "big": "bigint"},
}

_TABLES = (
    """create table index_space (
        space_id text primary key,
        dimension integer not null check (dimension > 0 and (dimension / 8) * 8 = dimension)
    )""",
    """create table index_template (
        face_id text not null,
        space_id text not null references index_space (space_id),
        dimension integer not null,
        norm {real} not null,
        sealed {bytes} not null,
        primary key (face_id, space_id)
    )""",
    """create table index_change (
        seq {big} primary key,
        op text not null check (op in ('add', 'remove', 'mark')),
        reference_id text not null,
        face_id text,
        gallery_id text,
        class_id integer,
        space_id text,
        check (op = 'mark' or (gallery_id is not null and class_id is not null and space_id is not null)),
        check (op <> 'add' or face_id is not null)
    )""",
    "create unique index index_change_live on index_change (reference_id, space_id) where op = 'add'",
    "create index index_change_face on index_change (face_id, space_id) where op = 'add'",
    # So that trimming need not read the live rows.
    "create index index_change_past on index_change (seq) where op <> 'add'",
    """create table index_clock (
        id integer primary key check (id = 1),
        seq {big} not null
    )""",
    "insert into index_clock (id, seq) values (1, 0)",
    """create table index_live (
        id integer primary key check (id = 1),
        version {big} not null,
        through {big} not null,
        segments text not null
    )""",
    "insert into index_live (id, version, through, segments) values (1, 0, 0, '[]')",
    """create table index_file (
        segment_id text primary key,
        state text not null check (state in ('building', 'ended')),
        owner text not null,
        since {big} not null
    )""",
    """create table index_count (
        gallery_id text not null,
        class_id integer not null,
        space_id text not null,
        refs {big} not null check (refs >= 0),
        primary key (gallery_id, class_id, space_id)
    )""",
)


def schema(dialect: Dialect) -> list[str]:
    """Statements that make all tables, in order; without parameters."""
    return [table.format_map(_TYPES[dialect]) for table in _TABLES]


def drop_schema() -> list[str]:
    """Statements that undo `schema`, in order."""
    tables = ("count", "file", "live", "clock", "change", "template", "space")
    return [f"drop table index_{table}" for table in tables]
