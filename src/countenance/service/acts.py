"""Every act there is, and the handler that carries it out: the tables of all paths together."""

from __future__ import annotations

from countenance.acting.form import Forms
from countenance.acting.path import ActResult
from countenance.acting.path import perform as perform_with
from countenance.acting.step import Handlers
from countenance.evaluation.acts import HANDLERS as EVALUATION
from countenance.evaluation.forms import FORMS as EVALUATION_FORMS
from countenance.ingest.acts import HANDLERS as INGEST
from countenance.ingest.forms import FORMS as INGEST_FORMS
from countenance.oversight.acts import HANDLERS as OVERSIGHT
from countenance.oversight.forms import FORMS as OVERSIGHT_FORMS
from countenance.oversight.watch_acts import HANDLERS as WATCH
from countenance.records.identity import SignedRequest
from countenance.records.workspace import Workspace
from countenance.registry.acts import HANDLERS as REGISTRY
from countenance.registry.acts.forms import FORMS as REGISTRY_FORMS
from countenance.review.acts import HANDLERS as REVIEW
from countenance.review.forms import FORMS as REVIEW_FORMS
from countenance.rights.acts import HANDLERS as RIGHTS
from countenance.rights.acts.forms import FORMS as RIGHTS_FORMS
from countenance.rights.erasure import HANDLERS as ERASURE
from countenance.rights.suppression import HANDLERS as SUPPRESSION

HANDLERS: Handlers = {
    **REGISTRY,
    **REVIEW,
    **OVERSIGHT,
    **WATCH,
    **ERASURE,
    **RIGHTS,
    **SUPPRESSION,
    **EVALUATION,
    **INGEST,
}

FORMS: Forms = {
    **REGISTRY_FORMS,
    **REVIEW_FORMS,
    **OVERSIGHT_FORMS,
    **RIGHTS_FORMS,
    **EVALUATION_FORMS,
    **INGEST_FORMS,
}
"""What each act asks for."""


def perform(workspace: Workspace, request: SignedRequest) -> ActResult:
    """Carry out a signed act, whichever path it belongs to. Raises what `acting.path.perform` does."""
    return perform_with(workspace, request, HANDLERS)
