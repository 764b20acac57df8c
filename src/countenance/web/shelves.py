"""What lies on the desks of operator, request desk and oversight: lists, and the acts that begin there.

Which list and which act somebody may use, the engine decides; a shelf that is refused says so and by which rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from countenance.policy.purposes import Role
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One list. `act`, `params`: how it is read; `listing`: under which name its rows come.

    `key`: the field that names a row; `columns`: what a table shows of it. `acts`: what begins here; `row_acts`: what is
    done to one row, with the parameter that takes its key, or the row's field of `row_field`.
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

    def asked(self) -> dict[str, Json]:
        """The parameters of the act that reads it."""
        return dict(self.params) if self.act is Act.REQUEST_READ else {"listing": self.listing, **self.params}


@dataclass(frozen=True, kw_only=True)
class Wing:
    """One desk: its shelves, and for whom it is listed on the first page."""

    name: str
    title: str
    text: str
    roles: frozenset[Role]
    shelves: tuple[Shelf, ...]

    @property
    def path(self) -> str:
        return f"/{self.name}"

    def shelf(self, name: str) -> Shelf | None:
        """The shelf of this name; the first for no name."""
        return next((each for each in self.shelves if name in {"", each.name}), None)


def _records(listing: str, **more: object) -> Shelf:
    return Shelf(name=listing, act=Act.RECORDS_READ, listing=listing, **more)  # type: ignore[arg-type]


def _oversight(listing: str, **more: object) -> Shelf:
    return Shelf(name=listing, act=Act.OVERSIGHT_READ, listing=listing, **more)  # type: ignore[arg-type]


_PROPOSALS = _records(
    "proposals",
    title=N_("Waiting for a second person"),
    key="proposal",
    columns=("proposal", "act", "signed_by", "expires_at"),
    empty=N_("Nothing waits."),
    row_acts=((Act.PROPOSAL_CANCEL, "proposal"),),
)

REQUESTS = Wing(
    name="requests",
    title=N_("Request desk"),
    text=N_("What people in the photographs ask for: due, verified, found, done."),
    roles=frozenset({Role.OPERATOR, Role.REQUEST_DESK}),
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
)

OVERSIGHT = Wing(
    name="oversight",
    title=N_("Oversight"),
    text=N_("Inquiries, what was searched and why, orders that take effect at once."),
    roles=frozenset({Role.COMMISSIONER, Role.INSPECTOR, Role.AUDITOR, Role.SUPERVISOR, Role.OPERATOR}),
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
)

OPERATOR = Wing(
    name="operator",
    title=N_("Operator"),
    text=N_("Who may, on what basis, over which photographs; what ends, and how it runs."),
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    shelves=(
        _records(
            "status",
            title=N_("Health"),
            key="workspace",
            columns=(),
            empty=N_("Nothing is known."),
            acts=(Act.PURGE_PLAN, Act.ERASE_PLAN, Act.SUPPRESSION_STATUS),
        ),
        _PROPOSALS,
        _records(
            "sources",
            title=N_("Sources"),
            key="source",
            columns=("source", "gallery", "basis", "purposes", "state"),
            empty=N_("No source is registered."),
            acts=(Act.SOURCE_ADD,),
            row_acts=((Act.INGEST, "source"), (Act.SOURCE_CORRECT, "name"), (Act.SOURCE_WITHDRAW, "name")),
        ),
        _records(
            "ingests",
            title=N_("Ingest"),
            key="run",
            columns=("run", "source", "state", "finished", "total", "searchable", "rate", "eta_seconds"),
            empty=N_("Nothing has been taken in."),
            acts=(Act.INGEST,),
            row_acts=((Act.INGEST, "source"),),
            row_field="source",
        ),
        _records(
            "galleries",
            title=N_("Galleries"),
            key="gallery",
            columns=("gallery", "purposes", "jurisdiction", "state"),
            empty=N_("There is no gallery."),
            acts=(Act.GALLERY_ADD,),
            row_acts=(
                (Act.GALLERY_DESCRIBE, "name"),
                (Act.ASSESSMENT_RECORD, "gallery"),
                (Act.TRANSFORM_RENEW, "gallery"),
                (Act.GALLERY_SUSPEND, "name"),
                (Act.GALLERY_REINSTATE, "name"),
            ),
        ),
        _records(
            "persons",
            title=N_("People"),
            key="person",
            columns=("person", "declared_minor", "references"),
            empty=N_("Nobody is on record."),
            acts=(Act.PERSON_ADD, Act.CONSENT_WITHDRAW),
            row_acts=(
                (Act.CONSENT_RECORD, "person"),
                (Act.CONSENT_WITHDRAW, "person"),
                (Act.RESIDENCY_CLAIM, "person"),
                (Act.MAJORITY_REVIEW, "person"),
            ),
        ),
        _records(
            "clients",
            title=N_("Clients"),
            key="client",
            columns=("client", "jurisdiction", "purposes", "licensed_until", "state"),
            empty=N_("There is no client."),
            acts=(Act.CLIENT_ADD,),
            row_acts=((Act.CLIENT_SUSPEND, "name"), (Act.CLIENT_REINSTATE, "name")),
        ),
        _records(
            "accounts",
            title=N_("Accounts"),
            key="account",
            columns=("account", "role", "client", "sponsor", "certified_until", "state"),
            empty=N_("There is no account."),
            acts=(Act.ACCOUNT_ADD,),
            row_acts=(
                (Act.ACCOUNT_CERTIFY, "name"),
                (Act.ACCOUNT_SPONSOR, "name"),
                (Act.COMPETENCE_RECORD, "account"),
                (Act.ACCOUNT_SUSPEND, "name"),
                (Act.ACCOUNT_REINSTATE, "name"),
            ),
        ),
        _records(
            "cases",
            title=N_("Cases"),
            key="case",
            columns=("case", "client", "purpose", "searches_left", "expires_at", "state"),
            empty=N_("There is no case."),
            row_acts=((Act.CASE_DENY, "case"),),
        ),
        _records(
            "policies",
            title=N_("Policies"),
            key="hash",
            columns=("pack", "version", "activated_at", "state"),
            empty=N_("No pack is in force."),
            acts=(Act.POLICY_TRY, Act.POLICY_TRUST),
        ),
        _records(
            "models",
            title=N_("Models"),
            key="model",
            columns=("model", "version", "dimension", "in_use", "measured", "state"),
            empty=N_("No model pack is installed."),
            row_acts=((Act.MODEL_SWITCH, "pack"),),
        ),
        _records(
            "index",
            title=N_("Index and cluster"),
            key="index",
            columns=(),
            empty=N_("No searcher runs, so no index is open."),
        ),
        _records(
            "keys",
            title=N_("Keys"),
            key="key",
            columns=("key", "public_key", "valid_from"),
            empty=N_("There is no key."),
            acts=(Act.POLICY_TRUST,),
        ),
        _records(
            "backups",
            title=N_("Backups"),
            key="backup",
            columns=("backup", "location", "bytes", "log_entry", "verified_at"),
            empty=N_("No backup is known of. Make one on the machine itself: countenance backup DIR."),
        ),
        _records(
            "assessments",
            title=N_("Assessments"),
            key="assessment",
            columns=("assessment", "gallery", "title", "recorded_at", "state"),
            empty=N_("Nothing has been assessed."),
            acts=(Act.ASSESSMENT_RECORD,),
        ),
        _records(
            "retention",
            title=N_("Storage limits"),
            key="data",
            columns=("data", "days", "at_most", "owner", "reason"),
            empty=N_("No limit is set."),
            acts=(Act.RETENTION_SET, Act.PURGE_PLAN),
        ),
        _records(
            "holds",
            title=N_("Holds"),
            key="hold",
            columns=("hold", "scope", "authority", "until", "state"),
            empty=N_("Nothing is held back."),
            acts=(Act.HOLD_PLACE,),
            row_acts=((Act.HOLD_LIFT, "hold"),),
        ),
        _records(
            "erasures",
            title=N_("Erasures"),
            key="erasure",
            columns=("erasure", "scope", "state"),
            empty=N_("Nothing has been erased."),
            acts=(Act.ERASE_PLAN,),
        ),
        _records(
            "tokens",
            title=N_("Tokens of the API"),
            key="token",
            columns=("name", "account", "purposes", "expires_at", "state"),
            empty=N_("There are no tokens yet: countenance token make."),
            row_acts=((Act.TOKEN_REVOKE, "token"),),
        ),
        _records(
            "webhooks",
            title=N_("Webhooks"),
            key="webhook",
            columns=("webhook", "url", "events", "failures", "state"),
            empty=N_("There are no webhooks."),
            acts=(Act.WEBHOOK_ADD,),
            row_acts=((Act.WEBHOOK_REMOVE, "webhook"),),
        ),
        _records(
            "providers",
            title=N_("Identity providers"),
            key="provider",
            columns=("provider", "issuer", "client_id", "added_at", "state"),
            empty=N_("None is registered: people log in with their password."),
            acts=(Act.PROVIDER_ADD,),
            row_acts=((Act.PROVIDER_REMOVE, "provider"),),
        ),
    ),
)

WINGS = (REQUESTS, OVERSIGHT, OPERATOR)

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
    "case": ("cases", "case"),
    "client": ("clients", "client"),
    "gallery": ("galleries", "gallery"),
    "pack": ("models", "model"),
    "person": ("persons", "person"),
    "source": ("sources", "source"),
}
"""Fields that name something on record: the listing that knows the names, and its column. They are offered, not imposed."""

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
        Act.ORDER_DESTROY,
        Act.ORDER_ISSUE,
        Act.PURGE,
        Act.SOURCE_CORRECT,
        Act.SOURCE_WITHDRAW,
        Act.TRANSFORM_RENEW,
    }
)
"""Their control is red."""


def acts_of(wing: Wing) -> frozenset[Act]:
    """Every act that a desk offers."""
    found = {act for shelf in wing.shelves for act in (*shelf.acts, *(act for act, _ in shelf.row_acts))}
    return frozenset(found | {after for act, after in FOLLOWS.items() if act in found})
