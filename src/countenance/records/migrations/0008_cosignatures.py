"""What witnesses sign beside the log's own checkpoints."""

from django.db import migrations

from countenance.records.operations import RunStatements
from countenance.tlog.schema import cosignature_schema


class Migration(migrations.Migration):
    """The table of cosignatures."""

    dependencies = [("records", "0007_policy_books")]
    operations = [RunStatements(cosignature_schema)]
