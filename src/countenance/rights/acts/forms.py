"""What each act for the person in the photographs asks for: requests, erasing, suppression.

The acts that take a picture name its SHA-256; the bytes go beside them.
"""

from __future__ import annotations

from countenance.acting.form import Forms, flag, form, line, moment, number, numbers, place, text, word
from countenance.policy.questions import Act
from countenance.policy.terms import ExtensionReason, PauseReason, RequestKind
from countenance.records.erasing.vocabulary import EvidenceGrade, ResidencyRule, ScopeKind
from countenance.rights.acts.receiving import LANGUAGES
from countenance.rights.suppression import MOST_DAYS
from countenance.rights.values import OptOutForm, Pointer, Tier

_REQUEST = line("request")
_SCOPE = (word("scope", ScopeKind), line("target"), word("rule", ResidencyRule, required=False))
_DAYS = number("days", least=1, most=MOST_DAYS)
_FACE = number("face", least=-1, most=10_000)

FORMS: Forms = {
    Act.REQUEST_OPEN: form(
        word("kind", RequestKind),
        word("pointer", Pointer),
        line("value", required=False),
        word("form", OptOutForm, required=False),
        line("name"),
        line("contact"),
        place("place", required=False),
        word("language", LANGUAGES, required=False),
        moment("received_at"),
    ),
    Act.REQUEST_VERIFY: form(
        _REQUEST, word("tier", Tier), line("code", required=False), line("seen", required=False)
    ),
    Act.REQUEST_PAUSE: form(_REQUEST, word("reason", PauseReason), text("text", required=False)),
    Act.REQUEST_RESUME: form(_REQUEST, text("text", required=False)),
    Act.REQUEST_EXTEND: form(_REQUEST, word("reason", ExtensionReason), text("text", required=False)),
    Act.REQUEST_REFUSE: form(_REQUEST, text("reason"), line("authority")),
    Act.REQUEST_WITHDRAW: form(_REQUEST),
    Act.REQUEST_FIND: form(_REQUEST),
    Act.REQUEST_CONFIRM: form(_REQUEST, numbers("faces")),
    Act.REQUEST_PREPARE: form(_REQUEST),
    Act.REQUEST_SWEEP: form(_REQUEST, line("source"), numbers("release")),
    Act.REQUEST_FULFIL: form(
        _REQUEST,
        line("package_sha256", required=False),
        word("field", ("label", "declared-minor", "not-me"), required=False),
        line("value", required=False),
        # Of an opt-out by a protected template:
        line("picture", required=False),
        _FACE,
        _DAYS,
        flag("every_answer"),
    ),
    Act.REQUEST_READ: form(flag("all"), flag("overdue")),
    Act.REQUEST_RECEIPTS: form(_REQUEST, flag("latest")),
    Act.ERASE_PLAN: form(*_SCOPE),
    Act.ERASE: form(*_SCOPE, line("ground")),
    Act.RESIDENCY_CLAIM: form(
        line("person"),
        place("place"),
        word("grade", EvidenceGrade, required=False),
        line("evidence", required=False),
    ),
    Act.SUPPRESSION_RENEW: form(line("code"), _DAYS),
    Act.SUPPRESSION_LEAVE: form(line("code")),
    Act.SUPPRESSION_RELEASE: form(line("code"), line("photograph")),
    Act.SUPPRESSION_STATUS: form(),
    Act.REQUEST_SEARCH: form(_REQUEST, line("picture"), _FACE),
    Act.REQUEST_DISCLOSE: form(_REQUEST, number("search", least=1, most=100_000), line("authority")),
}
