"""Time as a value that is handed in, so that a test can move it and a log can trust it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

type Clock = Callable[[], datetime]
"""Returns the present moment, aware, in UTC."""


def system_clock() -> datetime:
    """The machine's clock, in UTC with microseconds."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = require_aware(start)

    def __call__(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        """Move the clock; a negative `by` sets it back."""
        self._now += by


def require_aware(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone is not a moment")
    return moment.astimezone(UTC)


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds and `Z`, as every record and leaf writes it."""
    return require_aware(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
