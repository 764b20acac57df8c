"""What each act of a review asks for."""

from __future__ import annotations

from dataclasses import replace

from countenance.acting.form import Field, FieldKind, Forms, form, line, moment, number, text, word
from countenance.policy.grants import MAX_CANDIDATES
from countenance.policy.questions import Act
from countenance.primitives.canonical import LARGEST
from countenance.review.figures import ReviewListing
from countenance.review.values import MOST, UNSUITABLE

_VERDICT = (
    Field(name="verdict", kind=FieldKind.NUMBER_OR_WORD, words=(UNSUITABLE,), least=-MOST, most=MOST),
    Field(name="features", kind=FieldKind.FEATURES, required=False),
    text("note", required=False),
)
_SEARCH = (line("case"), number("search", least=0, most=LARGEST, required=True))  # its log entry
_RANK = number("rank", least=1, most=MAX_CANDIDATES, required=True)

FORMS: Forms = {
    Act.COMPETENCE_RECORD: form(
        line("account"), line("training"), line("evidence"), moment("valid_from"), moment("valid_until")
    ),
    Act.REVIEW_OPEN: form(line("case")),
    Act.REVIEW_NEXT: form(line("review", required=False), line("after", required=False)),
    Act.REVIEW_SEAL: form(line("pair"), *_VERDICT),
    Act.REVIEW_WITHDRAW: form(line("pair", required=False)),
    Act.CANDIDATE_SHOW: form(*_SEARCH, replace(_RANK, required=False)),
    Act.CANDIDATE_JUDGE: form(*_SEARCH, _RANK, *_VERDICT),
    Act.REVIEW_READ: form(word("listing", ReviewListing)),
    Act.REPORT_MAKE: form(line("case")),
}
