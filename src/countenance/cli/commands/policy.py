"""`countenance policy`: the rules in force, what they would decide, and how they are replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli import packs
from countenance.cli.acts import carry_out, pass_door, show_list
from countenance.cli.commands.clients import PURPOSES
from countenance.cli.door import Door
from countenance.cli.failures import Exit
from countenance.cli.language import Language, say, spoken
from countenance.cli.parts import Family, argument, option
from countenance.cli.table import TABLE
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError, UsageError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.policy.book import PolicyBook
    from countenance.policy.difference import Differences
    from countenance.policy.pack import Rule
    from countenance.policy.questions import Question
    from countenance.policy.terms import Clock, Required, RetentionLimit

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
    "export",
    summary=N_("Copy a pack into a folder, to be read, changed and signed."),
    text=N_("PACK is the name of one that comes with the program, or the folder of another."),
    examples=("countenance policy export EU packs/EU",),
)
@argument("pack", metavar="PACK", type=click.Path(path_type=Path), help=N_("Name or folder of the pack."))
@argument("directory", metavar="DIR", type=click.Path(path_type=Path), help=N_("New folder."))
@pass_door
def export(door: Door, pack: Path, directory: Path) -> None:
    """Copy out."""
    made = packs.export(pack, directory)
    if door.screen.json:
        door.screen.document({"pack": made.name, "hash": made.hash, "directory": str(directory)})
        return
    door.screen.text(
        N_("Pack {pack} copied to {directory}."), bold=True, pack=made.name, directory=str(directory)
    )


@policy.command(
    "sign",
    summary=N_("Vouch for a pack with your key."),
    text=N_(
        "The signature lies beside the pack's files. A pack is put in force only where two keys that it names, and that "
        "this workspace trusts, have signed it as it is."
    ),
    examples=("countenance policy sign packs/EU --as operator",),
)
@argument("directory", metavar="DIR", type=click.Path(path_type=Path), help=N_("Folder of the pack."))
@pass_door
def sign(door: Door, directory: Path) -> None:
    """Sign a pack."""
    record = packs.sign(door, directory)
    if door.screen.json:
        door.screen.document(record)
        return
    signers = record["signed_by"]
    assert isinstance(signers, list)
    door.screen.text(
        N_("Pack {pack} is signed by: {keys}."),
        bold=True,
        pack=str(record["pack"]),
        keys=", ".join(map(str, signers)),
    )


@policy.command(
    "trust",
    summary=N_("Let a key vouch for packs; takes two persons."),
    text=N_("NAME is what packs call the key. KEY replaces the one of that name, if there is one."),
    examples=('countenance policy trust counsel "$(cat counsel.pub)"',),
)
@argument("name", metavar="NAME", help=N_("Name of the key."))
@argument("key", metavar="KEY", help=N_("The public key: 64 hexadecimal digits."))
@pass_door
def trust(door: Door, name: str, key: str) -> None:
    """Trust a signer."""
    carry_out(
        door, "policy-trust", {"name": name, "public_key": key}, N_("The key {name} is trusted."), name=name
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


@policy.command(
    "terms",
    summary=N_("Show the time limits, storage limits and required fields of a place."),
    examples=("countenance policy terms CA-QC",),
)
@argument("place", metavar="PLACE", help=N_("An ISO 3166 code, CA or CA-QC."))
@pass_door
def terms(door: Door, place: str) -> None:
    """Show terms."""
    from countenance.policy.places import check_place

    book = door.workspace().policy().book
    code = check_place(place)
    pack = book.governing(code)
    if pack is None:
        raise NotFoundError(N_("No policy in force here governs {place}."), code="no-such-pack", place=code)
    found = book.terms(code)
    entries: list[tuple[str, Clock | RetentionLimit | Required]] = [
        *((f"{clock.request.value}: {clock.within}", clock) for clock in found.clocks),
        *((f"{limit.data.value}: {limit.at_most or '-'}", limit) for limit in found.retention),
        *((f"{entry.of.value}: {entry.field.value}", entry) for entry in found.required),
    ]
    if door.screen.json:
        door.screen.document(
            {
                "place": code,
                "pack": pack.name,
                "terms": [
                    {"term": told, "sources": list(entry.sources), "en": entry.en, "fr": entry.fr}
                    for told, entry in entries
                ],
            }
        )
        return
    for told, entry in entries:
        door.screen.line(told, bold=True)
        door.screen.paragraph(entry.fr if spoken() is Language.FR else entry.en, indent=2)


@policy.command(
    "activate",
    summary=N_("Put a pack in force; takes two persons."),
    text=N_(
        "DIR is a pack's folder. It must load: its rules are checked against the schema first; and it must be signed by "
        "two keys (countenance policy sign). The pack of that name before it is kept, so that old decisions can be "
        "replayed. Of a pack of orders, such as P21-08, each order is in force at once, as if its authority had issued it."
    ),
    examples=("countenance policy activate packs/EU", "countenance policy activate orders/P21-08"),
)
@argument("directory", metavar="DIR", type=click.Path(path_type=Path), help=N_("Folder of the pack."))
@pass_door
def activate(door: Door, directory: Path) -> None:
    """Propose a pack."""
    from countenance.policy.ordering import any_pack
    from countenance.policy.signing import check_signatures
    from countenance.records.policies import trusted_signers

    files, signatures = packs.files_of(directory), packs.signatures_in(directory)
    pack = any_pack(files)
    door.workspace()
    check_signatures(pack, signatures, trusted_signers())  # before anybody signs for it
    carry_out(
        door,
        "policy-activate",
        {"files": files, "signatures": {entry.key: entry.signature.hex() for entry in signatures}},
        N_("The pack is in force."),
    )
