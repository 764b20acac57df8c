"""A verified request is done: what was asked for happens in this transaction, and the receipt says what."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from countenance.acting.step import Outcome, Step
from countenance.biometrics.templates import Template
from countenance.policy.terms import RequestKind
from countenance.primitives.canonical import Json
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.text import N_, folded
from countenance.records.ending import end_references, withdraw_receipts
from countenance.records.erasing.scope import ErasureScope
from countenance.records.erasing.steps import begin
from countenance.records.erasing.vocabulary import ScopeKind
from countenance.records.events import Event
from countenance.records.models import ConsentReceipt, Face, Person, Reference
from countenance.rights.desk import close, outcome, receipt_for, verified_request
from countenance.rights.suppression import described, life_of, suppress
from countenance.rights.values import OptOutForm, RequestState, RequestStep, VerifiedRequest

type Done = tuple[RequestStep, dict[str, Json]]


def fulfil(step: Step, template: Callable[[], Template] | None = None) -> Outcome:
    """Do what a verified request asks for. Params beyond `request` are those of its kind.

    `template`: of the requester's own picture, for an opt-out that keeps one (`rights.opting_out`), and for nothing else.
    """
    verified = verified_request(step.workspace, step.params.text("request"))
    row = verified.request.row
    if row.faces.filter(confirmed_at__isnull=True).exists():
        raise ConflictError(
            N_("Faces were found that nobody has looked at yet."),
            remedy=N_("Say which are the requester's: countenance request confirm {request} NUMBER..."),
            code="request-unconfirmed",
            request=row.number,
        )
    told, said = _BY_KIND[verified.request.kind](step, verified)
    code: dict[str, Json] = {}  # shown to the requester this once, and in no receipt
    if (verified.request.opt_out is OptOutForm.PROTECTED_TEMPLATE) != (template is not None):
        raise _picture_amiss(row.number, wanted=template is None)
    if template is not None:
        joined = suppress(
            step.workspace,
            step.tx,
            template(),
            life=life_of(step.params),
            every_answer=step.params.flag("every_answer"),
        )
        told, said, code = RequestStep.LEFT_OUT, {**said, **described(joined)}, {"code": joined.code}
    close(step, row, RequestState.FULFILLED)
    receipt = receipt_for(step, row, told, **said)
    return outcome(step, row, Event.REQUEST_FULFILLED, receipt, show={"step": told.value, **said, **code})


def _picture_amiss(number: str, *, wanted: bool) -> UsageError:
    if wanted:
        return UsageError(
            N_("This form of opting out keeps a template of the requester's own picture; that is missing."),
            remedy=N_(
                "Give it on the workspace's own machine: countenance request fulfil {request} --picture PHOTO"
            ),
            code="opt-out-picture",
            request=number,
        )
    return UsageError(
        N_("Only an opt-out by a protected template takes a picture."), code="opt-out-no-picture"
    )


def _access(step: Step, verified: VerifiedRequest) -> Done:
    """The package was made and looked at before; the receipt holds its SHA-256."""
    digest = step.params.text("package_sha256")
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise UsageError(
            N_("A package is named by its SHA-256, 64 hexadecimal digits."), code="package-digest"
        )
    return RequestStep.ACCESS_GIVEN, {"package_sha256": digest, "faces": len(verified.faces)}


def _erase(step: Step, verified: VerifiedRequest) -> Done:
    """Every store, by the one mechanism; its certificate follows when the bytes are gone."""
    scopes = []
    if verified.person_id and Person.objects.filter(pk=verified.person_id).exists():
        scopes.append(ErasureScope(kind=ScopeKind.PERSON, target=str(verified.person_id)))
    others = Face.objects.filter(pk__in=verified.faces)
    if verified.person_id is not None:
        others = others.exclude(pk__in=Face.objects.filter(person_id=verified.person_id))
    scopes += [
        ErasureScope(kind=ScopeKind.FACE, target=str(face)) for face in others.values_list("pk", flat=True)
    ]
    return _begin(step, verified, scopes)


def _begin(step: Step, verified: VerifiedRequest, scopes: list[ErasureScope]) -> Done:
    if not scopes:
        return RequestStep.NOTHING_FOUND, {}
    codes = [
        begin(
            step.workspace,
            step.tx,
            scope,
            now=step.now,
            ground=f"request {verified.request.row.number}",
            account=step.caller.account,
        ).code
        for scope in scopes
    ]
    return RequestStep.ERASED, {"erasures": list[Json](codes)}


def _opt_out(step: Step, verified: VerifiedRequest) -> Done:
    """In the form that was chosen; what the third keeps besides is `fulfil`'s."""
    block = verified.request.opt_out is OptOutForm.BLOCK_PICTURE
    told, said = (_block if block else _erase)(step, verified)
    if told is RequestStep.ERASED:
        told = RequestStep.LEFT_OUT
    return told, said


def _block(step: Step, verified: VerifiedRequest) -> Done:
    """The photographs of the confirmed faces, whole: their bytes are known again and are not even looked at."""
    shown = Face.objects.filter(pk__in=verified.faces).order_by("photograph_id")
    scopes = [
        ErasureScope(kind=ScopeKind.PHOTOGRAPH, target=str(key))
        for key in shown.values_list("photograph_id", flat=True).distinct()
    ]
    told, said = _begin(step, verified, scopes)
    return told, {**said, "photographs": len(scopes)} if scopes else said


def _withdraw(step: Step, verified: VerifiedRequest) -> Done:
    """All open consents of the person, as withdrawing by a receipt's code does."""
    receipts = list(
        ConsentReceipt.objects.filter(person_id=verified.person_id, withdrawn_at__isnull=True)
        if verified.person_id
        else ()
    )
    if not receipts:
        return RequestStep.NOTHING_FOUND, {}
    ended = withdraw_receipts(step.workspace, step.tx, receipts, step.now)
    return RequestStep.CONSENT_WITHDRAWN, {"receipts": len(receipts), "references_ended": ended}


def _object(step: Step, verified: VerifiedRequest) -> Done:
    """An objection that is upheld: the faces are found no more, on whatever basis. One that is not is refused, with reasons."""
    references = Reference.objects.filter(face__in=verified.faces, ended_at__isnull=True)
    if not references.exists():
        return RequestStep.NOTHING_FOUND, {}
    return RequestStep.OBJECTION_UPHELD, {
        "references_ended": end_references(step.workspace, step.tx, references, step.now)
    }


def _correct(step: Step, verified: VerifiedRequest) -> Done:
    """One field that is wrong: `label`, `declared-minor`, or `not-me` (the faces are not of this person)."""
    field = step.params.text("field")
    if field not in _CORRECTIONS:
        raise UsageError(
            N_("{field} cannot be corrected."),
            remedy=N_("Choose from: {known}."),
            code="correction-field",
            field=field,
            known=", ".join(_CORRECTIONS),
        )
    changed = _CORRECTIONS[field](step, verified)
    if not changed:
        return RequestStep.NOTHING_FOUND, {}
    return RequestStep.CORRECTED, {"field": field, "records": changed}


def _label(step: Step, verified: VerifiedRequest) -> int:
    label = step.params.line("value")
    if Person.objects.filter(folded=folded(label)).exclude(pk__in=_person(verified)).exists():
        raise ConflictError(N_("There is a person {person} already."), code="person-exists", person=label)
    return Person.objects.filter(pk__in=_person(verified)).update(label=label, folded=folded(label))


def _minor(step: Step, verified: VerifiedRequest) -> int:
    value = step.params.text("value")
    if value not in {"yes", "no"}:
        raise UsageError(N_("Whether somebody is declared a minor is yes or no."), code="correction-value")
    return Person.objects.filter(pk__in=_person(verified)).update(declared_minor=value == "yes")


def _not_me(step: Step, verified: VerifiedRequest) -> int:
    """The label was put on the wrong face: the face loses it, and whatever rested on it ends."""
    end_references(step.workspace, step.tx, Reference.objects.filter(face__in=verified.faces), step.now)
    return Face.objects.filter(pk__in=verified.faces, person__isnull=False).update(person=None)


def _person(verified: VerifiedRequest) -> list[UUID]:
    return [] if verified.person_id is None else [verified.person_id]


_CORRECTIONS: dict[str, Callable[[Step, VerifiedRequest], int]] = {
    "label": _label,
    "declared-minor": _minor,
    "not-me": _not_me,
}

_BY_KIND: dict[RequestKind, Callable[[Step, VerifiedRequest], Done]] = {
    RequestKind.ACCESS: _access,
    RequestKind.ERASURE: _erase,
    RequestKind.OPT_OUT: _opt_out,
    RequestKind.WITHDRAWAL: _withdraw,
    RequestKind.OBJECTION: _object,
    RequestKind.CORRECTION: _correct,
}
