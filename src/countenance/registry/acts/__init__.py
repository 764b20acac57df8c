"""One handler per act."""

from __future__ import annotations

from countenance.acting.step import Handler, Handlers
from countenance.policy.questions import Act
from countenance.registry.acts import (
    accounts,
    assessments,
    cases,
    collection,
    keeping,
    organisations,
    persons,
    policies,
    proposals,
    reading,
    renewing,
    standing,
    tokens,
)

HANDLERS: Handlers = {
    Act.CLIENT_ADD: Handler(carry_out=organisations.add),
    Act.CLIENT_SUSPEND: Handler(carry_out=organisations.suspend),
    Act.CLIENT_REINSTATE: Handler(carry_out=organisations.reinstate),
    Act.ACCOUNT_ADD: Handler(carry_out=accounts.add, needs_two=accounts.adds_operator),
    Act.ACCOUNT_CERTIFY: Handler(carry_out=accounts.certify, client_of=accounts.authority_of),
    Act.ACCOUNT_SUSPEND: Handler(carry_out=accounts.suspend, client_of=accounts.authority_of),
    Act.ACCOUNT_REINSTATE: Handler(carry_out=accounts.reinstate, client_of=accounts.authority_of),
    Act.ACCOUNT_SPONSOR: Handler(carry_out=accounts.change_sponsor, client_of=accounts.authority_of),
    Act.GALLERY_ADD: Handler(carry_out=collection.add_gallery),
    Act.GALLERY_DESCRIBE: Handler(carry_out=collection.complete_gallery),
    Act.GALLERY_SUSPEND: Handler(carry_out=collection.suspend_gallery),
    Act.GALLERY_REINSTATE: Handler(carry_out=collection.reinstate_gallery),
    Act.SOURCE_ADD: Handler(carry_out=collection.add_source),
    Act.SOURCE_WITHDRAW: Handler(carry_out=collection.withdraw_source),
    Act.SOURCE_CORRECT: Handler(carry_out=collection.correct_source),
    Act.PERSON_ADD: Handler(carry_out=persons.add),
    Act.MAJORITY_REVIEW: Handler(carry_out=persons.review_majority),
    Act.CONSENT_RECORD: Handler(carry_out=persons.record_consent),
    Act.CONSENT_WITHDRAW: Handler(carry_out=persons.withdraw_consent),
    Act.CASE_OPEN: Handler(carry_out=cases.open_case, client_of=cases.client_of_new),
    Act.CASE_CLOSE: Handler(carry_out=cases.close_case, client_of=cases.client_of_existing),
    Act.PROPOSAL_CANCEL: Handler(carry_out=proposals.cancel, client_of=proposals.authority_of),
    Act.POLICY_ACTIVATE: Handler(carry_out=policies.activate, engine=policies.decides),
    Act.POLICY_TRUST: Handler(carry_out=policies.trust),
    Act.POLICY_TRY: Handler(carry_out=policies.dry_run),
    Act.RETENTION_SET: Handler(carry_out=keeping.set_limit, needs_two=keeping.lengthens),
    Act.HOLD_PLACE: Handler(carry_out=keeping.place_hold),
    Act.HOLD_LIFT: Handler(carry_out=keeping.lift_hold),
    Act.PURGE_PLAN: Handler(carry_out=keeping.show_purge),
    Act.PURGE: Handler(carry_out=keeping.purge),
    Act.ASSESSMENT_RECORD: Handler(carry_out=assessments.record),
    Act.TRANSFORM_RENEW: Handler(carry_out=renewing.renew),
    Act.LOG_EXPORT: Handler(carry_out=reading.export_log),
    Act.BACKUP: Handler(carry_out=reading.note_backup),
    Act.BACKUP_VERIFY: Handler(carry_out=standing.note_verified),
    Act.LOG_PROVE: Handler(carry_out=reading.prove),
    Act.TOKEN_MAKE: Handler(carry_out=tokens.make, client_of=reading.client_of_reader),
    Act.TOKEN_REVOKE: Handler(
        carry_out=tokens.revoke, client_of=reading.client_of_reader, against=tokens.not_ones_own
    ),
    Act.WEBHOOK_ADD: Handler(carry_out=tokens.add_webhook),
    Act.WEBHOOK_REMOVE: Handler(carry_out=tokens.remove_webhook),
    Act.RECORDS_READ: Handler(carry_out=reading.read, client_of=reading.client_of_reader),
}
