"""How often one address may ask something: a fixed number in a sliding time, in the memory of this process."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime, timedelta

from django.http import HttpRequest

_MOST_ADDRESSES = 10_000


class Pace:
    """`most` times in `within`, for each name. Where too many names come at once, the oldest is forgotten."""

    def __init__(self, most: int, within: timedelta) -> None:
        self._most, self._within = most, within
        self._lock = threading.Lock()
        self._seen: dict[str, deque[datetime]] = {}

    def allows(self, name: str, now: datetime) -> bool:
        """Whether `name` may once more, now; if so it counts."""
        with self._lock:
            times = self._seen.pop(name, deque())
            while times and times[0] <= now - self._within:
                times.popleft()
            self._seen[name] = times  # the last of the dict is who came last
            while len(self._seen) > _MOST_ADDRESSES:
                del self._seen[next(iter(self._seen))]
            if len(times) >= self._most:
                return False
            times.append(now)
            return True


def caller_of(request: HttpRequest) -> str:
    """The address that a request comes from; behind a server in front, the one that it names (`serving.listen`)."""
    return str(request.META.get("REMOTE_ADDR", ""))
