"""What came with the second half of the desks, with fused references and with quality."""

import django.db.models.deletion
from django.db import migrations, models

import countenance.primitives.ids


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0002_engines"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackupRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("made_at", models.DateTimeField(db_index=True)),
                ("directory", models.TextField()),
                ("bytes", models.BigIntegerField()),
                ("log_entry", models.BigIntegerField()),
                ("verified_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="FirstVerdict",
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
            ],
        ),
        migrations.CreateModel(
            name="FusedReference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Provider",
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
                ("name", models.TextField()),
                ("issuer", models.TextField()),
                ("client_id", models.TextField()),
                ("added_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="verdict",
            name="verdict_once_per_examination",
        ),
        migrations.AddField(
            model_name="adoptedevaluation",
            name="floor_norm",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="adoptedevaluation",
            name="weak_norm",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="face",
            name="components",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="probe",
            name="components",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="verdict",
            name="withdrawn_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddConstraint(
            model_name="verdict",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("item", "examination"),
                name="verdict_once_per_examination",
            ),
        ),
        migrations.AddField(
            model_name="firstverdict",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="first_verdicts",
                to="records.account",
            ),
        ),
        migrations.AddField(
            model_name="firstverdict",
            name="candidate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="first_verdicts",
                to="records.candidate",
            ),
        ),
        migrations.AddField(
            model_name="fusedreference",
            name="candidate",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="fused", to="records.candidate"
            ),
        ),
        migrations.AddField(
            model_name="fusedreference",
            name="reference",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.reference"
            ),
        ),
        migrations.AddField(
            model_name="provider",
            name="added_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddConstraint(
            model_name="fusedreference",
            constraint=models.UniqueConstraint(
                fields=("candidate", "reference"), name="fused_reference_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="provider",
            constraint=models.UniqueConstraint(
                condition=models.Q(("removed_at", None)), fields=("name",), name="one_provider_of_a_name"
            ),
        ),
    ]
