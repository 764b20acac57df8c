"""Long work for callers of the searcher: in a thread of its own, one piece at a time; the caller hears how it began.

The work goes on when the caller has gone. Whoever wants to know looks at the records, where it leaves what it has done.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from countenance.primitives.errors import ConflictError, CountenanceError, UnavailableError
from countenance.records.database import disconnect

_log = logging.getLogger("countenance.searcher")

type Work = Callable[[Callable[[], None]], None]
"""The work; it calls what it is given as soon as the caller need wait no longer."""


class Background:
    """At most one piece of work at a time. `name`: for the log. `busy`, `crashed`: what a caller is told then.

    `patience`: seconds that a caller is kept waiting for a beginning; work that takes longer to begin goes on.
    """

    def __init__(
        self,
        name: str,
        *,
        busy: Callable[[], ConflictError],
        crashed: Callable[[], UnavailableError],
        patience: float,
    ) -> None:
        self._name, self._busy_error, self._crashed, self._patience = name, busy, crashed, patience
        self._busy = threading.Lock()
        self._thread: threading.Thread | None = None

    def begin(self, work: Work) -> bool:
        """Begin `work`; whether it still goes on. Raises what it raises before it stands; ConflictError where other work goes on."""
        if not self._busy.acquire(blocking=False):
            raise self._busy_error()
        stands = threading.Event()
        errors: list[CountenanceError] = []

        def run() -> None:
            try:
                work(stands.set)
            except CountenanceError as error:
                errors.append(error)
                _log.info("%s ended: %s", self._name, error.code)
            except Exception:  # noqa: BLE001 - whoever asked is told; the searcher goes on
                errors.append(self._crashed())
                _log.exception("%s failed", self._name)
            finally:
                disconnect()
                self._busy.release()
                stands.set()

        self._thread = threading.Thread(target=run, name=self._name)
        self._thread.start()
        stands.wait(self._patience)
        if errors:
            raise errors[0]
        return self._busy.locked()

    def join(self) -> None:
        """Wait for the end of what goes on."""
        if self._thread is not None:
            self._thread.join()
