"""Run by the tests in a process of its own, which ends at a named point as if it had been killed.

`erase_and_die.py WORKSPACE LABEL POINT`; exit code 9 at the point, 0 where it was never reached.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from countenance.primitives.clock import ManualClock
from countenance.records.erasing import steps, unfindable
from countenance.records.erasing.scope import scope_of
from countenance.records.erasing.vocabulary import ScopeKind
from countenance.records.workspace import Workspace
from countenance.vault.media import FolderMediaStore
from countenance.vault.vault import Vault

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

POINTS: dict[str, tuple[object, str, bool]] = {
    "in-the-transaction": (unfindable, "walk_stores", True),
    "before-keys": (steps, "_destroy_keys", False),
    "keys-destroyed-not-noted": (Vault, "destroy", True),
    "before-bytes": (steps, "_remove_bytes", False),
    "files-deleted": (FolderMediaStore, "delete_many", True),
    "labels-forgotten": (steps, "forget_labels", True),
    "payloads-forgotten": (steps, "_forget_payloads", True),
    "segments-rewritten": (steps, "_rewrite_index", True),
    "vacuumed": (steps, "vacuum", True),
    "before-completion": (steps, "_complete", False),
    "completed-not-signed": (Workspace, "checkpoint", False),
}
"""Name -> (where, which function, after it rather than before)."""


def dying(original: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    def call(*args: Any, **more: Any) -> Any:
        if after:
            original(*args, **more)
        os._exit(9)

    return call


def main() -> int:
    directory, label, point = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    with Workspace.open(directory, clock=ManualClock(NOW)) as workspace:
        scope = scope_of(ScopeKind.PERSON, label)
        where, name, after = POINTS[point]
        setattr(where, name, dying(getattr(where, name), after=after))
        steps.carry_out(workspace, scope, ground="test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
