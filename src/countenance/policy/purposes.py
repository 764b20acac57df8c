"""Purposes, roles and bases: the closed words that policy decides over.

Purposes are terms of the W3C Data Privacy Vocabulary (DPV 2) or narrower concepts of ours under one; places
are ISO 3166-1/-2 codes (`CA`, `CA-QC`).
"""

from __future__ import annotations

from enum import StrEnum


class Purpose(StrEnum):
    """Why a search may be made or a face be held."""

    VICTIM_IDENTIFICATION = "victim-identification"
    MISSING_PERSON = "missing-person"
    FAMILY_TRACING = "family-tracing"
    OWN_PHOTO_ACCESS = "own-photo-access"
    ARCHIVE_DESCRIPTION = "archive-description"


class Role(StrEnum):
    """What an account may do. One account has one role."""

    OPERATOR = "operator"  # sources, galleries, people, ingest, accounts of the workspace
    CASEWORKER = "caseworker"  # cases and searches of one client
    REVIEWER = "reviewer"  # examines candidates
    SUPERVISOR = "supervisor"  # closes cases and samples searches of one client
    AUDITOR = "auditor"  # reads the log and the records, changes nothing
    COMMISSIONER = "commissioner"  # of an authority: inquiries, orders
    INSPECTOR = "inspector"  # of an authority: looks, inside an inquiry


class OrganisationKind(StrEnum):
    """What an organisation is to the workspace."""

    CLIENT = "client"  # is licensed to search
    AUTHORITY = "authority"  # inspects and orders


class BasisKind(StrEnum):
    """On what a source or a person's record rests. `publicly-available` can be named, and is refused."""

    CONSENT = "consent"  # express consent of each person, by receipt
    LEGAL_OBLIGATION = "legal-obligation"
    PUBLIC_TASK = "public-task"
    VITAL_INTEREST = "vital-interest"
    LEGITIMATE_INTEREST = "legitimate-interest"
    PUBLICLY_AVAILABLE = "publicly-available"
