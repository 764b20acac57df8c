"""The tables of a workspace."""

import django.db.models.deletion
from django.db import migrations, models

import countenance.primitives.ids
import countenance.records.fields


class Migration(migrations.Migration):
    """All tables, with their constraints."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Proposal",
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
                ("act", models.TextField()),
                ("params", models.JSONField()),
                ("proposed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("carried_out_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="UsedNonce",
            fields=[
                ("nonce", models.TextField(primary_key=True, serialize=False)),
                ("used_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="Account",
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
                ("name", models.TextField(unique=True)),
                (
                    "role",
                    models.TextField(
                        choices=[
                            ("operator", "operator"),
                            ("caseworker", "caseworker"),
                            ("reviewer", "reviewer"),
                            ("supervisor", "supervisor"),
                            ("auditor", "auditor"),
                        ]
                    ),
                ),
                ("public_key", models.BinaryField(unique=True)),
                ("certified_at", models.DateTimeField()),
                ("suspended_at", models.DateTimeField(null=True)),
                ("suspension_reason", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                (
                    "sponsor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sponsored",
                        to="records.account",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="account_named"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("role__in", ["operator", "caseworker", "reviewer", "supervisor", "auditor"])
                        ),
                        name="account_role_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("sponsor__isnull", True),
                            models.Q(("sponsor", models.F("id")), _negated=True),
                            _connector="OR",
                        ),
                        name="account_not_own_sponsor",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Basis",
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
                (
                    "kind",
                    models.TextField(
                        choices=[
                            ("consent", "consent"),
                            ("legal-obligation", "legal-obligation"),
                            ("public-task", "public-task"),
                            ("vital-interest", "vital-interest"),
                            ("legitimate-interest", "legitimate-interest"),
                            ("publicly-available", "publicly-available"),
                        ]
                    ),
                ),
                ("purposes", countenance.records.fields.WordsField()),
                ("jurisdiction", models.TextField()),
                ("evidence", models.TextField()),
                ("permits_unlabelled", models.BooleanField(default=False)),
                ("valid_from", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "narrows",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="narrowed",
                        to="records.basis",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "consent",
                                    "legal-obligation",
                                    "public-task",
                                    "vital-interest",
                                    "legitimate-interest",
                                    "publicly-available",
                                ],
                            )
                        ),
                        name="basis_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purposes", ""), _negated=True), name="basis_has_purposes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("jurisdiction", ""), _negated=True), name="basis_placed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("evidence", ""), _negated=True), name="basis_has_evidence"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Gallery",
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
                ("name", models.TextField(unique=True)),
                ("purposes", countenance.records.fields.WordsField()),
                ("jurisdiction", models.TextField()),
                ("notice", models.TextField(blank=True, default="")),
                ("notice_exemption", models.TextField(blank=True, default="")),
                ("suspended_at", models.DateTimeField(null=True)),
                ("suspension_reason", models.TextField(blank=True, default="")),
                ("search_locked_at", models.DateTimeField(null=True)),
                ("ingest_locked_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="gallery_named"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purposes", ""), _negated=True), name="gallery_has_purposes"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("jurisdiction", ""), _negated=True), name="gallery_placed"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="IngestRun",
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
                ("detail", models.TextField(choices=[("standard", "standard"), ("full", "full")])),
                ("extraction", models.TextField()),
                ("manifest_sha256", models.TextField(blank=True, default="")),
                ("listed", models.BooleanField(default=False)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IngestShard",
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
                ("number", models.IntegerField()),
                ("owner", models.TextField(blank=True, default="")),
                ("fence", models.IntegerField(default=0)),
                ("leased_until", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shards",
                        to="records.ingestrun",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("run", "number"), name="shard_numbered_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Organisation",
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
                ("name", models.TextField(unique=True)),
                ("jurisdiction", models.TextField()),
                ("licensed_purposes", countenance.records.fields.WordsField()),
                ("licensed_from", models.DateTimeField()),
                ("licensed_until", models.DateTimeField()),
                ("suspended_at", models.DateTimeField(null=True)),
                ("suspension_reason", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="organisation_named"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("jurisdiction", ""), _negated=True), name="organisation_placed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("licensed_purposes", ""), _negated=True),
                        name="organisation_has_purposes",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("licensed_until__gt", models.F("licensed_from"))),
                        name="organisation_licence_runs_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Case",
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
                ("purpose", models.TextField()),
                ("reference", models.TextField()),
                ("on_behalf_of", models.TextField()),
                ("on_behalf_of_jurisdiction", models.TextField()),
                ("sought_is_minor", models.BooleanField(default=False)),
                ("guardian_consent", models.BooleanField(default=False)),
                ("recorded_authority", models.TextField(blank=True, default="")),
                ("searches_allowed", models.IntegerField()),
                ("opened_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
                    ),
                ),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="records.organisation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "purpose__in",
                                [
                                    "victim-identification",
                                    "missing-person",
                                    "family-tracing",
                                    "own-photo-access",
                                    "archive-description",
                                ],
                            )
                        ),
                        name="case_purpose_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("on_behalf_of", ""), _negated=True),
                            models.Q(("on_behalf_of_jurisdiction", ""), _negated=True),
                        ),
                        name="case_has_requester",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reference", ""), _negated=True), name="case_has_reference"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("searches_allowed__gte", 0)), name="case_searches_not_negative"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="account",
            name="organisation",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="accounts",
                to="records.organisation",
            ),
        ),
        migrations.CreateModel(
            name="PermissionClass",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "basis_kind",
                    models.TextField(
                        choices=[
                            ("consent", "consent"),
                            ("legal-obligation", "legal-obligation"),
                            ("public-task", "public-task"),
                            ("vital-interest", "vital-interest"),
                            ("legitimate-interest", "legitimate-interest"),
                            ("publicly-available", "publicly-available"),
                        ]
                    ),
                ),
                ("purposes", countenance.records.fields.WordsField()),
                ("jurisdiction", models.TextField()),
                (
                    "gallery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="permission_classes",
                        to="records.gallery",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("gallery", "basis_kind", "purposes", "jurisdiction"),
                        name="permission_class_unique",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "basis_kind__in",
                                [
                                    "consent",
                                    "legal-obligation",
                                    "public-task",
                                    "vital-interest",
                                    "legitimate-interest",
                                    "publicly-available",
                                ],
                            )
                        ),
                        name="permission_class_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("purposes", ""), _negated=True),
                        name="permission_class_has_purposes",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Person",
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
                ("label", models.TextField(unique=True)),
                ("declared_minor", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("label", ""), _negated=True), name="person_labelled"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentReceipt",
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
                ("purpose", models.TextField()),
                ("jurisdiction", models.TextField()),
                ("controller", models.TextField()),
                ("notice_text", models.TextField()),
                ("notice_version", models.TextField()),
                ("language", models.TextField()),
                ("method", models.TextField()),
                ("evidence", models.TextField(blank=True, default="")),
                ("guardian", models.TextField(blank=True, default="")),
                ("given_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "gallery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="records.gallery",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="records.person",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("person", "gallery", "purpose"),
                        name="receipt_one_open_per_purpose",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "purpose__in",
                                [
                                    "victim-identification",
                                    "missing-person",
                                    "family-tracing",
                                    "own-photo-access",
                                    "archive-description",
                                ],
                            )
                        ),
                        name="receipt_purpose_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("notice_text", ""), _negated=True),
                            models.Q(("notice_version", ""), _negated=True),
                        ),
                        name="receipt_has_notice",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__isnull", True),
                            ("expires_at__gt", models.F("given_at")),
                            _connector="OR",
                        ),
                        name="receipt_runs_forward",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Photograph",
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
                ("sha256", models.TextField()),
                ("page", models.IntegerField(default=0)),
                ("path", models.TextField()),
                ("source_ref", models.TextField(blank=True, default="")),
                ("captured_at", models.TextField(blank=True, default="")),
                ("format", models.TextField(blank=True, default="")),
                ("width", models.IntegerField(default=0)),
                ("height", models.IntegerField(default=0)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("done", "done"),
                            ("no-face", "no-face"),
                            ("unreadable", "unreadable"),
                            ("duplicate", "duplicate"),
                            ("refused", "refused"),
                            ("held", "held"),
                            ("failed", "failed"),
                        ]
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("extraction", models.TextField()),
                ("fingerprint", models.TextField()),
                ("ingested_at", models.DateTimeField()),
                (
                    "basis",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.basis"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["done", "no-face", "unreadable", "duplicate", "refused", "held", "failed"],
                            )
                        ),
                        name="photograph_state_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="IngestItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.IntegerField()),
                ("path", models.TextField()),
                ("rows", models.JSONField(default=list)),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("pending", "pending"),
                            ("done", "done"),
                            ("no-face", "no-face"),
                            ("unreadable", "unreadable"),
                            ("duplicate", "duplicate"),
                            ("refused", "refused"),
                            ("held", "held"),
                            ("failed", "failed"),
                        ],
                        default="pending",
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("attempts", models.IntegerField(default=0)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="records.ingestrun",
                    ),
                ),
                (
                    "shard",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="records.ingestshard",
                    ),
                ),
                (
                    "photograph",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.photograph",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["run", "state"], name="item_state")],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "position"), name="item_listed_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "pending",
                                    "done",
                                    "no-face",
                                    "unreadable",
                                    "duplicate",
                                    "refused",
                                    "held",
                                    "failed",
                                ],
                            )
                        ),
                        name="item_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Face",
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
                ("number", models.IntegerField()),
                ("x", models.FloatField()),
                ("y", models.FloatField()),
                ("width", models.FloatField()),
                ("height", models.FloatField()),
                ("landmarks", models.JSONField()),
                ("detector_score", models.FloatField()),
                ("eye_distance", models.FloatField()),
                ("norm", models.FloatField(null=True)),
                ("quality", countenance.records.fields.WordsField(blank=True, default=frozenset)),
                ("space_id", models.TextField(blank=True, default="")),
                (
                    "state",
                    models.TextField(
                        choices=[
                            ("enrolled", "enrolled"),
                            ("held", "held"),
                            ("refused", "refused"),
                            ("withdrawn", "withdrawn"),
                            ("failed", "failed"),
                        ]
                    ),
                ),
                ("reason", models.TextField(blank=True, default="")),
                ("rule", models.TextField(blank=True, default="")),
                ("crop", models.TextField(blank=True, default="")),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="faces",
                        to="records.person",
                    ),
                ),
                (
                    "photograph",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="faces",
                        to="records.photograph",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("photograph", "number"), name="face_numbered_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["enrolled", "held", "refused", "withdrawn", "failed"])
                        ),
                        name="face_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyPackRecord",
            fields=[
                ("hash", models.TextField(primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("version", models.TextField()),
                ("files", models.JSONField()),
                ("activated_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("name",),
                        name="policy_pack_one_active",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Approval",
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
                ("signature", models.BinaryField()),
                ("signed_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
                    ),
                ),
                (
                    "proposal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="approvals",
                        to="records.proposal",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("proposal", "account"), name="approval_once_per_account"),
                    models.UniqueConstraint(fields=("proposal", "public_key"), name="approval_once_per_key"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reference",
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
                ("enrolled_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "basis",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="references",
                        to="records.basis",
                    ),
                ),
                (
                    "face",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="references",
                        to="records.face",
                    ),
                ),
                (
                    "gallery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="references",
                        to="records.gallery",
                    ),
                ),
                (
                    "permission_class",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.permissionclass",
                    ),
                ),
                (
                    "receipt",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="references",
                        to="records.consentreceipt",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("basis__isnull", True), ("receipt__isnull", False)),
                            models.Q(("basis__isnull", False), ("receipt__isnull", True)),
                            _connector="OR",
                        ),
                        name="reference_has_one_ground",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True), ("receipt__isnull", False)),
                        fields=("face", "receipt"),
                        name="reference_once_per_receipt",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("basis__isnull", False), ("ended_at__isnull", True)),
                        fields=("face", "basis"),
                        name="reference_once_per_basis",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Search",
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
                ("rights_request_id", models.UUIDField(null=True)),
                ("evaluation_id", models.UUIDField(null=True)),
                ("suppression_check_id", models.UUIDField(null=True)),
                ("purpose", models.TextField()),
                ("on_behalf_of", models.TextField()),
                ("grant_id", models.TextField(unique=True)),
                ("pack_hash", models.TextField()),
                ("space_id", models.TextField()),
                ("searched", models.BigIntegerField()),
                ("permitted", models.BigIntegerField()),
                ("not_searchable", models.BigIntegerField()),
                ("made_at", models.DateTimeField()),
                ("log_index", models.BigIntegerField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="searches",
                        to="records.account",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="searches",
                        to="records.case",
                    ),
                ),
                (
                    "gallery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.gallery"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("case__isnull", False),
                                ("evaluation_id__isnull", True),
                                ("rights_request_id__isnull", True),
                                ("suppression_check_id__isnull", True),
                            ),
                            models.Q(
                                ("case__isnull", True),
                                ("evaluation_id__isnull", True),
                                ("rights_request_id__isnull", False),
                                ("suppression_check_id__isnull", True),
                            ),
                            models.Q(
                                ("case__isnull", True),
                                ("evaluation_id__isnull", False),
                                ("rights_request_id__isnull", True),
                                ("suppression_check_id__isnull", True),
                            ),
                            models.Q(
                                ("case__isnull", True),
                                ("evaluation_id__isnull", True),
                                ("rights_request_id__isnull", True),
                                ("suppression_check_id__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="search_has_one_authority",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "purpose__in",
                                [
                                    "victim-identification",
                                    "missing-person",
                                    "family-tracing",
                                    "own-photo-access",
                                    "archive-description",
                                ],
                            )
                        ),
                        name="search_purpose_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("on_behalf_of", ""), _negated=True), name="search_has_requester"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Probe",
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
                ("number", models.IntegerField()),
                ("sha256", models.TextField()),
                ("face_number", models.IntegerField()),
                ("box", models.JSONField()),
                ("quality", countenance.records.fields.WordsField(blank=True, default=frozenset)),
                ("norm", models.FloatField()),
                ("picture", models.TextField()),
                ("template", models.BinaryField()),
                (
                    "search",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="probes",
                        to="records.search",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("search", "number"), name="probe_numbered_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Candidate",
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
                ("rank", models.IntegerField()),
                ("score", models.FloatField()),
                ("references", models.IntegerField()),
                (
                    "face",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.face"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.person",
                    ),
                ),
                (
                    "reference",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.reference"
                    ),
                ),
                (
                    "search",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="candidates",
                        to="records.search",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("search", "rank"), name="candidate_ranked_once"),
                    models.CheckConstraint(
                        condition=models.Q(("rank__gte", 1), ("rank__lte", 20)), name="candidate_rank_in_list"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Source",
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
                ("name", models.TextField(unique=True)),
                ("location", models.TextField()),
                ("holder", models.TextField()),
                ("contact", models.TextField()),
                ("notice", models.TextField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                (
                    "basis",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="source", to="records.basis"
                    ),
                ),
                (
                    "gallery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="sources",
                        to="records.gallery",
                    ),
                ),
                (
                    "registered_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="records.account"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True), name="source_has_name"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("location", ""), _negated=True), name="source_has_location"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("holder", ""), _negated=True), name="source_has_holder"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("contact", ""), _negated=True), name="source_has_contact"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("notice", ""), _negated=True), name="source_has_notice"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="photograph",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="photographs", to="records.source"
            ),
        ),
        migrations.AddField(
            model_name="ingestrun",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="runs", to="records.source"
            ),
        ),
        migrations.CreateModel(
            name="WorkspaceState",
            fields=[
                ("id", models.IntegerField(default=1, primary_key=True, serialize=False)),
                ("workspace_id", models.UUIDField()),
                ("operator", models.TextField()),
                ("jurisdiction", models.TextField()),
                ("revocation_epoch", models.BigIntegerField(default=0)),
                ("last_seen_at", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="workspace_state_single")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role__in", ["operator", "auditor"]), ("organisation__isnull", False), _connector="OR"
                ),
                name="account_of_client_has_organisation",
            ),
        ),
        migrations.AddIndex(
            model_name="photograph",
            index=models.Index(fields=["source", "path"], name="photograph_path"),
        ),
        migrations.AddConstraint(
            model_name="photograph",
            constraint=models.UniqueConstraint(
                fields=("source", "sha256", "page"), name="photograph_once_per_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="ingestrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at__isnull", True)),
                fields=("source",),
                name="run_one_open_per_source",
            ),
        ),
    ]
