from django.db import migrations, models


class Migration(migrations.Migration):
    """The packs that were in force together when something was decided."""

    dependencies = [("records", "0007_cosignatures")]
    operations = [
        migrations.CreateModel(
            name="PolicyBookRecord",
            fields=[
                ("hash", models.TextField(primary_key=True, serialize=False)),
                ("operator", models.TextField()),
                ("packs", models.JSONField()),
                ("first_at", models.DateTimeField()),
            ],
        ),
    ]
