"""Pictures and answers that somebody has on the table: in memory, for a while, and for their session alone."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

LIFE = timedelta(minutes=30)
MOST_BYTES = 256 << 20


@dataclass(frozen=True, kw_only=True)
class Laid:
    """One thing on the table. `size`: bytes it weighs."""

    session: UUID
    value: object
    size: int
    until: datetime


class Tray:
    """Keeps what a page shows in a further request: the browser asks for each picture apart. Bounded in bytes and time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[str, Laid] = OrderedDict()

    def lay(self, session: UUID, value: object, size: int, now: datetime) -> str:
        """Lay something down; returns the name it is found by."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._drop_old(now)
            self._held[name] = Laid(session=session, value=value, size=size, until=now + LIFE)
            while sum(each.size for each in self._held.values()) > MOST_BYTES and len(self._held) > 1:
                self._held.popitem(last=False)
        return name

    def replace(self, session: UUID, name: str, value: object) -> None:
        """Put something else in the place of what lies under `name`, for as long as that would have lain there."""
        with self._lock:
            held = self._held.get(name)
            if held is not None and held.session == session:
                self._held[name] = replace(held, value=value)

    def find(self, session: UUID, name: str, now: datetime) -> object | None:
        """What lies under `name` for this session; None where nothing does (any more)."""
        with self._lock:
            self._drop_old(now)
            held = self._held.get(name)
            return held.value if held is not None and held.session == session else None

    def take(self, session: UUID, name: str, now: datetime) -> object | None:
        """As `find`, and it is gone from the table."""
        found = self.find(session, name, now)
        if found is not None:
            with self._lock:
                self._held.pop(name, None)
        return found

    def _drop_old(self, now: datetime) -> None:
        for name in [name for name, held in self._held.items() if held.until <= now]:
            del self._held[name]
