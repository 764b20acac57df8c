"""What a searcher does with a candidate: look at the whole photograph, and seal an own verdict, which opens the review."""

from __future__ import annotations

import base64
from pathlib import Path

import click

from countenance.cli.acts import carry_out, given, pass_door, signed
from countenance.cli.commands.requests import write_private
from countenance.cli.commands.review import features_of, review, verdict_options
from countenance.cli.door import Door
from countenance.cli.parts import argument, option
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_

_CASE = argument("case", metavar="CASE", help=N_("The case's code."))
_SEARCH = option(
    "--search",
    type=int,
    required=True,
    metavar="NUMBER",
    help=N_("The log entry of the search, as its answer named it."),
)
_RANK = option(
    "--rank", type=int, required=True, metavar="NUMBER", help=N_("The candidate's place on the list.")
)


@review.command(
    "photograph",
    summary=N_("The whole photograph of a candidate, everybody else destroyed in it."),
    text=N_(
        "Faces of others are destroyed in the pixels, as far as they are found, and whatever basis they have. For the "
        "case's own client, while the case is open. Each look is logged."
    ),
    examples=("countenance review photograph C-7K3M-9QXA --search 41 --rank 1 --out scene.jpg",),
)
@_CASE
@_SEARCH
@_RANK
@option(
    "--out", required=True, metavar="FILE", type=click.Path(path_type=Path), help=N_("The picture (JPEG).")
)
@pass_door
def photograph(door: Door, /, case: str, search: int, rank: int, out: Path) -> None:
    """Show the photograph."""
    from countenance.primitives.clock import system_clock
    from countenance.records.identity import AccountKey
    from countenance.service.searcher import open_searcher

    key = AccountKey.read(door.keys() / f"{door.account()}.key")
    params: dict[str, Json] = {"case": case, "search": search, "rank": rank}
    with open_searcher(door.directory().absolute()) as searcher:
        result = searcher.perform(
            key.sign(
                workspace_id=searcher.workspace_id, act="candidate-show", params=params, at=system_clock()
            )
        )
    assert isinstance(result.record, dict)
    if result.record["picture"] is None:
        raise NotFoundError(
            N_("The holder's photograph is not there any more, or is not the one that was taken in."),
            code="photograph-gone",
        )
    write_private(out, base64.b64decode(str(result.record["picture"])))
    if door.screen.json:
        document = {name: value for name, value in result.record.items() if name != "picture"}
        door.screen.document({**document, "out": str(out), "log_entry": result.log_entry})
        return
    door.screen.text(
        N_("Photograph: {path}. Faces of others destroyed in it: {count}."),
        path=str(out),
        count=result.record["destroyed"],
    )
    signed(door, result.log_entry)


@review.command(
    "judge",
    summary=N_("Seal your own verdict on a candidate that you found, and open the review."),
    text=N_(
        "For whoever searches. No examiner is shown it, it counts for nothing, and the report tells it once the review is "
        "concluded. A change of mind is a further verdict."
    ),
    examples=("countenance review judge C-7K3M-9QXA --search 41 --rank 1 --verdict 1",),
)
@_CASE
@_SEARCH
@_RANK
@verdict_options
@pass_door
def judge(
    door: Door,
    /,
    case: str,
    search: int,
    rank: int,
    verdict: str,
    alike: tuple[str, ...],
    different: tuple[str, ...],
    not_visible: tuple[str, ...],
    note: str | None,
) -> None:
    """Seal the searcher's own verdict."""
    params: dict[str, Json] = {
        "case": case,
        "search": search,
        "rank": rank,
        "verdict": verdict,
        "features": features_of(alike, different, not_visible),
        **given(note=note),
    }
    record = carry_out(
        door, "candidate-judge", params, N_("Your verdict on candidate {rank} is sealed."), rank=rank
    )
    if not door.screen.json:
        door.screen.text(N_("Review: {review}"), review=record["review"])
