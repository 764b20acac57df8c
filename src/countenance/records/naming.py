"""Names of which there are few: whether one is taken, in whatever spelling."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from countenance.primitives.text import folded


def namesake[M: Model](kind: type[M], name: str) -> M | None:
    """The row of `kind` whose name differs from `name` in letter case, code points or invisible marks at most.

    For clients, accounts, galleries and sources: hundreds, so all names are read. People have a column for it.
    """
    manager: Any = kind._default_manager  # noqa: SLF001 - Django's documented name for it
    sought = folded(name)
    for key, held in manager.values_list("pk", "name").order_by("name"):
        if folded(held) == sought:
            row: M = manager.get(pk=key)
            return row
    return None
