"""What lies on the desks of operator, request desk and oversight: lists, and the acts that begin there.

Which list and which act somebody may use, the engine decides; a shelf that is refused says so and by which rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from countenance.policy.purposes import Role
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One list. `act`, `params`: how it is read; `listing`: under which name its rows come.

    `key`: the field that names a row; `columns`: what a table shows of it. `acts`: what begins here; `row_acts`: what is
    done to one row, with the parameter that takes its key, or the row's field of `row_field`. `long`: read a page at a time, and searched
    by the beginning of a name. `hint`: what is done elsewhere, and
    `commands`: with which commands, word for word.
    """

    name: str
    title: str
    act: Act
    listing: str
    key: str
    columns: tuple[str, ...]
    empty: str
    params: Mapping[str, Json] = field(default_factory=dict)
    acts: tuple[Act, ...] = ()
    row_acts: tuple[tuple[Act, str], ...] = ()
    row_field: str = ""
    long: bool = False
    hint: str = ""
    commands: tuple[str, ...] = ()

    def asked(self, find: str = "", first: int = 0, most: int = 0) -> dict[str, Json]:
        """The parameters of the act that reads it; of a long one `most` rows from `first`, which begin with `find`."""
        if self.act is Act.REQUEST_READ:
            return dict(self.params)
        turn: dict[str, Json] = {"first": first, "most": most} if self.long else {}
        if self.long and find:
            turn["find"] = find
        return {"listing": self.listing, **self.params, **turn}


@dataclass(frozen=True, kw_only=True)
class Group:
    """Shelves that belong together. `title`: said above them; empty on a desk with few."""

    title: str
    shelves: tuple[Shelf, ...]


@dataclass(frozen=True, kw_only=True)
class Wing:
    """One desk: its shelves, and for whom it is listed on the first page."""

    name: str
    title: str
    text: str
    roles: frozenset[Role]
    groups: tuple[Group, ...]

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """All of them, in the order of the page."""
        return tuple(shelf for group in self.groups for shelf in group.shelves)

    @property
    def path(self) -> str:
        return f"/{self.name}"

    def shelf(self, name: str) -> Shelf | None:
        """The shelf of this name; the first for no name."""
        return next((each for each in self.shelves if name in {"", each.name}), None)


def records(listing: str, **more: object) -> Shelf:
    """A list of the records."""
    return Shelf(name=listing, act=Act.RECORDS_READ, listing=listing, **more)  # type: ignore[arg-type]


def oversight(listing: str, **more: object) -> Shelf:
    """A list for those who watch."""
    return Shelf(name=listing, act=Act.OVERSIGHT_READ, listing=listing, **more)  # type: ignore[arg-type]
