"""Tables of the index's segments, and its counts, filled from what is enrolled."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from countenance.index.schema import segment_schema


def _create(_: object, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in segment_schema("sqlite" if editor.connection.vendor == "sqlite" else "postgresql"):
        editor.execute(statement)


class Migration(migrations.Migration):
    """Live set, files and counts of the index."""

    dependencies = [("records", "0004_person_folded")]
    operations = [migrations.RunPython(_create, migrations.RunPython.noop, elidable=False)]
