"""A statement handed out: its record gains the file that verifies without us, once a checkpoint covers its entry."""

from __future__ import annotations

from collections.abc import Callable

from countenance.acting.step import Step
from countenance.primitives.canonical import Json
from countenance.records.database import open_reading
from countenance.tlog.statement import issue


def handed(step: Step, statement: dict[str, Json]) -> tuple[dict[str, Json], Callable[[int], None]]:
    """(record, `logged` of the outcome): the record holds `statement`, and after the transaction `file`, its text."""
    record: dict[str, Json] = {"statement": statement}

    def logged(entry: int) -> None:
        def sign_and_issue() -> None:
            step.workspace.checkpoint()
            with open_reading() as tx:
                record["file"] = issue(step.workspace.log, tx, entry, statement)

        step.afterwards.append(sign_and_issue)

    return record, logged
