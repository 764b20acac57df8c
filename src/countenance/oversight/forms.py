"""What each act of oversight and of watching asks for."""

from __future__ import annotations

from countenance.acting.form import (
    Field,
    Forms,
    document,
    form,
    line,
    moment,
    number,
    place,
    text,
    word,
)
from countenance.oversight.findings import FlagFinding, WatchListing
from countenance.oversight.inspecting import MOST_SAMPLES, Look
from countenance.oversight.reading import OversightListing
from countenance.oversight.reports import Edition
from countenance.oversight.sampling import SampleFinding
from countenance.policy.questions import Act
from countenance.policy.restrictions import LockKind, OrderKind, TargetKind
from countenance.records.erasing.vocabulary import ResidencyRule

_INQUIRY = line("inquiry")
_REASON = text("reason")
_ENTRY = number("entry", least=0, most=1 << 53, required=True)


def _target(*, account: bool) -> tuple[Field, ...]:
    """Exactly one of these is given; the handler says so where it is not."""
    kinds = [kind for kind in TargetKind if account or kind is not TargetKind.ACCOUNT]
    return tuple(
        place(kind.value, required=False) if kind is TargetKind.PLACE else line(kind.value, required=False)
        for kind in kinds
    )


_ORDERED = (word("kind", OrderKind), *_target(account=False))

FORMS: Forms = {
    Act.LOCK_SET: form(word("kind", LockKind), *_target(account=True), _REASON),
    Act.LOCK_LIFT: form(line("lock"), text("reason", required=False)),
    Act.AUTHORITY_ADD: form(line("name"), place("jurisdiction")),
    Act.OVERSIGHT_READ: form(word("listing", OversightListing)),
    Act.ORDER_PREVIEW: form(*_ORDERED),
    Act.ORDER_ISSUE: form(
        *_ORDERED,
        line("number"),
        moment("dated"),
        text("text", required=False),
        line("document_sha256", required=False),
        moment("ends_at"),
        moment("destroy_from"),
    ),
    Act.ORDER_LIFT: form(line("order"), _REASON),
    Act.ORDER_DESTROY: form(line("order"), word("rule", ResidencyRule, required=False)),
    Act.ORDER_CERTIFY: form(line("order")),
    Act.INQUIRY_OPEN: form(
        line("title"),
        line("reference"),
        line("client", required=False),
        place("place", required=False),
        moment("from"),
        moment("until"),
    ),
    Act.INQUIRY_JOIN: form(_INQUIRY),
    Act.INQUIRY_ATTACH: form(_INQUIRY, line("name"), document()),
    Act.INQUIRY_CLOSE: form(_INQUIRY, line("name"), document(), text("findings")),
    Act.INQUIRY_REPORT: form(_INQUIRY),
    Act.INSPECT: form(
        _INQUIRY,
        word("look", Look),
        _REASON,
        number("count", least=1, most=MOST_SAMPLES),
        line("sha256", required=False),
    ),
    Act.INSPECT_FACES: form(_INQUIRY, _ENTRY, _REASON),
    Act.INSPECT_SAME_FACE: form(_INQUIRY, line("reason")),
    Act.CASE_DENY: form(line("case"), line("authority"), _REASON),
    Act.SEARCH_EXPORT: form(_ENTRY),
    Act.SAMPLE_DRAW: form(line("week", required=False)),
    Act.SAMPLE_EXAMINE: form(
        line("week"), _ENTRY, word("finding", SampleFinding), text("note", required=False)
    ),
    Act.WATCH_READ: form(word("listing", WatchListing)),
    Act.FLAG_REVIEW: form(line("flag"), word("finding", FlagFinding), text("note", required=False)),
    Act.YEAR_COUNT: form(number("year", least=2000, most=9999, required=True), word("edition", Edition)),
    Act.BREACH_REPORT: form(line("reference")),
}
