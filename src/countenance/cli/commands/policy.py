"""`countenance policy`: the rules in force, what they would decide, and how they are replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli.acts import carry_out, pass_door, show_list
from countenance.cli.commands.clients import PURPOSES
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.language import Language, spoken
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.policy.book import PolicyBook
    from countenance.policy.pack import Rule
    from countenance.policy.questions import Question

SEARCH = "search"

policy = Family(
    "policy",
    summary=TABLE["policy"][1],
    text=N_(
        "A policy pack is the law of one jurisdiction as rules. What no rule permits is refused; each refusal names "
        "its rule, the law or order it rests on, and since when. Replacing the pack takes two persons."
    ),
)


@policy.command(
    "list",
    summary=N_("List the packs that are or were in force here."),
    examples=("countenance policy list",),
)
@pass_door
def list_(door: Door) -> None:
    """List packs."""
    names = ("pack", "version", "activated_at", "state", "hash")
    show_list(door, "policies", names, empty=N_("No policy pack is in force, so nothing is permitted."))


@policy.command(
    "show",
    summary=N_("Show the rules in force, or one of them in full."),
    examples=("countenance policy show", "countenance policy show CA-03"),
)
@argument("rule", metavar="[RULE]", required=False, help=N_("Id of one rule."))
@pass_door
def show(door: Door, rule: str | None) -> None:
    """Show rules."""
    book = door.workspace().policy().book
    last = ""
    rules = book.all_rules if rule is None else (book.rule(rule.upper()),)
    if door.screen.json:
        door.screen.document(
            {
                "policy": book.hash,
                "packs": [
                    {"name": pack.name, "version": pack.version, "hash": pack.hash}
                    for pack in book.packs.values()
                ],
                "rules": [_document(found) for found in rules],
            }
        )
        return
    if rule is not None:
        _show_rule(door, book, rules[0])
        return
    for found in rules:
        if found.pack != last:
            last = found.pack
            pack = book.packs[last]
            door.screen.line()
            door.screen.text(
                N_("Pack {name} {version}, in force since {since}"),
                bold=True,
                name=pack.name,
                version=pack.version,
                since=pack.in_force_since,
            )
        door.screen.line()
        door.screen.line(f"{found.id}  {found.effect.value}  {found.reason}", bold=True)
        door.screen.paragraph(_sentence(found), indent=2)
        door.screen.paragraph(f"{_authority(found)} ({found.since})", indent=2, dim=True)


def _show_rule(door: Door, book: PolicyBook, rule: Rule) -> None:
    screen = door.screen
    screen.line(f"{rule.id}  {rule.effect.value}  {rule.reason}", bold=True)
    screen.paragraph(_sentence(rule), indent=2)
    screen.facts([(N_("Authority"), _authority(rule)), (N_("Since"), rule.since)])
    for source in book.sources_of(rule):
        french = spoken() is Language.FR
        title = source.title_fr if french else source.title
        article = source.article_fr if french else source.article
        screen.facts([(N_("Source of law"), f"{title}, {article} ({source.date})"), (N_("Text"), source.url)])


def _sentence(rule: Rule) -> str:
    return rule.fr if spoken() is Language.FR else rule.en


def _authority(rule: Rule) -> str:
    return rule.authority_fr if spoken() is Language.FR else rule.authority


def _document(rule: Rule) -> Json:
    return {
        "rule": rule.id,
        "effect": rule.effect.value,
        "reason": rule.reason,
        "authority": rule.authority,
        "since": rule.since,
        "sources": list(rule.sources),
        "en": rule.en,
        "fr": rule.fr,
    }


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
                "fired": [_document(rule) for rule in explanation.fired],
                "errors": list(explanation.errors),
            }
        )
    else:
        screen.text(N_("Permitted.") if permitted else N_("Refused."), bold=True)
        for rule in explanation.fired or (named,):
            screen.line()
            _show_rule(door, engine.book, rule)
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
    "activate",
    summary=N_("Put a pack in force; takes two persons."),
    text=N_(
        "DIR is a pack's folder, or the name of one that comes with the program (CA). It must load: its rules are "
        "checked against the schema first. The pack of that name before it is kept, so that old decisions can be replayed."
    ),
    examples=("countenance policy activate packs/CA-QC",),
)
@argument("directory", metavar="DIR", type=click.Path(path_type=Path), help=N_("Folder or name of the pack."))
@pass_door
def activate(door: Door, directory: Path) -> None:
    """Propose a pack."""
    from countenance.policy.pack import pack_from_files, read_pack_files, shipped_pack_files, shipped_packs

    if not directory.is_dir() and str(directory) in shipped_packs():
        files = shipped_pack_files(str(directory))
    else:
        files = read_pack_files(directory)
    pack_from_files(files)  # before anybody signs for it
    carry_out(door, "policy-activate", {"files": files}, N_("The pack is in force."))
