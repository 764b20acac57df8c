"""Leases kept alive by a thread of its own, so that a photograph that takes long costs nobody his shard."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Self

from django.db import DatabaseError, connections

from countenance.ingest.values import Tuning
from countenance.records.models import IngestShard
from countenance.records.workspace import Workspace


class Heartbeat:
    """Extends the leases of `owner` every third of their length, for as long as the block lasts."""

    def __init__(self, workspace: Workspace, owner: str, tuning: Tuning) -> None:
        self._workspace = workspace
        self._owner = owner
        self._lease = timedelta(seconds=tuning.lease_seconds)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="ingest-heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._end.wait(self._lease.total_seconds() / 3):
                held = IngestShard.objects.filter(owner=self._owner, finished_at__isnull=True)
                try:
                    held.update(leased_until=self._workspace.clock() + self._lease)
                except DatabaseError:
                    continue  # the writer of the next batch meets the same error and tells it
        finally:
            connections.close_all()
