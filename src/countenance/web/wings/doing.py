"""How acts are offered in a page: what follows on what, which names are suggested, what takes a picture, what is red."""

from __future__ import annotations

from collections.abc import Mapping

from countenance.policy.questions import Act
from countenance.web.titles import TITLES
from countenance.web.wings.shelf import Wing

FOLLOWS: Mapping[Act, Act] = {
    Act.ORDER_PREVIEW: Act.ORDER_ISSUE,
    Act.ERASE_PLAN: Act.ERASE,
    Act.POLICY_TRY: Act.POLICY_ACTIVATE,
    Act.PURGE_PLAN: Act.PURGE,
}
"""What may be done once its effect has been seen; it is offered there and nowhere else."""

NEXT: Mapping[str, Act] = {"received": Act.REQUEST_VERIFY, "verified": Act.REQUEST_FIND}
"""What usually comes next for a request in this state; its button is the filled one."""

SUGGESTED: Mapping[str, tuple[str, str]] = {
    "account": ("accounts", "account"),
    "backup": ("backups", "backup"),
    "case": ("cases", "case"),
    "client": ("clients", "client"),
    "gallery": ("galleries", "gallery"),
    "pack": ("models", "model"),
    "person": ("persons", "person"),
    "source": ("sources", "source"),
}
"""Fields that name something on record: the listing that knows the names, and its column. They are offered, not imposed."""

LEFT_OUT: Mapping[Act, frozenset[str]] = {Act.BACKUP_VERIFY: frozenset({"made_at"})}
"""Fields that are for whoever stands at the machine: a page does not ask for them."""

LEAVES_NOTHING = frozenset({Act.MODEL_REMOVE, Act.PROPOSAL_CANCEL})
"""What they are about has no page afterwards."""

MADE_HERE: Mapping[Act, frozenset[str]] = {Act.ACCOUNT_ADD: frozenset({"public_key"})}
"""Fields that may be left out in a page, because it makes what they hold."""

WITH_PICTURE: Mapping[Act, str] = {Act.REQUEST_SEARCH: "picture", Act.REQUEST_FULFIL: "picture"}
"""Acts that may come with a picture, and the parameter that holds its SHA-256."""

CANNOT_BE_UNDONE = frozenset(
    {
        Act.ACCOUNT_SUSPEND,
        Act.CASE_DENY,
        Act.CLIENT_SUSPEND,
        Act.CONSENT_WITHDRAW,
        Act.ERASE,
        Act.GALLERY_SUSPEND,
        Act.LOCK_SET,
        Act.MODEL_REMOVE,
        Act.ORDER_DESTROY,
        Act.ORDER_ISSUE,
        Act.PURGE,
        Act.SOURCE_CORRECT,
        Act.SOURCE_WITHDRAW,
        Act.TRANSFORM_RENEW,
    }
)
"""Their control is red."""


_FIRST: tuple[tuple[str, Act], ...] = (
    ("galleries", Act.GALLERY_ADD),
    ("sources", Act.SOURCE_ADD),
    ("photographs", Act.INGEST),
    ("clients", Act.CLIENT_ADD),
)


def first_steps(standing: Mapping[str, object]) -> list[tuple[str, str]]:
    """What a new workspace still lacks, in order, as acts and their titles. `standing`: the row that says how it stands."""
    return [(act.value, TITLES[act]) for what, act in _FIRST if standing.get(what) in (0, {})]


def acts_of(wing: Wing) -> frozenset[Act]:
    """Every act that a desk offers."""
    found = {act for shelf in wing.shelves for act in (*shelf.acts, *(act for act, _ in shelf.row_acts))}
    return frozenset(found | {after for act, after in FOLLOWS.items() if act in found})
