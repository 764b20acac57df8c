"""Opting out in its third form: a protected template is kept only so that its person is kept out (R13).

Erasing and keeping nothing is the first form and the default, blocking one picture the second; both are erasures. The third
is chosen by who accepts that a template of theirs is kept for it: in a database of its own, under a key of its own, until a
day that can be moved. Whoever joins is told at which rate the list misses, and how many others it would hold by mistake.

`suppress` and `release` are for whoever carries out a request in its own transaction; the acts here are for the desk.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from uuid import UUID

from countenance.acting.path import ActResult, perform
from countenance.acting.step import Handler, Handlers, Outcome, Step
from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import Detail, FaceReason, FaceState
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PROBE_RULE, PhotographExtraction
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.text import N_
from countenance.records.database import DjangoTransaction
from countenance.records.identity import SignedRequest, require_act
from countenance.records.models import Face
from countenance.records.suppressing.lists import HOLD, LIFE, Joined, SuppressionList
from countenance.records.workspace import Workspace

MOST_DAYS = 1_826
"""Five years: for longer, one renews."""


def suppress(
    workspace: Workspace,
    tx: DjangoTransaction,
    template: Template,
    *,
    life: timedelta = LIFE,
    every_answer: bool = False,
) -> Joined:
    """Keep the person of `template` out of every enrolment from now on, and with `every_answer` out of lists of
    candidates too.

    In the caller's open transaction, which logs it. The answer holds the code, shown this once, and what to tell: the day
    it ends, the rate of misses and of false holds. Raises UnavailableError where the model pack has no published scores.
    """
    return SuppressionList(workspace).join(tx, template, life=life, every_answer=every_answer)


def release(workspace: Workspace, tx: DjangoTransaction, code: str, photograph: str) -> None:
    """Let one's own held face in, in one photograph (its id), by the code that one keeps. Any other code changes nothing.

    In the caller's open transaction. Raises NotFoundError where there is no such code, or nothing is held there.
    """
    SuppressionList(workspace).release(tx, code, _held_photograph(photograph))


def described(joined: Joined) -> dict[str, Json]:
    """What somebody who joined is told. Rates are shares, 0..1; the threshold is a comparison score."""
    return {
        "code": joined.code,
        "expires_at": iso(joined.expires_at),
        "threshold": joined.terms.threshold,
        "misses": round(joined.terms.misses, 4),
        "false_holds": round(joined.terms.false_holds, 6),
        "false_holds_is_bound": joined.terms.bound,
    }


def join(workspace: Workspace, signed: SignedRequest, photograph: bytes, pool: ExtractionPool) -> ActResult:
    """The act `suppression-join`. Params: `photograph` (SHA-256), `face` where it shows several, `request` (the request it
    rests on), `days`, `every_answer`.

    The picture serves this alone: nothing of it is written but the sealed template. It is looked at after policy has
    permitted the act. Raises what `perform` raises, and UsageError where there is no single face.
    """
    require_act(signed, Act.SUPPRESSION_JOIN.value)
    handler = Handler(carry_out=partial(_join, photograph=photograph, pool=pool))
    return perform(workspace, signed, {Act.SUPPRESSION_JOIN: handler})


def _join(step: Step, *, photograph: bytes, pool: ExtractionPool) -> Outcome:
    if step.params.text("photograph") != sha256_hex(photograph):
        raise UsageError(N_("The picture is not the one that was signed for."), code="photographs-signed")
    step.params.line("request")
    wanted = step.params.number("face", default=-1, least=-1, most=10_000)
    joined = suppress(
        step.workspace,
        step.tx,
        _template(pool, photograph, wanted),
        life=_life(step),
        every_answer=step.params.flag("every_answer"),
    )
    return Outcome(record=described(joined))


def _template(pool: ExtractionPool, photograph: bytes, wanted: int) -> Template:
    result = pool.submit(photograph, detail=Detail.STANDARD, rule=PROBE_RULE).result()
    faces = result.pages[0].faces if isinstance(result, PhotographExtraction) else ()
    found = [face for face in faces if face.template is not None and wanted in {-1, face.index}]
    if len(found) != 1 or found[0].template is None:
        raise UsageError(
            N_("The picture must show one face that a template can be made of; {count} can be chosen."),
            remedy=N_("Take another picture, or name the face with --face."),
            code="suppression-face",
            count=len(found),
        )
    return found[0].template


def _renew(step: Step) -> Outcome:
    expires = SuppressionList(step.workspace).renew(step.tx, step.params.text("code"), life=_life(step))
    return Outcome(record={"expires_at": iso(expires)})


def _leave(step: Step) -> Outcome:
    SuppressionList(step.workspace).leave(step.tx, step.params.text("code"))
    return Outcome(record={"removed": True})


def _release(step: Step) -> Outcome:
    release(step.workspace, step.tx, step.params.text("code"), step.params.text("photograph"))
    return Outcome(record={"photograph": step.params.text("photograph")})


def _with_picture(_: Step) -> Outcome:
    raise UsageError(
        N_("To join takes the picture itself, which no message to a searcher carries."),
        remedy=N_("Give it on the workspace's own machine: countenance suppression join PHOTO"),
        code="suppression-picture",
    )


def _life(step: Step) -> timedelta:
    return timedelta(days=step.params.number("days", default=LIFE.days, least=1, most=MOST_DAYS))


def _held_photograph(key: str) -> str:
    """SHA-256 of a photograph in which a face is held, by its id."""
    held = Face.objects.filter(state=FaceState.HELD.value, reason=FaceReason.SUPPRESSED.value)
    known = {str(row) for row in held.values_list("photograph_id", flat=True)}
    if key.lower() not in known:
        raise NotFoundError(
            N_("No face is held in the photograph {photograph}."),
            remedy=N_("See what is held with: countenance suppression status"),
            code="hold-missing",
            photograph=key,
        )
    return str(held.filter(photograph=UUID(key)).values_list("photograph__sha256", flat=True)[0])


def _status(step: Step) -> Outcome:
    """How the list stands, and what waits because of it: numbers, and photographs; of nobody on it anything."""
    listed = SuppressionList(step.workspace)
    terms = listed.terms()
    rows = Face.objects.filter(state=FaceState.HELD.value, reason=FaceReason.SUPPRESSED.value)
    held: list[Json] = [
        {
            "photograph": str(key),
            "source": source,
            "path": path,
            "until": iso(ingested + HOLD),
        }
        for key, source, path, ingested in rows.order_by("photograph__ingested_at", "pk").values_list(
            "photograph_id", "photograph__source__name", "photograph__path", "photograph__ingested_at"
        )
    ]
    record: dict[str, Json] = {
        "entries": listed.length(),
        "threshold": terms.threshold,
        "misses": round(terms.misses, 4),
        "false_holds": round(terms.false_holds, 6),
        "held": held,
    }
    return Outcome(record=record)


HANDLERS: Handlers = {
    Act.SUPPRESSION_JOIN: Handler(carry_out=_with_picture),
    Act.SUPPRESSION_RENEW: Handler(carry_out=_renew),
    Act.SUPPRESSION_LEAVE: Handler(carry_out=_leave),
    Act.SUPPRESSION_RELEASE: Handler(carry_out=_release),
    Act.SUPPRESSION_STATUS: Handler(carry_out=_status),
}
