"""Which consents have run out is asked before every search; this makes the answer quick."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0002_engines")]

    operations = [
        migrations.AddIndex(
            model_name="consentreceipt",
            index=models.Index(
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False, withdrawn_at__isnull=True),
                name="receipt_by_expiry",
            ),
        ),
    ]
