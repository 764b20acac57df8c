"""Records: the system of record. Django models and migrations on SQLite or PostgreSQL, and the workspace around them.

Django's model classes can only be made once Django is configured, so importing this package configures it: with our
own applications and no database. `database.connect` points it at a workspace. An embedding project that has configured
Django itself (with `countenance.records` among its applications) is left alone.
"""

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        # The accounts of the web application lie in the same database. Named, not imported: it is a floor above.
        INSTALLED_APPS=["countenance.records", "countenance.web"],
        USE_TZ=True,
        TIME_ZONE="UTC",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    )
    django.setup()
