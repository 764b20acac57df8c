"""What time-stamping authorities said of the log's checkpoints."""

from django.db import migrations

from countenance.records.operations import RunStatements
from countenance.tlog.schema import timestamp_schema


class Migration(migrations.Migration):
    """The table of time stamps."""

    dependencies = [("records", "0016_measuring")]
    operations = [RunStatements(timestamp_schema)]
