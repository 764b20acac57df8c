"""`terms.json`: what a law says besides yes and no. Time limits for answers, storage limits, fields to be filled.

::

    {"clocks":    [{"request": "access", "within": "30 days", "extension": "30 days", "extension_for": ["volume"],
                    "notice_within": "30 days", "pauses": ["identity-not-established"],
                    "sources": [ids], "en": ..., "fr": ...}],
     "retention": [{"data": "probe", "at_most": "7 days", "sources": [ids], "en": ..., "fr": ...}],
     "required":  [{"of": "gallery", "field": "notice", "since": "2001-01-01", "sources": [ids], "en": ..., "fr": ...}]}

Terms are data: they move dates and name what is missing. Whether something may be done at all is the rules' affair, and
nobody's place decides whether somebody may ask.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from countenance.policy.manifest import pack_error


class RequestKind(StrEnum):
    """What a person may ask for."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"
    WITHDRAWAL = "withdrawal"  # of a consent
    OBJECTION = "objection"
    OPT_OUT = "opt-out"


class ExtensionReason(StrEnum):
    """Why the law lets an answer take longer."""

    VOLUME = "volume"  # a great number of records, or of requests
    COMPLEXITY = "complexity"
    CONSULTATION = "consultation"  # of another body, before one can decide
    CONVERSION = "conversion"  # into an alternative format
    UNREASONABLE_INTERFERENCE = "unreasonable-interference"  # with the activities of the organisation
    AUTHORITY_LEAVE = "authority-leave"  # the supervisory authority has allowed it


class PauseReason(StrEnum):
    """Why a clock stands still."""

    IDENTITY_NOT_ESTABLISHED = "identity-not-established"
    CLARIFICATION_ASKED = "clarification-asked"
    FEE_ESTIMATE_SENT = "fee-estimate-sent"
    AUTHORITY_ASKED = "authority-asked"  # the supervisory authority has been asked to let it be disregarded


class DataKind(StrEnum):
    """Kinds of data that a storage limit is set for."""

    PHOTOGRAPH = "photograph"
    TEMPLATE = "template"
    PROBE = "probe"
    RESULT = "result"  # candidate lists
    REVIEW = "review"
    REQUEST = "request"  # a person's request and what was found for it
    SUPPRESSION = "suppression"  # a template kept only to exclude
    REFUSAL = "refusal"  # what a decision not to do something rested on


class FieldOf(StrEnum):
    """What a required field belongs to."""

    WORKSPACE = "workspace"
    GALLERY = "gallery"
    SOURCE = "source"
    CLIENT = "client"
    CONSENT = "consent"


class RequiredField(StrEnum):
    """A field that a law asks for before something may run."""

    CONTROLLER = "controller"
    REPRESENTATIVE = "representative"
    PROCESSORS = "processors"
    CONTACT = "contact"  # the person in charge of the protection of personal information, or the DPO
    NOTICE = "notice"
    ASSESSMENT = "assessment"  # DPIA, PIA
    FILING_REFERENCE = "filing-reference"
    FILING_DATE = "filing-date"
    WRITTEN_RELEASE = "written-release"
    RETENTION_SCHEDULE = "retention-schedule"
    GUARDIAN = "guardian"
    MAJORITY_REVIEW = "majority-review"


@dataclass(frozen=True, kw_only=True)
class Span:
    """A length of time as laws count it: whole days, or calendar months."""

    days: int = 0
    months: int = 0

    def after(self, start: date) -> date:
        """The last day of the span that begins on `start`. A month ends on the same day of the month, or its last."""
        months = start.month - 1 + self.months
        year, month = start.year + months // 12, months % 12 + 1
        day = min(start.day, calendar.monthrange(year, month)[1])
        return date(year, month, day) + timedelta(days=self.days)

    def __str__(self) -> str:
        return f"{self.months} months" if self.months else f"{self.days} days"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How long an answer to a request may take.

    `within`: from the day of receipt. `extension`: added once, for one of `extension_for`, where a notice is sent within
    `notice_within` of receipt; None where the law knows none. `pauses`: while one of these lasts the days do not count.
    `sources`: ids of the pack's sources of law.
    """

    request: RequestKind
    within: Span
    extension: Span | None
    extension_for: tuple[ExtensionReason, ...]
    notice_within: Span | None
    pauses: tuple[PauseReason, ...]
    sources: tuple[str, ...]
    en: str
    fr: str


@dataclass(frozen=True, kw_only=True)
class RetentionLimit:
    """How long data of a kind may be kept. `at_most` None: until its purpose ends, and no longer."""

    data: DataKind
    at_most: Span | None
    sources: tuple[str, ...]
    en: str
    fr: str


@dataclass(frozen=True, kw_only=True)
class Required:
    """A field that must be filled. `since`: ISO date from which the law asks for it."""

    of: FieldOf
    field: RequiredField
    since: str
    sources: tuple[str, ...]
    en: str
    fr: str


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The terms of one pack, or of one place: what a pack says replaces what the pack below says of the same thing."""

    clocks: tuple[Clock, ...] = ()
    retention: tuple[RetentionLimit, ...] = ()
    required: tuple[Required, ...] = ()

    def clock(self, request: RequestKind) -> Clock | None:
        """The clock of a kind of request, or None where the law sets none."""
        return next((clock for clock in self.clocks if clock.request is request), None)

    def limit(self, data: DataKind) -> RetentionLimit | None:
        """The storage limit of a kind of data, or None where the law sets none."""
        return next((limit for limit in self.retention if limit.data is data), None)

    def fields(self, of: FieldOf) -> tuple[Required, ...]:
        """What must be filled of such a thing."""
        return tuple(entry for entry in self.required if entry.of is of)

    def over(self, below: Terms) -> Terms:
        """These terms on top of `below`."""
        clocks = {clock.request: clock for clock in (*below.clocks, *self.clocks)}
        limits = {limit.data: limit for limit in (*below.retention, *self.retention)}
        fields = {(entry.of, entry.field): entry for entry in (*below.required, *self.required)}
        return Terms(
            clocks=tuple(clocks.values()), retention=tuple(limits.values()), required=tuple(fields.values())
        )


NO_TERMS = Terms()

_SPAN = re.compile(r"([1-9][0-9]{0,4}) (days|months)")


def parse_terms(data: str, sources: set[str]) -> Terms:
    """The terms in `data` (JSON). `sources`: ids that they may name. Raises FormatError (code `policy-pack`)."""
    try:
        top = json.loads(data)
        _only(top, "clocks retention required", "terms.json")
        terms = Terms(
            clocks=tuple(_clock(item, sources) for item in top["clocks"]),
            retention=tuple(_limit(item, sources) for item in top["retention"]),
            required=tuple(_required(item, sources) for item in top["required"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise pack_error(f"terms.json: {error}") from error
    for names in (
        [clock.request for clock in terms.clocks],
        [limit.data for limit in terms.retention],
        [(entry.of, entry.field) for entry in terms.required],
    ):
        if len(set(names)) != len(names):
            raise pack_error("terms.json says two things of one")
    return terms


def _clock(item: dict[str, object], sources: set[str]) -> Clock:
    keys = "request within extension extension_for notice_within pauses sources en fr"
    found = _only(item, keys, "a clock")
    extension = found["extension"]
    clock = Clock(
        request=RequestKind(_text(found["request"])),
        within=_span(found["within"]),
        extension=None if extension is None else _span(extension),
        extension_for=tuple(ExtensionReason(word) for word in _words(found["extension_for"])),
        notice_within=None if found["notice_within"] is None else _span(found["notice_within"]),
        pauses=tuple(PauseReason(word) for word in _words(found["pauses"])),
        sources=_sources(found["sources"], sources),
        en=_text(found["en"]),
        fr=_text(found["fr"]),
    )
    if (clock.extension is None) != (not clock.extension_for):
        raise ValueError(
            f"{clock.request.value}: an extension has its reasons, and no reason is without an extension"
        )
    return clock


def _limit(item: dict[str, object], sources: set[str]) -> RetentionLimit:
    found = _only(item, "data at_most sources en fr", "a storage limit")
    return RetentionLimit(
        data=DataKind(_text(found["data"])),
        at_most=None if found["at_most"] is None else _span(found["at_most"]),
        sources=_sources(found["sources"], sources),
        en=_text(found["en"]),
        fr=_text(found["fr"]),
    )


def _required(item: dict[str, object], sources: set[str]) -> Required:
    found = _only(item, "of field since sources en fr", "a required field")
    return Required(
        of=FieldOf(_text(found["of"])),
        field=RequiredField(_text(found["field"])),
        since=date.fromisoformat(_text(found["since"])).isoformat(),
        sources=_sources(found["sources"], sources),
        en=_text(found["en"]),
        fr=_text(found["fr"]),
    )


def _only(item: object, keys: str, what: str) -> dict[str, object]:
    if not isinstance(item, dict) or set(item) != set(keys.split()):
        raise ValueError(f"{what} does not have exactly {keys}")
    return item


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not a text")
    return value


def _words(value: object) -> list[str]:
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is not a list")  # noqa: TRY004 - one kind of error for a wrong document
    return [_text(word) for word in value]


def _sources(value: object, known: Iterable[str]) -> tuple[str, ...]:
    named = _words(value)
    if not named or set(named) - set(known):
        raise ValueError(f"{named} are not sources of the pack")
    return tuple(named)


def _span(value: object) -> Span:
    found = _SPAN.fullmatch(_text(value))
    if found is None:
        raise ValueError(f"{value!r} is not a span such as 30 days or 1 months")
    number = int(found[1])
    return Span(days=number) if found[2] == "days" else Span(months=number)
