"""The ledger of ingest: runs, shards that a process claims with a lease and finishes with a fence, items with a state."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.biometrics.vocabulary import Detail, PhotographState
from countenance.primitives.ids import new_id
from countenance.records.models.collection import Source
from countenance.records.models.organisations import Account
from countenance.records.models.photographs import Photograph

PENDING = "pending"
_ITEM_STATES = [PENDING, *(state.value for state in PhotographState)]


class IngestRun(models.Model):
    """One pass over a source. A run that was interrupted is taken up again, not started anew."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="runs")
    started_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    detail = models.TextField(choices=[(detail.value, detail.value) for detail in Detail])
    extraction = models.TextField()  # fingerprint of models, detail and limits
    manifest_sha256 = models.TextField(default="", blank=True)
    listed = models.BooleanField(default=False)  # all items are written
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=Q(finished_at__isnull=True), name="run_one_open_per_source"
            )
        ]


class IngestShard(models.Model):
    """A slice of a run's items. Whoever holds the lease works on it; only the latest fence may finish it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    run = models.ForeignKey(IngestRun, on_delete=models.PROTECT, related_name="shards")
    number = models.IntegerField()
    owner = models.TextField(default="", blank=True)
    fence = models.IntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="shard_numbered_once")]


class IngestItem(models.Model):
    """One file of a run, and how it ended."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(IngestRun, on_delete=models.PROTECT, related_name="items")
    shard = models.ForeignKey(IngestShard, on_delete=models.PROTECT, related_name="items")
    position = models.IntegerField()  # order of listing
    path = models.TextField()  # within the source, as text
    rows = models.JSONField(default=list)  # rows of the manifest for this file; []: none
    state = models.TextField(choices=[(state, state) for state in _ITEM_STATES], default=PENDING)
    reason = models.TextField(default="", blank=True)
    attempts = models.IntegerField(default=0)
    photograph = models.ForeignKey(Photograph, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="item_listed_once"),
            models.CheckConstraint(condition=Q(state__in=_ITEM_STATES), name="item_state_known"),
        ]
        indexes = [models.Index(fields=["run", "state"], name="item_state")]
