"""A worker that dies in the middle of a search costs time, or ends in a name; never a wrong answer."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

from house import House, photograph

from countenance.search.values import FailureToAcquire


def stopped_worker(house: House, but: set[int]) -> int:
    """A worker that has been stopped: the next job waits in it until it is killed."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for pid in house.pool.worker_pids():
            if pid not in but:
                os.kill(pid, signal.SIGSTOP)
                return pid
        time.sleep(0.02)
    raise AssertionError("no worker came up")


def searched_with_kills(house: House, kills: int) -> Any:
    answers: list[Any] = []
    seen: set[int] = set()
    first = stopped_worker(house, seen)
    thread = threading.Thread(
        target=lambda: answers.append(house.search(photograph("P001", "amateur_selfie")))
    )
    thread.start()
    time.sleep(0.5)
    os.kill(first, signal.SIGKILL)
    seen.add(first)
    for _ in range(kills - 1):
        pid = stopped_worker(house, seen)
        os.kill(pid, signal.SIGKILL)
        seen.add(pid)
    thread.join(120)
    assert not thread.is_alive()
    return answers[0]


def test_a_killed_worker_changes_no_answer(sqlite_house: House) -> None:
    house = sqlite_house
    house.enrol(house.person("P001"), photograph("P001"))
    plain = house.search(photograph("P001", "amateur_selfie"))
    killed = searched_with_kills(house, 1)
    assert [one.score for one in killed.candidates] == [one.score for one in plain.candidates]
    assert killed.coverage == plain.coverage


def test_a_worker_killed_each_time_is_a_named_failure_to_acquire(sqlite_house: House) -> None:
    house = sqlite_house
    house.search(photograph("P001", "amateur_selfie"))
    answer = searched_with_kills(house, 2)
    assert isinstance(answer, FailureToAcquire)
    assert answer.reason == "worker-killed"
    assert house.search(photograph("P001", "amateur_selfie")).coverage is not None
