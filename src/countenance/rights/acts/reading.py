"""Lists of requests, and the receipts of one: each a statement that verifies offline."""

from __future__ import annotations

from datetime import datetime

from countenance.acting.step import Outcome, Step
from countenance.primitives.canonical import Json
from countenance.primitives.errors import CountenanceError
from countenance.records.database import DjangoTransaction
from countenance.records.models import RequestRecord, RequestStepRecord
from countenance.records.workspace import Workspace
from countenance.rights.desk import describe, find_request
from countenance.tlog.statement import issue


def read(step: Step) -> Outcome:
    """Open requests, the next due first; `all`: closed ones too; `overdue`: only those whose day is over."""
    rows = RequestRecord.objects.order_by("received_at", "number")
    if not step.params.flag("all"):
        rows = rows.filter(closed_at__isnull=True)
    listed = [describe(step.workspace, row, step) for row in rows]
    if step.params.flag("overdue"):
        listed = [row for row in listed if row["overdue"]]
    listed.sort(key=lambda row: (str(row["due"] or "9999"), str(row["received_at"])))
    return Outcome(record={"requests": list[Json](listed)})


def receipts(step: Step) -> Outcome:
    """The receipts of a request, signed: a checkpoint is made where none covers them yet. `latest`: only the last one."""
    row = find_request(step.params.text("request"))
    return Outcome(record=issued(step.workspace, step.tx, step.now, row, latest=step.params.flag("latest")))


def issued(
    workspace: Workspace, tx: DjangoTransaction, now: datetime, row: RequestRecord, *, latest: bool
) -> dict[str, Json]:
    """The receipts of `row`, each with its proof under a checkpoint of now."""
    steps = list(row.steps.filter(log_index__isnull=False))
    if latest:
        steps = steps[-1:]
    workspace.log.sign_checkpoint(tx, now)
    return {"request": row.number, "receipts": [_issued(workspace, tx, kept) for kept in steps]}


def _issued(workspace: Workspace, tx: DjangoTransaction, kept: RequestStepRecord) -> dict[str, Json]:
    """`file` None where the entry's details were erased since: the copy handed out then stays good."""
    assert kept.log_index is not None
    try:
        file = issue(workspace.log, tx, kept.log_index, kept.statement)
    except CountenanceError as error:
        if error.code != "statement-forgotten":
            raise
        file = None
    return {"step": kept.step, "log_entry": kept.log_index, "file": file}
