"""Questions as JSON and back, and decisions made again: the same question to the book of its time.

The log keeps a question in the sealed details of the entry it led to, and the hash of the book that was asked stands in
the leaf. Whoever may read the details can ask again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from countenance.policy.questions import (
    ActQuestion,
    EnrolQuestion,
    OwnFaceQuestion,
    Question,
    SearchQuestion,
    SweepQuestion,
)
from countenance.primitives.canonical import Json
from countenance.primitives.errors import FormatError
from countenance.primitives.text import N_

_KINDS: Mapping[str, type[SearchQuestion | EnrolQuestion | ActQuestion | OwnFaceQuestion | SweepQuestion]] = {
    "search": SearchQuestion,
    "enrol": EnrolQuestion,
    "act": ActQuestion,
    "own-face": OwnFaceQuestion,
    "sweep": SweepQuestion,
}


def question_json(question: Question) -> dict[str, Json]:
    """The question as JSON: every fact by its name, moments to the microsecond."""
    kind = next(name for name, known in _KINDS.items() if isinstance(question, known))
    return {"kind": kind, "facts": _plain(question)}


def question_from(value: Json) -> Question:
    """The question that `question_json` made this of. Raises FormatError (code `question`)."""
    try:
        if not isinstance(value, Mapping):
            raise TypeError("not an object")
        made: Question = _made(_KINDS[str(value["kind"])], value["facts"])
        return made
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(N_("This entry does not hold a question to policy."), code="question") from error


def _plain(value: Any) -> Json:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, date):  # a moment is a date too
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(str(_plain(entry)) for entry in value)
    assert value is None or isinstance(value, bool | int | str)
    return value


def _made(kind: Any, value: Any) -> Any:
    """`value` as a `kind`, which is one of the types that questions are made of."""
    if get_origin(kind) in (Union, UnionType):
        (one,) = (entry for entry in get_args(kind) if entry is not type(None))
        return None if value is None else _made(one, value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        if not isinstance(value, Mapping) or set(value) - set(hints):
            raise TypeError("unknown facts")
        # What a question did not ask yet when it was kept has the default that it was asked with.
        return kind(**{name: _made(hints[name], entry) for name, entry in value.items()})
    if get_origin(kind) is frozenset:
        (one,) = get_args(kind)
        return frozenset(_made(one, entry) for entry in value)
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if type(value) is not kind:
        raise TypeError("a fact of another type")
    return value
