"""Watching over searches: random samples for supervisors, and flags raised by the rules against misuse."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from countenance.primitives.ids import new_id
from countenance.records.models.cases import Search
from countenance.records.models.organisations import Account, Organisation


class Sample(models.Model):
    """Searches of one client and one week, drawn by a checkpoint of the log that nobody could choose."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    client = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="samples")
    week = models.TextField()  # ISO 8601: 2026-W45
    checkpoint_size = models.BigIntegerField()
    checkpoint_root = models.TextField()  # hexadecimal: the seed
    drawn_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "week"], name="sample_once_a_week")]


class SampledSearch(models.Model):
    """One search of a sample, and what a supervisor found of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="searches")
    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="samples")
    finding = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    examined_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    examined_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "search"], name="sampled_once")]


class MisuseFlag(models.Model):
    """A pattern that a rule has seen in one account's day. Not a finding: somebody else must look."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    rule = models.TextField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="misuse_flags")
    day = models.DateField()
    entries = models.JSONField()  # of the log: the evidence
    raised_at = models.DateTimeField()
    finding = models.TextField(default="", blank=True)
    note = models.TextField(default="", blank=True)
    reviewed_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rule", "account", "day"], name="flag_once_a_day"),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("account")),
                name="flag_reviewed_by_somebody_else",
            ),
        ]
