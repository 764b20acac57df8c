"""`countenance review`: the blind examination of candidates, by two people apart and a third where they differ."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, show_list, show_rows
from countenance.cli.door import Door
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_


class _ReviewFamily(Family):
    """`review CASE` is `review open CASE`: what one types first."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and read_code(args[0]) is not None:
            args = ["open", *args]
        return super().resolve_command(ctx, args)


review = _ReviewFamily(
    "review",
    summary=TABLE["review"][1],
    text=N_(
        "Two people examine each candidate apart from one another, and a third where they differ. Nobody sees score, "
        "rank, name or what somebody else has found until all have sealed. What comes of it is a lead, no candidate, or "
        "inconclusive; never more."
    ),
)


@review.command(
    "open",
    summary=N_("Open the reviews of a case, and show how they stand."),
    text=N_(
        "For a caseworker or a supervisor. A review covers one search; what is open already stays as it is."
    ),
    examples=("countenance review C-7K3M-9QXA", "countenance review open C-7K3M-9QXA"),
)
@argument("case", metavar="CASE", help=N_("The case's code."))
@pass_door
def open_(door: Door, case: str) -> None:
    """Open reviews."""
    record = carry_out(door, "review-open", {"case": case}, N_("Reviews of case {case}:"), case=case)
    rows = record.get("reviews")
    if not door.screen.json and isinstance(rows, list):
        show_rows(
            door,
            [dict(row) for row in rows],
            ("review", "search_entry", "state"),
            empty=N_("No search has been made in this case yet."),
            numbers=("search_entry",),
        )


@review.command(
    "next",
    summary=N_("Take the next pair of faces, as a page to look at."),
    text=N_(
        "For a reviewer with valid training. The page shows the probe beside one face, eyes equally far apart. Some of "
        "the faces are fillers of synthetic people. Each look is logged."
    ),
    examples=("countenance review next --page pair.html",),
)
@option("--review", metavar="CODE", help=N_("The review. Else the oldest that waits for you."))
@option("--after", metavar="CODE", help=N_("A pair that you skip for now; the one after it is taken."))
@option(
    "--page",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=N_("Where the page is written (HTML). Else pair.html in this folder."),
)
@pass_door
def next_(door: Door, /, review: str | None, after: str | None, page: Path | None) -> None:
    """Take the next pair."""
    record = door.perform("review-next", given(review=review, after=after)).record
    assert isinstance(record, dict)
    if door.screen.json:
        door.screen.document(record)
        return
    if record["pair"] is None:
        door.screen.text(N_("Nothing waits for your examination."))
        return
    from countenance.cli.sheet import write_page
    from countenance.cli.sheet.pair import SCALE, render_pair

    target = page or Path("pair.html")
    write_page(target, render_pair(record))
    door.screen.text(N_("Pair {pair}, {left} left in this review."), pair=record["pair"], left=record["left"])
    door.screen.text(N_("Look at it: {path}"), path=str(target))
    door.screen.line()
    door.screen.facts(SCALE)
    door.screen.line()
    door.screen.text(N_("Then seal what you found:"))
    door.screen.line(f"  countenance review seal {record['pair']} --verdict 0 --alike ears --different nose")


def verdict_options[F: Callable[..., object]](command: F) -> F:
    """What one says of a pair of faces: a verdict, features, a note."""
    for each in reversed(
        (
            option("--verdict", metavar="NUMBER", required=True, help=N_("From -3 to 3, or: unsuitable.")),
            option(
                "--alike",
                metavar="TEXT",
                multiple=True,
                help=N_("A feature that is alike. May be given often."),
            ),
            option(
                "--different",
                metavar="TEXT",
                multiple=True,
                help=N_("A feature that differs. May be given often."),
            ),
            option(
                "--not-visible",
                metavar="TEXT",
                multiple=True,
                help=N_("A feature that one picture does not show."),
            ),
            option("--note", metavar="TEXT", help=N_("Anything else, in at most 500 characters.")),
        )
    ):
        command = each(command)
    return command


def features_of(
    alike: tuple[str, ...], different: tuple[str, ...], not_visible: tuple[str, ...]
) -> list[Json]:
    """The features as an act takes them."""
    return [
        _feature(text, finding)
        for finding, texts in (("alike", alike), ("different", different), ("not-visible", not_visible))
        for text in texts
    ]


@review.command(
    "seal",
    summary=N_("Seal your verdict on a pair; until all are revealed it can be withdrawn."),
    text=N_(
        "A verdict of 2 or 3 in either direction needs three features that were compared. A feature may carry a note "
        "after a colon. Features, after the FISWG list, version 2.0 (2018): face-outline, face-composition, hairline, "
        "forehead, eyebrows, eyes, cheeks, nose, ears, mouth, chin, neck, facial-hair, facial-lines, scars, marks, "
        "alterations."
    ),
    examples=(
        "countenance review seal E-7K3M-9QXA --verdict -2 \\",
        '    --different ears --different "nose: narrower bridge" --alike chin',
        "countenance review seal E-7K3M-9QXA --verdict unsuitable",
    ),
)
@argument("pair", metavar="CODE", help=N_("The pair's code, as `review next` gave it."))
@verdict_options
@pass_door
def seal(
    door: Door,
    /,
    pair: str,
    verdict: str,
    alike: tuple[str, ...],
    different: tuple[str, ...],
    not_visible: tuple[str, ...],
    note: str | None,
) -> None:
    """Seal a verdict."""
    features = features_of(alike, different, not_visible)
    params = {"pair": pair, "verdict": verdict, "features": features, **given(note=note)}
    record = carry_out(door, "review-seal", params, N_("Verdict on {pair} sealed."), pair=pair)
    if record.get("left"):
        door.screen.text(N_("{left} left: countenance review next"), left=record["left"])


def _feature(text: str, finding: str) -> Json:
    name, _colon, note = text.partition(":")
    return {"feature": name.strip(), "finding": finding, "note": note.strip()}


@review.command(
    "withdraw",
    summary=N_("Withdraw a verdict of yours, before any is revealed."),
    text=N_(
        "It stays as it was sealed, and counts for nothing; the log holds both. Examine the pair again: it is the next one."
    ),
    examples=("countenance review withdraw", "countenance review withdraw E-7K3M-9QXA"),
)
@argument(
    "pair", metavar="CODE", required=False, help=N_("The pair's code. Else the last one that you sealed.")
)
@pass_door
def withdraw(door: Door, pair: str | None) -> None:
    """Withdraw a verdict."""
    record = carry_out(door, "review-withdraw", given(pair=pair), N_("Your verdict is withdrawn."))
    if not door.screen.json:
        door.screen.text(N_("Pair {pair} waits for you again: countenance review next"), pair=record["pair"])


@review.command(
    "list",
    summary=N_("List reviews; a client's account sees its own."),
    examples=("countenance review list",),
)
@pass_door
def list_(door: Door) -> None:
    """List reviews."""
    show_list(
        door,
        "reviews",
        ("review", "case", "search_entry", "opened_at", "concluded_at", "outcome"),
        act="review-read",
        empty=N_("There are no reviews yet: countenance review CASE."),
        numbers=("search_entry",),
    )


@review.command(
    "reviewers",
    summary=N_("Figures of each reviewer on planted fillers."),
    text=N_(
        "A filler taken for a lead is an error beyond doubt. The interval says how little so few of them can tell."
    ),
    examples=("countenance review reviewers",),
)
@pass_door
def reviewers(door: Door) -> None:
    """Figures of reviewers."""
    show_list(
        door,
        "reviewers",
        ("account", "verdicts", "fillers", "fillers_taken_for_leads", "rate", "rate_interval"),
        act="review-read",
        empty=N_("There are no reviewers yet: countenance account add --role reviewer."),
        numbers=("verdicts", "fillers", "fillers_taken_for_leads"),
    )


@review.command(
    "train",
    summary=N_("Put a reviewer's training on record."),
    text=N_("For a supervisor or an operator. Nobody examines without it, or after its last day."),
    examples=(
        'countenance review train ada --training "Facial review, level 2" \\',
        '    --evidence "Certificate 12" --valid-until 2027-06-30',
    ),
)
@argument("reviewer", metavar="ACCOUNT", help=N_("The reviewer's account."))
@option("--training", metavar="TEXT", required=True, help=N_("The course or test."))
@option("--evidence", metavar="TEXT", required=True, help=N_("The certificate: where a reader can check."))
@option("--valid-from", metavar="DATE", help=N_("First day. Else today."))
@option("--valid-until", metavar="DATE", help=N_("The day it ends. Else in a year."))
@pass_door
def train(door: Door, /, reviewer: str, **params: str | None) -> None:
    """Record training."""
    carry_out(
        door,
        "competence-record",
        {"account": reviewer, **given(**params)},
        N_("Training of {account} is on record."),
        account=reviewer,
    )


from countenance.cli.commands import review_candidates  # noqa: E402 - adds its commands to the family

__all__ = ["review", "review_candidates"]
