"""Ingest for callers of the searcher: begun by a signed act over the socket, worked at in a thread, seen in the ledger.

The caller hears as soon as the run stands, or why it does not. The run goes on when the caller has gone; when the searcher
stops, it stops after its batch, and the same act takes it up again.
"""

from __future__ import annotations

import logging
import threading

from countenance.acting.path import ActResult
from countenance.ingest.path import ingest
from countenance.ingest.values import Progress
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError, CountenanceError, UnavailableError
from countenance.primitives.text import N_
from countenance.records.database import disconnect
from countenance.records.identity import SignedRequest
from countenance.records.workspace import Workspace

_log = logging.getLogger("countenance.searcher")
_PATIENCE_SECONDS = 120.0
"""For checking a manifest and listing the files; a run that takes longer to begin goes on, and is found in the list."""


class Ingests:
    """At most one run at a time: it uses every core by itself."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stop = threading.Event()
        self._busy = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, signed: SignedRequest) -> ActResult:
        """Begin a run, or take one up. Raises what `ingest.path.ingest` does; ConflictError while another run works."""
        if not self._busy.acquire(blocking=False):
            raise ConflictError(
                N_("Another ingest is under way."),
                remedy=N_("Wait for it, or look at it in the list of ingests."),
                code="ingest-runs",
            )
        stands, told = threading.Event(), _Told()

        def work() -> None:
            def progress(now: Progress) -> None:
                told.run = now.run
                stands.set()

            try:
                told.run = ingest(self._workspace, signed, progress=progress, stop=self._stop).run
            except CountenanceError as error:
                told.error = error
                _log.info("ingest ended: %s", error.code)
            except Exception:  # noqa: BLE001 - whoever asked is told; the searcher goes on
                told.error = UnavailableError(
                    N_("The ingest ended by a fault of the program."), code="ingest-crash"
                )
                _log.exception("ingest failed")
            finally:
                self._busy.release()
                stands.set()
                disconnect()

        self._thread = threading.Thread(target=work, name="ingest")
        self._thread.start()
        stands.wait(_PATIENCE_SECONDS)
        if told.error is not None:
            raise told.error
        record: dict[str, Json] = {
            "run": told.run or None,
            "state": "under-way" if self._busy.locked() else "done",
        }
        return ActResult(act=Act.INGEST.value, record=record, log_entry=None)

    def close(self) -> None:
        """Stop after the batch in hand; wait for that."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()


class _Told:
    """What the thread says: the run's code, or what went wrong."""

    run: str = ""
    error: CountenanceError | None = None
