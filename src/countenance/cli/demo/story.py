"""The demonstration from its first step to its last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from countenance.cli.demo import evidence, intake, opening, searching
from countenance.cli.demo.cast import People
from countenance.cli.demo.desk import Desk, Shown
from countenance.cli.demo.evidence import Changed, Exported
from countenance.cli.demo.intake import TakenIn
from countenance.cli.demo.searching import Leaving, Tried
from countenance.cli.demo.stage import RefusalWords, Stage, Step
from countenance.cli.demo.texts import STEPS
from countenance.cli.language import tell
from countenance.cli.screen import Screen
from countenance.cli.sheet import write_page
from countenance.ingest.values import Progress
from countenance.primitives.errors import CountenanceError
from countenance.service.searcher import LocalSearcher

PAGE = "demo.html"


@dataclass(frozen=True, kw_only=True)
class Story:
    """All that the page shows. Made only where no step met an error."""

    stage: Stage
    people_version: str
    taken: TakenIn
    refused_enrolments: dict[str, RefusalWords]
    searches: tuple[Shown, ...]
    refused_searches: tuple[Tried, ...]
    not_found: tuple[Shown, ...]
    leaving: Leaving
    exported: Exported
    changed: Changed


@dataclass(kw_only=True)
class Telling:
    """How far it is. `steps`: those that were tried, in order. `page`: written at the end. `case`: open still."""

    folder: Path
    people_version: str
    started: float = field(default_factory=time.monotonic)
    steps: list[Step] = field(default_factory=list)
    page: Path | None = None
    case: str = ""

    @property
    def ok(self) -> bool:
        """Whether every step was tried and brought about what it promised."""
        return [step.name for step in self.steps] == list(STEPS) and all(step.ok for step in self.steps)

    @property
    def broken(self) -> list[tuple[str, str]]:
        """Step and promise, for each promise that was not kept."""
        return [
            (step.name, promise) for step in self.steps for promise, kept in step.promises.items() if not kept
        ]


def run(folder: Path, people: People, screen: Screen, progress: Callable[[Progress], None]) -> Telling:
    """Tell the story in `folder`, which exists and is empty. An error of ours ends it at the step that met it."""
    telling = Telling(folder=folder, people_version=people.version)
    with _told(telling):
        stage, step = opening.make_workspace(folder, people.folder, screen)
        telling.steps.append(step)
        try:
            _tell(stage, telling, progress)
        finally:
            stage.workspace.close()
    return telling


def _tell(stage: Stage, telling: Telling, progress: Callable[[Progress], None]) -> None:
    steps = telling.steps
    steps.append(opening.register(stage))
    receipts, step = opening.record_consents(stage)
    steps.append(step)
    taken, step = intake.take_in(stage, progress)
    steps.append(step)
    refused_enrolments, step = intake.show_refused(stage, taken)
    steps.append(step)
    telling.case = searching.open_case(stage, opening.PURPOSE)
    with LocalSearcher(stage.workspace) as searcher:
        desk = Desk(stage=stage, searcher=searcher, case=telling.case)
        searches, step = searching.search_all(desk)
        steps.append(step)
        refused_searches, step = searching.refuse(desk)
        steps.append(step)
        not_found, step = searching.not_found(desk)
        steps.append(step)
        leaving, step = searching.leave(desk, searches, receipts)
        steps.append(step)
    exported, step = evidence.export_and_verify(stage)
    steps.append(step)
    changed, step = evidence.change_and_verify(stage, exported, leaving.entry)
    steps.append(step)
    story = Story(
        stage=stage,
        people_version=telling.people_version,
        taken=taken,
        refused_enrolments=refused_enrolments,
        searches=searches,
        refused_searches=refused_searches,
        not_found=not_found,
        leaving=leaving,
        exported=exported,
        changed=changed,
    )
    telling.page, step = _write(story)
    steps.append(step)


def _write(story: Story) -> tuple[Path, Step]:
    """Step 12."""
    from countenance.cli.demo.page import render_page

    story.stage.begin("page")
    path = story.stage.folder / PAGE
    write_page(path, render_page(story))
    return path, Step(name="page", promises={"page-written": path.is_file()}, result={"page": str(path)})


@contextmanager
def _told(telling: Telling) -> Iterator[None]:
    """An error of ours becomes a broken promise of the step that met it; any other is a fault, and goes on up."""
    try:
        yield
    except CountenanceError as error:
        name = list(STEPS)[len(telling.steps)]
        telling.steps.append(
            Step(
                name=name,
                promises={"no-error": False},
                result={"error": {"code": error.code, "message": tell(error.message)}},
            )
        )
