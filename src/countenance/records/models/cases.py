"""Cases, the comparisons made in them, and the candidates that came of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.policy.purposes import Purpose
from countenance.primitives.ids import new_id
from countenance.records.fields import WordsField
from countenance.records.models.collection import Gallery
from countenance.records.models.organisations import Account, Organisation
from countenance.records.models.persons import Person
from countenance.records.models.photographs import Face, Reference

_PURPOSES = [purpose.value for purpose in Purpose]
_AUTHORITIES = ("case", "rights_request_id", "evaluation_id", "suppression_check_id")


def _exactly_one(names: tuple[str, ...]) -> Q:
    condition = Q()
    for chosen in names:
        condition |= Q(**{f"{name}__isnull": name != chosen for name in names})
    return condition


class Case(models.Model):
    """A reason to search: one client, one purpose, one requester of record, an end, and a number of searches."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    client = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cases")
    purpose = models.TextField()
    reference = models.TextField()  # the client's own file number or authority
    on_behalf_of = models.TextField()  # requester of record
    on_behalf_of_jurisdiction = models.TextField()
    sought_is_minor = models.BooleanField(default=False)  # declared, never estimated
    guardian_consent = models.BooleanField(default=False)
    recorded_authority = models.TextField(default="", blank=True)
    searches_allowed = models.IntegerField()
    opened_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    denied_at = models.DateTimeField(
        null=True
    )  # its authorisation was refused: what came of it is gone, this row stays
    denied_authority = models.TextField(default="", blank=True)
    denied_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(denied_at__isnull=True) | Q(closed_at__isnull=False) & ~Q(denied_authority=""),
                name="case_denied_is_closed",
            ),
            models.CheckConstraint(condition=Q(purpose__in=_PURPOSES), name="case_purpose_known"),
            models.CheckConstraint(
                condition=~Q(on_behalf_of="") & ~Q(on_behalf_of_jurisdiction=""), name="case_has_requester"
            ),
            models.CheckConstraint(condition=~Q(reference=""), name="case_has_reference"),
            models.CheckConstraint(condition=Q(searches_allowed__gte=0), name="case_searches_not_negative"),
        ]


class Search(models.Model):
    """One comparison of a probe with a gallery, under exactly one authority."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="searches")
    rights_request_id = models.UUIDField(null=True)
    evaluation_id = models.UUIDField(null=True)
    suppression_check_id = models.UUIDField(null=True)
    purpose = models.TextField()
    on_behalf_of = models.TextField()
    gallery = models.ForeignKey(Gallery, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="searches")
    grant_id = models.TextField(unique=True)
    pack_hash = models.TextField()
    space_id = models.TextField()
    searched = models.BigIntegerField()  # coverage: references scanned
    permitted = models.BigIntegerField()
    not_searchable = models.BigIntegerField()
    threshold = models.FloatField(null=True)  # of identification, where it went by one
    operating_point = models.TextField(default="", blank=True)  # code of the one that set it
    made_at = models.DateTimeField()
    log_index = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_exactly_one(_AUTHORITIES), name="search_has_one_authority"),
            models.CheckConstraint(condition=Q(purpose__in=_PURPOSES), name="search_purpose_known"),
            models.CheckConstraint(condition=~Q(on_behalf_of=""), name="search_has_requester"),
        ]


class Probe(models.Model):
    """One photograph of the sought person in one search: picture, crop and template sealed under this id's key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    search = models.ForeignKey(Search, on_delete=models.PROTECT, related_name="probes")
    number = models.IntegerField()
    sha256 = models.TextField()
    face_number = models.IntegerField()
    box = models.JSONField()  # x, y, width, height in displayed pixels
    quality = WordsField(default=frozenset, blank=True)
    components = models.JSONField(null=True)  # QualityComponent -> 0..100; None: of an older release
    norm = models.FloatField()
    picture = models.TextField()  # name in the media store
    crop = models.BinaryField(
        default=b""
    )  # sealed: what a reviewer sees; empty for searches of an older release
    eye_share = models.FloatField(default=0)  # distance of the eyes as a share of the crop's width
    template = models.BinaryField()  # sealed

    class Meta:
        constraints = [models.UniqueConstraint(fields=["search", "number"], name="probe_numbered_once")]


class Candidate(models.Model):
    """A lead: one person (or one unlabelled face) on the list of one search. Not an identification."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    search = models.ForeignKey(Search, on_delete=models.PROTECT, related_name="candidates")
    rank = models.IntegerField()  # 1..20
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    face = models.ForeignKey(Face, on_delete=models.PROTECT, related_name="+")
    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="+")
    score = models.FloatField()  # comparison score of the person's references as one: cosine, -1..1
    references = models.IntegerField()  # how many were compared as one, the one shown included

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["search", "rank"], name="candidate_ranked_once"),
            models.CheckConstraint(condition=Q(rank__gte=1, rank__lte=20), name="candidate_rank_in_list"),
        ]


class FusedReference(models.Model):
    """One of several references that made a candidate's score. None where the one that is shown made it alone."""

    candidate = models.ForeignKey(Candidate, on_delete=models.PROTECT, related_name="fused")
    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["candidate", "reference"], name="fused_reference_once")
        ]
