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
        self._epoch: int | None = None

    @contextmanager
    def _searcher(self) -> Iterator[RemoteSearcher]:
        with searcher(self.site) as asked:
            self._epoch = asked.epoch if self._epoch is None else min(self._epoch, asked.epoch)
            yield asked

    @property
    def epoch(self) -> int:
        """The revocation epoch before this request was told anything: what was told may be shown while it is the same."""
        if self._epoch is None:
            with self._searcher():
                pass
        assert self._epoch is not None
        return self._epoch

    def perform(self, act: str, params: Mapping[str, Json] | None = None) -> ActResult:
        """Have an act carried out. Raises what the searcher raises: RefusedError with its rule, UsageError ..."""
        with self._searcher() as asked:
            return asked.perform(self._sign(asked, act, dict(params or {})))

    def perform_with(self, act: str, params: Mapping[str, Json], picture: bytes) -> ActResult:
        """As `perform`, for an act that comes with a picture; its SHA-256 is among the parameters."""
        with self._searcher() as asked:
            return asked.perform_with(self._sign(asked, act, dict(params)), picture)

    def record(self, act: str, params: Mapping[str, Json] | None = None) -> dict[str, Any]:
        """As `perform`; its record, where it is a document."""
        found = self.perform(act, params).record
        return dict(found) if isinstance(found, Mapping) else {}

    def read(self, listing: str, act: str = "records-read") -> list[dict[str, Any]]:
        """One listing, as the member may see it."""
        return list(self.record(act, {"listing": listing})[listing])

    def lay(self, value: object, size: int) -> str:
        """Lay something on the table of this session; returns the name it is found by."""
        return self.site.tray.lay(self.member.session.pk, value, size, self.site.now())

    def find(self, name: str) -> object | None:
        """What lies on the table of this session under `name`."""
        return self.site.tray.find(self.member.session.pk, name, self.site.now())

    def take(self, name: str) -> object | None:
        """As `find`, and it is gone from the table."""
        return self.site.tray.take(self.member.session.pk, name, self.site.now())

    def may_show(self, epoch: int | None) -> bool:
        """Whether what was told in `epoch` may be shown: nothing has ended since. None: it shows nobody of a gallery."""
        return epoch is None or epoch == self.epoch

    def search(self, request: SearchRequest) -> SearchAnswer:
        """Search, with the photographs of the request."""
        with self._searcher() as asked:
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
    found: Desk | None = getattr(request, "desk", None)
    if found is None:
        member = member_of(request)
        assert member is not None
        found = Desk(member, site())
        request.desk = found  # type: ignore[attr-defined]  # Django's requests carry what middleware and pages add
    return found


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
