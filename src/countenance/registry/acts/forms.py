"""What each act of the registry asks for."""

from __future__ import annotations

from countenance.acting.form import (
    Field,
    FieldKind,
    Forms,
    document,
    flag,
    form,
    line,
    moment,
    number,
    place,
    purposes,
    text,
    texts,
    word,
)
from countenance.biometrics.vocabulary import Detail
from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import Act
from countenance.policy.terms import DataKind
from countenance.primitives.canonical import LARGEST
from countenance.records.erasing.vocabulary import ScopeKind
from countenance.registry.acts.keeping import FOR_GOOD, MOST_DAYS
from countenance.registry.acts.people import FURTHEST, MOST_ROWS
from countenance.registry.acts.persons import MajorityOutcome
from countenance.registry.acts.reading import Listing

_NAME = line("name")
_REASON = text("reason")
_BASIS = (
    word("basis", BasisKind),
    purposes(),
    place("jurisdiction"),
    text("evidence"),
    flag("permits_unlabelled"),
    moment("valid_from"),
)

FORMS: Forms = {
    Act.CLIENT_ADD: form(_NAME, place("jurisdiction"), purposes(), moment("from"), moment("until")),
    Act.CLIENT_SUSPEND: form(_NAME, _REASON),
    Act.CLIENT_REINSTATE: form(_NAME),
    Act.ACCOUNT_ADD: form(
        _NAME,
        word("role", Role),
        line("client", required=False),
        line("authority", required=False),
        line("sponsor", required=False),
        line("public_key"),
    ),
    Act.ACCOUNT_CERTIFY: form(_NAME),
    Act.ACCOUNT_SUSPEND: form(_NAME, _REASON),
    Act.ACCOUNT_REINSTATE: form(_NAME),
    Act.ACCOUNT_SPONSOR: form(_NAME, line("sponsor", required=False)),
    Act.GALLERY_ADD: form(
        _NAME,
        purposes(),
        place("jurisdiction"),
        text("notice", required=False),
        text("notice_exemption", required=False),
    ),
    Act.GALLERY_DESCRIBE: form(_NAME, texts("particulars", required=False), moment("filed_on")),
    Act.GALLERY_SUSPEND: form(_NAME, _REASON),
    Act.GALLERY_REINSTATE: form(_NAME),
    Act.SOURCE_ADD: form(
        _NAME,
        line("gallery"),
        *_BASIS,
        text("location"),
        line("holder"),
        line("contact"),
        text("notice"),
        text("status_file", required=False),
    ),
    Act.SOURCE_WITHDRAW: form(_NAME),
    Act.SOURCE_CORRECT: form(_NAME, *_BASIS, _REASON),
    Act.PERSON_ADD: form(line("label"), flag("declared_minor"), moment("majority_on")),
    Act.MAJORITY_REVIEW: form(line("person"), word("outcome", MajorityOutcome)),
    Act.CONSENT_RECORD: form(
        line("person"),
        line("gallery"),
        purposes(),
        text("notice_text"),
        text("notice_version", required=False),
        word("language", ("en", "fr"), required=False),
        text("method", required=False),
        text("evidence", required=False),
        line("controller", required=False),
        line("guardian", required=False),
        place("jurisdiction", required=False),
        moment("given_at"),
        moment("expires_at"),
    ),
    Act.CONSENT_WITHDRAW: form(
        line("receipt", required=False),
        line("person", required=False),
        line("gallery", required=False),
        purposes(required=False),
    ),
    Act.CASE_OPEN: form(
        word("purpose", Purpose),
        line("reference"),
        line("on_behalf_of"),
        place("on_behalf_of_jurisdiction"),
        line("client", required=False),
        flag("sought_is_minor"),
        flag("guardian_consent"),
        text("recorded_authority", required=False),
        number("searches", least=1, most=10_000),
        moment("expires_at"),
    ),
    Act.CASE_CLOSE: form(line("case")),
    Act.PROPOSAL_CANCEL: form(line("proposal"), text("reason", required=False)),
    Act.POLICY_ACTIVATE: form(texts("files"), texts("signatures", required=False)),
    Act.POLICY_TRY: form(texts("files")),
    Act.POLICY_TRUST: form(_NAME, line("public_key")),
    Act.RETENTION_SET: form(
        word("kind", DataKind),
        Field(name="days", kind=FieldKind.NUMBER_OR_WORD, words=(FOR_GOOD,), least=1, most=MOST_DAYS),
        line("owner"),
        line("reason"),
    ),
    Act.HOLD_PLACE: form(
        word("scope", ScopeKind),
        line("target"),
        moment("until", required=True),
        line("authority"),
        line("reason"),
    ),
    Act.HOLD_LIFT: form(line("hold"), line("reason")),
    Act.PURGE_PLAN: form(),
    Act.PURGE: form(),
    Act.ASSESSMENT_RECORD: form(
        line("gallery"),
        line("title"),
        line("document_sha256"),
        line("adds_to", required=False),
        purposes(required=False),
    ),
    Act.TRANSFORM_RENEW: form(line("gallery")),
    Act.INGEST: form(
        line("source"),
        line("manifest", required=False),
        word("detail", Detail, required=False),
        flag("retry_failed"),
        flag("restart"),
        number("workers", least=1, most=256),
    ),
    Act.LOG_EXPORT: form(flag("payloads")),
    Act.BACKUP: form(),
    Act.BACKUP_VERIFY: form(moment("made_at"), line("backup", required=False)),
    Act.LOG_PROVE: form(number("entry", least=0, most=LARGEST, required=True)),
    Act.RECORDS_READ: form(
        word("listing", Listing),
        line("find", required=False),
        number("first", least=0, most=FURTHEST),
        number("most", least=0, most=MOST_ROWS),
    ),
    Act.TOKEN_MAKE: form(
        line("id"),
        _NAME,
        line("digest"),
        document("sealed_key"),
        purposes(required=False),
        text("acts", required=False),
        moment("expires_at", required=True),
    ),
    Act.TOKEN_REVOKE: form(line("token")),
    Act.WEBHOOK_ADD: form(line("url"), text("events", required=False)),
    Act.WEBHOOK_REMOVE: form(line("webhook")),
    Act.PROVIDER_ADD: form(_NAME, line("issuer"), line("client_id")),
    Act.PROVIDER_REMOVE: form(line("provider")),
}
