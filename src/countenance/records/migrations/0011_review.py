"""Blind review, and the crop of a probe that reviewers see."""

import django.db.models.deletion
from django.db import migrations, models

import countenance.primitives.ids


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0010_erasure_forgotten"),
    ]

    operations = [
        migrations.AddField(
            model_name="probe",
            name="crop",
            field=models.BinaryField(default=b""),
        ),
        migrations.AddField(
            model_name="probe",
            name="eye_share",
            field=models.FloatField(default=0),
        ),
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=countenance.primitives.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("code", models.TextField(unique=True)),
                ("opened_at", models.DateTimeField()),
                ("seed_sha256", models.TextField()),
                ("seed", models.BinaryField()),
                ("concluded_at", models.DateTimeField(null=True)),
                ("outcome", models.TextField(blank=True, default="")),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
                    ),
                ),
                (
                    "search",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="review",
                        to="records.search",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Examination",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=countenance.primitives.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("public_key", models.BinaryField()),
                ("begun_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("set_aside_at", models.DateTimeField(null=True)),
                ("set_aside_reason", models.TextField(blank=True, default="")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="examinations",
                        to="records.account",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="examinations",
                        to="records.review",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=countenance.primitives.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("filler", models.TextField(blank=True, default="")),
                ("outcome", models.TextField(blank=True, default="")),
                (
                    "candidate",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="review_item",
                        to="records.candidate",
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="records.review"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Verdict",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=countenance.primitives.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("commitment", models.TextField()),
                ("sealed", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
                ("revealed_at", models.DateTimeField(null=True)),
                ("scale", models.IntegerField(null=True)),
                (
                    "examination",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verdicts",
                        to="records.examination",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="verdicts",
                        to="records.reviewitem",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Competence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=countenance.primitives.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("training", models.TextField()),
                ("evidence", models.TextField()),
                ("valid_from", models.DateTimeField()),
                ("valid_until", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("questioned_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True, default="")),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="competences",
                        to="records.account",
                    ),
                ),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("valid_until__gt", models.F("valid_from"))),
                        name="competence_runs_forward",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("account", models.F("recorded_by")), _negated=True),
                        name="competence_not_own_word",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("training", ""), _negated=True),
                            models.Q(("evidence", ""), _negated=True),
                        ),
                        name="competence_has_evidence",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("concluded_at__isnull", True)),
                fields=["opened_at"],
                name="review_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("concluded_at__isnull", True), ("outcome", "")),
                    models.Q(
                        ("concluded_at__isnull", False),
                        ("outcome__in", ["lead", "no-candidate", "inconclusive"]),
                    ),
                    _connector="OR",
                ),
                name="review_outcome_is_a_lead_at_most",
            ),
        ),
        migrations.AddConstraint(
            model_name="examination",
            constraint=models.UniqueConstraint(
                fields=("review", "account"), name="examination_once_per_account"
            ),
        ),
        migrations.AddConstraint(
            model_name="examination",
            constraint=models.UniqueConstraint(
                fields=("review", "public_key"), name="examination_once_per_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("candidate__isnull", True), models.Q(("filler", ""), _negated=True)),
                    models.Q(("candidate__isnull", False), ("filler", "")),
                    _connector="OR",
                ),
                name="review_item_is_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.UniqueConstraint(
                fields=("item", "examination"), name="verdict_once_per_examination"
            ),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("scale__isnull", True),
                    models.Q(("revealed_at__isnull", False), ("scale__gte", -3), ("scale__lte", 3)),
                    _connector="OR",
                ),
                name="verdict_scale_hidden_until_revealed",
            ),
        ),
    ]
