"""The operator's desk: who may, on what basis, over which photographs; what ends, and how it runs."""

from __future__ import annotations

from countenance.policy.purposes import Role
from countenance.policy.questions import Act
from countenance.primitives.text import N_
from countenance.web.wings.shelf import Group, Wing
from countenance.web.wings.shelf import records as _records

_NOW = Group(
    title=N_("Today"),
    shelves=(
        _records(
            "status",
            title=N_("Health"),
            key="workspace",
            columns=(),
            empty=N_("Nothing is known."),
            acts=(Act.PURGE_PLAN, Act.ERASE_PLAN, Act.SUPPRESSION_STATUS),
        ),
        _records(
            "proposals",
            title=N_("Waiting for a second person"),
            key="proposal",
            columns=("proposal", "act", "signed_by", "expires_at"),
            empty=N_("Nothing waits."),
            row_acts=((Act.PROPOSAL_CANCEL, "proposal"),),
        ),
    ),
)

_PHOTOGRAPHS = Group(
    title=N_("Photographs"),
    shelves=(
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
    ),
)

_PEOPLE = Group(
    title=N_("People in the photographs"),
    shelves=(
        _records(
            "persons",
            title=N_("People"),
            long=True,
            key="person",
            columns=("person", "declared_minor", "references"),
            empty=N_("Nobody is on record."),
            acts=(Act.PERSON_ADD,),
            row_acts=(
                (Act.CONSENT_RECORD, "person"),
                (Act.CONSENT_WITHDRAW, "person"),
                (Act.RESIDENCY_CLAIM, "person"),
                (Act.MAJORITY_REVIEW, "person"),
            ),
        ),
        _records(
            "consents",
            title=N_("Consents"),
            long=True,
            key="receipt",
            columns=(
                "receipt",
                "pii_principal",
                "gallery",
                "purpose",
                "given_at",
                "expires_at",
                "withdrawn_at",
            ),
            empty=N_("No consent is on record."),
            acts=(Act.CONSENT_RECORD, Act.CONSENT_WITHDRAW),
            row_acts=((Act.CONSENT_WITHDRAW, "receipt"),),
        ),
    ),
)

_WHO = Group(
    title=N_("Who may"),
    shelves=(
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
    ),
)

_RULES = Group(
    title=N_("Rules and limits"),
    shelves=(
        _records(
            "policies",
            title=N_("Policies"),
            key="hash",
            columns=("pack", "version", "activated_at", "state"),
            empty=N_("No pack is in force."),
            acts=(Act.POLICY_TRY, Act.POLICY_TRUST),
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
    ),
)

_MACHINE = Group(
    title=N_("The machine"),
    shelves=(
        _records(
            "models",
            title=N_("Models"),
            key="model",
            columns=("model", "version", "dimension", "in_use", "measured", "state"),
            empty=N_("No model pack is installed."),
            row_acts=((Act.MODEL_VERIFY, "pack"), (Act.MODEL_SWITCH, "pack"), (Act.MODEL_REMOVE, "pack")),
            hint=N_(
                "A pack is added, and a gallery's templates are made anew with it, on the machine itself:"
            ),
            commands=(
                "countenance models add NAME --recogniser FILE.onnx --licence LICENCE",
                "countenance models migrate GALLERY NAME",
            ),
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
            empty=N_("No backup has been made."),
            acts=(Act.BACKUP,),
            row_acts=((Act.BACKUP_VERIFY, "backup"),),
            hint=N_(
                "Restoring is done on the machine itself, and needs the log as it is by then. Export it often, elsewhere:"
            ),
            commands=(
                "countenance log export DIR --payloads",
                "countenance restore BACKUP --log DIR --to FOLDER",
            ),
        ),
    ),
)

_PROGRAMS = Group(
    title=N_("Other programs"),
    shelves=(
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

OPERATOR = Wing(
    name="operator",
    title=N_("Operator"),
    text=N_("Who may, on what basis, over which photographs; what ends, and how it runs."),
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    groups=(_NOW, _PHOTOGRAPHS, _PEOPLE, _WHO, _RULES, _MACHINE, _PROGRAMS),
)
