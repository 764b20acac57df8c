"""How often one token may ask: so many at once, then so many a second (a token bucket, in this process's memory)."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

AT_ONCE = 100
A_SECOND = 20.0
_MOST_REMEMBERED = 10_000


@dataclass(kw_only=True)
class _Bucket:
    left: float
    at: datetime


class Rates:
    """Counts by token; safe from several threads."""

    def __init__(self, *, at_once: int = AT_ONCE, a_second: float = A_SECOND) -> None:
        self.at_once, self.a_second = at_once, a_second
        self._lock = threading.Lock()
        self._held: OrderedDict[UUID, _Bucket] = OrderedDict()

    def wait(self, token: UUID, now: datetime) -> int:
        """0 where there is room, which is then taken; else whole seconds until there is."""
        with self._lock:
            bucket = self._held.pop(token, None) or _Bucket(left=self.at_once, at=now)
            self._held[token] = bucket
            while len(self._held) > _MOST_REMEMBERED:
                self._held.popitem(last=False)
            passed = max(0.0, (now - bucket.at).total_seconds())
            bucket.left, bucket.at = min(self.at_once, bucket.left + passed * self.a_second), now
            if bucket.left < 1:
                return math.ceil((1 - bucket.left) / self.a_second)
            bucket.left -= 1
            return 0
