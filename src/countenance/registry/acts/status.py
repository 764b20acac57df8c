"""One row that says how a workspace stands: counts, what is under way, what is overdue."""

from __future__ import annotations

from django.db.models import Count

from countenance.acting.step import Step
from countenance.policy.purposes import OrganisationKind
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.records import models
from countenance.records.identity import CERTIFICATION


def describe(step: Step) -> dict[str, Json]:
    """For the operator's staff the whole workspace; for a client's account its own cases and accounts."""
    own = step.caller.account.organisation_id
    due = step.now - CERTIFICATION
    overdue = models.Account.objects.filter(suspended_at__isnull=True, certified_at__lte=due).order_by("name")
    cases = models.Case.objects.filter(closed_at__isnull=True, expires_at__gt=step.now)
    if own:
        return {
            "cases_open": cases.filter(client_id=own).count(),
            "accounts_overdue": [account.name for account in overdue.filter(organisation_id=own)],
        }
    state = models.WorkspaceState.objects.get(pk=1)
    pack = models.PolicyPackRecord.objects.filter(retired_at__isnull=True).first()
    return {
        "operator": state.operator,
        "jurisdiction": state.jurisdiction,
        "pack": {"name": pack.name, "version": pack.version, "hash": pack.hash} if pack else None,
        "clients": models.Organisation.objects.filter(kind=OrganisationKind.CLIENT.value).count(),
        "accounts": models.Account.objects.count(),
        "galleries": models.Gallery.objects.count(),
        "sources": models.Source.objects.filter(withdrawn_at__isnull=True).count(),
        "persons": models.Person.objects.count(),
        "receipts_open": models.ConsentReceipt.objects.filter(withdrawn_at__isnull=True).count(),
        "photographs": _by_state(models.Photograph),
        "faces": _by_state(models.Face),
        "references": models.Reference.objects.filter(ended_at__isnull=True).count(),
        "cases_open": cases.count(),
        "searches": models.Search.objects.count(),
        "runs_open": [
            {"run": run.code, "source": run.source.name, "started_at": iso(run.started_at)}
            for run in models.IngestRun.objects.filter(finished_at__isnull=True).select_related("source")
        ],
        "proposals_open": [
            {"proposal": row.code, "act": row.act, "expires_at": iso(row.expires_at)}
            for row in models.Proposal.objects.filter(carried_out_at__isnull=True, expires_at__gt=step.now)
        ],
        "accounts_overdue": [account.name for account in overdue],
        "log": _log(step),
        "index": _index(step),
    }


def _by_state(model: type[models.Photograph | models.Face]) -> dict[str, Json]:
    rows = model.objects.order_by("state").values_list("state").annotate(count=Count("pk"))
    return {str(state): int(count) for state, count in rows}


def _index(step: Step) -> dict[str, Json] | None:
    """How far this process has opened the sealed references; None where it has had no use for an index."""
    if "index" not in vars(step.workspace):
        return None
    opened, sealed = step.workspace.index.opened(step.tx)
    return {"opened": opened, "sealed": sealed}


def _log(step: Step) -> dict[str, Json]:
    checkpoint = step.workspace.log.latest_checkpoint(step.tx)
    signed = int(checkpoint.splitlines()[1]) if checkpoint else 0  # C2SP tlog-checkpoint: the size is line 2
    return {"entries": step.workspace.log.head(step.tx).size, "signed": signed}
