from typing import Any

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from countenance.primitives.text import folded


def _fill(apps: Any, _: BaseDatabaseSchemaEditor) -> None:
    """Of two persons whose labels differ in spelling only, the later keeps a key of its own: a human must join them."""
    person = apps.get_model("records", "Person")
    seen: set[str] = set()
    for row in person.objects.order_by("created_at", "pk"):
        key = folded(row.label)
        row.folded = key if key not in seen else f"{key} {row.pk}"
        seen.add(row.folded)
        row.save(update_fields=["folded"])


class Migration(migrations.Migration):
    """What all spellings of a person's label share."""

    dependencies = [("records", "0003_receipt_by_expiry")]
    operations = [
        migrations.AddField("person", "folded", models.TextField(default="", editable=False)),
        migrations.RunPython(_fill, migrations.RunPython.noop, elidable=True),
        migrations.AlterField("person", "folded", models.TextField(unique=True, editable=False)),
    ]
