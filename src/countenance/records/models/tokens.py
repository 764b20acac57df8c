"""What programs come with: tokens of the API, answers kept so that an act is not done twice, and webhooks."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from countenance.primitives.ids import new_id
from countenance.records.fields import WordsField
from countenance.records.models.organisations import Account, Organisation


class ApiToken(models.Model):
    """A program's leave to sign as one account, within bounds. Neither the token's secret nor the key is here in the clear:
    `sealed_key` is the account's private key under the secret, `digest` the SHA-256 of the secret.
    """

    id = models.UUIDField(
        primary_key=True, editable=False
    )  # chosen by whoever seals: it is bound into the seal
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="tokens")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.TextField()
    purposes = WordsField(default="", blank=True)  # those it may name; none: acts without a purpose only
    acts = WordsField(
        default="", blank=True
    )  # those it may do; none: all but those that want a second factor
    digest = models.BinaryField(unique=True)
    sealed_key = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="token_ends_after_it_begins"
            )
        ]


class ApiAnswer(models.Model):
    """What a token was answered under one idempotency key, sealed under the token's secret; gone after a day.

    `request`: SHA-256 of what was asked, so that one key is not used for two things. `status` None: under way, or cut
    off; it is never begun a second time.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="answers")
    key = models.TextField()  # SHA-256 of the idempotency key, hexadecimal
    request = models.TextField()
    process = models.TextField()  # which process began it: another one knows that it was cut off
    status = models.IntegerField(null=True)
    sealed = models.BinaryField(default=b"")
    begun_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="one_answer_per_key")]


class Webhook(models.Model):
    """An address that is told of new entries of the log: what their leaves show, and no more."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    url = models.TextField()
    events = WordsField(default="", blank=True)  # none: all
    added_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)
    position = models.BigIntegerField()  # entries of the log before this one have been told
    failures = models.IntegerField(default=0)  # in a row
    retry_at = models.DateTimeField(null=True)
