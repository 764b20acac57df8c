"""Tables of the log. A migration of the records runs these statements; the engine never creates a table
itself.

The database itself refuses to change or remove an entry. That stops slips, not somebody who owns the
database; what stops nobody but shows everything is the Merkle tree.
"""

from __future__ import annotations

from countenance.primitives.sql import Dialect

_TABLES = """
CREATE TABLE tlog_head (
    id {int} PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,
    size {int} NOT NULL CHECK (size >= 0),
    latest_at {int} NOT NULL
);
CREATE TABLE tlog_entry (
    position {int} PRIMARY KEY CHECK (position >= 0),
    leaf {bytes} NOT NULL
);
CREATE TABLE tlog_payload (
    position {int} PRIMARY KEY REFERENCES tlog_entry (position),
    salt {bytes} NOT NULL CHECK (length(salt) = 32),
    details {bytes} NOT NULL
);
CREATE TABLE tlog_tile (
    level {int} NOT NULL CHECK (level BETWEEN 0 AND 7),
    position {int} NOT NULL CHECK (position >= 0),
    hashes {bytes} NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (level, position)
);
CREATE TABLE tlog_checkpoint (
    size {int} PRIMARY KEY CHECK (size >= 0),
    signed_at {int} NOT NULL,
    root {bytes} NOT NULL CHECK (length(root) = 32),
    note TEXT NOT NULL
);
CREATE TABLE tlog_cosignature (
    size {int} NOT NULL REFERENCES tlog_checkpoint (size),
    witness TEXT NOT NULL,
    cosigned_at {int} NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (size, witness)
);
CREATE TABLE tlog_timestamp (
    size {int} NOT NULL REFERENCES tlog_checkpoint (size),
    stamped_at {int} NOT NULL,
    roots {bytes} NOT NULL,
    response {bytes} NOT NULL,
    PRIMARY KEY (size, stamped_at)
)
"""

_GUARDS_SQLITE = [
    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in ("tlog_entry", "tlog_checkpoint")
    for act in ("UPDATE", "DELETE")
]

_GUARDS_POSTGRESQL = [
    (
        "CREATE FUNCTION tlog_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || '' is append-only''; END'"
    ),
    *(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION tlog_append_only()"
        for table in ("tlog_entry", "tlog_checkpoint")
    ),
]


def schema(dialect: Dialect) -> list[str]:
    """The statements that create all of the log's tables (times are whole seconds since 1970, UTC)."""
    kinds = (
        {"int": "INTEGER", "bytes": "BLOB"} if dialect == "sqlite" else {"int": "BIGINT", "bytes": "BYTEA"}
    )
    tables = [statement.strip() for statement in _TABLES.format(**kinds).split(";")]
    return tables + (_GUARDS_SQLITE if dialect == "sqlite" else _GUARDS_POSTGRESQL)


def drop_schema(dialect: Dialect) -> list[str]:
    """The statements that undo `schema`, for a migration that is reversed."""
    names = (
        *("tlog_timestamp", "tlog_cosignature", "tlog_checkpoint", "tlog_tile"),
        *("tlog_payload", "tlog_entry", "tlog_head"),
    )
    drops = [f"DROP TABLE {name}" for name in names]
    return drops if dialect == "sqlite" else [*drops, "DROP FUNCTION tlog_append_only()"]
