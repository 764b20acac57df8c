"""The errors of Countenance: one root, few branches, each with a text for people.

::

    CountenanceError              code, what went wrong, and what to do next
    ├── UsageError                the request itself is wrong (a value, a file, a missing option)
    │   └── FormatError           a file or message has the wrong shape
    ├── RefusedError              policy says no; names rule, authority and date
    ├── NotFoundError             the thing named does not exist, or not for this caller
    ├── ConflictError             the state does not allow it (already closed, already withdrawn)
    ├── UnavailableError          cannot be done now (disk full, locked, newer version, clock set back)
    └── IntegrityError            stored bytes are not what they must be (hash, signature, MAC)

Doors turn a branch into an exit code or an HTTP status; nothing else does.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import ClassVar

from countenance.primitives.text import Message


class CountenanceError(Exception):
    """Root of all errors raised on purpose.

    `code`: a lasting kebab-case name for machines. `message`: what was wrong and where.
    `remedy`: what to do next, or None where nothing can be done.
    Never put a template, a picture, a key or a person's name into the parameters.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self, what: str, /, *, remedy: str | None = None, code: str | None = None, **params: object
    ) -> None:
        frozen = MappingProxyType(dict(params))
        self.message = Message(what, frozen)
        self.remedy = None if remedy is None else Message(remedy, frozen)
        if code is not None:
            self.code = code  # type: ignore[misc]  # narrows the class's code for one instance
        super().__init__(self.message.render())


class UsageError(CountenanceError):
    """The request itself is wrong."""

    code = "usage"


class FormatError(UsageError):
    """A file or a message does not have the shape it must have."""

    code = "format"


class NotFoundError(CountenanceError):
    """The thing named does not exist, or not for this caller."""

    code = "not-found"


class ConflictError(CountenanceError):
    """The present state does not allow the act."""

    code = "conflict"


class UnavailableError(CountenanceError):
    """It cannot be done now; the same request may succeed later."""

    code = "unavailable"


class IntegrityError(CountenanceError):
    """Stored bytes are not what they must be."""

    code = "integrity"


class RefusedError(CountenanceError):
    """Policy says no.

    `reason`: kebab-case reason code. `rule`: id of the rule that refused. `authority`: the law or order it
    rests on. `since`: ISO date from which that rule has applied.
    """

    code = "refused"

    def __init__(
        self, what: str, /, *, reason: str, rule: str, authority: str, since: str, **params: object
    ) -> None:
        super().__init__(what, remedy=None, code=None, **params)
        self.reason = reason
        self.rule = rule
        self.authority = authority
        self.since = since
