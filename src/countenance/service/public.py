"""What the searcher answers to whoever asks, without a signature: the public portal's five questions, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from countenance.oversight import transparency
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.params import Params
from countenance.records.workspace import Workspace
from countenance.rights import portal


def _standing(workspace: Workspace, params: Params) -> dict[str, Json]:
    return portal.standing(workspace, params.text("request"), params.text("secret"))


def _receipts(workspace: Workspace, params: Params) -> dict[str, Json]:
    return portal.receipts(workspace, params.text("request"), params.text("secret"))


def _register(_workspace: Workspace, _: Params) -> dict[str, Json]:
    return portal.register()


def _ask(workspace: Workspace, params: Params) -> dict[str, Json]:
    return portal.ask(workspace, params.json)


def _transparency(workspace: Workspace, _: Params) -> dict[str, Json]:
    return transparency.figures(workspace)


_QUESTIONS: Mapping[str, Callable[[Workspace, Params], dict[str, Json]]] = {
    "register": _register,
    "transparency": _transparency,
    "ask": _ask,
    "standing": _standing,
    "receipts": _receipts,
}


def answer(workspace: Workspace, question: str, params: Json) -> dict[str, Json]:
    """The answer to a question of the public. Raises UsageError for any other, and what the portal raises."""
    asked = _QUESTIONS.get(question)
    if asked is None:
        raise UsageError(
            N_("There is no public question {question}."), code="public-unknown", question=question
        )
    return asked(workspace, Params(params))
