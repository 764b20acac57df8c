"""What each act of measuring asks for."""

from __future__ import annotations

from countenance.acting.form import Forms, form, line, moment, number, texts
from countenance.policy.questions import Act

_MOST_PEOPLE = 1_000_000_000_000
"""More than any evaluation reaches; the act names the most for the one that is given."""

FORMS: Forms = {
    Act.EVALUATION_ADOPT: form(line("gallery"), texts("files"), moment("until")),
    Act.EVALUATION_END: form(line("evaluation"), line("reason")),
    Act.OPERATING_POINT_SET: form(
        line("evaluation"),
        line("fpir"),
        number("people", least=1, most=_MOST_PEOPLE),
        line("reason"),
        moment("until"),
    ),
    Act.OPERATING_POINT_END: form(line("operating_point"), line("reason")),
}
