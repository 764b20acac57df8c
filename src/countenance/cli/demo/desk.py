"""The caseworker's desk: searches, asked as the command asks them."""

from __future__ import annotations

from dataclasses import dataclass

from countenance.cli.demo.opening import GALLERY
from countenance.cli.demo.stage import Stage
from countenance.cli.leads import answer_document
from countenance.primitives.canonical import Json
from countenance.primitives.errors import CountenanceError
from countenance.primitives.text import N_
from countenance.search.path import SearchAnswer
from countenance.search.values import ACT, LoggedCandidates, SearchRequest, WhichFace
from countenance.service.searcher import Searcher


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One search as it is shown. `sought`: whose photograph it was made with, as only this story knows."""

    sought: str
    answer: LoggedCandidates

    @property
    def found(self) -> bool:
        """Whether the sought person is on the list."""
        return self.sought in [candidate.person for candidate in self.answer.candidates]

    def document(self) -> dict[str, Json]:
        """The search for `--json`."""
        return {"sought": self.sought, "answer": answer_document(self.answer)}


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A caseworker at work. `case`: its code."""

    stage: Stage
    searcher: Searcher
    case: str

    def ask(self, person: str, *, case: str | None = None, face: int | None = None) -> SearchAnswer:
        """Search with the held-out photograph of `person`."""
        photographs = (self.stage.cast.probes[person].read_bytes(),)
        request = SearchRequest(
            case=self.case if case is None else case,
            gallery=GALLERY,
            purpose="",
            photographs=photographs,
            faces=(face,),
        )
        signed = self.stage.caseworker.sign(
            workspace_id=self.searcher.workspace_id,
            act=ACT,
            params=request.params(),
            at=self.stage.workspace.clock(),
        )
        return self.searcher.search(signed, photographs)

    def find(self, person: str) -> Shown:
        """Search, and name the largest face where the photograph shows several, as a caseworker would."""
        answer = self.ask(person)
        if isinstance(answer, WhichFace):
            answer = self.ask(person, face=max(answer.faces, key=lambda face: face.box.area).number)
        if not isinstance(answer, LoggedCandidates):
            raise UnexpectedAnswerError(person, type(answer).__name__)
        return Shown(sought=person, answer=answer)


class UnexpectedAnswerError(CountenanceError):
    """A search that was to give a list gave something else."""

    code = "demo-answer"

    def __init__(self, person: str, answer: str) -> None:
        super().__init__(
            N_("The search with the photograph of {person} gave {answer}, not a list."),
            person=person,
            answer=answer,
        )
