"""The pages of docs/packs and, in French, of docs/packs/fr, written from the packs themselves: `python scripts/pack_pages.py`; a
test compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.manifest import LawSource
from countenance.policy.ordering import OrderPack, order_pack_from_files, shipped_order_files, shipped_orders
from countenance.policy.pack import Effect, PolicyPack, shipped_packs

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "packs"
_HEAD = "<!-- written from the pack by scripts/pack_pages.py -->\n"

FRENCH: Mapping[str, str] = {
    "# Packs\n": "# Ensembles de règles\n",
    "What each pack asks, on which articles, since when. A pack builds on another and says only what differs.": (
        "Ce que chaque ensemble demande, d'après quels articles, depuis quand. Un ensemble s'appuie sur un autre et ne dit que ce "
        "qui diffère."
    ),
    "How one is put in force: [switching on a pack](../how-to/packs.md). Nothing here is legal advice.\n": (
        "Comment le mettre en vigueur : [mettre un ensemble en vigueur](../../how-to/fr/ensembles.md). Rien de ceci n'est un avis "
        "juridique.\n"
    ),
    "pack": "ensemble",
    "governs": "régit",
    "builds on": "s'appuie sur",
    "version": "version",
    "every place": "tout lieu",
    "order": "ordonnance",
    "authority": "autorité",
    "place": "lieu",
    "dated": "du",
    "Version {version}, hash `{hash}`. Signed by two of: {signers}.\n": (
        "Version {version}, empreinte `{hash}`. Signé par deux de : {signers}.\n"
    ),
    "\n## What is refused\n": "\n## Ce qui est refusé\n",
    "rule": "règle",
    "what it says": "ce qu'elle dit",
    "rests on": "d'après",
    "since": "depuis",
    "\n## Time limits\n": "\n## Délais\n",
    "request": "demande",
    "within": "dans",
    "extension": "prolongation",
    "sources": "sources",
    "\n## Storage limits\n": "\n## Durées de conservation\n",
    "data": "données",
    "at most": "au plus",
    "until its purpose ends": "jusqu'à la fin de leur finalité",
    "\n## What must be on record\n": "\n## Ce qui doit être consigné\n",
    "of": "de",
    "field": "champ",
    "\n## Ages\n": "\n## Âges\n",
    "{ages} Ages are declared, never estimated.": "{ages} L'âge est déclaré, jamais estimé.",
    "{authority}, order {number} of {dated}, for {place}.": "{authority}, ordonnance {number} du {dated}, pour {place}.",
    "Version {version}, hash `{hash}`. What follows is said in our words, after the sources below.\n": (
        "Version {version}, empreinte `{hash}`. Ce qui suit est dit dans nos mots, d'après les sources ci-dessous.\n"
    ),
    "kind": "genre",
    "\nSwitched on, each closes all that it reaches in that place: the program cannot tell whom the order would spare.": (
        "\nMise en vigueur, chacune ferme tout ce qu'elle atteint en ce lieu : le programme ne peut savoir qui l'ordonnance "
        "épargnerait."
    ),
    "An order to delete locks at once; it destroys after two signatures of the authority.": (
        "Une ordonnance de suppression verrouille aussitôt ; elle détruit après deux signatures de l'autorité."
    ),
    "\n## Sources\n": "\n## Sources\n",
    "id": "code",
    "text": "texte",
    "article": "article",
}


@dataclass(frozen=True, kw_only=True)
class Tongue:
    """One language of the pages. `words`: English -> this language; empty in English itself."""

    words: Mapping[str, str]

    def say(self, text: str, **values: object) -> str:
        """`text` in this language, with its values."""
        said = self.words[text] if self.words else text
        return said.format(**values) if values else said

    def of(self, english: str, french: str) -> str:
        """What the pack itself says in both."""
        return french if self.words else english

    def table(self, *names: str) -> str:
        """The head of a table; an empty name heads a column of sentences."""
        heads = " | ".join(self.say(name) if name else "" for name in names)
        return f"| {heads} |\n|{'---|' * len(names)}".replace("|  |", "| |")


ENGLISH_PAGES, FRENCH_PAGES = Tongue(words={}), Tongue(words=FRENCH)


def pages() -> dict[str, str]:
    """Path in the folder -> text of every page."""
    book = load_book(operator="CA")
    orders = [order_pack_from_files(shipped_order_files(name)) for name in shipped_orders()]
    found: dict[str, str] = {}
    for tongue, folder in ((ENGLISH_PAGES, ""), (FRENCH_PAGES, "fr/")):
        found |= {
            f"{folder}{name}.md": _pack_page(tongue, book, book.packs[name]) for name in shipped_packs()
        }
        found |= {f"{folder}{order.name}.md": _order_page(tongue, order) for order in orders}
        found[f"{folder}index.md"] = _index(tongue, book, orders)
    return found


def _index(tongue: Tongue, book: PolicyBook, orders: Iterable[OrderPack]) -> str:
    lines = [
        tongue.say("# Packs\n"),
        tongue.say(
            "What each pack asks, on which articles, since when. A pack builds on another and says only what differs."
        ),
        tongue.say(
            "How one is put in force: [switching on a pack](../how-to/packs.md). Nothing here is legal advice.\n"
        ),
        tongue.table("pack", "governs", "builds on", "version"),
    ]
    lines += [
        f"| [{pack.name}]({pack.name}.md) | {', '.join(pack.covers) or tongue.say('every place')} | {pack.builds_on or '-'} | "
        f"{pack.version} |"
        for pack in book.packs.values()
    ]
    lines += ["\n" + tongue.table("order", "authority", "place", "dated")]
    lines += [
        f"| [{order.name}]({order.name}.md) | {tongue.of(order.authority, order.authority_fr)} | {order.place} | {order.dated} |"
        for order in orders
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _pack_page(tongue: Tongue, book: PolicyBook, pack: PolicyPack) -> str:
    named = [rule for rule in book.all_rules if rule.pack == pack.name]
    refusals = [rule for rule in named if rule.effect is Effect.FORBID]
    signed = tongue.say(
        "Version {version}, hash `{hash}`. Signed by two of: {signers}.\n",
        version=pack.version,
        hash=pack.hash[:16],
        signers=", ".join(pack.signers),
    )
    lines = [
        f"# {pack.name}\n",
        signed + tongue.say("\n## What is refused\n"),
        tongue.table("rule", "what it says", "rests on", "since"),
    ]
    lines += [
        f"| {rule.id} | {tongue.of(rule.en, rule.fr)} | {tongue.of(rule.authority, rule.authority_fr)} | {rule.since} |"
        for rule in refusals
    ]
    if pack.terms.clocks:
        lines += [
            tongue.say("\n## Time limits\n"),
            tongue.table("request", "within", "extension", "sources", ""),
        ]
        lines += [
            f"| {clock.request.value} | {clock.within} | {clock.extension or '-'} | {', '.join(clock.sources)} | "
            f"{tongue.of(clock.en, clock.fr)} |"
            for clock in pack.terms.clocks
        ]
    if pack.terms.retention:
        lines += [tongue.say("\n## Storage limits\n"), tongue.table("data", "at most", "sources", "")]
        lines += [
            f"| {limit.data.value} | {limit.at_most or tongue.say('until its purpose ends')} | {', '.join(limit.sources)} | "
            f"{tongue.of(limit.en, limit.fr)} |"
            for limit in pack.terms.retention
        ]
    if pack.terms.required:
        lines += [
            tongue.say("\n## What must be on record\n"),
            tongue.table("of", "field", "since", "sources", ""),
        ]
        lines += [
            f"| {entry.of.value} | {entry.field.value} | {entry.since} | {', '.join(entry.sources)} | "
            f"{tongue.of(entry.en, entry.fr)} |"
            for entry in pack.terms.required
        ]
    if pack.terms.ages is not None:
        said = tongue.of(pack.terms.ages.en, pack.terms.ages.fr)
        lines += [
            f"{tongue.say('\n## Ages\n')}\n{tongue.say('{ages} Ages are declared, never estimated.', ages=said)}"
        ]
    return _HEAD + "\n".join([*lines, *_sources(tongue, pack.sources)]) + "\n"


def _order_page(tongue: Tongue, pack: OrderPack) -> str:
    lines = [
        f"# {pack.name}\n",
        tongue.say(
            "{authority}, order {number} of {dated}, for {place}.",
            authority=tongue.of(pack.authority, pack.authority_fr),
            number=pack.number,
            dated=pack.dated,
            place=pack.place,
        ),
        tongue.say(
            "Version {version}, hash `{hash}`. What follows is said in our words, after the sources below.\n",
            version=pack.version,
            hash=pack.hash[:16],
        ),
        tongue.table("kind", "what it says", "sources"),
        *(
            f"| {order.kind.value} | {tongue.of(order.en, order.fr)} | {', '.join(order.sources)} |"
            for order in pack.orders
        ),
        tongue.say(
            "\nSwitched on, each closes all that it reaches in that place: the program cannot tell whom the order would spare."
        ),
        tongue.say("An order to delete locks at once; it destroys after two signatures of the authority."),
    ]
    return _HEAD + "\n".join([*lines, *_sources(tongue, pack.sources)]) + "\n"


def _sources(tongue: Tongue, sources: Iterable[LawSource]) -> list[str]:
    lines = [tongue.say("\n## Sources\n"), tongue.table("id", "text", "article", "since")]
    for source in sources:
        title = tongue.of(source.title, source.title_fr)
        linked = f"[{title}]({source.url})" if source.url else title
        lines.append(
            f"| {source.id} | {linked} | {tongue.of(source.article, source.article_fr)} | {source.date} |"
        )
    return lines


def main() -> int:
    """Write the pages."""
    (FOLDER / "fr").mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
