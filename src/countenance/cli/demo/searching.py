"""Steps 6 to 9: searches that are permitted, searches that are not, and people whom none can find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from countenance.cli.demo import cast
from countenance.cli.demo.desk import Desk, Shown, UnexpectedAnswerError
from countenance.cli.demo.opening import CLIENT, OTHER_PURPOSE, PLACE, PURPOSE
from countenance.cli.demo.stage import RefusalWords, Stage, Step
from countenance.cli.language import _, say
from countenance.cli.leads import answer_document
from countenance.cli.sheet import write_page
from countenance.cli.sheet.sheet import render_sheet
from countenance.cli.sheet.words import coverage_sentence, decimal, purpose_words
from countenance.policy.decisions import Refused
from countenance.primitives.canonical import canonical_json
from countenance.primitives.text import N_
from countenance.records.models import Face
from countenance.records.sealing import CROP_PART
from countenance.search.values import LoggedCandidates, WhichFace
from countenance.vault.errors import KeyDestroyedError
from countenance.vault.vault import Sealed


def open_case(stage: Stage, purpose: str) -> str:
    """Open a case; returns its code."""
    record = stage.act(
        stage.caseworker,
        "case-open",
        purpose=purpose,
        reference="2026/114",
        on_behalf_of=_(CLIENT),
        on_behalf_of_jurisdiction=PLACE,
    ).record
    assert isinstance(record, Mapping)
    return str(record["case"])


def search_all(desk: Desk) -> tuple[tuple[Shown, ...], Step]:
    """Step 6."""
    stage = desk.stage
    screen = stage.screen
    stage.begin("searches")
    screen.facts(
        [(N_("Case"), say(N_("{case}, for: {purpose}"), case=desk.case, purpose=purpose_words(PURPOSE)))],
        indent=4,
    )
    shown: list[Shown] = []
    asked = 0
    for person in cast.CONSENTING:
        first = desk.ask(person)
        if isinstance(first, WhichFace):
            asked += 1
            screen.text(
                N_("{photo} shows {count} faces: the command asks which. We name the large one."),
                indent=4,
                photo=stage.cast.probes[person].name,
                count=len(first.faces),
            )
            made = desk.find(person)
        elif isinstance(first, LoggedCandidates):
            made = Shown(sought=person, answer=first)
        else:
            raise UnexpectedAnswerError(person, type(first).__name__)
        shown.append(made)
        screen.line(f"    {stage.cast.probes[person].name:<10} {_line(made.answer)}")
    sheets = stage.folder / "sheets"
    sheets.mkdir()
    for made in shown:
        write_page(sheets / f"{made.sought}.html", render_sheet(made.answer))
    return tuple(shown), Step(
        name="searches",
        promises={
            "asked-which-face": asked > 0,
            "own-person-first": all(
                made.answer.candidates and made.answer.candidates[0].person == made.sought for made in shown
            ),
        },
        result={
            "case": desk.case,
            "asked_which_face": asked,
            "searches": [made.document() for made in shown],
        },
    )


def _line(answer: LoggedCandidates) -> str:
    """A list in one line of a terminal."""
    names = [f"{each.person or _(N_('unlabelled'))} {decimal(each.score, 2)}" for each in answer.candidates]
    return ", ".join(names[:4]) + (" ..." if len(names) > 4 else "") or _(N_("no candidate"))


@dataclass(frozen=True, kw_only=True)
class Tried:
    """Something that was refused. `what`: a sentence in the language spoken."""

    what: str
    refusal: RefusalWords


def refuse(desk: Desk) -> tuple[tuple[Tried, ...], Step]:
    """Step 7."""
    stage = desk.stage
    stage.begin("refused-searches")
    other = open_case(stage, OTHER_PURPOSE)
    person = cast.CONSENTING[0]
    tries = (
        (_(N_("A search without a case.")), desk.ask(person, case="")),
        (
            say(
                N_("A search in a case for another purpose: {purpose}."), purpose=purpose_words(OTHER_PURPOSE)
            ),
            desk.ask(person, case=other),
        ),
    )
    tried = tuple(
        Tried(what=what, refusal=stage.refusal(answer))
        for what, answer in tries
        if isinstance(answer, Refused)
    )
    for each in tried:
        each.refusal.show(stage.screen, each.what)
    reasons = [each.refusal.reason for each in tried]
    return tried, Step(
        name="refused-searches",
        promises={
            "no-case-refused": "no-case" in reasons,
            "purpose-refused": "purpose-outside-gallery" in reasons,
        },
        result={"refused": [each.refusal.document() for each in tried]},
    )


def not_found(desk: Desk) -> tuple[tuple[Shown, ...], Step]:
    """Step 8."""
    stage = desk.stage
    stage.begin("not-found")
    shown = tuple(desk.find(person) for person in (cast.WITHDREW, cast.NEVER))
    for made in shown:
        stage.screen.line(f"    {stage.cast.probes[made.sought].name:<10} {_line(made.answer)}")
    said = b"".join(canonical_json(answer_document(made.answer)) for made in shown)
    return shown, Step(
        name="not-found",
        promises={
            "not-returned": not any(made.found for made in shown),
            "not-mentioned": not any(
                word.encode() in said for word in (cast.WITHDREW, cast.NEVER, "withdr", "consent")
            ),
        },
        result={"searches": [made.document() for made in shown]},
    )


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """A search before and after its person left. `entry`: of the withdrawal, in the log."""

    receipt: str
    before: Shown
    after: Shown
    entry: int


def leave(desk: Desk, searches: tuple[Shown, ...], receipts: Mapping[str, str]) -> tuple[Leaving, Step]:
    """Step 9."""
    stage = desk.stage
    stage.begin("withdrawal")
    (before,) = (made for made in searches if made.sought == cast.LEAVES)
    crops = list(Face.objects.filter(person__label=cast.LEAVES).exclude(crop="").values_list("id", "crop"))
    kept = [stage.workspace.media.get(name) for _face, name in crops]  # as somebody might have copied them
    receipt = receipts[cast.LEAVES]
    done = stage.act(stage.operator, "consent-withdraw", receipt=receipt)
    after = desk.find(cast.LEAVES)
    destroyed = all(
        _is_destroyed(stage, Sealed(record_id=face, part=CROP_PART, data=data))
        for (face, _name), data in zip(crops, kept, strict=True)
    )
    assert done.log_entry is not None
    leaving = Leaving(receipt=receipt, before=before, after=after, entry=done.log_entry)
    coverage = before.answer.coverage, after.answer.coverage
    stage.screen.facts(
        [
            (N_("Receipt"), receipt),
            (N_("Before"), f"{_line(before.answer)}. {coverage_sentence(coverage[0])}"),
            (N_("After"), f"{_line(after.answer)}. {coverage_sentence(coverage[1])}"),
        ],
        indent=4,
    )
    return leaving, Step(
        name="withdrawal",
        promises={
            "found-before": before.found,
            "gone-after": not after.found,
            "fewer-searched": coverage[1].permitted < coverage[0].permitted,
            "keys-destroyed": bool(crops) and destroyed,
        },
        result={"before": before.document(), "after": after.document(), "log_entry": leaving.entry},
    )


def _is_destroyed(stage: Stage, sealed: Sealed) -> bool:
    """Whether the ciphertext can no longer be read."""
    try:
        stage.workspace.vault.unseal([sealed])
    except KeyDestroyedError:
        return True
    return False
