from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

import countenance.primitives.ids


def _mark_founding(apps: Any, _: BaseDatabaseSchemaEditor) -> None:
    """Of a workspace that is there already: the operators that answer for each other were made with it."""
    account = apps.get_model("records", "Account")
    for row in account.objects.filter(role="operator", sponsor__sponsor=models.F("pk")):
        row.founding = True
        row.save(update_fields=["founding"])


class Migration(migrations.Migration):
    """Locks, orders, inquiries; authorities among the organisations; cases whose authorisation is refused."""

    dependencies = [
        ("records", "0008_policy_books"),
    ]

    operations = [
        migrations.CreateModel(
            name="Inquiry",
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
                ("title", models.TextField()),
                ("reference", models.TextField()),
                ("jurisdiction", models.TextField(blank=True, default="")),
                ("period_from", models.DateTimeField(null=True)),
                ("period_until", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("findings", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="InquiryAuthority",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("joined_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="InquiryDocument",
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
                ("sha256", models.TextField()),
                ("size", models.IntegerField()),
                ("content", models.BinaryField()),
                ("attached_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Lock",
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
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("ingest", "ingest"),
                            ("search", "search"),
                            ("export", "export"),
                            ("all", "all"),
                        ]
                    ),
                ),
                (
                    "target",
                    models.TextField(
                        choices=[
                            ("place", "place"),
                            ("client", "client"),
                            ("account", "account"),
                            ("gallery", "gallery"),
                            ("source", "source"),
                        ]
                    ),
                ),
                ("target_id", models.TextField()),
                ("target_name", models.TextField()),
                ("reason", models.TextField()),
                ("set_at", models.DateTimeField()),
                ("lifted_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Order",
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
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("cease-offering", "cease-offering"),
                            ("cease-collecting", "cease-collecting"),
                            ("cease-disclosing", "cease-disclosing"),
                            ("delete", "delete"),
                        ]
                    ),
                ),
                (
                    "target",
                    models.TextField(
                        choices=[
                            ("place", "place"),
                            ("client", "client"),
                            ("account", "account"),
                            ("gallery", "gallery"),
                            ("source", "source"),
                        ]
                    ),
                ),
                ("target_id", models.TextField()),
                ("target_name", models.TextField()),
                ("number", models.TextField()),
                ("dated", models.DateField()),
                ("text", models.TextField(blank=True, default="")),
                ("document_sha256", models.TextField(blank=True, default="")),
                ("issued_at", models.DateTimeField()),
                ("log_index", models.BigIntegerField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("destroy_from", models.DateTimeField(null=True)),
                ("destroyed_at", models.DateTimeField(null=True)),
                ("erasure", models.TextField(blank=True, default="")),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lift_reason", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="account",
            name="account_role_known",
        ),
        migrations.RemoveConstraint(
            model_name="organisation",
            name="organisation_has_purposes",
        ),
        migrations.RemoveConstraint(
            model_name="organisation",
            name="organisation_licence_runs_forward",
        ),
        migrations.RemoveConstraint(
            model_name="permissionclass",
            name="permission_class_unique",
        ),
        migrations.AddField(
            model_name="account",
            name="founding",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="case",
            name="denied_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="denied_authority",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="case",
            name="denied_reason",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="organisation",
            name="kind",
            field=models.TextField(
                choices=[("client", "client"), ("authority", "authority")], default="client"
            ),
        ),
        migrations.AddField(
            model_name="permissionclass",
            name="withheld",
            field=models.BooleanField(default=False),
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
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("denied_at__isnull", True),
                    models.Q(("closed_at__isnull", False), models.Q(("denied_authority", ""), _negated=True)),
                    _connector="OR",
                ),
                name="case_denied_is_closed",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["client", "authority"])), name="organisation_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "authority"), ("licensed_purposes", "")),
                    models.Q(
                        models.Q(("kind", "authority"), _negated=True),
                        models.Q(("licensed_purposes", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="organisation_has_purposes",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "authority"), ("licensed_until__gt", models.F("licensed_from")), _connector="OR"
                ),
                name="organisation_licence_runs_forward",
            ),
        ),
        migrations.AddConstraint(
            model_name="permissionclass",
            constraint=models.UniqueConstraint(
                fields=("gallery", "basis_kind", "purposes", "jurisdiction", "withheld"),
                name="permission_class_unique",
            ),
        ),
        migrations.AddField(
            model_name="inquiry",
            name="client",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="records.organisation",
            ),
        ),
        migrations.AddField(
            model_name="inquiry",
            name="opened_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddField(
            model_name="inquiryauthority",
            name="authority",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.organisation"
            ),
        ),
        migrations.AddField(
            model_name="inquiryauthority",
            name="inquiry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="records.inquiry"
            ),
        ),
        migrations.AddField(
            model_name="inquiry",
            name="authorities",
            field=models.ManyToManyField(
                related_name="inquiries", through="records.InquiryAuthority", to="records.organisation"
            ),
        ),
        migrations.AddField(
            model_name="inquirydocument",
            name="attached_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddField(
            model_name="inquirydocument",
            name="inquiry",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="documents", to="records.inquiry"
            ),
        ),
        migrations.AddField(
            model_name="lock",
            name="set_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="authority",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="orders", to="records.organisation"
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="issued_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
            ),
        ),
        migrations.AddConstraint(
            model_name="inquiryauthority",
            constraint=models.UniqueConstraint(fields=("inquiry", "authority"), name="inquiry_joined_once"),
        ),
        migrations.AddConstraint(
            model_name="inquiry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("title", ""), _negated=True), models.Q(("reference", ""), _negated=True)
                ),
                name="inquiry_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="inquiry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at__isnull", True), models.Q(("findings", ""), _negated=True), _connector="OR"
                ),
                name="inquiry_closes_with_findings",
            ),
        ),
        migrations.AddConstraint(
            model_name="lock",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["ingest", "search", "export", "all"])),
                name="lock_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lock",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__in", ["place", "client", "account", "gallery", "source"])),
                name="lock_target_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("target_id", ""), _negated=True), models.Q(("reason", ""), _negated=True)
                ),
                name="lock_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["cease-offering", "cease-collecting", "cease-disclosing", "delete"])
                ),
                name="order_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("target__in", ["place", "client", "gallery", "source"])),
                name="order_target_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("target_id", ""), _negated=True), models.Q(("number", ""), _negated=True)
                ),
                name="order_numbered",
            ),
        ),
        migrations.AddConstraint(
            model_name="order",
            constraint=models.CheckConstraint(
                condition=models.Q(("destroyed_at__isnull", True), ("kind", "delete"), _connector="OR"),
                name="order_destroys_by_delete",
            ),
        ),
        migrations.RunPython(_mark_founding, migrations.RunPython.noop, elidable=True),
    ]
