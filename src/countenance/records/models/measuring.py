"""What a workspace measured of itself and stands by: adopted evaluations, and the operating points that rest on them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from countenance.primitives.ids import new_id
from countenance.records.models.collection import Gallery
from countenance.records.models.organisations import Account


class AdoptedEvaluation(models.Model):
    """An evaluation that two persons took for what scores mean in a gallery: of one template space, for a time.

    It holds rates and numbers of persons; no score of anybody, no name, no template.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    gallery = models.ForeignKey(Gallery, on_delete=models.PROTECT, related_name="evaluations")
    space_id = models.TextField()
    report_sha256 = models.TextField()  # of the report's bytes, as both persons signed
    measured_at = models.DateTimeField()
    people = models.IntegerField()  # enrolled when it was measured: N
    references_each = models.IntegerField()  # photographs of each enrolled person, at most
    strangers = models.IntegerField()  # persons whose searches were non-mated
    mates = models.IntegerField()  # persons whose searches were mated
    curve = models.JSONField()  # {"T": [...], "FPIR": [...], "FNIR": [...]}, T ascending
    groups = models.JSONField(default=list)  # rates of declared groups, as the report has them
    # Raw norms; None where the evaluation bears none out.
    floor_norm = models.FloatField(null=True)  # below it nothing is enrolled
    weak_norm = models.FloatField(null=True)  # below it a probe is called weak
    adopted_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    adopted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(people__gte=1, references_each__gte=1, strangers__gte=1, mates__gte=1),
                name="evaluation_counts",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("adopted_at")), name="evaluation_expires"),
            models.CheckConstraint(
                condition=~Q(space_id="") & ~Q(report_sha256=""), name="evaluation_is_bound"
            ),
            models.UniqueConstraint(
                fields=["gallery", "space_id"],
                condition=Q(ended_at__isnull=True),
                name="evaluation_one_in_force",
            ),
        ]


class OperatingPoint(models.Model):
    """The threshold of identification in a gallery, up to a size, as two persons signed it (requirement R24)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    gallery = models.ForeignKey(Gallery, on_delete=models.PROTECT, related_name="operating_points")
    evaluation = models.ForeignKey(AdoptedEvaluation, on_delete=models.PROTECT, related_name="+")
    space_id = models.TextField()
    threshold = models.FloatField()  # comparison score
    most_people = models.IntegerField()  # the largest gallery it is valid for
    fpir = models.FloatField()  # at that size
    fpir_high = models.FloatField()  # upper end of its 95 % interval
    fnir = models.FloatField()
    fnir_high = models.FloatField()
    reason = models.TextField()
    set_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(most_people__gte=1), name="operating_point_has_size"),
            models.CheckConstraint(
                condition=Q(fpir__gte=0, fpir__lte=1, fnir__gte=0, fnir__lte=1), name="operating_point_rates"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="operating_point_has_reason"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("set_at")), name="operating_point_expires"),
            models.UniqueConstraint(
                fields=["gallery"], condition=Q(ended_at__isnull=True), name="operating_point_one_in_force"
            ),
        ]
