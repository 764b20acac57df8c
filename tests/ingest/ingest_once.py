"""Run by the tests in a process of its own, so that it can be killed: `ingest_once.py WORKSPACE SOURCE WORKERS`.

Prints `ready` when the work begins, one line per batch, and the counts at the end.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from countenance.ingest.path import ingest
from countenance.ingest.values import Progress, Tuning
from countenance.primitives.errors import CountenanceError
from countenance.records.identity import AccountKey
from countenance.records.workspace import Workspace


def main() -> int:
    try:
        return _ingest(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
    except CountenanceError as error:
        print(json.dumps({"error": error.code, "message": str(error)}), flush=True)
        return 5


def _ingest(directory: Path, source: str, workers: int) -> int:
    with Workspace.open(directory) as workspace:
        key = AccountKey.read(directory / "accounts" / "operator.key")
        request = key.sign(
            workspace_id=str(workspace.settings.id),
            act="ingest",
            params={"source": source, "workers": workers},
            at=workspace.clock(),
        )
        print("ready", flush=True)
        tuning = Tuning(batch_photographs=2, batch_seconds=0.1, shard_items=4)
        result = ingest(workspace, request, progress=_tell, tuning=tuning)
        counts = {"photographs": dict(result.photographs), "references": result.references}
        print(json.dumps(counts), flush=True)
    return 0


def _tell(progress: Progress) -> None:
    print(f"batch {progress.finished}/{progress.total}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
