"""What policy is asked: facts, gathered by a path from the records, in closed words.

A question holds no template, no picture and no name. Facts are dated by the path's clock, so the same question
can be asked again of the same pack years later and must get the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from countenance.policy.purposes import BasisKind, Purpose, Role


class Act(StrEnum):
    """Acts on the workspace other than searching and enrolling. The value is Cedar's action id."""

    CLIENT_ADD = "client-add"
    CLIENT_SUSPEND = "client-suspend"
    CLIENT_REINSTATE = "client-reinstate"  # two persons
    ACCOUNT_ADD = "account-add"
    ACCOUNT_CERTIFY = "account-certify"
    ACCOUNT_SUSPEND = "account-suspend"
    ACCOUNT_REINSTATE = "account-reinstate"  # two persons
    GALLERY_ADD = "gallery-add"
    GALLERY_DESCRIBE = "gallery-describe"  # what its law asks to have on record
    GALLERY_SUSPEND = "gallery-suspend"
    GALLERY_REINSTATE = "gallery-reinstate"  # two persons
    SOURCE_ADD = "source-add"
    SOURCE_WITHDRAW = "source-withdraw"
    PERSON_ADD = "person-add"
    CONSENT_RECORD = "consent-record"
    CONSENT_WITHDRAW = "consent-withdraw"
    CASE_OPEN = "case-open"
    CASE_CLOSE = "case-close"
    COMPETENCE_RECORD = "competence-record"
    REVIEW_OPEN = "review-open"
    REVIEW_NEXT = "review-next"
    REVIEW_SEAL = "review-seal"
    REVIEW_WITHDRAW = "review-withdraw"  # of one's own sealed verdict, before any is revealed
    REVIEW_READ = "review-read"  # of one's own organisation, as records-read
    REPORT_MAKE = "report-make"
    CANDIDATE_SHOW = "candidate-show"  # the whole photograph, everybody else destroyed in it
    CANDIDATE_JUDGE = "candidate-judge"  # the searcher's own verdict, sealed; opens the review
    SAMPLE_DRAW = "sample-draw"
    SAMPLE_EXAMINE = "sample-examine"
    WATCH_READ = "watch-read"  # samples and flags
    FLAG_REVIEW = "flag-review"
    YEAR_COUNT = "year-count"
    INGEST = "ingest"
    POLICY_ACTIVATE = "policy-activate"  # two persons
    POLICY_TRUST = "policy-trust"  # two persons
    POLICY_TRY = "policy-try"  # a dry run
    LOG_EXPORT = "log-export"
    LOG_PROVE = "log-prove"  # one entry, as a file that verifies without us
    BACKUP = "backup"
    BACKUP_VERIFY = "backup-verify"  # held against its manifest
    RESIDENCY_CLAIM = "residency-claim"
    ERASE_PLAN = "erase-plan"  # counts only
    ERASE = "erase"  # of a source, gallery, client or place: two persons
    SUPPRESSION_RENEW = "suppression-renew"
    SUPPRESSION_LEAVE = "suppression-leave"
    SUPPRESSION_RELEASE = "suppression-release"  # one's own held face, in one photograph
    SUPPRESSION_STATUS = "suppression-status"  # numbers, and photographs with held faces
    RETENTION_SET = "retention-set"  # longer than before: two persons
    HOLD_PLACE = "hold-place"
    HOLD_LIFT = "hold-lift"
    PURGE = "purge"
    PURGE_PLAN = "purge-plan"  # counts only
    MAJORITY_REVIEW = "majority-review"
    ASSESSMENT_RECORD = "assessment-record"  # two persons
    TRANSFORM_RENEW = "transform-renew"  # of a gallery; two persons
    EVALUATION_ADOPT = "evaluation-adopt"  # two persons
    EVALUATION_END = "evaluation-end"
    OPERATING_POINT_SET = "operating-point-set"  # two persons
    OPERATING_POINT_END = "operating-point-end"
    MODEL_MIGRATE = "model-migrate"  # templates of a gallery with another model pack, beside those it has
    MODEL_SWITCH = "model-switch"  # to another model pack, or back; two persons
    MODEL_VERIFY = "model-verify"  # hashes and golden vectors of a pack
    MODEL_REMOVE = "model-remove"  # an added pack's files
    BREACH_REPORT = "breach-report"
    REQUEST_OPEN = "request-open"
    REQUEST_VERIFY = "request-verify"
    REQUEST_PAUSE = "request-pause"
    REQUEST_RESUME = "request-resume"
    REQUEST_EXTEND = "request-extend"
    REQUEST_REFUSE = "request-refuse"
    REQUEST_WITHDRAW = "request-withdraw"
    REQUEST_FIND = "request-find"
    REQUEST_SEARCH = "request-search"  # by the requester's own face
    REQUEST_CONFIRM = "request-confirm"
    REQUEST_PREPARE = "request-prepare"  # look at what would be handed out
    REQUEST_SWEEP = "request-sweep"  # look through a source that has no index
    REQUEST_DISCLOSE = "request-disclose"  # a search, to the person it affected
    REQUEST_FULFIL = "request-fulfil"
    REQUEST_READ = "request-read"
    REQUEST_RECEIPTS = "request-receipts"
    RECORDS_READ = "records-read"  # of one's own organisation; operator and auditor: of all
    ACCOUNT_SPONSOR = "account-sponsor"  # another account answers for it from now on
    PROPOSAL_CANCEL = "proposal-cancel"
    SOURCE_CORRECT = "source-correct"  # two persons: another basis; what rested on the wrong one ends
    CASE_DENY = "case-deny"  # its authorisation is refused: what came of it goes
    SEARCH_EXPORT = "search-export"  # a candidate list leaves as a file
    LOCK_SET = "lock-set"
    LOCK_LIFT = "lock-lift"  # two persons
    AUTHORITY_ADD = "authority-add"  # two persons
    OVERSIGHT_READ = "oversight-read"  # locks, orders, inquiries, authorities
    ORDER_PREVIEW = "order-preview"
    ORDER_ISSUE = "order-issue"
    ORDER_LIFT = "order-lift"
    ORDER_CERTIFY = "order-certify"
    ORDER_DESTROY = "order-destroy"  # two persons of the authority
    INQUIRY_OPEN = "inquiry-open"
    INQUIRY_JOIN = "inquiry-join"
    INQUIRY_ATTACH = "inquiry-attach"
    INQUIRY_CLOSE = "inquiry-close"
    INSPECT = "inspect"  # looks at records, with a reason
    INSPECT_FACES = "inspect-faces"  # looks at pictures, with a reason
    INSPECT_SAME_FACE = "inspect-same-face"  # compares probes across cases, with a reason
    INQUIRY_REPORT = "inquiry-report"
    TOKEN_MAKE = "token-make"  # noqa: S105 - a name; for one's own account
    TOKEN_REVOKE = "token-revoke"  # noqa: S105 - a name; one's own; operators: any
    WEBHOOK_ADD = "webhook-add"
    WEBHOOK_REMOVE = "webhook-remove"
    PROVIDER_ADD = "provider-add"  # who else may say that it is somebody
    PROVIDER_REMOVE = "provider-remove"


TWO_PERSON_ACTS = frozenset(
    {
        Act.CLIENT_REINSTATE,
        Act.ACCOUNT_REINSTATE,
        Act.GALLERY_REINSTATE,
        Act.POLICY_ACTIVATE,
        Act.POLICY_TRUST,
        Act.SOURCE_CORRECT,
        Act.LOCK_LIFT,
        Act.AUTHORITY_ADD,
        Act.ORDER_DESTROY,
        Act.ASSESSMENT_RECORD,
        Act.TRANSFORM_RENEW,
        Act.EVALUATION_ADOPT,
        Act.OPERATING_POINT_SET,
        Act.MODEL_SWITCH,
    }
)


@dataclass(frozen=True, kw_only=True)
class ClientFacts:
    """An organisation that searches. `licensed_purposes` may be used from `licensed_from` until `licensed_until`."""

    id: str
    jurisdiction: str
    licensed_purposes: frozenset[Purpose]
    licensed_from: datetime
    licensed_until: datetime
    suspended: bool


@dataclass(frozen=True, kw_only=True)
class CallerFacts:
    """The account that asks. `client` is None for the operator's own staff, and for an authority's.

    `sponsored`: another active account answers for it. `certified_until`: end of the 90 days since its need was
    last confirmed. `authority`: id of the authority that it works for.
    """

    id: str
    role: Role
    client: ClientFacts | None
    suspended: bool
    sponsored: bool
    certified_until: datetime
    authority: str | None = None


@dataclass(frozen=True, kw_only=True)
class CaseFacts:
    """A case as it stands now. `searches_left` counts down to 0."""

    id: str
    client_id: str
    purpose: Purpose
    open: bool
    expires_at: datetime
    searches_left: int


@dataclass(frozen=True, kw_only=True)
class RequesterFacts:
    """On whose behalf a search is made: the requester of record and where that body stands."""

    jurisdiction: str
    suspended: bool


@dataclass(frozen=True, kw_only=True)
class GalleryFacts:
    """A gallery as it stands now. `live`: notice published or exempt. The two locks act separately.

    `filed_on`: the day its biometric database was declared to the authority, where one asks for that. `filled`: the
    `RequiredField`s that are on record.
    """

    id: str
    purposes: frozenset[Purpose]
    jurisdiction: str
    live: bool
    suspended: bool
    search_locked: bool
    ingest_locked: bool
    filed_on: date | None = None
    filled: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class PermissionClass:
    """Rows of a gallery that policy treats alike. `id` is the small integer that index rows carry."""

    id: int
    gallery_id: str
    basis: BasisKind
    purposes: frozenset[Purpose]
    jurisdiction: str


@dataclass(frozen=True, kw_only=True)
class SoughtFacts:
    """The sought person as declared by the caseworker (nothing is ever inferred from a face)."""

    declared_minor: bool = False
    guardian_consent: bool = False
    recorded_authority: bool = False


@dataclass(frozen=True, kw_only=True)
class SearchQuestion:
    """May `caller` search rows of `permission_class`, in `case`, for `purpose`, on behalf of `requester`?

    `case`, `purpose`, `requester` are None where the caller named none (or none that exists for him).
    `permission_class` is None to ask about the search as such, before any class is looked at.
    """

    caller: CallerFacts
    case: CaseFacts | None
    purpose: str | None
    requester: RequesterFacts | None
    gallery: GalleryFacts
    permission_class: PermissionClass | None
    sought: SoughtFacts
    now: datetime


@dataclass(frozen=True, kw_only=True)
class BasisFacts:
    """The basis of a source, or the narrower one of a manifest row."""

    kind: BasisKind
    purposes: frozenset[Purpose]
    jurisdiction: str
    live: bool
    permits_unlabelled: bool


class ConsentState(StrEnum):
    """State of one consent receipt at one moment."""

    NONE = "none"
    LIVE = "live"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class PersonFacts:
    """A person named for a face. `consent`: state of the receipt for this gallery and purpose."""

    consent: ConsentState
    declared_minor: bool
    guardian_consent: bool


@dataclass(frozen=True, kw_only=True)
class EnrolQuestion:
    """May a template be made of a face and enrolled in `gallery` for `purpose`? `person` None: nobody is named."""

    basis: BasisFacts
    gallery: GalleryFacts
    purpose: Purpose
    person: PersonFacts | None
    now: datetime


@dataclass(frozen=True, kw_only=True)
class ActQuestion:
    """May `caller` do `act` to a thing of organisation `client_id` (None: the operator's)?

    `approvals`: how many different accounts' valid signatures stand under the act, the caller's included.
    """

    caller: CallerFacts
    act: Act
    client_id: str | None
    approvals: int
    now: datetime


@dataclass(frozen=True, kw_only=True)
class RequestFacts:
    """A person's request. `own_face_seen`: somebody saw that the picture handed in shows whoever makes it.

    `jurisdiction`: where the requester lives, or else the operator's place; it closes nothing to anybody.
    """

    id: str
    open: bool
    own_face_seen: bool
    jurisdiction: str


@dataclass(frozen=True, kw_only=True)
class OwnFaceQuestion:
    """May the requester's own face be compared with what `gallery` holds, whatever it is held for?"""

    caller: CallerFacts
    request: RequestFacts
    gallery: GalleryFacts
    now: datetime


@dataclass(frozen=True, kw_only=True)
class SweepQuestion:
    """May a source without an index be looked through for one requester, with templates that are kept nowhere?

    `basis`: the source's, as it is. No pack permits this unless it cites the authority for it.
    """

    caller: CallerFacts
    request: RequestFacts
    basis: BasisFacts
    now: datetime


type Question = SearchQuestion | EnrolQuestion | ActQuestion | OwnFaceQuestion | SweepQuestion
