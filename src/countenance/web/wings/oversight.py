"""Oversight: inquiries, what was searched and why, orders."""

from __future__ import annotations

from countenance.policy.purposes import Role
from countenance.policy.questions import Act
from countenance.primitives.text import N_
from countenance.web.wings.shelf import Group, Shelf, Wing
from countenance.web.wings.shelf import oversight as _oversight

OVERSIGHT = Wing(
    name="oversight",
    title=N_("Oversight"),
    text=N_("Inquiries, what was searched and why, orders that take effect at once."),
    roles=frozenset({Role.COMMISSIONER, Role.INSPECTOR, Role.AUDITOR, Role.SUPERVISOR, Role.OPERATOR}),
    groups=(
        Group(
            title="",
            shelves=(
                _oversight(
                    "inquiries",
                    title=N_("Inquiries"),
                    key="inquiry",
                    columns=("inquiry", "title", "authorities", "client", "opened_at", "state"),
                    empty=N_("There is no inquiry."),
                    acts=(Act.INQUIRY_OPEN, Act.INQUIRY_JOIN),
                    row_acts=(
                        (Act.INSPECT, "inquiry"),
                        (Act.INSPECT_FACES, "inquiry"),
                        (Act.INSPECT_SAME_FACE, "inquiry"),
                        (Act.INQUIRY_ATTACH, "inquiry"),
                        (Act.INQUIRY_REPORT, "inquiry"),
                        (Act.INQUIRY_CLOSE, "inquiry"),
                    ),
                ),
                _oversight(
                    "timeline",
                    title=N_("Who searched"),
                    key="entry",
                    columns=(
                        "entry",
                        "made_at",
                        "account",
                        "purpose",
                        "on_behalf_of",
                        "case",
                        "candidates",
                        "review",
                    ),
                    empty=N_(
                        "Nothing to show. Who works for an authority sees searches through an inquiry: Look at records."
                    ),
                    row_acts=((Act.LOG_PROVE, "entry"),),
                ),
                _oversight(
                    "orders",
                    title=N_("Orders"),
                    key="order",
                    columns=("order", "kind", "target_name", "authority", "dated", "state"),
                    empty=N_("No order has been issued."),
                    acts=(Act.ORDER_PREVIEW,),
                    row_acts=(
                        (Act.ORDER_CERTIFY, "order"),
                        (Act.ORDER_LIFT, "order"),
                        (Act.ORDER_DESTROY, "order"),
                    ),
                ),
                _oversight(
                    "locks",
                    title=N_("Locks"),
                    key="lock",
                    columns=("lock", "kind", "target_name", "set_by", "set_at", "state"),
                    empty=N_("Nothing is locked."),
                    acts=(Act.LOCK_SET,),
                    row_acts=((Act.LOCK_LIFT, "lock"),),
                ),
                Shelf(
                    name="samples",
                    title=N_("Samples"),
                    act=Act.WATCH_READ,
                    listing="samples",
                    key="week",
                    columns=("week", "client", "state"),
                    empty=N_("No sample has been drawn."),
                    acts=(Act.SAMPLE_DRAW,),
                    row_acts=((Act.SAMPLE_EXAMINE, "week"),),
                ),
                Shelf(
                    name="flags",
                    title=N_("Flags of misuse"),
                    act=Act.WATCH_READ,
                    listing="flags",
                    key="flag",
                    columns=("flag", "rule", "account", "day", "finding"),
                    empty=N_("No flag has been raised."),
                    row_acts=((Act.FLAG_REVIEW, "flag"),),
                ),
                _oversight(
                    "log",
                    title=N_("Verify the log now"),
                    key="origin",
                    columns=(),
                    empty=N_("Nothing is known."),
                    acts=(Act.LOG_PROVE,),
                ),
                _oversight(
                    "authorities",
                    title=N_("Authorities"),
                    key="authority",
                    columns=("authority", "jurisdiction"),
                    empty=N_("No authority is known here."),
                    acts=(Act.AUTHORITY_ADD,),
                ),
            ),
        ),
    ),
)
