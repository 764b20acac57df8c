"""What is held and why: galleries, bases, sources, and the permission classes policy decides over."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.policy.purposes import BasisKind
from countenance.primitives.ids import new_id
from countenance.records.fields import WordsField
from countenance.records.models.organisations import Account

_KINDS = [kind.value for kind in BasisKind]


class Gallery(models.Model):
    """References that are searched together, for stated purposes, in one place."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.TextField(unique=True)
    purposes = WordsField()
    jurisdiction = models.TextField()
    notice = models.TextField(default="", blank=True)  # what the public is told; or:
    notice_exemption = models.TextField(default="", blank=True)  # the recorded exemption from telling
    suspended_at = models.DateTimeField(null=True)
    suspension_reason = models.TextField(default="", blank=True)
    search_locked_at = models.DateTimeField(null=True)
    ingest_locked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="gallery_named"),
            models.CheckConstraint(condition=~Q(purposes=""), name="gallery_has_purposes"),
            models.CheckConstraint(condition=~Q(jurisdiction=""), name="gallery_placed"),
        ]


class Basis(models.Model):
    """On what the holding of photographs rests. A row that narrows another has no purpose the other lacks."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.TextField(choices=[(kind, kind) for kind in _KINDS])
    purposes = WordsField()
    jurisdiction = models.TextField()
    evidence = models.TextField()  # document, statute, contract: where a reader can check
    permits_unlabelled = models.BooleanField(default=False)
    narrows = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="narrowed")
    valid_from = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=_KINDS), name="basis_kind_known"),
            models.CheckConstraint(condition=~Q(purposes=""), name="basis_has_purposes"),
            models.CheckConstraint(condition=~Q(jurisdiction=""), name="basis_placed"),
            models.CheckConstraint(condition=~Q(evidence=""), name="basis_has_evidence"),
        ]


class Source(models.Model):
    """A lawful collection of photographs, registered with its basis, its holder and its notice."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.TextField(unique=True)
    gallery = models.ForeignKey(Gallery, on_delete=models.PROTECT, related_name="sources")
    basis = models.OneToOneField(Basis, on_delete=models.PROTECT, related_name="source")
    location = models.TextField()  # folder or manifest, as text (see primitives.files.name_to_text)
    holder = models.TextField()  # who holds the photographs
    contact = models.TextField()  # how a caseworker or a person in them reaches the holder
    notice = models.TextField()
    withdrawn_at = models.DateTimeField(null=True)
    registered_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(**{field: ""}), name=f"source_has_{field}")
            for field in ("name", "location", "holder", "contact", "notice")
        ]


class PermissionClass(models.Model):
    """Rows of a gallery that policy treats alike. Index rows carry its small integer id."""

    gallery = models.ForeignKey(Gallery, on_delete=models.PROTECT, related_name="permission_classes")
    basis_kind = models.TextField(choices=[(kind, kind) for kind in _KINDS])
    purposes = WordsField()
    jurisdiction = models.TextField()
    withheld = models.BooleanField(
        default=False
    )  # closed by a lock or an order on a source: no search reaches it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["gallery", "basis_kind", "purposes", "jurisdiction", "withheld"],
                name="permission_class_unique",
            ),
            models.CheckConstraint(condition=Q(basis_kind__in=_KINDS), name="permission_class_kind_known"),
            models.CheckConstraint(condition=~Q(purposes=""), name="permission_class_has_purposes"),
        ]
