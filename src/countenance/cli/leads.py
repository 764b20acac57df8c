"""An answer to a search: as JSON by the published schema, and as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from countenance.cli.failures import Exit
from countenance.cli.language import _, say
from countenance.cli.screen import Column, Screen
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.biometrics.statement import Chance, Evidence, Statement
    from countenance.search.path import SearchAnswer
    from countenance.search.values import ByThreshold, Candidate, LoggedCandidates, ProbeFace, WhichFace

STATEMENT = N_(
    "These are leads, not identifications. A comparison score says how near two photographs' faces lie to one "
    "another, not how probable it is that they show one person. Two people must examine a lead before it is used."
)

UNREADABLE = N_("No face could be taken from photograph {number} ({reason}): failure to acquire.")


def answer_document(answer: SearchAnswer) -> dict[str, Json]:
    """The answer by the schema `schemas/search.schema.json`; the statement is English whatever the language."""
    from countenance.policy.decisions import Refused
    from countenance.search.values import FailureToAcquire, LoggedCandidates

    if isinstance(answer, Refused):
        return {
            "refused": {
                "reason": answer.reason,
                "rule": answer.rule,
                "authority": answer.authority,
                "since": answer.since,
            }
        }
    if isinstance(answer, FailureToAcquire):
        return {"failure_to_acquire": {"photograph": answer.photograph, "reason": answer.reason}}
    if not isinstance(answer, LoggedCandidates):
        return {
            "which_face": {"photograph": answer.photograph, "faces": [_face(face) for face in answer.faces]}
        }
    return {
        "candidates": [_candidate(candidate) for candidate in answer.candidates],
        "coverage": {
            "searched": answer.coverage.searched,
            "of": answer.coverage.permitted,
            "not_searchable": answer.coverage.not_searchable,
        },
        "people": answer.people,
        "evaluation": _evidence(answer.evidence),
        "operating_point": _by_threshold(answer.by_threshold),
        "space_id": str(answer.space_id),
        "grant": answer.grant_id,
        "log_entry": answer.log_entry,
        "statement": STATEMENT,
    }


def answer_exit(answer: SearchAnswer) -> Exit:
    """0 for a list, empty or not; 1 where no face was acquired; 2 where a face must be named; 3 for a refusal."""
    from countenance.policy.decisions import Refused
    from countenance.search.values import FailureToAcquire, WhichFace

    if isinstance(answer, Refused):
        return Exit.REFUSED
    if isinstance(answer, FailureToAcquire):
        return Exit.FAILED
    return Exit.USAGE if isinstance(answer, WhichFace) else Exit.DONE


def show_which_face(screen: Screen, answer: WhichFace, name: str, photographs: int = 1) -> None:
    """The faces to choose from. `photographs`: how many the command was given."""
    from countenance.cli.sheet.words import QUALITY

    screen.text(
        N_("{name} shows {count} faces. Say which is the sought person:"), name=name, count=len(answer.faces)
    )
    screen.table(
        [
            Column(title=N_("Face"), right=True),
            Column(title=N_("From the left"), right=True),
            Column(title=N_("From the top"), right=True),
            Column(title=N_("Width"), right=True),
            Column(title=N_("Height"), right=True),
            Column(title=N_("Quality")),
        ],
        [
            (
                face.number,
                *(f"{value:.0f}" for value in (face.box.x, face.box.y, face.box.width, face.box.height)),
                [_(QUALITY.get(reason, reason)) for reason in face.quality],
            )
            for face in answer.faces
        ],
        empty="",
    )
    screen.text(N_("(pixels of the photograph as it is displayed)"), dim=True)
    number = answer.faces[0].number
    if photographs == 1:
        screen.text(N_("Then give the same command with --face {number}."), number=number)
        return
    # One for each photograph, in their order; the others are left as they were.
    places = (number if place == answer.photograph else -1 for place in range(photographs))
    options = " ".join(f"--face {place}" for place in places)
    screen.text(N_("Then give the same command with {options} (-1: the only one there is)."), options=options)


def show_candidates(screen: Screen, answer: LoggedCandidates) -> None:
    """The list, its coverage, and what it is."""
    from countenance.cli.sheet.words import count_heading, origin_sentence, threshold_sentence

    screen.paragraph(f"{count_heading(len(answer.candidates))} ({answer.gallery})", bold=True)
    if not answer.candidates:
        screen.text(
            N_(
                "Nobody who may be shown lies above the floor. That says nothing about who is not in the gallery."
            )
        )
    for candidate in answer.candidates:
        _show_candidate(screen, candidate)
    screen.line()
    for sentence in (threshold_sentence(answer), origin_sentence(answer)):
        if sentence:
            screen.paragraph(sentence)
    show_coverage(screen, answer)
    screen.line()
    screen.text(STATEMENT)


def show_coverage(screen: Screen, answer: LoggedCandidates) -> None:
    """How much was searched, in which case, and where it stands in the log."""
    from countenance.cli.sheet.words import coverage_sentence

    screen.paragraph(coverage_sentence(answer.coverage))
    screen.facts(
        [(N_("Case"), f"{answer.case} ({answer.purpose})"), (N_("Log entry"), answer.log_entry)], indent=0
    )


def _show_candidate(screen: Screen, candidate: Candidate) -> None:
    from countenance.cli.sheet.words import decimal, references_words, statement_sentence

    person = candidate.person or _(N_("unlabelled face"))
    meaning = statement_sentence(candidate.statement)
    screen.line(f"{candidate.rank:>3}  {person}", bold=True)
    screen.facts(
        [
            (N_("Comparison score"), f"{decimal(candidate.score)}. {meaning}"),
            (N_("References"), references_words(candidate)),
            (N_("Photograph"), say(N_("{photo}, face {face}"), photo=candidate.photo, face=candidate.face)),
            (N_("Holder's reference"), candidate.source_ref or None),
            (N_("Taken"), candidate.captured_at or None),
            (N_("Holder"), f"{candidate.holder} ({candidate.contact})"),
        ],
        indent=5,
    )


def _candidate(candidate: Candidate) -> dict[str, Json]:
    return {
        "rank": candidate.rank,
        "person": candidate.person,
        "photo": candidate.photo,
        "face": candidate.face,
        "score": round(candidate.score, 4),
        "references": candidate.references,
        "frames": candidate.frames,
        "source": candidate.source,
        "source_ref": candidate.source_ref or None,
        "captured_at": candidate.captured_at or None,
        "holder": candidate.holder,
        "contact": candidate.contact,
        "statement": _statement(candidate.statement),
    }


def _statement(statement: Statement | None) -> dict[str, Json] | None:
    """The statement with the standard's symbols; FPIR is null where the evaluation saw it too seldom to tell."""
    if statement is None:
        return None
    stranger, missed = statement.stranger, statement.missed
    return {
        "evaluation": statement.origin.value,
        "N": statement.gallery,
        "FPIR": None if stranger is None else _chance(stranger),
        "FNIR": _chance(missed),
    }


def _evidence(evidence: Evidence | None) -> dict[str, Json] | None:
    """The evaluation behind the statements, and why it is not the gallery's own."""
    if evidence is None:
        return None
    return {
        "origin": evidence.origin.value,
        "pack": evidence.pack,
        "code": evidence.code or None,
        "measured_on": evidence.measured_on or None,
        "valid_until": evidence.valid_until or None,
        "N": evidence.people or None,
        "passed_over": None if evidence.passed_over is None else evidence.passed_over.value,
    }


def _by_threshold(point: ByThreshold | None) -> dict[str, Json] | None:
    """The operating point of identification with the standard's symbols."""
    if point is None:
        return None
    return {
        "code": point.operating_point,
        "T": point.threshold,
        "N": point.most_people,
        "FPIR": point.fpir,
        "FNIR": point.fnir,
        "valid_until": point.valid_until,
    }


def _chance(chance: Chance) -> dict[str, Json]:
    return {"value": chance.value, "low": chance.low, "high": chance.high}


def _face(face: ProbeFace) -> dict[str, Json]:
    box = face.box
    return {
        "face": face.number,
        "box": {"x": box.x, "y": box.y, "width": box.width, "height": box.height},
        "quality": [str(reason) for reason in face.quality],
        "components": {str(name): score for name, score in face.components.items()},
    }


def names_of(photographs: Sequence[str], number: int) -> str:
    """The name of photograph `number`, as it was given."""
    return photographs[number] if 0 <= number < len(photographs) else str(number)
