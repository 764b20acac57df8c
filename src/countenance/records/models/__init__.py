"""Every table of a workspace, by subject."""

from countenance.records.models.cases import Candidate, Case, FusedReference, Probe, Search
from countenance.records.models.collection import Basis, Gallery, PermissionClass, Source
from countenance.records.models.erasing import Erasure, ErasureWork, ResidencyClaim, Tombstone
from countenance.records.models.ingest import IngestItem, IngestRun, IngestShard
from countenance.records.models.keeping import Assessment, Hold, RetentionLimit, StatusFeed
from countenance.records.models.measuring import AdoptedEvaluation, OperatingPoint
from countenance.records.models.organisations import Account, Organisation, UsedNonce
from countenance.records.models.oversight import Inquiry, InquiryAuthority, InquiryDocument, Lock, Order
from countenance.records.models.persons import ConsentReceipt, Person
from countenance.records.models.photographs import Face, Photograph, Reference
from countenance.records.models.providers import Provider
from countenance.records.models.review import (
    Competence,
    Examination,
    FirstVerdict,
    Review,
    ReviewItem,
    Verdict,
)
from countenance.records.models.rights import (
    RequestClockRecord,
    RequestFaceRecord,
    RequestRecord,
    RequestStepRecord,
    SweepFindingRecord,
    SweepRecord,
)
from countenance.records.models.state import (
    Approval,
    BackupRecord,
    PackSigner,
    PolicyBookRecord,
    PolicyPackRecord,
    Proposal,
    WorkspaceState,
)
from countenance.records.models.tokens import ApiAnswer, ApiToken, Webhook
from countenance.records.models.watching import MisuseFlag, Sample, SampledSearch

__all__ = [
    "Account",
    "AdoptedEvaluation",
    "ApiAnswer",
    "ApiToken",
    "Approval",
    "Assessment",
    "BackupRecord",
    "Basis",
    "Candidate",
    "Case",
    "Competence",
    "ConsentReceipt",
    "Erasure",
    "ErasureWork",
    "Examination",
    "Face",
    "FirstVerdict",
    "FusedReference",
    "Gallery",
    "Hold",
    "IngestItem",
    "IngestRun",
    "IngestShard",
    "Inquiry",
    "InquiryAuthority",
    "InquiryDocument",
    "Lock",
    "MisuseFlag",
    "OperatingPoint",
    "Order",
    "Organisation",
    "PackSigner",
    "PermissionClass",
    "Person",
    "Photograph",
    "PolicyBookRecord",
    "PolicyPackRecord",
    "Probe",
    "Proposal",
    "Provider",
    "Reference",
    "RequestClockRecord",
    "RequestFaceRecord",
    "RequestRecord",
    "RequestStepRecord",
    "ResidencyClaim",
    "RetentionLimit",
    "Review",
    "ReviewItem",
    "Sample",
    "SampledSearch",
    "Search",
    "Source",
    "StatusFeed",
    "SweepFindingRecord",
    "SweepRecord",
    "Tombstone",
    "UsedNonce",
    "Verdict",
    "Webhook",
    "WorkspaceState",
]
