"""The desks of the application: which there are, and which a role finds on its first page.

What is listed here opens nothing: policy decides on every act, whatever page it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from countenance.cli.language import Language, spoken
from countenance.policy.purposes import Role
from countenance.primitives.text import N_
from countenance.web.desk import member_of
from countenance.web.wings import WINGS


@dataclass(frozen=True, kw_only=True)
class Place:
    """A desk. `roles`: those it is for."""

    path: str
    title: str
    text: str
    roles: frozenset[Role]


DESKS: tuple[Place, ...] = (
    Place(
        path="/cases",
        title=N_("Cases"),
        text=N_("The errands under which one may search, and what came of them."),
        roles=frozenset({Role.CASEWORKER, Role.SUPERVISOR}),
    ),
    Place(
        path="/review",
        title=N_("Review"),
        text=N_("Candidates examined blind, by two people apart from one another."),
        roles=frozenset({Role.REVIEWER, Role.SUPERVISOR}),
    ),
    *(Place(path=wing.path, title=wing.title, text=wing.text, roles=wing.roles) for wing in WINGS),
)
"""In the order of the navigation."""


def context(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: who is in, their desks, the language."""
    member = member_of(request)
    desks = [desk for desk in DESKS if member is not None and member.account.role in desk.roles]
    at = next((desk.path for desk in desks if f"{request.path}/".startswith(f"{desk.path}/")), "")
    return {
        "member": member,
        "desks": desks,
        "at": at,
        "here": request.path,
        "other_language": Language.EN if spoken() is Language.FR else Language.FR,
    }
