"""Blind review: who may examine, what was examined, and each verdict, sealed until all are."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from countenance.primitives.ids import new_id
from countenance.records.models.cases import Candidate, Search
from countenance.records.models.organisations import Account


class Competence(models.Model):
    """A person's training for facial review, from a day until a day, on somebody else's word.

    `questioned_at`: a supervisor must look at it before the person examines again.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="competences")
    training = models.TextField()  # course or test, as its giver names it
    evidence = models.TextField()  # certificate: where a reader can check
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    recorded_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    questioned_at = models.DateTimeField(null=True)
    reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")), name="competence_runs_forward"
            ),
            models.CheckConstraint(condition=~Q(account=F("recorded_by")), name="competence_not_own_word"),
            models.CheckConstraint(
                condition=~Q(training="") & ~Q(evidence=""), name="competence_has_evidence"
            ),
        ]


class Review(models.Model):
    """The examination of one search's candidates. Erasing a candidate erases its item and the verdicts on it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    search = models.OneToOneField(Search, on_delete=models.CASCADE, related_name="review")
    opened_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    seed_sha256 = models.TextField()  # in the log from the start; the seed itself with the outcome
    seed = models.BinaryField()  # sealed under this id
    concluded_at = models.DateTimeField(null=True)
    outcome = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(concluded_at__isnull=True, outcome="")
                | Q(concluded_at__isnull=False, outcome__in=["lead", "no-candidate", "inconclusive"]),
                name="review_outcome_is_a_lead_at_most",
            ),
        ]
        indexes = [
            models.Index(fields=["opened_at"], condition=Q(concluded_at__isnull=True), name="review_waiting")
        ]


class ReviewItem(models.Model):
    """One pair of faces to examine: the probe beside a candidate, or beside a filler that is nobody."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="items")
    candidate = models.OneToOneField(
        Candidate, on_delete=models.CASCADE, null=True, related_name="review_item"
    )
    filler = models.TextField(default="", blank=True)  # name in the set of fillers
    outcome = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(candidate__isnull=True) & ~Q(filler="") | Q(candidate__isnull=False, filler=""),
                name="review_item_is_one_thing",
            ),
        ]


class Examination(models.Model):
    """One person's pass through one review. Nobody passes twice, under whatever account of the same key."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="examinations")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="examinations")
    public_key = models.BinaryField()  # the key that signed, as it was then
    begun_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    set_aside_at = models.DateTimeField(
        null=True
    )  # does not count: left lying, or a filler was taken for a lead
    set_aside_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "account"], name="examination_once_per_account"),
            models.UniqueConstraint(fields=["review", "public_key"], name="examination_once_per_key"),
        ]


class VerdictSet(models.QuerySet["Verdict"]):
    """Verdicts, and those of them that their examiner stands by."""

    def standing(self) -> VerdictSet:
        """Without those that were withdrawn."""
        return self.filter(withdrawn_at__isnull=True)


class Verdict(models.Model):
    """What one person found of one pair: a commitment, then, once all are sealed, the scale.

    Features and notes stay sealed under this id; a report opens them. One that is withdrawn stays as it was sealed, and
    counts for nothing; the examiner's next verdict on the pair is another row.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    item = models.ForeignKey(ReviewItem, on_delete=models.CASCADE, related_name="verdicts")
    examination = models.ForeignKey(Examination, on_delete=models.CASCADE, related_name="verdicts")
    commitment = models.TextField()  # HMAC-SHA-256, hexadecimal
    sealed = models.BinaryField()
    sealed_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)
    scale = models.IntegerField(null=True)  # -3..3; None: unsuitable, or not revealed

    objects = VerdictSet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["item", "examination"],
                condition=Q(withdrawn_at__isnull=True),
                name="verdict_once_per_examination",
            ),
            models.CheckConstraint(
                condition=Q(scale__isnull=True) | Q(scale__gte=-3, scale__lte=3, revealed_at__isnull=False),
                name="verdict_scale_hidden_until_revealed",
            ),
        ]


class FirstVerdict(models.Model):
    """What the searcher found of a candidate before anybody else looked: a commitment, and what it commits to, sealed.

    No examiner is shown it. A change of mind is a further row; the last one is what the report tells.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    candidate = models.ForeignKey(Candidate, on_delete=models.CASCADE, related_name="first_verdicts")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="first_verdicts")
    commitment = models.TextField()  # as a verdict's
    sealed = models.BinaryField()
    sealed_at = models.DateTimeField()
