"""The request desk: what people in the photographs ask for."""

from __future__ import annotations

from countenance.policy.purposes import Role
from countenance.policy.questions import Act
from countenance.primitives.text import N_
from countenance.web.wings.shelf import Group, Shelf, Wing

REQUESTS = Wing(
    name="requests",
    title=N_("Request desk"),
    text=N_("What people in the photographs ask for: due, verified, found, done."),
    roles=frozenset({Role.OPERATOR, Role.REQUEST_DESK}),
    groups=(
        Group(
            title="",
            shelves=(
                Shelf(
                    name="open",
                    title=N_("Requests"),
                    act=Act.REQUEST_READ,
                    listing="requests",
                    key="request",
                    columns=("request", "kind", "state", "received_at", "due", "overdue"),
                    empty=N_("No request is open."),
                    acts=(Act.REQUEST_OPEN,),
                    row_acts=(
                        (Act.REQUEST_VERIFY, "request"),
                        (Act.REQUEST_FIND, "request"),
                        (Act.REQUEST_SEARCH, "request"),
                        (Act.REQUEST_CONFIRM, "request"),
                        (Act.REQUEST_PREPARE, "request"),
                        (Act.REQUEST_FULFIL, "request"),
                        (Act.REQUEST_RECEIPTS, "request"),
                        (Act.REQUEST_PAUSE, "request"),
                        (Act.REQUEST_RESUME, "request"),
                        (Act.REQUEST_EXTEND, "request"),
                        (Act.REQUEST_REFUSE, "request"),
                        (Act.REQUEST_WITHDRAW, "request"),
                    ),
                ),
                Shelf(
                    name="all",
                    title=N_("Closed requests too"),
                    act=Act.REQUEST_READ,
                    listing="requests",
                    params={"all": True},
                    key="request",
                    columns=("request", "kind", "state", "received_at", "closed_at"),
                    empty=N_("There has been no request."),
                    row_acts=((Act.REQUEST_RECEIPTS, "request"),),
                ),
            ),
        ),
    ),
)
