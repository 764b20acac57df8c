"""Tables of the index's segments, and its counts, filled from what is enrolled."""

from django.db import migrations

from countenance.index.schema import segment_schema
from countenance.records.operations import RunStatements


class Migration(migrations.Migration):
    """Live set, files and counts of the index."""

    dependencies = [("records", "0004_person_folded")]
    operations = [RunStatements(segment_schema)]
