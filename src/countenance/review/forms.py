"""What each act of a review asks for."""

from __future__ import annotations

from countenance.acting.form import Field, FieldKind, Forms, form, line, moment, text, word
from countenance.policy.questions import Act
from countenance.review.figures import ReviewListing
from countenance.review.values import MOST, UNSUITABLE

FORMS: Forms = {
    Act.COMPETENCE_RECORD: form(
        line("account"), line("training"), line("evidence"), moment("valid_from"), moment("valid_until")
    ),
    Act.REVIEW_OPEN: form(line("case")),
    Act.REVIEW_NEXT: form(line("review", required=False)),
    Act.REVIEW_SEAL: form(
        line("pair"),
        Field(name="verdict", kind=FieldKind.NUMBER_OR_WORD, words=(UNSUITABLE,), least=-MOST, most=MOST),
        Field(name="features", kind=FieldKind.FEATURES, required=False),
        text("note", required=False),
    ),
    Act.REVIEW_READ: form(word("listing", ReviewListing)),
    Act.REPORT_MAKE: form(line("case")),
}
