"""What witnesses sign beside the log's own checkpoints."""

from django.db import migrations

from countenance.records.operations import RunStatements
from countenance.tlog.schema import cosignature_schema


class Migration(migrations.Migration):
    """The table of cosignatures."""

    dependencies = [("records", "0006_erasing")]
    operations = [RunStatements(cosignature_schema)]
