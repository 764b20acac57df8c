"""Being asked to end: what a command that runs on does then, instead of ending where it stands."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def when_asked_to_end(do: Callable[[], None]) -> Iterator[None]:
    """On SIGINT and SIGTERM call `do`, as long as the block lasts; afterwards they mean what they meant before."""

    def asked(_signal: int, _frame: object) -> None:
        do()

    held = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
