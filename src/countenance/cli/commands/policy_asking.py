"""`countenance policy test`, `diff`, `try` and `replay`: what the rules would decide, and what they have decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli import packs
from countenance.cli.acts import pass_door
from countenance.cli.commands.clients import PURPOSES
from countenance.cli.commands.policy import SEARCH, policy, rule_document, show_rule
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.language import say
from countenance.cli.parts import argument, option
from countenance.policy.questions import Act
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.policy.difference import Differences
    from countenance.policy.questions import Question


@policy.command(
    "test",
    summary=N_("Ask what the rules would decide; nothing is done."),
    text=N_(
        "Asks for your account, with the facts of this moment, and names every rule that speaks. ACT is an act such "
        "as gallery-add, or search (with --case and --gallery). Exit code 3 if it would be refused."
    ),
    examples=(
        "countenance policy test gallery-reinstate --approvals 1",
        "countenance policy test search --case C-7K3M-9QXA --gallery missing --as chloe",
    ),
)
@argument(
    "act",
    metavar="ACT",
    type=click.Choice([SEARCH, *(act.value for act in Act)]),
    help=N_("What would be done."),
)
@option("--client", metavar="NAME", help=N_("The client whose thing it touches."))
@option(
    "--approvals",
    metavar="NUMBER",
    type=click.IntRange(1, 9),
    default=1,
    help=N_("How many persons sign. Else 1."),
)
@option("--case", "case_code", metavar="CASE", help=N_("For a search: the case."))
@option("--gallery", metavar="GALLERY", help=N_("For a search: the gallery."))
@option(
    "--purpose",
    metavar="PURPOSE",
    type=PURPOSES,
    help=N_("For a search: the purpose. Else that of the case."),
)
@pass_door
def test(
    door: Door,
    act: str,
    client: str | None,
    approvals: int,
    case_code: str | None,
    gallery: str | None,
    purpose: str | None,
) -> int:
    """Explain a decision."""
    from countenance.policy.decisions import Permitted

    if act == SEARCH:
        question = _search_question(door, case_code, gallery, purpose)
    else:
        question = _act_question(door, Act(act), client, approvals)
    engine = door.workspace().policy()
    explanation = engine.explain(question)
    decision = explanation.decision
    permitted = isinstance(decision, Permitted)
    named = engine.book.rule(decision.rule)
    screen = door.screen
    if screen.json:
        screen.document(
            {
                "permitted": permitted,
                "rule": decision.rule,
                "reason": None if isinstance(decision, Permitted) else decision.reason,
                "fired": [rule_document(rule) for rule in explanation.fired],
                "errors": list(explanation.errors),
            }
        )
    else:
        screen.text(N_("Permitted.") if permitted else N_("Refused."), bold=True)
        for rule in explanation.fired or (named,):
            screen.line()
            show_rule(door, engine.book, rule)
    return Exit.DONE if permitted else Exit.REFUSED


def _act_question(door: Door, act: Act, client: str | None, approvals: int) -> Question:
    from countenance.policy.questions import ActQuestion
    from countenance.records.identity import caller_facts
    from countenance.records.named import find_account, find_client

    workspace = door.workspace()
    facts = caller_facts(find_account(door.account()))
    client_id = str(find_client(client).pk) if client else (facts.client.id if facts.client else None)
    return ActQuestion(caller=facts, act=act, client_id=client_id, approvals=approvals, now=workspace.clock())


def _search_question(door: Door, code: str | None, gallery: str | None, purpose: str | None) -> Question:
    from countenance.policy.questions import SearchQuestion, SoughtFacts
    from countenance.primitives.ids import read_code
    from countenance.records import facts, models
    from countenance.records.identity import caller_facts
    from countenance.records.named import find_account, find_gallery

    if gallery is None:
        raise UsageError(N_("A search is in a gallery; name it with --gallery."), code="gallery-missing")
    workspace = door.workspace()
    case = (
        models.Case.objects.select_related("client").filter(code=read_code(code) or code).first()
        if code
        else None
    )
    return SearchQuestion(
        caller=caller_facts(find_account(door.account())),
        case=facts.case_facts(case) if case else None,
        purpose=purpose or (case.purpose if case else None),
        requester=facts.requester_facts(case) if case else None,
        gallery=facts.gallery_facts(find_gallery(gallery)),
        permission_class=None,
        sought=facts.sought_facts(case) if case else SoughtFacts(),
        now=workspace.clock(),
    )


@policy.command(
    "diff",
    summary=N_("Show what one version of a pack decides otherwise than another."),
    text=N_(
        "Asks both the whole grid: purposes, places, moments at each boundary, suspensions and roles. Nothing is done."
    ),
    examples=("countenance policy diff CA packs/CA",),
)
@argument("old", metavar="OLD", type=click.Path(path_type=Path), help=N_("Name or folder of a pack."))
@argument(
    "new", metavar="NEW", type=click.Path(path_type=Path), help=N_("Name or folder of another version.")
)
@pass_door
def diff(door: Door, old: Path, new: Path) -> None:
    """Compare two packs."""
    _show_differences(door, packs.compare(door, old, new))


@policy.command(
    "try",
    summary=N_("Show what would change if a pack were put in force now."),
    text=N_("Compares it with the packs in force, as countenance policy diff does. Nothing is done."),
    examples=("countenance policy try packs/EU",),
)
@argument("pack", metavar="PACK", type=click.Path(path_type=Path), help=N_("Name or folder of the pack."))
@pass_door
def try_(door: Door, pack: Path) -> None:
    """Dry run."""
    _show_differences(door, packs.compare(door, None, pack))


def _show_differences(door: Door, found: Differences) -> None:
    screen = door.screen
    if screen.json:
        screen.document(found.document())
        return
    screen.text(
        N_("{changed} of {asked} questions would be answered otherwise."),
        bold=True,
        changed=found.changed,
        asked=found.asked,
    )
    verbs = {True: say(N_("permitted")), False: say(N_("refused"))}
    for change in found.changes:
        before, after = verbs[change.before_permits], verbs[change.after_permits]
        screen.line(
            f"{change.count:>7}  {change.kind}: {before} ({change.before}) -> {after} ({change.after})",
            bold=change.opens,
        )
        screen.paragraph(say(N_("such as: {example}"), example=change.example), indent=9, dim=True)


@policy.command(
    "replay",
    summary=N_("Decide an entry of the log again, with the packs of its time."),
    text=N_("Exit code 1, and what differs, if the decision is not the same."),
    examples=("countenance policy replay 17",),
)
@argument("entry", metavar="ENTRY", type=click.IntRange(0), help=N_("Index of the entry."))
@pass_door
def replay(door: Door, entry: int) -> int:
    """Replay a decision."""
    from countenance.records.replaying import replay_entry

    found = replay_entry(door.workspace(), entry)
    screen = door.screen
    if screen.json:
        screen.document(
            {**found.__dict__, "differences": list(found.differences), "same": not found.differences}
        )
    elif found.differences:
        screen.text(N_("Entry {entry} is decided otherwise."), bold=True, entry=entry)
        for difference in found.differences:
            screen.paragraph(difference, indent=2)
    else:
        screen.text(
            N_("Entry {entry} ({event}) is decided again as it was: {rule}, by policy {policy}."),
            entry=entry,
            event=found.event,
            rule=found.again,
            policy=found.policy[:16],
        )
    return Exit.FAILED if found.differences else Exit.DONE
