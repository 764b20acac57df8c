"""When an answer is due: what the law of the place says, and the notices that moved it. Computed from rows, so no restart loses it.

A request is under the law of the place where its requester lives, as far as that was said, and of the operator's; the shorter
time counts. Where neither sets one, the rule of the house does. Whoever asks may ask: no place decides that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from countenance.policy.terms import Clock, ExtensionReason, PauseReason, RequestKind, Span, Terms
from countenance.primitives.errors import ConflictError, UsageError
from countenance.primitives.text import N_
from countenance.records.models import RequestClockRecord, RequestRecord, WorkspaceState
from countenance.records.workspace import Workspace

PAUSE, RESUME, EXTENSION = "pause", "resume", "extension"

HOUSE_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A request's clock at one moment. `due`: last day, counted in UTC. `clock`: the law's, whose pauses and extension count."""

    due: date
    clock: Clock
    paused: bool
    extended: bool

    def overdue(self, now: datetime) -> bool:
        """Whether the last day is over. A paused clock does not run out."""
        return not self.paused and now.date() > self.due


def law_clock(workspace: Workspace, row: RequestRecord) -> Clock:
    """The clock that governs: the shortest of those of the requester's place and the operator's; else the house's."""
    kind = RequestKind(row.kind)
    places = dict.fromkeys(
        place for place in (row.place, WorkspaceState.objects.get(pk=1).jurisdiction) if place
    )
    clocks = [clock for place in places if (clock := terms_of(workspace, place).clock(kind)) is not None]
    start = row.received_at.date()
    return min(clocks, key=lambda clock: clock.within.after(start), default=_house(kind))


def terms_of(workspace: Workspace, place: str) -> Terms:
    """The terms of a place, as the packs in force say them."""
    return workspace.policy().book.terms(place)


def read_clock(workspace: Workspace, row: RequestRecord, now: datetime) -> Reading:
    """When the answer is due, as things stand at `now`."""
    clock = law_clock(workspace, row)
    notices = list(row.notices.order_by("at", "id"))
    due = clock.within.after(row.received_at.date())
    extended = any(notice.kind == EXTENSION for notice in notices)
    if extended and clock.extension is not None:
        due = clock.extension.after(due)
    stood, since = _stood_still(notices, row.closed_at or now)
    # Whole days only: a pause of an hour moves no date.
    return Reading(
        due=due + timedelta(days=stood.days), clock=clock, paused=since is not None, extended=extended
    )


def check_pause(reading: Reading, reason: PauseReason) -> None:
    """Raise unless the clock runs and its law lets it stand still for `reason`."""
    if reading.paused:
        raise ConflictError(N_("The clock of this request stands still already."), code="clock-paused")
    if reason not in reading.clock.pauses:
        raise UsageError(
            N_("The law that this request is under does not stop its clock for {reason}."),
            remedy=N_("It does for: {known}."),
            code="clock-no-pause",
            reason=reason.value,
            known=", ".join(reading.clock.pauses) or "-",
        )


def check_extension(reading: Reading, reason: ExtensionReason, received: datetime, now: datetime) -> Span:
    """The extension, or an error: one only, for a reason of the law's, by a notice sent in time."""
    clock = reading.clock
    if reading.extended:
        raise ConflictError(N_("This request was extended already; once is all."), code="clock-extended")
    if clock.extension is None or reason not in clock.extension_for:
        raise UsageError(
            N_("The law that this request is under gives no more time for {reason}."),
            remedy=N_("It does for: {known}."),
            code="clock-no-extension",
            reason=reason.value,
            known=", ".join(clock.extension_for) or "-",
        )
    last = (clock.notice_within or clock.within).after(received.date())
    if now.date() > max(last, reading.due if clock.notice_within is None else last):
        raise ConflictError(
            N_("The notice of an extension had to be sent by {day}."), code="clock-notice-late", day=last
        )
    return clock.extension


def _stood_still(notices: Iterable[RequestClockRecord], now: datetime) -> tuple[timedelta, datetime | None]:
    """For how long the clock has stood still, and since when it does now (None: it runs)."""
    total, since = timedelta(0), None
    for notice in notices:
        if notice.kind == PAUSE and since is None:
            since = notice.at
        elif notice.kind == RESUME and since is not None:
            total += notice.at - since
            since = None
    return (total if since is None else total + (now - since)), since


def _house(kind: RequestKind) -> Clock:
    return Clock(
        request=kind,
        within=Span(days=HOUSE_DAYS),
        extension=None,
        extension_for=(),
        notice_within=None,
        pauses=(PauseReason.IDENTITY_NOT_ESTABLISHED,),
        sources=(),
        en="Rule of the house: an answer within 30 days.",
        fr="Règle de la maison : une réponse dans les 30 jours.",
    )
