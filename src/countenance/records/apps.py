"""The Django application that holds every table of a workspace."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    """Every table of a workspace."""

    name = "countenance.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
