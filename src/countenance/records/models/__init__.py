"""Every table of a workspace, by subject."""

from countenance.records.models.cases import Candidate, Case, Probe, Search
from countenance.records.models.collection import Basis, Gallery, PermissionClass, Source
from countenance.records.models.erasing import Erasure, ErasureWork, ResidencyClaim, Tombstone
from countenance.records.models.ingest import IngestItem, IngestRun, IngestShard
from countenance.records.models.organisations import Account, Organisation, UsedNonce
from countenance.records.models.persons import ConsentReceipt, Person
from countenance.records.models.photographs import Face, Photograph, Reference
from countenance.records.models.rights import (
    RequestClockRecord,
    RequestFaceRecord,
    RequestRecord,
    RequestStepRecord,
    SweepFindingRecord,
    SweepRecord,
)
from countenance.records.models.state import Approval, PolicyPackRecord, Proposal, WorkspaceState

__all__ = [
    "Account",
    "Approval",
    "Basis",
    "Candidate",
    "Case",
    "ConsentReceipt",
    "Erasure",
    "ErasureWork",
    "Face",
    "Gallery",
    "IngestItem",
    "IngestRun",
    "IngestShard",
    "Organisation",
    "PermissionClass",
    "Person",
    "Photograph",
    "PolicyPackRecord",
    "Probe",
    "Proposal",
    "Reference",
    "RequestClockRecord",
    "RequestFaceRecord",
    "RequestRecord",
    "RequestStepRecord",
    "ResidencyClaim",
    "Search",
    "Source",
    "SweepFindingRecord",
    "SweepRecord",
    "Tombstone",
    "UsedNonce",
    "WorkspaceState",
]
