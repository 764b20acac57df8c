"""How long what is kept, what is kept back from destruction, and what was assessed before it ran."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from countenance.policy.terms import DataKind
from countenance.primitives.ids import new_id
from countenance.records.fields import WordsField
from countenance.records.models.collection import Gallery, Source
from countenance.records.models.organisations import Account

_KINDS = [kind.value for kind in DataKind]


class RetentionLimit(models.Model):
    """A storage limit that was set for a kind of data in place of the one that comes with the program."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.TextField(choices=[(kind, kind) for kind in _KINDS])
    days = models.IntegerField(null=True)  # None: until the purpose ends, and no longer
    owner = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")  # who answers for it
    reason = models.TextField()
    set_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=Q(ended_at__isnull=True), name="retention_one_per_kind"
            ),
            models.CheckConstraint(condition=Q(kind__in=_KINDS), name="retention_kind_known"),
            models.CheckConstraint(condition=Q(days__isnull=True) | Q(days__gte=1), name="retention_days"),
            models.CheckConstraint(condition=~Q(reason=""), name="retention_has_reason"),
        ]


class Hold(models.Model):
    """Something that must not be destroyed before a day, on somebody's demand. Everybody of the operator sees it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    scope = models.TextField()  # person, photograph, source, gallery or client
    target = models.TextField()  # id of the record
    authority = models.TextField()  # who demands it: court, commissioner, statute
    reason = models.TextField()  # without a name
    placed_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    until = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    lift_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("placed_at")), name="hold_runs_forward"),
            models.CheckConstraint(condition=~Q(authority="") & ~Q(reason=""), name="hold_has_reason"),
            models.CheckConstraint(
                condition=Q(scope__in=["person", "photograph", "source", "gallery", "client"]),
                name="hold_scope_known",
            ),
        ]


class Assessment(models.Model):
    """An assessment (DPIA, PIA) or an addendum to one, and what exactly it was about: gallery, model, threshold, purposes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    gallery = models.ForeignKey(Gallery, on_delete=models.PROTECT, related_name="assessments")
    adds_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="addenda")
    space_id = models.TextField()  # of the model pack
    threshold = models.FloatField()  # comparison score below which no candidate is listed
    identification = models.FloatField(null=True)  # threshold of the operating point it speaks of, if any
    purposes = WordsField()
    title = models.TextField()
    document_sha256 = models.TextField()
    recorded_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(document_sha256=""), name="assessment_has_document"
            ),
            models.CheckConstraint(condition=~Q(purposes=""), name="assessment_has_purposes"),
        ]


class StatusFeed(models.Model):
    """Where a source's holder says what was taken back: a file, as text."""

    source = models.OneToOneField(
        Source, on_delete=models.PROTECT, primary_key=True, related_name="status_feed"
    )
    file = models.TextField()
    acted_at = models.DateTimeField(null=True)  # when something of it was last carried out

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(file=""), name="status_feed_is_a_file")]
