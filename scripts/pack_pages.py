"""The pages of docs/packs, written from the packs themselves: `python scripts/pack_pages.py`; a test compares."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.manifest import LawSource
from countenance.policy.ordering import OrderPack, order_pack_from_files, shipped_order_files, shipped_orders
from countenance.policy.pack import Effect, PolicyPack, shipped_packs

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "packs"
_HEAD = "<!-- written from the pack by scripts/pack_pages.py -->\n"


def pages() -> dict[str, str]:
    """File name -> text of every page."""
    book = load_book(operator="CA")
    orders = [order_pack_from_files(shipped_order_files(name)) for name in shipped_orders()]
    found = {f"{name}.md": _pack_page(book, book.packs[name]) for name in shipped_packs()}
    found |= {f"{order.name}.md": _order_page(order) for order in orders}
    found["index.md"] = _index(book, orders)
    return found


def _index(book: PolicyBook, orders: Iterable[OrderPack]) -> str:
    lines = [
        "# Packs\n",
        "What each pack asks, on which articles, since when. A pack builds on another and says only what differs.",
        "How one is put in force: [switching on a pack](../how-to/packs.md). Nothing here is legal advice.\n",
        "| pack | governs | builds on | version |\n|---|---|---|---|",
    ]
    lines += [
        f"| [{pack.name}]({pack.name}.md) | {', '.join(pack.covers) or 'every place'} | {pack.builds_on or '-'} | "
        f"{pack.version} |"
        for pack in book.packs.values()
    ]
    lines += ["\n| order | authority | place | dated |\n|---|---|---|---|"]
    lines += [
        f"| [{order.name}]({order.name}.md) | {order.authority} | {order.place} | {order.dated} |"
        for order in orders
    ]
    return _HEAD + "\n".join(lines) + "\n"


def _pack_page(book: PolicyBook, pack: PolicyPack) -> str:
    named = [rule for rule in book.all_rules if rule.pack == pack.name]
    refusals = [rule for rule in named if rule.effect is Effect.FORBID]
    lines = [
        f"# {pack.name}\n",
        f"Version {pack.version}, hash `{pack.hash[:16]}`. Signed by two of: {', '.join(pack.signers)}.\n",
        "## What is refused\n",
        "| rule | what it says | rests on | since |\n|---|---|---|---|",
        *(f"| {rule.id} | {rule.en} | {rule.authority} | {rule.since} |" for rule in refusals),
    ]
    if pack.terms.clocks:
        lines += ["\n## Time limits\n", "| request | within | extension | sources | |\n|---|---|---|---|---|"]
        lines += [
            f"| {clock.request.value} | {clock.within} | {clock.extension or '-'} | {', '.join(clock.sources)} | {clock.en} |"
            for clock in pack.terms.clocks
        ]
    if pack.terms.retention:
        lines += ["\n## Storage limits\n", "| data | at most | sources | |\n|---|---|---|---|"]
        lines += [
            f"| {limit.data.value} | {limit.at_most or 'until its purpose ends'} | {', '.join(limit.sources)} | {limit.en} |"
            for limit in pack.terms.retention
        ]
    if pack.terms.required:
        lines += [
            "\n## What must be on record\n",
            "| of | field | since | sources | |\n|---|---|---|---|---|",
        ]
        lines += [
            f"| {entry.of.value} | {entry.field.value} | {entry.since} | {', '.join(entry.sources)} | {entry.en} |"
            for entry in pack.terms.required
        ]
    if pack.terms.ages is not None:
        lines += [f"\n## Ages\n\n{pack.terms.ages.en} Ages are declared, never estimated."]
    return _HEAD + "\n".join([*lines, *_sources(pack.sources)]) + "\n"


def _order_page(pack: OrderPack) -> str:
    lines = [
        f"# {pack.name}\n",
        f"{pack.authority}, order {pack.number} of {pack.dated}, for {pack.place}.",
        f"Version {pack.version}, hash `{pack.hash[:16]}`. What follows is said in our words, after the sources below.\n",
        "| kind | what it says | sources |\n|---|---|---|",
        *(f"| {order.kind.value} | {order.en} | {', '.join(order.sources)} |" for order in pack.orders),
        "\nSwitched on, each closes all that it reaches in that place: the program cannot tell whom the order would spare.",
        "An order to delete locks at once; it destroys after two signatures of the authority.",
    ]
    return _HEAD + "\n".join([*lines, *_sources(pack.sources)]) + "\n"


def _sources(sources: Iterable[LawSource]) -> list[str]:
    return [
        "\n## Sources\n",
        "| id | text | article | since |\n|---|---|---|---|",
        *(
            f"| {source.id} | {f'[{source.title}]({source.url})' if source.url else source.title} | {source.article} | "
            f"{source.date} |"
            for source in sources
        ),
    ]


def main() -> int:
    """Write the pages."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
