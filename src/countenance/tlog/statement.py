"""A statement: a document that an entry of the log commits to, with the proof; what a person or an authority is handed.

One JSON object with exactly these keys::

    format     "countenance-statement/1"
    statement  the document: a JSON object without fractions (receipt, certificate, ...)
    salt       64 hexadecimal digits
    details    canonical JSON, as a text; its member "statement" is the SHA-256 of the document's canonical JSON
    proof      C2SP tlog-proof of the entry, which rides along; the entry's commitment is HMAC-SHA-256(salt, details)

So the log's signature over its checkpoint is the signature under the document, and nothing can be signed that is not
in the log. `verifier.py statement FILE --key VKEY` checks one offline.

Write it in this order: `digest_of` goes into the details of the entry, in the act's transaction; `issue` makes the file
once a checkpoint covers the entry. Once the entry's details are forgotten it can be made no more; copies that were handed
out stay good.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from countenance.primitives.canonical import Json, canonical_json, sha256_hex
from countenance.primitives.errors import IntegrityError, NotFoundError, UsageError
from countenance.primitives.sql import Transaction
from countenance.primitives.text import N_
from countenance.tlog.log import Log

FORMAT = "countenance-statement/1"
MEMBER = "statement"
"""Where the details of an entry hold the document's SHA-256."""


def digest_of(statement: Mapping[str, Json]) -> str:
    """SHA-256 (hexadecimal) of the document's canonical JSON. Raises UsageError for fractions: no two programs write them alike."""
    if _has_fraction(statement):
        raise UsageError(N_("A statement holds whole numbers and texts only."), code="statement-fraction")
    return sha256_hex(canonical_json(statement))


def issue(log: Log, tx: Transaction, index: int, statement: Mapping[str, Json]) -> str:
    """The statement as a file's text, under the last checkpoint.

    Raises UnavailableError where no checkpoint covers the entry yet, NotFoundError where its details were forgotten,
    IntegrityError where the entry commits to another document.
    """
    payload = log.payload(tx, index)
    if payload is None:
        raise NotFoundError(
            N_("The details of entry {entry} were erased, so its statement can be made no more."),
            code="statement-forgotten",
            entry=index,
        )
    if json.loads(payload.details).get(MEMBER) != digest_of(statement):
        raise IntegrityError(
            N_("Entry {entry} of the log commits to another statement."),
            code="statement-changed",
            entry=index,
        )
    file: dict[str, Json] = {
        "format": FORMAT,
        "statement": statement,
        "salt": payload.salt.hex(),
        "details": payload.details.decode(),
        "proof": log.prove(tx, index),
    }
    return json.dumps(file, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _has_fraction(value: Json) -> bool:
    if isinstance(value, Mapping):
        return any(_has_fraction(each) for each in value.values())
    if isinstance(value, list | tuple):
        return any(_has_fraction(each) for each in value)
    return isinstance(value, float)
