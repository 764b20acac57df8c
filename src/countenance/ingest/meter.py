"""How fast it goes, how long it will take, and which stage it waits for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from countenance.extraction.values import StageTimes
from countenance.ingest.values import Stage

_RECENT_SECONDS = 30.0


class Meter:
    """Counts of one process. `workers`: their stages run side by side."""

    def __init__(self, *, workers: int) -> None:
        self._workers = workers
        self._spent = dict.fromkeys(Stage, 0.0)  # seconds
        self._begun = time.monotonic()
        self._finished = 0
        self._recent: deque[tuple[float, int]] = deque([(self._begun, 0)])

    @contextmanager
    def time(self, stage: Stage) -> Iterator[None]:
        """Account the block to a stage of this process."""
        since = time.monotonic()
        try:
            yield
        finally:
            self._spent[stage] += time.monotonic() - since

    def add_times(self, times: StageTimes) -> None:
        """Account what a worker says of one photograph."""
        self._spent[Stage.DECODE] += times.decode / 1000
        self._spent[Stage.DETECT] += times.detect / 1000
        self._spent[Stage.ALIGN] += times.align / 1000
        self._spent[Stage.EMBED] += times.embed / 1000

    def finished(self, files: int) -> None:
        """`files` more have ended."""
        self._finished += files
        now = time.monotonic()
        self._recent.append((now, self._finished))
        while len(self._recent) > 2 and self._recent[0][0] < now - _RECENT_SECONDS:
            self._recent.popleft()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @property
    def rate(self) -> float:
        """Files per second of late."""
        (since, before), (now, after) = self._recent[0], self._recent[-1]
        return (after - before) / (now - since) if now > since else 0.0

    @property
    def mean_rate(self) -> float:
        """Files per second from the beginning."""
        return self._finished / self.seconds if self._finished else 0.0

    @property
    def bottleneck(self) -> Stage | None:
        """The stage that most of the wall time goes to."""
        own = {Stage.READ, Stage.STORE}
        wall = {
            stage: spent if stage in own else spent / self._workers for stage, spent in self._spent.items()
        }
        stage = max(wall, key=lambda each: wall[each])
        return stage if wall[stage] > 0 else None
