"""What the web application remembers: who has a way in, who is in now, and which one-time links are out.

No row of these tables signs anything: a private key is in them only under a secret that is in none of them
(see `web.keyring`). Who has what role, and who is suspended, is in the records alone.
"""

from __future__ import annotations

from django.db import models

from countenance.primitives.ids import new_id
from countenance.records.models import Account


class WebLogin(models.Model):
    """An account's way in by password and second factor."""

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="web_login"
    )
    sealed = models.BinaryField()  # key and TOTP secret, under the password
    last_step = models.BigIntegerField(default=-1)  # of the last TOTP code used: none is good twice
    failures = models.PositiveIntegerField(default=0)  # in a row, of either factor
    locked_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()


class WebSession(models.Model):
    """Somebody is in, or half in (password given, second factor not yet). Deleting the row ends it at once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="web_sessions")
    token_hash = models.BinaryField(unique=True)  # SHA-256; the token itself is in the cookie alone
    sealed = models.BinaryField()  # key and TOTP secret, under the token
    whole = models.BooleanField(default=False)  # both factors were given
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)  # when a second factor was last given


class WebPasskey(models.Model):
    """A device that is an account's second factor, beside the codes: a public key, which opens nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="web_passkeys")
    name = models.TextField()  # as its owner calls it
    credential = models.BinaryField(unique=True)  # credential ID
    public_key = models.BinaryField()  # COSE_Key (RFC 9052, section 7)
    uses = models.BigIntegerField()  # signature counter; 0 where the device keeps none
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class WebInvitation(models.Model):
    """A one-time link by which the holder of an account sets password and second factor."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="web_invitations")
    token_hash = models.BinaryField(unique=True)
    sealed = models.BinaryField()  # key, under the token
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
