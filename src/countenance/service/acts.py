"""Every act there is, and the handler that carries it out: the tables of all paths together."""

from __future__ import annotations

from countenance.acting.path import ActResult
from countenance.acting.path import perform as perform_with
from countenance.acting.step import Handlers
from countenance.records.identity import SignedRequest
from countenance.records.workspace import Workspace
from countenance.registry.acts import HANDLERS as REGISTRY
from countenance.rights.acts import HANDLERS as RIGHTS

HANDLERS: Handlers = {**REGISTRY, **RIGHTS}


def perform(workspace: Workspace, request: SignedRequest) -> ActResult:
    """Carry out a signed act, whichever path it belongs to. Raises what `acting.path.perform` does."""
    return perform_with(workspace, request, HANDLERS)
