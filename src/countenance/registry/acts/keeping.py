"""Storage limits, holds and the purge, as acts."""

from __future__ import annotations

from datetime import timedelta

from countenance.acting.step import Outcome, Step
from countenance.policy.terms import DataKind
from countenance.primitives.canonical import Json
from countenance.primitives.clock import iso
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.ids import new_code, read_code
from countenance.primitives.text import N_
from countenance.records.erasing.describing import describe as describe_erasure
from countenance.records.erasing.due import PURGED
from countenance.records.erasing.scope import scope_of
from countenance.records.erasing.vocabulary import ScopeKind
from countenance.records.events import Event
from countenance.records.holding import HOLDABLE, standing
from countenance.records.models import Hold, RetentionLimit
from countenance.records.named import find_account
from countenance.records.retaining.limits import is_longer, limits
from countenance.records.retaining.purging import begin_purge, not_destroyed, plan_purge
from countenance.records.workspace import Workspace

LONGEST_HOLD = timedelta(days=366)
MOST_DAYS = 36_525
FOR_GOOD = "purpose"
"""Written for a limit that ends with the purpose, not by a count of days."""


def _days(step: Step) -> int | None:
    if step.params.json.get("days") == FOR_GOOD:
        return None
    return step.params.number("days", default=0, least=1, most=MOST_DAYS)


def lengthens(step: Step) -> bool:
    """Two persons let data be kept longer; one may shorten. What a law does not allow is not even proposed."""
    kind, days = step.params.choice("kind", DataKind), _days(step)
    _within_law(step, kind, days)
    return is_longer(step.workspace, kind, days)


def set_limit(step: Step) -> Outcome:
    """One limit in place of the present one, with who answers for it and why."""
    kind, days = step.params.choice("kind", DataKind), _days(step)
    _within_law(step, kind, days)
    owner = find_account(step.params.line("owner"))
    reason = step.params.line("reason")
    RetentionLimit.objects.filter(kind=kind.value, ended_at__isnull=True).update(ended_at=step.now)
    RetentionLimit.objects.create(
        kind=kind.value,
        days=days,
        owner=owner,
        reason=reason,
        set_by=step.caller.account,
        set_at=step.now,
    )
    return Outcome(
        record=describe_limit(step.workspace, kind),
        event=Event.RETENTION_SET,
        details={"kind": kind.value, "days": days, "owner": str(owner.pk), "reason": reason},
    )


def _within_law(step: Step, kind: DataKind, days: int | None) -> None:
    """Nobody sets a limit that the law of the operator's place, or of a gallery's, does not let them."""
    limit = limits(step.workspace)[kind]
    if limit.at_most is not None and (days is None or days > limit.at_most):
        raise UsageError(
            N_("The packs in force let {kind} be kept {most} days at the most: {law}"),
            remedy=N_("Choose a shorter limit."),
            code="retention-law",
            kind=kind.value,
            most=limit.at_most,
            law=limit.law.en if limit.law else "",
        )


def describe_limit(workspace: Workspace, kind: DataKind) -> dict[str, Json]:
    """What is shown of a limit. `by`: how it is kept. `at_most`: days that the packs in force allow, None where they set none."""
    limit = limits(workspace)[kind]
    return {
        "data": kind.value,
        "days": limit.days,
        "at_most": limit.at_most,
        "owner": limit.owner,
        "reason": limit.reason,
        "by": "purge" if kind in PURGED or kind is DataKind.GALLERY else _OTHERWISE.get(kind, "request"),
    }


_OTHERWISE = {
    DataKind.SUPPRESSION: "expiry",
    DataKind.HELD_FACE: "expiry",
    DataKind.EXPORT: "recipient",
}
"""How what no purge reaches comes to its end: by its own date, with its request, or with whoever was given it."""


def place_hold(step: Step) -> Outcome:
    """Keep something back from destruction until a day, at somebody's demand."""
    scope = step.params.choice("scope", ScopeKind)
    if scope not in HOLDABLE:
        raise UsageError(N_("A hold is on one of: {known}."), code="hold-scope", known=", ".join(HOLDABLE))
    until = step.params.moment("until")
    if until is None or until <= step.now or until > step.now + LONGEST_HOLD:
        raise UsageError(
            N_("A hold has a day on which it ends, within a year."),
            remedy=N_("Give --until; place another one then, if it is still demanded."),
            code="hold-until",
        )
    hold = Hold.objects.create(
        code=new_code("H", groups=2),
        scope=scope.value,
        target=scope_of(scope, step.params.line("target")).target,
        authority=step.params.line("authority"),
        reason=step.params.line("reason"),
        placed_by=step.caller.account,
        placed_at=step.now,
        until=until,
    )
    return Outcome(
        record=describe_hold(hold),
        event=Event.HOLD_PLACED,
        details={
            "code": hold.code,
            "scope": hold.scope,
            "target": hold.target,
            "until": iso(until),
            "authority": hold.authority,
            "reason": hold.reason,
        },
    )


def lift_hold(step: Step) -> Outcome:
    """Before its day. What it kept back of an erasure goes with the next purge."""
    typed = step.params.text("hold")
    hold = standing(step.now).filter(code=read_code(typed) or typed).first()
    if hold is None:
        raise NotFoundError(
            N_("No hold that stands has the code {hold}."),
            remedy=N_("See them with: countenance hold list"),
            code="hold-missing",
            hold=typed,
        )
    hold.lifted_at, hold.lifted_by = step.now, step.caller.account
    hold.lift_reason = step.params.line("reason")
    hold.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    return Outcome(
        record=describe_hold(hold),
        event=Event.HOLD_LIFTED,
        details={"code": hold.code, "reason": hold.lift_reason},
    )


def describe_hold(hold: Hold) -> dict[str, Json]:
    """What is shown of a hold: never whom it is about, but for its kind."""
    return {
        "hold": hold.code,
        "scope": hold.scope,
        "authority": hold.authority,
        "reason": hold.reason,
        "placed_by": hold.placed_by.name,
        "placed_at": iso(hold.placed_at),
        "until": iso(hold.until),
        "lifted_at": iso(hold.lifted_at) if hold.lifted_at else None,
    }


def show_purge(step: Step) -> Outcome:
    """Counts by kind and store; nothing is changed."""
    rows: list[Json] = [
        {
            "data": row.limit.kind.value,
            "days": row.limit.days,
            "owner": row.limit.owner,
            "stores": {store.value: number for store, number in sorted(row.stores.items())},
            "kept_back": row.kept_back,
        }
        for row in plan_purge(step.workspace)
    ]
    return Outcome(record={"due": rows, "incomplete": _incomplete(step)})


def purge(step: Step) -> Outcome:
    """Make unfindable what is due; keys, bytes and certificates come after the commit."""
    begun = begin_purge(step.workspace, step.tx, now=step.now, account=step.caller.account)
    return Outcome(record={"purged": [describe_erasure(erasure) for erasure in begun]})


def _incomplete(step: Step) -> list[Json]:
    return [describe_erasure(erasure) for erasure in not_destroyed(step.workspace)]
