"""Samples for supervisors, and flags raised by the rules against misuse."""

import django.db.models.deletion
from django.db import migrations, models

import countenance.primitives.ids


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0011_review"),
    ]

    operations = [
        migrations.CreateModel(
            name="Sample",
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
                ("week", models.TextField()),
                ("checkpoint_size", models.BigIntegerField()),
                ("checkpoint_root", models.TextField()),
                ("drawn_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="samples",
                        to="records.organisation",
                    ),
                ),
                (
                    "drawn_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SampledSearch",
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
                ("finding", models.TextField(blank=True, default="")),
                ("note", models.TextField(blank=True, default="")),
                ("examined_at", models.DateTimeField(null=True)),
                (
                    "examined_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.account",
                    ),
                ),
                (
                    "sample",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="searches",
                        to="records.sample",
                    ),
                ),
                (
                    "search",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="samples",
                        to="records.search",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MisuseFlag",
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
                ("rule", models.TextField()),
                ("day", models.DateField()),
                ("entries", models.JSONField()),
                ("raised_at", models.DateTimeField()),
                ("finding", models.TextField(blank=True, default="")),
                ("note", models.TextField(blank=True, default="")),
                ("reviewed_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="misuse_flags",
                        to="records.account",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.account",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("rule", "account", "day"), name="flag_once_a_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reviewed_by__isnull", True),
                            models.Q(("reviewed_by", models.F("account")), _negated=True),
                            _connector="OR",
                        ),
                        name="flag_reviewed_by_somebody_else",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="sample",
            constraint=models.UniqueConstraint(fields=("client", "week"), name="sample_once_a_week"),
        ),
        migrations.AddConstraint(
            model_name="sampledsearch",
            constraint=models.UniqueConstraint(fields=("sample", "search"), name="sampled_once"),
        ),
    ]
