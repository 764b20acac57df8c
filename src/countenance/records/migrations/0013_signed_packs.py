from django.db import migrations, models


class Migration(migrations.Migration):
    """Who may vouch for a policy pack, who has, and what the law of its place asks to have on record of a gallery."""

    dependencies = [("records", "0012_watching")]
    operations = [
        migrations.CreateModel(
            name="PackSigner",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("public_key", models.BinaryField(unique=True)),
                ("trusted_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField("policypackrecord", "signatures", models.JSONField(default=dict)),
        migrations.AddField("gallery", "particulars", models.JSONField(default=dict)),
        migrations.AddField("gallery", "filed_on", models.DateField(null=True)),
    ]
