"""`countenance policy`: the rules in force, what they would decide, and how they are replaced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from countenance.cli import packs
from countenance.cli.acts import carry_out, pass_door, show_list
from countenance.cli.door import Door
from countenance.cli.language import Language, spoken
from countenance.cli.parts import Family, argument
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.errors import NotFoundError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.policy.book import PolicyBook
    from countenance.policy.pack import Rule
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
                "rules": [rule_document(found) for found in rules],
            }
        )
        return
    if rule is not None:
        show_rule(door, book, rules[0])
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


def show_rule(door: Door, book: PolicyBook, rule: Rule) -> None:
    """One rule, with what it rests on."""
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


def rule_document(rule: Rule) -> Json:
    """A rule as JSON."""
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


from countenance.cli.commands import policy_asking  # noqa: E402 - adds its commands to the family

__all__ = ["policy", "policy_asking"]
