"""The hands of whoever is in: acts and searches, signed with their own key and carried out by the searcher.

A page asks; policy decides, in the searcher. There is no second system of permissions here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from countenance.primitives.canonical import Json
from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_
from countenance.service.address import socket_of
from countenance.service.searcher import RemoteSearcher, connect
from countenance.web.entering.session import Member
from countenance.web.site import Site, site

if TYPE_CHECKING:
    from countenance.acting.path import ActResult
    from countenance.search.path import SearchAnswer
    from countenance.search.values import SearchRequest


class Desk:
    """One member at work, for the length of one request."""

    def __init__(self, member: Member, held: Site) -> None:
        self.member = member
        self.site = held

    def perform(self, act: str, params: Mapping[str, Json] | None = None) -> ActResult:
        """Have an act carried out. Raises what the searcher raises: RefusedError with its rule, UsageError ..."""
        with searcher(self.site) as asked:
            return asked.perform(self._sign(asked, act, dict(params or {})))

    def perform_with(self, act: str, params: Mapping[str, Json], picture: bytes) -> ActResult:
        """As `perform`, for an act that comes with a picture; its SHA-256 is among the parameters."""
        with searcher(self.site) as asked:
            return asked.perform_with(self._sign(asked, act, dict(params)), picture)

    def record(self, act: str, params: Mapping[str, Json] | None = None) -> dict[str, Any]:
        """As `perform`; its record, where it is a document."""
        found = self.perform(act, params).record
        return dict(found) if isinstance(found, Mapping) else {}

    def read(self, listing: str, act: str = "records-read") -> list[dict[str, Any]]:
        """One listing, as the member may see it."""
        return list(self.record(act, {"listing": listing})[listing])

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Search, with the photographs of the request."""
        with searcher(self.site) as asked:
            return asked.search(self._sign(asked, "search", request.params()), request.photographs)

    def _sign(self, asked: RemoteSearcher, act: str, params: Json) -> Any:
        return self.member.key.sign(
            workspace_id=asked.workspace_id, act=act, params=params, at=self.site.now()
        )


@contextmanager
def searcher(held: Site) -> Iterator[RemoteSearcher]:
    """The searcher of the workspace, for one conversation. Raises UnavailableError where none runs."""
    found = connect(socket_of(held.directory))
    if found is None:
        raise UnavailableError(
            N_("The searcher of this workspace does not run."),
            remedy=N_("Whoever runs this workspace starts it with: countenance serve"),
            code="searcher-missing",
        )
    with found:
        yield found


type Page = Callable[..., HttpResponse]


def member_of(request: HttpRequest) -> Member | None:
    """Who is in with both factors; None where nobody is."""
    member: Member | None = getattr(request, "member", None)
    return member if member is not None and member.session.whole else None


def desk_of(request: HttpRequest) -> Desk:
    """The desk of whoever is in; only in a page that is `signed_in`."""
    member = member_of(request)
    assert member is not None
    return Desk(member, site())


def signed_in(page: Page) -> Page:
    """A page for members: others are sent to the door, and come back afterwards."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if member_of(request) is None:
            return _to("/login", request)
        return page(request, *args, **kwargs)

    return guarded


def confirmed(page: Page) -> Page:
    """A page for what cannot be undone: asks for a fresh second factor first (erasure, export, orders, suspension)."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        member = member_of(request)
        if member is None:
            return _to("/login", request)
        if not member.is_fresh(site().now()):
            return _to("/confirm", request)
        return page(request, *args, **kwargs)

    return guarded


def _to(address: str, request: HttpRequest) -> HttpResponseRedirect:
    """To `address`, and back to this page afterwards. A form that was sent is not sent again by itself."""
    back = request.get_full_path() if request.method == "GET" else request.path
    return HttpResponseRedirect(f"{address}?{urlencode({'next': back})}")
