"""The workspace's own state: its epoch, its policy packs, and acts that wait for a second signature."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.primitives.ids import new_id
from countenance.records.models.organisations import Account


class WorkspaceState(models.Model):
    """One row. `revocation_epoch` grows with each withdrawal or suspension; a grant of an older epoch is dead."""

    id = models.IntegerField(primary_key=True, default=1)
    workspace_id = models.UUIDField()
    operator = models.TextField()  # who runs it
    jurisdiction = models.TextField()  # where
    revocation_epoch = models.BigIntegerField(default=0)
    model_pack = models.TextField(default="", blank=True)  # model pack in use; "": as workspace.toml says
    last_seen_at = models.DateTimeField()  # latest moment written; a clock before it has been set back
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="workspace_state_single")]


class PolicyPackRecord(models.Model):
    """A jurisdiction pack that is or was in force, with its files, so that an old decision can be replayed."""

    hash = models.TextField(primary_key=True)  # SHA-256 of its canonical listing
    name = models.TextField()
    version = models.TextField()
    files = models.JSONField()  # file name -> text
    signatures = models.JSONField(default=dict)  # name of the key -> signature in hexadecimal
    activated_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(retired_at__isnull=True), name="policy_pack_one_active"
            )
        ]


class PackSigner(models.Model):
    """A key that this workspace lets vouch for policy packs, by the name that packs call it."""

    name = models.TextField(primary_key=True)
    public_key = models.BinaryField(unique=True)  # Ed25519, 32 bytes
    trusted_at = models.DateTimeField()


class BackupRecord(models.Model):
    """A backup that was made, so that an operator sees which there are. The copies themselves are the operator's."""

    made_at = models.DateTimeField(db_index=True)  # as in its manifest
    directory = models.TextField()
    bytes = models.BigIntegerField()
    log_entry = models.BigIntegerField()
    verified_at = models.DateTimeField(null=True)


class PolicyBookRecord(models.Model):
    """Packs that were in force together, kept so that what they decided can be decided again."""

    hash = models.TextField(primary_key=True)  # SHA-256 of the canonical listing; decisions name it
    operator = models.TextField()  # ISO 3166 code of the place of whoever ran the workspace
    packs = models.JSONField()  # hashes of PolicyPackRecord
    first_at = models.DateTimeField()


class Proposal(models.Model):
    """An act of two persons, waiting: what exactly will be done, in canonical JSON."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    act = models.TextField()
    params = models.JSONField()
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    carried_out_at = models.DateTimeField(null=True)


class Approval(models.Model):
    """One account's signature under a proposal. The same key cannot sign twice."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="approvals")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    public_key = models.BinaryField()  # the key that signed, as it was then
    signature = models.BinaryField()
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "account"], name="approval_once_per_account"),
            models.UniqueConstraint(fields=["proposal", "public_key"], name="approval_once_per_key"),
        ]
