"""Steps 4 and 5: the photographs come in, and two people's faces do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from countenance.biometrics.vocabulary import FaceReason, PhotographState
from countenance.cli.demo import cast
from countenance.cli.demo.opening import SOURCE
from countenance.cli.demo.stage import RefusalWords, Stage, Step, refusal_words
from countenance.cli.language import _, say
from countenance.ingest.path import ingest
from countenance.ingest.report import items
from countenance.ingest.values import IngestResult, ItemReport, Progress
from countenance.primitives.text import N_
from countenance.records.models import Reference

STATES = {
    "done": N_("taken in"),
    "no-face": N_("without a face"),
    "unreadable": N_("unreadable"),
    "duplicate": N_("there already"),
    "refused": N_("refused"),
    "held": N_("held for a human"),
    "failed": N_("failed"),
    "enrolled": N_("enrolled"),
    "withdrawn": N_("withdrawn"),
}
"""States of photographs and faces, behind their number."""


@dataclass(frozen=True, kw_only=True)
class TakenIn:
    """How the ingest ended. `not_in`: files that are held or refused, or hold such faces."""

    result: IngestResult
    not_in: tuple[ItemReport, ...]
    enrolled: Mapping[str, int]


def take_in(stage: Stage, progress: Callable[[Progress], None]) -> tuple[TakenIn, Step]:
    """Step 4. `progress`: called with how far it is."""
    stage.begin("ingest")
    workspace = stage.workspace
    request = stage.operator.sign(
        workspace_id=str(workspace.settings.id),
        act="ingest",
        params={"source": SOURCE, "manifest": str(stage.cast.manifest)},
        at=workspace.clock(),
    )
    result = ingest(workspace, request, progress=progress)
    not_in = tuple(items(workspace, result.run, (PhotographState.HELD, PhotographState.REFUSED)))
    enrolled = {
        person: Reference.objects.filter(face__person__label=person, ended_at__isnull=True).count()
        for person in cast.PEOPLE
    }
    held = [item for item in not_in if item.state == PhotographState.HELD.value]
    stage.screen.facts(
        [
            (N_("Photographs"), _states(result.photographs)),
            (N_("Faces"), _states(result.faces)),
            (N_("References"), result.references),
            (
                N_("Held"),
                say(N_("{count} sheets: which of their faces is meant?"), count=len(held)),
            ),
        ],
        indent=4,
    )
    return TakenIn(result=result, not_in=not_in, enrolled=enrolled), Step(
        name="ingest",
        promises={
            "none-failed": result.failed == 0 and not result.stopped,
            "everybody-enrolled": all(enrolled[person] == 4 for person in cast.CONSENTING),
            "sheets-held": len(held) == len(cast.CONSENTING)
            and all(item.reason == FaceReason.WHICH_FACE.value for item in held),
        },
        result={
            "photographs": dict(result.photographs),
            "faces": dict(result.faces),
            "references": result.references,
            "enrolled": dict(enrolled),
            "held": [item.path for item in held],
            "seconds": round(result.seconds, 2),
        },
    )


def show_refused(stage: Stage, taken: TakenIn) -> tuple[dict[str, RefusalWords], Step]:
    """Step 5. The two people whose faces were refused, and by which rule."""
    stage.begin("refused-enrolments")
    book = stage.workspace.policy().book
    words: dict[str, RefusalWords] = {}
    for person in (cast.WITHDREW, cast.NEVER):
        rules = {
            (face.rule, face.reason)
            for item in taken.not_in
            for face in item.faces
            if face.person == person and face.rule
        }
        if rules:
            words[person] = refusal_words(book, *min(rules))
            words[person].show(stage.screen, say(N_("{person}: not enrolled."), person=person))
    held = {person: Reference.objects.filter(face__person__label=person).count() for person in words}
    return words, Step(
        name="refused-enrolments",
        promises={
            "consent-withdrawn-refused": _reason(words, cast.WITHDREW) == "consent-withdrawn",
            "no-consent-refused": _reason(words, cast.NEVER) == "no-consent",
            "nothing-of-theirs": len(held) == 2 and not any(held.values()),
        },
        result={person: refusal.document() for person, refusal in words.items()},
    )


def _reason(words: Mapping[str, RefusalWords], person: str) -> str:
    return words[person].reason if person in words else ""


def _states(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {_(STATES.get(state, state))}" for state, count in counts.items() if count)
