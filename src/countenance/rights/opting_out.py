"""Opting out, in the form that its person chose (R13), in the transaction of the request that asks for it.

erase               what was confirmed is erased and nothing is kept: a later photograph may be taken in again
block-picture       the photographs in which a face was confirmed go whole, and their bytes are never looked at again
protected-template  as `erase`; and a template of the person's own picture joins the suppression list, for its one purpose

The picture of the third form serves this alone: nothing of it is written but the sealed template on the list.
"""

from __future__ import annotations

from functools import partial

from countenance.acting.path import ActResult, perform
from countenance.acting.step import Handler, Outcome, Step
from countenance.biometrics.templates import Template
from countenance.extraction.pool import ExtractionPool
from countenance.policy.questions import Act
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.identity import SignedRequest, require_act
from countenance.records.params import Params
from countenance.records.workspace import Workspace
from countenance.rights.acts.fulfilling import fulfil
from countenance.rights.own_face import NoProbe, choose_face


def fulfil_with_picture(
    workspace: Workspace, signed: SignedRequest, picture: bytes, pool: ExtractionPool
) -> ActResult:
    """The act `request-fulfil` of an opt-out by a protected template. Params besides `request`: `picture` (SHA-256), `face`
    where it shows several, `days`, `every_answer` (left out of lists of candidates as well).

    The picture is looked at after policy has permitted the act. Raises what `perform` raises; UsageError where it is not
    the one that was signed for or shows no single face.
    """
    require_act(signed, Act.REQUEST_FULFIL.value)
    handler = Handler(carry_out=partial(_fulfil, picture=picture, pool=pool))
    return perform(workspace, signed, {Act.REQUEST_FULFIL: handler})


def _fulfil(step: Step, *, picture: bytes, pool: ExtractionPool) -> Outcome:
    if step.params.text("picture") != sha256_hex(picture):
        raise UsageError(N_("The picture is not the one that was signed for."), code="photographs-signed")
    return fulfil(step, template=partial(_template, step.params, picture, pool))


def _template(params: Params, picture: bytes, pool: ExtractionPool) -> Template:
    face = choose_face(pool, picture, params.number("face", default=-1, least=-1, most=10_000))
    if isinstance(face, NoProbe) or face.template is None:
        raise UsageError(
            N_("The picture must show one face that a template can be made of ({reason})."),
            remedy=N_("Take another picture, or name the face with --face."),
            code="opt-out-face",
            reason=face.reason if isinstance(face, NoProbe) else "no-template",
        )
    return face.template
