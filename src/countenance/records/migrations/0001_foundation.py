"""All tables of the records, with their constraints."""

import django.db.models.deletion
from django.db import migrations, models

import countenance.primitives.ids
import countenance.records.fields
from countenance.records.operations import CreateModels


class Migration(migrations.Migration):
    """What had been made step by step, in one step."""

    initial = True

    # A database that has taken all of these is where this step leads.
    replaces = [
        ("records", "0001_initial"),
        ("records", "0003_receipt_by_expiry"),
        ("records", "0004_person_folded"),
        ("records", "0005_index_segments"),
        ("records", "0006_erasing"),
        ("records", "0007_cosignatures"),
        ("records", "0008_policy_books"),
        ("records", "0009_oversight"),
        ("records", "0010_erasure_forgotten"),
        ("records", "0011_review"),
        ("records", "0012_watching"),
        ("records", "0013_signed_packs"),
        ("records", "0014_rights_requests"),
        ("records", "0015_keeping"),
        ("records", "0016_measuring"),
        ("records", "0017_timestamps"),
        ("records", "0018_api_tokens"),
        ("records", "0019_public_requests"),
        ("records", "0020_model_pack_in_use"),
    ]

    dependencies = []

    operations = [
        CreateModels(
            [
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
                        (
                            "kind",
                            models.TextField(
                                choices=[("client", "client"), ("authority", "authority")], default="client"
                            ),
                        ),
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
                                condition=models.Q(("jurisdiction", ""), _negated=True),
                                name="organisation_placed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["client", "authority"])),
                                name="organisation_kind_known",
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind", "authority"),
                                    ("licensed_until__gt", models.F("licensed_from")),
                                    _connector="OR",
                                ),
                                name="organisation_licence_runs_forward",
                            ),
                        ],
                    },
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
                                    ("request-desk", "request-desk"),
                                    ("auditor", "auditor"),
                                    ("commissioner", "commissioner"),
                                    ("inspector", "inspector"),
                                ]
                            ),
                        ),
                        (
                            "organisation",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="accounts",
                                to="records.organisation",
                            ),
                        ),
                        (
                            "sponsor",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sponsored",
                                to="records.account",
                            ),
                        ),
                        ("public_key", models.BinaryField(unique=True)),
                        ("certified_at", models.DateTimeField()),
                        ("suspended_at", models.DateTimeField(null=True)),
                        ("suspension_reason", models.TextField(blank=True, default="")),
                        ("founding", models.BooleanField(default=False)),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True), name="account_named"
                            ),
                            models.CheckConstraint(
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
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("sponsor__isnull", True),
                                    models.Q(("sponsor", models.F("id")), _negated=True),
                                    _connector="OR",
                                ),
                                name="account_not_own_sponsor",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("role__in", ["operator", "auditor", "request-desk"]),
                                    ("organisation__isnull", False),
                                    _connector="OR",
                                ),
                                name="account_of_client_has_organisation",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UsedNonce",
                    fields=[
                        ("nonce", models.TextField(primary_key=True, serialize=False)),
                        ("used_at", models.DateTimeField(db_index=True)),
                    ],
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
                        ("particulars", models.JSONField(default=dict)),
                        ("filed_on", models.DateField(null=True)),
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
                                condition=models.Q(("purposes", ""), _negated=True),
                                name="gallery_has_purposes",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("jurisdiction", ""), _negated=True), name="gallery_placed"
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
                        (
                            "narrows",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="narrowed",
                                to="records.basis",
                            ),
                        ),
                        ("valid_from", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
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
                        (
                            "gallery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sources",
                                to="records.gallery",
                            ),
                        ),
                        (
                            "basis",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="source",
                                to="records.basis",
                            ),
                        ),
                        ("location", models.TextField()),
                        ("holder", models.TextField()),
                        ("contact", models.TextField()),
                        ("notice", models.TextField()),
                        ("withdrawn_at", models.DateTimeField(null=True)),
                        (
                            "registered_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True), name="source_has_name"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("location", ""), _negated=True),
                                name="source_has_location",
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
                            "gallery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="permission_classes",
                                to="records.gallery",
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
                        ("withheld", models.BooleanField(default=False)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("gallery", "basis_kind", "purposes", "jurisdiction", "withheld"),
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
                        ("folded", models.TextField(editable=False, unique=True)),
                        ("declared_minor", models.BooleanField(default=False)),
                        ("majority_on", models.DateField(null=True)),
                        ("majority_reached_at", models.DateTimeField(null=True)),
                        ("majority_reviewed_at", models.DateTimeField(null=True)),
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
                        (
                            "person",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="receipts",
                                to="records.person",
                            ),
                        ),
                        (
                            "gallery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="receipts",
                                to="records.gallery",
                            ),
                        ),
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
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(
                                    ("expires_at__isnull", False), ("withdrawn_at__isnull", True)
                                ),
                                fields=["expires_at"],
                                name="receipt_by_expiry",
                            )
                        ],
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
                        (
                            "source",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="photographs",
                                to="records.source",
                            ),
                        ),
                        (
                            "basis",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.basis",
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
                    ],
                    options={
                        "indexes": [models.Index(fields=["source", "path"], name="photograph_path")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("source", "sha256", "page"), name="photograph_once_per_source"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
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
                                name="photograph_state_known",
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
                        (
                            "photograph",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="faces",
                                to="records.photograph",
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
                            "person",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="faces",
                                to="records.person",
                            ),
                        ),
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
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("photograph", "number"), name="face_numbered_once"
                            ),
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
                        (
                            "basis",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="references",
                                to="records.basis",
                            ),
                        ),
                        ("enrolled_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
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
                        (
                            "client",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="cases",
                                to="records.organisation",
                            ),
                        ),
                        ("purpose", models.TextField()),
                        ("reference", models.TextField()),
                        ("on_behalf_of", models.TextField()),
                        ("on_behalf_of_jurisdiction", models.TextField()),
                        ("sought_is_minor", models.BooleanField(default=False)),
                        ("guardian_consent", models.BooleanField(default=False)),
                        ("recorded_authority", models.TextField(blank=True, default="")),
                        ("searches_allowed", models.IntegerField()),
                        (
                            "opened_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("opened_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("denied_at", models.DateTimeField(null=True)),
                        ("denied_authority", models.TextField(blank=True, default="")),
                        ("denied_reason", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("denied_at__isnull", True),
                                    models.Q(
                                        ("closed_at__isnull", False),
                                        models.Q(("denied_authority", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="case_denied_is_closed",
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
                                condition=models.Q(("reference", ""), _negated=True),
                                name="case_has_reference",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("searches_allowed__gte", 0)),
                                name="case_searches_not_negative",
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
                        (
                            "case",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="searches",
                                to="records.case",
                            ),
                        ),
                        ("rights_request_id", models.UUIDField(null=True)),
                        ("evaluation_id", models.UUIDField(null=True)),
                        ("suppression_check_id", models.UUIDField(null=True)),
                        ("purpose", models.TextField()),
                        ("on_behalf_of", models.TextField()),
                        (
                            "gallery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.gallery",
                            ),
                        ),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="searches",
                                to="records.account",
                            ),
                        ),
                        ("grant_id", models.TextField(unique=True)),
                        ("pack_hash", models.TextField()),
                        ("space_id", models.TextField()),
                        ("searched", models.BigIntegerField()),
                        ("permitted", models.BigIntegerField()),
                        ("not_searchable", models.BigIntegerField()),
                        ("threshold", models.FloatField(null=True)),
                        ("operating_point", models.TextField(blank=True, default="")),
                        ("made_at", models.DateTimeField()),
                        ("log_index", models.BigIntegerField()),
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
                                condition=models.Q(("on_behalf_of", ""), _negated=True),
                                name="search_has_requester",
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
                        (
                            "search",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="probes",
                                to="records.search",
                            ),
                        ),
                        ("number", models.IntegerField()),
                        ("sha256", models.TextField()),
                        ("face_number", models.IntegerField()),
                        ("box", models.JSONField()),
                        ("quality", countenance.records.fields.WordsField(blank=True, default=frozenset)),
                        ("norm", models.FloatField()),
                        ("picture", models.TextField()),
                        ("crop", models.BinaryField(default=b"")),
                        ("eye_share", models.FloatField(default=0)),
                        ("template", models.BinaryField()),
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
                        (
                            "search",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="candidates",
                                to="records.search",
                            ),
                        ),
                        ("rank", models.IntegerField()),
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
                            "face",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.face",
                            ),
                        ),
                        (
                            "reference",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.reference",
                            ),
                        ),
                        ("score", models.FloatField()),
                        ("references", models.IntegerField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("search", "rank"), name="candidate_ranked_once"),
                            models.CheckConstraint(
                                condition=models.Q(("rank__gte", 1), ("rank__lte", 20)),
                                name="candidate_rank_in_list",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Erasure",
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
                            "scope",
                            models.TextField(
                                choices=[
                                    ("person", "person"),
                                    ("photograph", "photograph"),
                                    ("face", "face"),
                                    ("source", "source"),
                                    ("gallery", "gallery"),
                                    ("client", "client"),
                                    ("jurisdiction", "jurisdiction"),
                                    ("limit", "limit"),
                                ]
                            ),
                        ),
                        ("target", models.TextField()),
                        ("rule", models.TextField(blank=True, default="")),
                        ("ground", models.TextField()),
                        ("jurisdiction", models.TextField(blank=True, default="")),
                        (
                            "account",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("started", "started"),
                                    ("unfindable", "unfindable"),
                                    ("keys-destroyed", "keys-destroyed"),
                                    ("bytes-gone", "bytes-gone"),
                                    ("done", "done"),
                                ]
                            ),
                        ),
                        ("counts", models.JSONField(default=dict)),
                        ("kept_back", models.JSONField(default=dict)),
                        ("followed_by", models.TextField(blank=True, default="")),
                        ("uncertain", models.IntegerField(default=0)),
                        ("forgotten", models.JSONField(default=list)),
                        ("entries", models.JSONField(default=list)),
                        ("started_at", models.DateTimeField()),
                        ("unfindable_at", models.DateTimeField(null=True)),
                        ("keys_destroyed_at", models.DateTimeField(null=True)),
                        ("bytes_gone_at", models.DateTimeField(null=True)),
                        ("done_at", models.DateTimeField(null=True)),
                        ("done_entry", models.BigIntegerField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "done"), _negated=True),
                                fields=["started_at"],
                                name="erasure_open",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "scope__in",
                                        [
                                            "person",
                                            "photograph",
                                            "face",
                                            "source",
                                            "gallery",
                                            "client",
                                            "jurisdiction",
                                            "limit",
                                        ],
                                    )
                                ),
                                name="erasure_scope_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["started", "unfindable", "keys-destroyed", "bytes-gone", "done"],
                                    )
                                ),
                                name="erasure_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("rule", ""),
                                    ("rule__in", ["documented", "stated", "precautionary"]),
                                    _connector="OR",
                                ),
                                name="erasure_rule_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "done"), _negated=True),
                                    models.Q(
                                        ("bytes_gone_at__isnull", False),
                                        ("done_at__isnull", False),
                                        ("keys_destroyed_at__isnull", False),
                                        ("unfindable_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="erasure_done_is_whole",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ErasureWork",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "erasure",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="work",
                                to="records.erasure",
                            ),
                        ),
                        (
                            "kind",
                            models.TextField(
                                choices=[
                                    ("key", "key"),
                                    ("media", "media"),
                                    ("mention", "mention"),
                                    ("payload", "payload"),
                                    ("label", "label"),
                                ]
                            ),
                        ),
                        ("ref", models.TextField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["erasure", "kind"], name="erasure_work_kind")],
                    },
                ),
                migrations.CreateModel(
                    name="Tombstone",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "erasure",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tombstones",
                                to="records.erasure",
                            ),
                        ),
                        (
                            "kind",
                            models.TextField(
                                choices=[("person", "person"), ("photograph", "photograph"), ("face", "face")]
                            ),
                        ),
                        ("digest", models.TextField()),
                        ("page", models.IntegerField(default=0)),
                        ("box", models.JSONField(null=True)),
                        ("made_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["kind", "digest"], name="tombstone_digest")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["person", "photograph", "face"])),
                                name="tombstone_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("box__isnull", False), ("kind", "face")),
                                    models.Q(
                                        models.Q(("kind", "face"), _negated=True), ("box__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="tombstone_of_face_has_box",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ResidencyClaim",
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
                            "person",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="residency",
                                to="records.person",
                            ),
                        ),
                        ("place", models.TextField()),
                        (
                            "grade",
                            models.TextField(
                                choices=[
                                    ("document", "document"),
                                    ("declared", "declared"),
                                    ("source", "source"),
                                ]
                            ),
                        ),
                        ("evidence", models.TextField(blank=True, default="")),
                        ("claimed_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("place", ""), _negated=True), name="residency_placed"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("grade__in", ["document", "declared"])),
                                name="residency_grade_claimed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("grade", "document"), _negated=True),
                                    models.Q(("evidence", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="residency_document_named",
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
                        (
                            "source",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="records.source",
                            ),
                        ),
                        (
                            "started_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("detail", models.TextField(choices=[("standard", "standard"), ("full", "full")])),
                        ("extraction", models.TextField()),
                        ("manifest_sha256", models.TextField(blank=True, default="")),
                        ("listed", models.BooleanField(default=False)),
                        ("started_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("finished_at__isnull", True)),
                                fields=("source",),
                                name="run_one_open_per_source",
                            )
                        ],
                    },
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
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="shards",
                                to="records.ingestrun",
                            ),
                        ),
                        ("number", models.IntegerField()),
                        ("owner", models.TextField(blank=True, default="")),
                        ("fence", models.IntegerField(default=0)),
                        ("leased_until", models.DateTimeField(null=True)),
                        ("finished_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("run", "number"), name="shard_numbered_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="IngestItem",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
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
                    name="RetentionLimit",
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
                                    ("gallery", "gallery"),
                                    ("photograph", "photograph"),
                                    ("template", "template"),
                                    ("probe", "probe"),
                                    ("result", "result"),
                                    ("review", "review"),
                                    ("request", "request"),
                                    ("suppression", "suppression"),
                                    ("refusal", "refusal"),
                                    ("case", "case"),
                                    ("held-face", "held-face"),
                                    ("ingest-ledger", "ingest-ledger"),
                                    ("log-payload", "log-payload"),
                                    ("export", "export"),
                                ]
                            ),
                        ),
                        ("days", models.IntegerField(null=True)),
                        (
                            "owner",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("reason", models.TextField()),
                        (
                            "set_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("set_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("kind",),
                                name="retention_one_per_kind",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "gallery",
                                            "photograph",
                                            "template",
                                            "probe",
                                            "result",
                                            "review",
                                            "request",
                                            "suppression",
                                            "refusal",
                                            "case",
                                            "held-face",
                                            "ingest-ledger",
                                            "log-payload",
                                            "export",
                                        ],
                                    )
                                ),
                                name="retention_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("days__isnull", True), ("days__gte", 1), _connector="OR"),
                                name="retention_days",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True), name="retention_has_reason"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Hold",
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
                        ("scope", models.TextField()),
                        ("target", models.TextField()),
                        ("authority", models.TextField()),
                        ("reason", models.TextField()),
                        (
                            "placed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("placed_at", models.DateTimeField()),
                        ("until", models.DateTimeField()),
                        ("lifted_at", models.DateTimeField(null=True)),
                        (
                            "lifted_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("lift_reason", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("until__gt", models.F("placed_at"))),
                                name="hold_runs_forward",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("authority", ""), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                ),
                                name="hold_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("scope__in", ["person", "photograph", "source", "gallery", "client"])
                                ),
                                name="hold_scope_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Assessment",
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
                            "gallery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="assessments",
                                to="records.gallery",
                            ),
                        ),
                        (
                            "adds_to",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="addenda",
                                to="records.assessment",
                            ),
                        ),
                        ("space_id", models.TextField()),
                        ("threshold", models.FloatField()),
                        ("identification", models.FloatField(null=True)),
                        ("purposes", countenance.records.fields.WordsField()),
                        ("title", models.TextField()),
                        ("document_sha256", models.TextField()),
                        (
                            "recorded_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("recorded_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("title", ""), _negated=True),
                                    models.Q(("document_sha256", ""), _negated=True),
                                ),
                                name="assessment_has_document",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("purposes", ""), _negated=True),
                                name="assessment_has_purposes",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StatusFeed",
                    fields=[
                        (
                            "source",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                primary_key=True,
                                related_name="status_feed",
                                serialize=False,
                                to="records.source",
                            ),
                        ),
                        ("file", models.TextField()),
                        ("acted_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("file", ""), _negated=True), name="status_feed_is_a_file"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AdoptedEvaluation",
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
                            "gallery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="evaluations",
                                to="records.gallery",
                            ),
                        ),
                        ("space_id", models.TextField()),
                        ("report_sha256", models.TextField()),
                        ("measured_at", models.DateTimeField()),
                        ("people", models.IntegerField()),
                        ("references_each", models.IntegerField()),
                        ("strangers", models.IntegerField()),
                        ("mates", models.IntegerField()),
                        ("curve", models.JSONField()),
                        ("groups", models.JSONField(default=list)),
                        (
                            "adopted_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("adopted_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("ended_reason", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("mates__gte", 1),
                                    ("people__gte", 1),
                                    ("references_each__gte", 1),
                                    ("strangers__gte", 1),
                                ),
                                name="evaluation_counts",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("adopted_at"))),
                                name="evaluation_expires",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("space_id", ""), _negated=True),
                                    models.Q(("report_sha256", ""), _negated=True),
                                ),
                                name="evaluation_is_bound",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("gallery", "space_id"),
                                name="evaluation_one_in_force",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OperatingPoint",
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
                            "gallery",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="operating_points",
                                to="records.gallery",
                            ),
                        ),
                        (
                            "evaluation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.adoptedevaluation",
                            ),
                        ),
                        ("space_id", models.TextField()),
                        ("threshold", models.FloatField()),
                        ("most_people", models.IntegerField()),
                        ("fpir", models.FloatField()),
                        ("fpir_high", models.FloatField()),
                        ("fnir", models.FloatField()),
                        ("fnir_high", models.FloatField()),
                        ("reason", models.TextField()),
                        (
                            "set_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("set_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("ended_reason", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("most_people__gte", 1)), name="operating_point_has_size"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("fnir__gte", 0), ("fnir__lte", 1), ("fpir__gte", 0), ("fpir__lte", 1)
                                ),
                                name="operating_point_rates",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True),
                                name="operating_point_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("set_at"))),
                                name="operating_point_expires",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("gallery",),
                                name="operating_point_one_in_force",
                            ),
                        ],
                    },
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
                        (
                            "set_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("set_at", models.DateTimeField()),
                        ("lifted_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["ingest", "search", "export", "all"])),
                                name="lock_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("target__in", ["place", "client", "account", "gallery", "source"])
                                ),
                                name="lock_target_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("target_id", ""), _negated=True),
                                    models.Q(("reason", ""), _negated=True),
                                ),
                                name="lock_has_reason",
                            ),
                        ],
                    },
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
                        (
                            "authority",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="orders",
                                to="records.organisation",
                            ),
                        ),
                        ("number", models.TextField()),
                        ("dated", models.DateField()),
                        ("text", models.TextField(blank=True, default="")),
                        ("document_sha256", models.TextField(blank=True, default="")),
                        (
                            "issued_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("issued_at", models.DateTimeField()),
                        ("log_index", models.BigIntegerField(null=True)),
                        ("ends_at", models.DateTimeField(null=True)),
                        ("destroy_from", models.DateTimeField(null=True)),
                        ("destroyed_at", models.DateTimeField(null=True)),
                        ("erasure", models.TextField(blank=True, default="")),
                        ("lifted_at", models.DateTimeField(null=True)),
                        ("lift_reason", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        ["cease-offering", "cease-collecting", "cease-disclosing", "delete"],
                                    )
                                ),
                                name="order_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("target__in", ["place", "client", "gallery", "source"])),
                                name="order_target_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("target_id", ""), _negated=True),
                                    models.Q(("number", ""), _negated=True),
                                ),
                                name="order_numbered",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("destroyed_at__isnull", True), ("kind", "delete"), _connector="OR"
                                ),
                                name="order_destroys_by_delete",
                            ),
                        ],
                    },
                ),
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
                        (
                            "client",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.organisation",
                            ),
                        ),
                        ("jurisdiction", models.TextField(blank=True, default="")),
                        ("period_from", models.DateTimeField(null=True)),
                        ("period_until", models.DateTimeField(null=True)),
                        (
                            "opened_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("opened_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("findings", models.TextField(blank=True, default="")),
                        (
                            "authorities",
                            models.ManyToManyField(
                                related_name="inquiries",
                                through="records.InquiryAuthority",
                                to="records.organisation",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("title", ""), _negated=True),
                                    models.Q(("reference", ""), _negated=True),
                                ),
                                name="inquiry_named",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("closed_at__isnull", True),
                                    models.Q(("findings", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="inquiry_closes_with_findings",
                            ),
                        ],
                    },
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
                        (
                            "inquiry",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="parts",
                                to="records.inquiry",
                            ),
                        ),
                        (
                            "authority",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.organisation",
                            ),
                        ),
                        ("joined_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("inquiry", "authority"), name="inquiry_joined_once"
                            )
                        ],
                    },
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
                        (
                            "inquiry",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="documents",
                                to="records.inquiry",
                            ),
                        ),
                        ("name", models.TextField()),
                        ("sha256", models.TextField()),
                        ("size", models.IntegerField()),
                        ("content", models.BinaryField()),
                        (
                            "attached_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("attached_at", models.DateTimeField()),
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
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="competences",
                                to="records.account",
                            ),
                        ),
                        ("training", models.TextField()),
                        ("evidence", models.TextField()),
                        ("valid_from", models.DateTimeField()),
                        ("valid_until", models.DateTimeField()),
                        (
                            "recorded_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("recorded_at", models.DateTimeField()),
                        ("questioned_at", models.DateTimeField(null=True)),
                        ("reason", models.TextField(blank=True, default="")),
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
                        (
                            "search",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="review",
                                to="records.search",
                            ),
                        ),
                        (
                            "opened_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("opened_at", models.DateTimeField()),
                        ("seed_sha256", models.TextField()),
                        ("seed", models.BinaryField()),
                        ("concluded_at", models.DateTimeField(null=True)),
                        ("outcome", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("concluded_at__isnull", True)),
                                fields=["opened_at"],
                                name="review_waiting",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("concluded_at__isnull", True), ("outcome", "")),
                                    models.Q(
                                        ("concluded_at__isnull", False),
                                        ("outcome__in", ["lead", "no-candidate", "inconclusive"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="review_outcome_is_a_lead_at_most",
                            )
                        ],
                    },
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
                        (
                            "review",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="items",
                                to="records.review",
                            ),
                        ),
                        (
                            "candidate",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="review_item",
                                to="records.candidate",
                            ),
                        ),
                        ("filler", models.TextField(blank=True, default="")),
                        ("outcome", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("candidate__isnull", True), models.Q(("filler", ""), _negated=True)
                                    ),
                                    models.Q(("candidate__isnull", False), ("filler", "")),
                                    _connector="OR",
                                ),
                                name="review_item_is_one_thing",
                            )
                        ],
                    },
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
                        (
                            "review",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="examinations",
                                to="records.review",
                            ),
                        ),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="examinations",
                                to="records.account",
                            ),
                        ),
                        ("public_key", models.BinaryField()),
                        ("begun_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("set_aside_at", models.DateTimeField(null=True)),
                        ("set_aside_reason", models.TextField(blank=True, default="")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("review", "account"), name="examination_once_per_account"
                            ),
                            models.UniqueConstraint(
                                fields=("review", "public_key"), name="examination_once_per_key"
                            ),
                        ],
                    },
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
                        (
                            "item",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="verdicts",
                                to="records.reviewitem",
                            ),
                        ),
                        (
                            "examination",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="verdicts",
                                to="records.examination",
                            ),
                        ),
                        ("commitment", models.TextField()),
                        ("sealed", models.BinaryField()),
                        ("sealed_at", models.DateTimeField()),
                        ("revealed_at", models.DateTimeField(null=True)),
                        ("scale", models.IntegerField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("item", "examination"), name="verdict_once_per_examination"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("scale__isnull", True),
                                    models.Q(
                                        ("revealed_at__isnull", False), ("scale__gte", -3), ("scale__lte", 3)
                                    ),
                                    _connector="OR",
                                ),
                                name="verdict_scale_hidden_until_revealed",
                            ),
                        ],
                    },
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
                        (
                            "verified_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("person_id", models.UUIDField(null=True)),
                        (
                            "entered_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("received_at", models.DateTimeField()),
                        ("verified_at", models.DateTimeField(null=True)),
                        ("closed_at", models.DateTimeField(null=True)),
                        ("destroyed_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [models.Index(fields=["closed_at", "received_at"], name="request_open")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("tier", ""), ("verified_at__isnull", True)),
                                    models.Q(
                                        models.Q(("tier", ""), _negated=True), ("verified_at__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="request_verified_somehow",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("destroyed_at__isnull", True),
                                    ("closed_at__isnull", False),
                                    _connector="OR",
                                ),
                                name="request_destroyed_when_closed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RequestClockRecord",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "request",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notices",
                                to="records.requestrecord",
                            ),
                        ),
                        ("kind", models.TextField()),
                        ("reason", models.TextField()),
                        ("text", models.TextField()),
                        ("at", models.DateTimeField()),
                        (
                            "by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="RequestStepRecord",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "request",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="steps",
                                to="records.requestrecord",
                            ),
                        ),
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
                    name="RequestFaceRecord",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "request",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="faces",
                                to="records.requestrecord",
                            ),
                        ),
                        ("number", models.IntegerField()),
                        ("face_id", models.UUIDField()),
                        ("score", models.FloatField(null=True)),
                        ("confirmed_at", models.DateTimeField(null=True)),
                        (
                            "confirmed_by",
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
                            models.UniqueConstraint(
                                fields=("request", "number"), name="request_face_numbered"
                            )
                        ],
                    },
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
                        (
                            "request",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sweeps",
                                to="records.requestrecord",
                            ),
                        ),
                        (
                            "source",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.source",
                            ),
                        ),
                        ("probe", models.BinaryField()),
                        ("threshold", models.FloatField()),
                        ("cursor", models.TextField(blank=True, default="")),
                        ("looked_at", models.IntegerField(default=0)),
                        ("failed", models.IntegerField(default=0)),
                        (
                            "started_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("started_at", models.DateTimeField()),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("released_at", models.DateTimeField(null=True)),
                    ],
                ),
                migrations.CreateModel(
                    name="SweepFindingRecord",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "sweep",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="findings",
                                to="records.sweeprecord",
                            ),
                        ),
                        ("number", models.IntegerField()),
                        ("path", models.TextField()),
                        ("sha256", models.TextField()),
                        ("confirmed_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("sweep", "number"), name="finding_numbered")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WorkspaceState",
                    fields=[
                        ("id", models.IntegerField(default=1, primary_key=True, serialize=False)),
                        ("workspace_id", models.UUIDField()),
                        ("operator", models.TextField()),
                        ("jurisdiction", models.TextField()),
                        ("revocation_epoch", models.BigIntegerField(default=0)),
                        ("model_pack", models.TextField(blank=True, default="")),
                        ("last_seen_at", models.DateTimeField()),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("id", 1)), name="workspace_state_single"
                            )
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
                        ("signatures", models.JSONField(default=dict)),
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
                    name="PackSigner",
                    fields=[
                        ("name", models.TextField(primary_key=True, serialize=False)),
                        ("public_key", models.BinaryField(unique=True)),
                        ("trusted_at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="PolicyBookRecord",
                    fields=[
                        ("hash", models.TextField(primary_key=True, serialize=False)),
                        ("operator", models.TextField()),
                        ("packs", models.JSONField()),
                        ("first_at", models.DateTimeField()),
                    ],
                ),
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
                        (
                            "proposal",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="approvals",
                                to="records.proposal",
                            ),
                        ),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("public_key", models.BinaryField()),
                        ("signature", models.BinaryField()),
                        ("signed_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("proposal", "account"), name="approval_once_per_account"
                            ),
                            models.UniqueConstraint(
                                fields=("proposal", "public_key"), name="approval_once_per_key"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ApiToken",
                    fields=[
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="tokens",
                                to="records.account",
                            ),
                        ),
                        (
                            "organisation",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.organisation",
                            ),
                        ),
                        ("name", models.TextField()),
                        ("purposes", countenance.records.fields.WordsField(blank=True, default="")),
                        ("acts", countenance.records.fields.WordsField(blank=True, default="")),
                        ("digest", models.BinaryField(unique=True)),
                        ("sealed_key", models.BinaryField()),
                        ("made_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("made_at"))),
                                name="token_ends_after_it_begins",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ApiAnswer",
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
                            "token",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="answers",
                                to="records.apitoken",
                            ),
                        ),
                        ("key", models.TextField()),
                        ("request", models.TextField()),
                        ("process", models.TextField()),
                        ("status", models.IntegerField(null=True)),
                        ("sealed", models.BinaryField(default=b"")),
                        ("begun_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("token", "key"), name="one_answer_per_key")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Webhook",
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
                        ("url", models.TextField()),
                        ("events", countenance.records.fields.WordsField(blank=True, default="")),
                        (
                            "added_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("added_at", models.DateTimeField()),
                        ("removed_at", models.DateTimeField(null=True)),
                        ("position", models.BigIntegerField()),
                        ("failures", models.IntegerField(default=0)),
                        ("retry_at", models.DateTimeField(null=True)),
                    ],
                ),
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
                        (
                            "client",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="samples",
                                to="records.organisation",
                            ),
                        ),
                        ("week", models.TextField()),
                        ("checkpoint_size", models.BigIntegerField()),
                        ("checkpoint_root", models.TextField()),
                        (
                            "drawn_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("drawn_at", models.DateTimeField()),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("client", "week"), name="sample_once_a_week")
                        ],
                    },
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
                        ("finding", models.TextField(blank=True, default="")),
                        ("note", models.TextField(blank=True, default="")),
                        (
                            "examined_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("examined_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("sample", "search"), name="sampled_once")
                        ],
                    },
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
                        (
                            "account",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="misuse_flags",
                                to="records.account",
                            ),
                        ),
                        ("day", models.DateField()),
                        ("entries", models.JSONField()),
                        ("raised_at", models.DateTimeField()),
                        ("finding", models.TextField(blank=True, default="")),
                        ("note", models.TextField(blank=True, default="")),
                        (
                            "reviewed_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="records.account",
                            ),
                        ),
                        ("reviewed_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("rule", "account", "day"), name="flag_once_a_day"
                            ),
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
            ]
        )
    ]
