"""Requests of people in the photographs: their clocks, steps, faces found, sweeps; the role of the desk."""

import django.db.models.deletion
from django.db import migrations, models

import countenance.primitives.ids


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0013_signed_packs"),
    ]

    operations = [
        migrations.CreateModel(
            name="RequestClockRecord",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("reason", models.TextField()),
                ("text", models.TextField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RequestFaceRecord",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("face_id", models.UUIDField()),
                ("score", models.FloatField(null=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RequestRecord",
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
                ("number", models.TextField(unique=True)),
                ("secret_sha256", models.TextField()),
                ("kind", models.TextField()),
                ("opt_out", models.TextField(blank=True, default="")),
                ("pointer", models.TextField()),
                ("language", models.TextField()),
                ("place", models.TextField(blank=True, default="")),
                ("details", models.BinaryField()),
                ("state", models.TextField()),
                ("tier", models.TextField(blank=True, default="")),
                ("tries", models.IntegerField(default=0)),
                ("person_id", models.UUIDField(null=True)),
                ("received_at", models.DateTimeField()),
                ("verified_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("destroyed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RequestStepRecord",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("step", models.TextField()),
                ("at", models.DateTimeField()),
                ("statement", models.JSONField()),
                ("log_index", models.BigIntegerField(null=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="SweepFindingRecord",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.IntegerField()),
                ("path", models.TextField()),
                ("sha256", models.TextField()),
                ("confirmed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SweepRecord",
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
                ("probe", models.BinaryField()),
                ("threshold", models.FloatField()),
                ("cursor", models.TextField(blank=True, default="")),
                ("looked_at", models.IntegerField(default=0)),
                ("failed", models.IntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="account",
            name="account_of_client_has_organisation",
        ),
        migrations.RemoveConstraint(
            model_name="account",
            name="account_role_known",
        ),
        migrations.AlterField(
            model_name="account",
            name="role",
            field=models.TextField(
                choices=[
                    ("operator", "operator"),
                    ("caseworker", "caseworker"),
                    ("reviewer", "reviewer"),
                    ("supervisor", "supervisor"),
                    ("request-desk", "request-desk"),
                    ("auditor", "auditor"),
                    ("commissioner", "commissioner"),
                    ("inspector", "inspector"),
                ]
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        [
                            "operator",
                            "caseworker",
                            "reviewer",
                            "supervisor",
                            "request-desk",
                            "auditor",
                            "commissioner",
                            "inspector",
                        ],
                    )
                ),
                name="account_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["operator", "auditor", "request-desk"]),
                    ("organisation__isnull", False),
                    _connector="OR",
                ),
                name="account_of_client_has_organisation",
            ),
        ),
        migrations.AddField(
            model_name="requestclockrecord",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddField(
            model_name="requestfacerecord",
            name="confirmed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddField(
            model_name="requestrecord",
            name="entered_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddField(
            model_name="requestrecord",
            name="verified_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddField(
            model_name="requestfacerecord",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="faces", to="records.requestrecord"
            ),
        ),
        migrations.AddField(
            model_name="requestclockrecord",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="notices",
                to="records.requestrecord",
            ),
        ),
        migrations.AddField(
            model_name="requeststeprecord",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="records.requestrecord"
            ),
        ),
        migrations.AddField(
            model_name="sweeprecord",
            name="request",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="sweeps", to="records.requestrecord"
            ),
        ),
        migrations.AddField(
            model_name="sweeprecord",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.source"
            ),
        ),
        migrations.AddField(
            model_name="sweeprecord",
            name="started_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddField(
            model_name="sweepfindingrecord",
            name="sweep",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="records.sweeprecord"
            ),
        ),
        migrations.AddIndex(
            model_name="requestrecord",
            index=models.Index(fields=["closed_at", "received_at"], name="request_open"),
        ),
        migrations.AddConstraint(
            model_name="requestrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("tier", ""), ("verified_at__isnull", True)),
                    models.Q(models.Q(("tier", ""), _negated=True), ("verified_at__isnull", False)),
                    _connector="OR",
                ),
                name="request_verified_somehow",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestrecord",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("destroyed_at__isnull", True), ("closed_at__isnull", False), _connector="OR"
                ),
                name="request_destroyed_when_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="requestfacerecord",
            constraint=models.UniqueConstraint(fields=("request", "number"), name="request_face_numbered"),
        ),
        migrations.AddConstraint(
            model_name="sweepfindingrecord",
            constraint=models.UniqueConstraint(fields=("sweep", "number"), name="finding_numbered"),
        ),
    ]
