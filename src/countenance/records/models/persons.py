"""People in the photographs, and what they consented to."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from countenance.policy.purposes import Purpose
from countenance.primitives.ids import new_id
from countenance.primitives.text import folded
from countenance.records.models.collection import Gallery


class Person(models.Model):
    """A data subject under the name the operator uses. Age is declared or unknown; nothing is read from a face."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    label = models.TextField(unique=True)  # the operator's own identifier
    # What all spellings of the label share. Who withdrew as one of them has withdrawn as the others.
    folded = models.TextField(unique=True, editable=False)
    declared_minor = models.BooleanField(default=False)
    majority_on = models.DateField(null=True)  # declared: the day a declared minor comes of age
    majority_reached_at = models.DateTimeField(
        null=True
    )  # when it was noticed; findable no more until reviewed
    majority_reviewed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(label=""), name="person_labelled"),
        ]

    def save(self, *args: Any, **more: Any) -> None:
        """As Django's, with the folded label kept in step."""
        self.folded = folded(self.label)
        super().save(*args, **more)


class ConsentReceipt(models.Model):
    """One person's consent to one purpose in one gallery, in the shape of ISO/IEC TS 27560.

    `code` is what the person keeps; whoever shows it may withdraw, which is as easy as giving was.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="receipts")
    gallery = models.ForeignKey(Gallery, on_delete=models.PROTECT, related_name="receipts")
    purpose = models.TextField()
    jurisdiction = models.TextField()
    controller = models.TextField()
    notice_text = models.TextField()  # the very words that were agreed to
    notice_version = models.TextField()
    language = models.TextField()
    method = models.TextField()  # paper form, interview, web form ...
    evidence = models.TextField(default="", blank=True)
    guardian = models.TextField(default="", blank=True)  # who consented for a declared minor
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "gallery", "purpose"],
                condition=Q(withdrawn_at__isnull=True),
                name="receipt_one_open_per_purpose",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=[purpose.value for purpose in Purpose]), name="receipt_purpose_known"
            ),
            models.CheckConstraint(
                condition=~Q(notice_text="") & ~Q(notice_version=""), name="receipt_has_notice"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=models.F("given_at")),
                name="receipt_runs_forward",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(withdrawn_at__isnull=True, expires_at__isnull=False),
                name="receipt_by_expiry",  # asked before every search: which have run out?
            )
        ]
