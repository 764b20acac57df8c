"""Erasures: what is being destroyed, what is still to go, and what must not come back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.primitives.ids import new_id
from countenance.records.erasing.vocabulary import (
    ErasureState,
    EvidenceGrade,
    ResidencyRule,
    ScopeKind,
    TombstoneKind,
    WorkKind,
)
from countenance.records.models.organisations import Account
from countenance.records.models.persons import Person


def _words(kind: type[ScopeKind | ErasureState | TombstoneKind | WorkKind | EvidenceGrade]) -> list[str]:
    return [word.value for word in kind]


class Erasure(models.Model):
    """One erasure and how far it has come. Its certificate is made when the last step is done, and not before."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    scope = models.TextField(choices=[(word, word) for word in _words(ScopeKind)])
    target = models.TextField()  # id of the person, photograph, face, source, gallery or client; or the place
    rule = models.TextField(default="", blank=True)  # how residency was judged, for a place
    ground = models.TextField()  # the request or order it rests on, in words without a name
    jurisdiction = models.TextField(default="", blank=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.TextField(choices=[(word, word) for word in _words(ErasureState)])
    counts = models.JSONField(default=dict)  # store -> how many were there
    kept_back = models.JSONField(default=dict)  # code of a hold -> how many persons or photographs it kept
    uncertain = models.IntegerField(default=0)  # persons whose residency was in doubt, for a place
    forgotten = models.JSONField(default=list)  # log entries whose payloads were forgotten
    entries = models.JSONField(default=list)  # log entries of its steps
    started_at = models.DateTimeField()
    unfindable_at = models.DateTimeField(null=True)
    keys_destroyed_at = models.DateTimeField(null=True)
    bytes_gone_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_entry = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=_words(ScopeKind)), name="erasure_scope_known"),
            models.CheckConstraint(condition=Q(state__in=_words(ErasureState)), name="erasure_state_known"),
            models.CheckConstraint(
                condition=Q(rule="") | Q(rule__in=[rule.value for rule in ResidencyRule]),
                name="erasure_rule_known",
            ),
            # Never "done" before every step has its moment.
            models.CheckConstraint(
                condition=~Q(state=ErasureState.DONE.value)
                | Q(
                    unfindable_at__isnull=False,
                    keys_destroyed_at__isnull=False,
                    bytes_gone_at__isnull=False,
                    done_at__isnull=False,
                ),
                name="erasure_done_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["started_at"], condition=~Q(state=ErasureState.DONE.value), name="erasure_open"
            )
        ]


class ErasureWork(models.Model):
    """What an erasure has still to destroy: written when its row became unfindable, gone when it is done."""

    id = models.BigAutoField(primary_key=True)
    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="work")
    kind = models.TextField(choices=[(word, word) for word in _words(WorkKind)])
    ref = models.TextField()  # record id, name in the media store, or keyed hash of a label

    class Meta:
        indexes = [models.Index(fields=["erasure", "kind"], name="erasure_work_kind")]


class Tombstone(models.Model):
    """What must not come back: a keyed hash of what identifies it, and no template. Boxes are in displayed pixels."""

    id = models.BigAutoField(primary_key=True)
    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="tombstones")
    kind = models.TextField(choices=[(word, word) for word in _words(TombstoneKind)])
    digest = models.TextField()  # HMAC-SHA-256, hexadecimal
    page = models.IntegerField(default=0)
    box = models.JSONField(null=True)  # x, y, width, height: which face of the photograph
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=_words(TombstoneKind)), name="tombstone_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=TombstoneKind.FACE.value, box__isnull=False)
                | ~Q(kind=TombstoneKind.FACE.value) & Q(box__isnull=True),
                name="tombstone_of_face_has_box",
            ),
        ]
        indexes = [models.Index(fields=["kind", "digest"], name="tombstone_digest")]


class ResidencyClaim(models.Model):
    """Where a person lives, as far as somebody has said so. Nothing is inferred from a face, a name or an address."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="residency")
    place = models.TextField()  # ISO 3166-1 or -2
    grade = models.TextField(choices=[(word, word) for word in _words(EvidenceGrade)])
    evidence = models.TextField(default="", blank=True)  # what was said, or the document seen
    claimed_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(place=""), name="residency_placed"),
            models.CheckConstraint(
                # What follows from the source is read from the source; nobody writes it down.
                condition=Q(grade__in=[EvidenceGrade.DOCUMENT.value, EvidenceGrade.DECLARED.value]),
                name="residency_grade_claimed",
            ),
            models.CheckConstraint(
                condition=~Q(grade=EvidenceGrade.DOCUMENT.value) | ~Q(evidence=""),
                name="residency_document_named",
            ),
        ]
