"""An order pack: a binding order of an authority as a file that can be signed and put in force, as a pack of a place can.

A pack of a place says what its law asks of everybody. An order is one decision of one authority, with a number and a date.
So an order pack holds no rules: each of its orders becomes a restriction (`restrictions.py`) when two persons put the
pack in force, under the authority's name, number and date, and from then on that authority alone lifts it.

`order.json` is the pack's only file::

    {"name": "P21-08", "version": "2026.11.1", "place": "CA-BC", "authority": .., "authority_fr": ..,
     "number": "P21-08", "dated": "2021-12-14", "signers": [key, key], "sources": [..],
     "orders": [{"kind": "cease-offering", "destroy_from": null, "sources": [id], "en": .., "fr": ..}]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from countenance.policy.manifest import (
    LawSource,
    pack_error,
    read_known_sources,
    read_list,
    read_object,
    read_signers,
    read_source,
    read_text,
    require_date,
    require_name,
)
from countenance.policy.pack import ORDER_FILE, PolicyPack, pack_from_files, pack_hash, read_packed
from countenance.policy.restrictions import OrderKind

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")
_KEYS = ["name", "version", "place", "authority", "authority_fr", "number", "dated"]


@dataclass(frozen=True, kw_only=True)
class PackedOrder:
    """One thing that an authority ordered. `destroy_from`: ISO date, of an order to delete and of no other. `en`, `fr`:
    what it says, in our words.
    """

    kind: OrderKind
    destroy_from: str | None
    sources: tuple[str, ...]
    en: str
    fr: str


@dataclass(frozen=True, kw_only=True)
class OrderPack:
    """A pack that has passed every check of `order_pack_from_files`.

    `place`: ISO 3166 code of where the authority has jurisdiction; its orders reach that far. `number`, `dated`: the
    document's own. `hash`: SHA-256 (64 hex digits), as of a pack of rules.
    """

    name: str
    version: str
    place: str
    authority: str
    authority_fr: str
    number: str
    dated: str
    signers: tuple[str, ...]
    sources: tuple[LawSource, ...]
    orders: tuple[PackedOrder, ...]
    hash: str


def shipped_orders() -> tuple[str, ...]:
    """Names of the order packs that come with the program, sorted."""
    return tuple(sorted(entry.name for entry in _shipped().iterdir() if entry.is_dir()))


def shipped_order_files(name: str) -> dict[str, str]:
    """The texts of the shipped order pack of that name. Raises NotFoundError, or FormatError."""
    return read_packed(_shipped() / name, name)


def any_pack(texts: Mapping[str, str]) -> PolicyPack | OrderPack:
    """The pack of rules or of orders that these files make. Raises FormatError (code `policy-pack`)."""
    return order_pack_from_files(texts) if ORDER_FILE in texts else pack_from_files(texts)


def order_pack_from_files(texts: Mapping[str, str]) -> OrderPack:
    """The order pack whose files have these texts. Raises FormatError (code `policy-pack`)."""
    if wrong := sorted(set(texts) - {ORDER_FILE}):
        raise pack_error(f"files are missing or do not belong to it: {', '.join(wrong)}")
    try:
        top = json.loads(texts[ORDER_FILE])
    except ValueError as error:
        raise pack_error("order.json is not JSON") from error
    found = read_object(top, [*_KEYS, "signers", "sources", "orders"], ORDER_FILE)
    said = {key: read_text(found[key], key) for key in _KEYS}
    if not _NAME.fullmatch(said["name"]):
        raise pack_error("its name is not letters, digits and hyphens")
    listed = read_list(found["sources"], "sources")
    sources = tuple(read_source(item, f"sources[{number}]") for number, item in enumerate(listed))
    known = {source.id for source in sources}
    orders = tuple(
        _order(item, f"orders[{number}]", known)
        for number, item in enumerate(read_list(found["orders"], "orders"))
    )
    if len({order.kind for order in orders}) != len(orders):
        raise pack_error("two orders are of one kind")
    return OrderPack(
        name=said["name"],
        version=said["version"],
        place=require_name(said["place"]),
        authority=said["authority"],
        authority_fr=said["authority_fr"],
        number=said["number"],
        dated=require_date(said["dated"], "dated"),
        signers=read_signers(found["signers"]),
        sources=sources,
        orders=orders,
        hash=pack_hash(texts),
    )


def _order(value: object, where: str, known: set[str]) -> PackedOrder:
    found = read_object(value, ["kind", "destroy_from", "sources", "en", "fr"], where)
    try:
        kind = OrderKind(read_text(found["kind"], f"{where}.kind"))
    except ValueError as error:
        raise pack_error(f"{where}: {found['kind']!r} is no kind of order") from error
    if (found["destroy_from"] is not None) != (kind is OrderKind.DELETE):
        raise pack_error(
            f"{where}: an order to delete says from when on it destroys, and no other order does"
        )
    day = found["destroy_from"]
    return PackedOrder(
        kind=kind,
        destroy_from=None if day is None else require_date(read_text(day, f"{where}.destroy_from"), where),
        sources=read_known_sources(found["sources"], where, known),
        en=read_text(found["en"], f"{where}.en"),
        fr=read_text(found["fr"], f"{where}.fr"),
    )


def _shipped() -> Traversable:
    return files("countenance.policy") / "orders"
