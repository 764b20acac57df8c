"""One authenticated request to the API, and the one way from it to a signed act or search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from ninja.security import HttpBearer

from countenance.acting.path import ActResult
from countenance.api.rates import Rates
from countenance.api.tokens import Holder, open_token
from countenance.primitives.canonical import Json
from countenance.primitives.ids import new_id
from countenance.records.identity import SignedRequest
from countenance.search.path import SearchAnswer
from countenance.search.values import ACT as SEARCH
from countenance.search.values import SearchRequest
from countenance.service.searcher import RemoteSearcher
from countenance.web.desk import searcher
from countenance.web.site import site


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks."""

    holder: Holder

    def perform(self, act: str, params: Mapping[str, Json], *, nonce: str | None = None) -> ActResult:
        """Sign an act with the account's key and have it carried out. Raises what the searcher raises."""
        self.holder.check(act, params)
        with searcher(site()) as asked:
            return asked.perform(self._sign(asked, act, dict(params), nonce))

    def perform_with(
        self, act: str, params: Mapping[str, Json], picture: bytes, *, nonce: str | None = None
    ) -> ActResult:
        """As `perform`, for an act that comes with a picture."""
        self.holder.check(act, params)
        with searcher(site()) as asked:
            return asked.perform_with(self._sign(asked, act, dict(params), nonce), picture)

    def search(self, request: SearchRequest, *, nonce: str | None = None) -> SearchAnswer:
        """Sign a search and have it answered."""
        params = request.params()
        self.holder.check(SEARCH, params)
        with searcher(site()) as asked:
            return asked.search(self._sign(asked, SEARCH, params, nonce), request.photographs)

    def _sign(
        self, asked: RemoteSearcher, act: str, params: dict[str, Json], nonce: str | None
    ) -> SignedRequest:
        return self.holder.key.sign(
            workspace_id=asked.workspace_id,
            act=act,
            params=params,
            at=site().now(),
            nonce=nonce,
        )


class TokenAuth(HttpBearer):
    """A token of the API in the header `Authorization` (RFC 6750, 2.1)."""

    def authenticate(self, request: HttpRequest, token: str) -> Asking | None:  # noqa: ARG002 - ninja's signature
        holder = open_token(token, site().now())
        return None if holder is None else Asking(holder=holder)


class TooManyRequestsError(Exception):
    """`seconds`: after which there is room again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


RATES = Rates()


def asking_of(request: HttpRequest) -> Asking:
    """Who asks, of a request that was let in. Raises TooManyRequestsError."""
    found = getattr(request, "auth", None)  # ninja puts there what `authenticate` gave
    assert isinstance(found, Asking)
    wait = RATES.wait(found.holder.row.pk, site().now())
    if wait:
        raise TooManyRequestsError(wait)
    return found


@cache
def process() -> str:
    """Tells this process from others that serve the same workspace, or did."""
    return new_id().hex
