"""What people ask for who are in the photographs: requests, their clocks, the steps they were told of, what was found.

Who asks, and what they hand in, is sealed under the request's own data key, whose record id is the request's. Ids of faces and
people are plain values, not foreign keys: what a request is about may be erased by that very request.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.primitives.ids import new_id
from countenance.records.models.collection import Source
from countenance.records.models.organisations import Account


class RequestRecord(models.Model):
    """One request. Open until `closed_at`; then its key is destroyed, and what was sealed under it with it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    number = models.TextField(unique=True)  # public
    secret_sha256 = models.TextField()  # of the secret that the requester holds
    kind = models.TextField()
    opt_out = models.TextField(default="", blank=True)  # which of the three forms, for an opt-out
    pointer = (
        models.TextField()
    )  # by what the requester is to be found; its value is among the sealed details
    language = models.TextField()
    place = models.TextField(
        default="", blank=True
    )  # ISO 3166; "": not said. Moves deadlines, and nothing else
    details = models.BinaryField()  # sealed: name, contact, value of the pointer
    state = models.TextField()
    tier = models.TextField(default="", blank=True)  # how the requester was verified
    tries = models.IntegerField(default=0)  # verifications that failed
    verified_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    person_id = models.UUIDField(null=True)  # whose the receipt is
    entered_by = models.ForeignKey(  # None: by whoever asks, on the public portal
        Account, on_delete=models.PROTECT, null=True, related_name="+"
    )
    received_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)  # its key, and all that was sealed under it

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(tier="", verified_at__isnull=True) | (~Q(tier="") & Q(verified_at__isnull=False)),
                name="request_verified_somehow",
            ),
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True) | Q(closed_at__isnull=False),
                name="request_destroyed_when_closed",
            ),
        ]
        indexes = [models.Index(fields=["closed_at", "received_at"], name="request_open")]


class RequestClockRecord(models.Model):
    """A notice that moves a request's due date: a pause, its end, an extension; dated, with its reason."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(RequestRecord, on_delete=models.PROTECT, related_name="notices")
    kind = models.TextField()
    reason = models.TextField()  # a word of the law's closed list
    text = models.TextField()  # as the requester is told
    at = models.DateTimeField()
    by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")


class RequestStepRecord(models.Model):
    """A step the requester was given a receipt for. The log's entry commits to `statement`."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(RequestRecord, on_delete=models.PROTECT, related_name="steps")
    step = models.TextField()
    at = models.DateTimeField()
    statement = models.JSONField()
    log_index = models.BigIntegerField(null=True)  # null within the act's own transaction

    class Meta:
        ordering = ["id"]


class RequestFaceRecord(models.Model):
    """A face that may be the requester's, until somebody at the desk has looked; then one that is."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(RequestRecord, on_delete=models.PROTECT, related_name="faces")
    number = models.IntegerField()  # 1.. as shown at the desk
    face_id = models.UUIDField()
    score = models.FloatField(null=True)  # comparison score, where it was found by one's own face
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "number"], name="request_face_numbered")]


class SweepRecord(models.Model):
    """A look through a source that has no index, for one verified requester. Keeps a cursor, a sealed probe and names."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    request = models.ForeignKey(RequestRecord, on_delete=models.PROTECT, related_name="sweeps")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    probe = models.BinaryField()  # template of the requester, sealed under the request's key
    threshold = models.FloatField()
    cursor = models.TextField(default="", blank=True)  # the last path looked at, in order of listing
    looked_at = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    started_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)


class SweepFindingRecord(models.Model):
    """A photograph in which a sweep may have found its requester. No face, no template, no score."""

    id = models.BigAutoField(primary_key=True)
    sweep = models.ForeignKey(SweepRecord, on_delete=models.PROTECT, related_name="findings")
    number = models.IntegerField()
    path = models.TextField()
    sha256 = models.TextField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sweep", "number"], name="finding_numbered")]
