"""What is worth an entry in the log. The value is written into the leaf and never renamed."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """Acts and outcomes that are logged; see docs/glossary.md."""

    WORKSPACE_MADE = "workspace-made"
    POLICY_ACTIVATED = "policy-activated"
    PROPOSAL_MADE = "proposal-made"
    PROPOSAL_APPROVED = "proposal-approved"
    CLIENT_ADDED = "client-added"
    CLIENT_SUSPENDED = "client-suspended"
    CLIENT_REINSTATED = "client-reinstated"
    ACCOUNT_ADDED = "account-added"
    ACCOUNT_CERTIFIED = "account-certified"
    ACCOUNT_SUSPENDED = "account-suspended"
    ACCOUNT_REINSTATED = "account-reinstated"
    GALLERY_ADDED = "gallery-added"
    GALLERY_SUSPENDED = "gallery-suspended"
    GALLERY_REINSTATED = "gallery-reinstated"
    SOURCE_ADDED = "source-added"
    SOURCE_WITHDRAWN = "source-withdrawn"
    PERSON_ADDED = "person-added"
    CONSENT_RECORDED = "consent-recorded"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    CONSENT_EXPIRED = "consent-expired"
    CASE_OPENED = "case-opened"
    CASE_CLOSED = "case-closed"
    INGEST_STARTED = "ingest-started"
    INGEST_FINISHED = "ingest-finished"
    FACES_ENROLLED = "faces-enrolled"
    SEARCH_MADE = "search-made"
    ACT_REFUSED = "act-refused"
    SEARCH_REFUSED = "search-refused"
    PROBE_NOT_ACQUIRED = "probe-not-acquired"
    LOG_EXPORTED = "log-exported"
    BACKUP_MADE = "backup-made"
    BACKUP_RESTORED = "backup-restored"
