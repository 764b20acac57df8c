"""Photographs, the faces in them, and the references made from faces."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.biometrics.vocabulary import FaceState, PhotographState
from countenance.primitives.ids import new_id
from countenance.records.fields import WordsField
from countenance.records.models.collection import Basis, Gallery, PermissionClass, Source
from countenance.records.models.persons import ConsentReceipt, Person

_PHOTOGRAPH_STATES = [state.value for state in PhotographState]
_FACE_STATES = [state.value for state in FaceState]


class Photograph(models.Model):
    """One picture (or one page of a file) of a source, known by its bytes. The picture itself stays with the holder."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="photographs")
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, related_name="+")  # the source's, or narrower
    sha256 = models.TextField()
    page = models.IntegerField(default=0)
    path = models.TextField()  # within the source, as text
    source_ref = models.TextField(default="", blank=True)  # the holder's own reference
    captured_at = models.TextField(default="", blank=True)  # EDTF (ISO 8601-2)
    format = models.TextField(default="", blank=True)
    width = models.IntegerField(default=0)  # displayed pixels
    height = models.IntegerField(default=0)
    state = models.TextField(choices=[(state, state) for state in _PHOTOGRAPH_STATES])
    reason = models.TextField(default="", blank=True)
    extraction = models.TextField()  # what looked at it: space, detail, limits
    fingerprint = models.TextField()  # extraction, plus basis and labels: the same again changes nothing
    ingested_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "sha256", "page"], name="photograph_once_per_source"),
            models.CheckConstraint(condition=Q(state__in=_PHOTOGRAPH_STATES), name="photograph_state_known"),
        ]
        indexes = [models.Index(fields=["source", "path"], name="photograph_path")]


class Face(models.Model):
    """One detected face. Its crop and template are sealed under a key of its own, whose record id is this id."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    photograph = models.ForeignKey(Photograph, on_delete=models.PROTECT, related_name="faces")
    number = models.IntegerField()  # 0.. in the photograph, largest box first
    x = models.FloatField()  # box, displayed pixels
    y = models.FloatField()
    width = models.FloatField()
    height = models.FloatField()
    landmarks = models.JSONField()  # five (x, y), displayed pixels
    detector_score = models.FloatField()
    eye_distance = models.FloatField()  # pixels
    norm = models.FloatField(null=True)  # raw norm of the embedding; None: no template was made
    quality = WordsField(default=frozenset, blank=True)
    components = models.JSONField(null=True)  # QualityComponent -> 0..100; None: of an older release
    space_id = models.TextField(default="", blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="faces")
    state = models.TextField(choices=[(state, state) for state in _FACE_STATES])
    reason = models.TextField(default="", blank=True)
    rule = models.TextField(default="", blank=True)  # policy's rule, where it refused
    crop = models.TextField(default="", blank=True)  # name in the media store; "": none kept

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["photograph", "number"], name="face_numbered_once"),
            models.CheckConstraint(condition=Q(state__in=_FACE_STATES), name="face_state_known"),
        ]


class Reference(models.Model):
    """A face that can be found, by virtue of exactly one receipt or one basis.

    Database triggers refuse a row whose receipt or basis is not live at `enrolled_at` (see migration 0002).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    face = models.ForeignKey(Face, on_delete=models.PROTECT, related_name="references")
    gallery = models.ForeignKey(Gallery, on_delete=models.PROTECT, related_name="references")
    permission_class = models.ForeignKey(PermissionClass, on_delete=models.PROTECT, related_name="+")
    receipt = models.ForeignKey(
        ConsentReceipt, on_delete=models.PROTECT, null=True, related_name="references"
    )
    basis = models.ForeignKey(Basis, on_delete=models.PROTECT, null=True, related_name="references")
    enrolled_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(receipt__isnull=False, basis__isnull=True)
                | Q(receipt__isnull=True, basis__isnull=False),
                name="reference_has_one_ground",
            ),
            models.UniqueConstraint(
                fields=["face", "receipt"],
                condition=Q(ended_at__isnull=True, receipt__isnull=False),
                name="reference_once_per_receipt",
            ),
            models.UniqueConstraint(
                fields=["face", "basis"],
                condition=Q(ended_at__isnull=True, basis__isnull=False),
                name="reference_once_per_basis",
            ),
        ]
