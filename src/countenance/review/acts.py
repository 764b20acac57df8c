"""One handler per act of the path."""

from __future__ import annotations

from countenance.acting.step import Handler, Handlers, Step
from countenance.policy.questions import Act
from countenance.records.named import find_case
from countenance.review import case_report, closed, competence, figures, first, path, showing


def _client_of_case(step: Step) -> str:
    return str(find_case(step.params.text("case")).client_id)


HANDLERS: Handlers = {
    Act.COMPETENCE_RECORD: Handler(carry_out=competence.record, client_of=competence.client_of),
    Act.REVIEW_OPEN: Handler(
        carry_out=path.open_reviews, client_of=_client_of_case, closed=closed.case_closed
    ),
    Act.REVIEW_NEXT: Handler(
        carry_out=path.take_next,
        client_of=figures.client_of_reader,
        closed=closed.in_hand_closed,
        against=competence.against,
    ),
    Act.REVIEW_SEAL: Handler(
        carry_out=path.seal,
        client_of=figures.client_of_reader,
        closed=closed.in_hand_closed,
        against=competence.against,
    ),
    Act.REVIEW_WITHDRAW: Handler(carry_out=path.withdraw, client_of=figures.client_of_reader),
    Act.CANDIDATE_SHOW: Handler(
        carry_out=showing.show, client_of=_client_of_case, closed=closed.candidate_closed
    ),
    Act.CANDIDATE_JUDGE: Handler(
        carry_out=first.judge, client_of=_client_of_case, closed=closed.candidate_closed
    ),
    Act.REVIEW_READ: Handler(carry_out=figures.read, client_of=figures.client_of_reader),
    Act.REPORT_MAKE: Handler(
        carry_out=case_report.make, client_of=_client_of_case, closed=closed.report_closed
    ),
}
