"""Ingest for callers of the searcher: begun by a signed act over the socket, worked at in a thread, seen in the ledger.

The caller hears as soon as the run stands, or why it does not. The run goes on when the caller has gone; when the searcher
stops, it stops after its batch, and the same act takes it up again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from countenance.acting.path import ActResult
from countenance.ingest.path import ingest
from countenance.ingest.values import Progress
from countenance.policy.questions import Act
from countenance.primitives.errors import ConflictError, UnavailableError
from countenance.primitives.text import N_
from countenance.records.identity import SignedRequest
from countenance.records.workspace import Workspace
from countenance.service.background import Background

_PATIENCE_SECONDS = 120.0
"""For checking a manifest and listing the files; a run that takes longer to begin goes on, and is found in the list."""


class Ingests:
    """At most one run at a time: it uses every core by itself."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stop = threading.Event()
        self._background = Background(
            "ingest",
            busy=lambda: ConflictError(
                N_("Another ingest is under way."),
                remedy=N_("Wait for it, or look at it in the list of ingests."),
                code="ingest-runs",
            ),
            crashed=lambda: UnavailableError(
                N_("The ingest ended by a fault of the program."), code="ingest-crash"
            ),
            patience=_PATIENCE_SECONDS,
        )

    def start(self, signed: SignedRequest) -> ActResult:
        """Begin a run, or take one up. Raises what `ingest.path.ingest` does; ConflictError while another run works."""
        runs: list[str] = []

        def work(stands: Callable[[], None]) -> None:
            def progress(now: Progress) -> None:
                runs.append(now.run)
                stands()

            runs.append(ingest(self._workspace, signed, progress=progress, stop=self._stop).run)

        goes_on = self._background.begin(work)
        return ActResult(
            act=Act.INGEST.value,
            record={"run": runs[-1] if runs else None, "state": "under-way" if goes_on else "done"},
            log_entry=None,
        )

    def close(self) -> None:
        """Stop after the batch in hand; wait for that."""
        self._stop.set()
        self._background.join()
