"""An account that is added in a page without a key: one is made for its owner, and leaves sealed in a one-time link."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest

from countenance.policy.purposes import Role
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.identity import AccountKey
from countenance.web.entering.link import invite
from countenance.web.site import site

_TAKES_TWO = frozenset({Role.OPERATOR, Role.COMMISSIONER, Role.INSPECTOR})


def key_for(act: Act, params: Mapping[str, Json]) -> AccountKey | None:
    """A new key, where `params` add an account and name none; it lives until the link is made. None for all else.

    Raises UsageError for an account that two persons add: by the time of the second signature its key would be gone.
    """
    if act is not Act.ACCOUNT_ADD or params.get("public_key"):
        return None
    if params.get("role") in _TAKES_TWO:
        raise UsageError(
            N_("Two persons add an account of this role, so its key must be there beforehand."),
            remedy=N_(
                "Give its public key, or add it on the machine itself: countenance account add NAME --role ROLE --key-to DIR"
            ),
            code="account-key-beforehand",
        )
    return AccountKey.generate(str(params.get("name", "")))


def link_for(request: HttpRequest, key: AccountKey) -> str:
    """The address to hand to the owner of `key`, whose account stands by now."""
    here = site()
    return f"{here.origin_of(request)}/welcome/{invite(here.keyring, key, here.now())}"
