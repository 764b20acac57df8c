"""Words of an erasure. Values are stored, logged and printed on certificates; never renamed."""

from __future__ import annotations

from enum import StrEnum


class ScopeKind(StrEnum):
    """What an erasure reaches."""

    PERSON = "person"  # everything held of one person
    PHOTOGRAPH = "photograph"  # one photograph with all its faces
    FACE = "face"  # one face in one photograph
    SOURCE = "source"  # all photographs of a source
    GALLERY = "gallery"  # all photographs of a gallery's sources
    CLIENT = "client"  # a client's probes, candidate lists and cases
    JURISDICTION = "jurisdiction"  # the people of a place
    LIMIT = "limit"  # one kind of data past its storage limit; only `purge` begins it


class ErasureState(StrEnum):
    """How far an erasure has come. Only `done` is done; every other is incomplete."""

    STARTED = "started"  # some of it may still be found
    UNFINDABLE = "unfindable"  # in no answer any more; keys are still to be destroyed
    KEYS_DESTROYED = "keys-destroyed"  # unreadable; bytes are still to go
    BYTES_GONE = "bytes-gone"  # gone; the log does not say so yet
    DONE = "done"


class Store(StrEnum):
    """Where something may lie; a plan and a certificate name each."""

    PHOTOGRAPHS = "photographs"
    FACES = "faces"
    CROPS = "crops"
    TEMPLATES = "templates"
    INDEX = "index"
    CONSENTS = "consents"
    PERSONS = "persons"
    RESIDENCY = "residency-claims"
    CANDIDATES = "candidate-lists"
    REVIEWS = "reviews"
    PROBES = "probes"
    CASES = "cases"
    REQUESTS = "requests"  # of persons, with notices, steps and what was found for them
    INGEST_LEDGER = "ingest-ledger"
    VAULT_KEYS = "vault-keys"
    LOG_PAYLOADS = "log-payloads"
    BACKUPS = "backups"
    EXPORTS = "exports"
    ORIGINALS = "originals"


class WorkKind(StrEnum):
    """What is still to be destroyed."""

    KEY = "key"  # data key of a record
    MEDIA = "media"  # file of the media store
    MENTION = "mention"  # record id that payloads of the log may name
    PAYLOAD = "payload"  # number of a log entry whose details go
    LABEL = "label"  # keyed hash of a label that rows of the ingest ledger may name


class TombstoneKind(StrEnum):
    """What must not come back."""

    PERSON = "person"  # by the operator's label, in any spelling
    PHOTOGRAPH = "photograph"  # by its bytes
    FACE = "face"  # by the photograph's bytes and the place in it


class EvidenceGrade(StrEnum):
    """How a residency is known. Nothing is inferred from anything else."""

    DOCUMENT = "document"  # a document was seen
    DECLARED = "declared"  # the person, or somebody for them, said so
    SOURCE = "source"  # their photographs come from a source of that place, and nothing else is known


class ResidencyRule(StrEnum):
    """Who counts as resident when a place is erased."""

    DOCUMENTED = "documented"  # by a document
    STATED = "stated"  # by a document or a declaration
    PRECAUTIONARY = "precautionary"  # also by the source alone, and where claims contradict each other
