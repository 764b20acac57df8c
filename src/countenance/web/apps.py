"""The Django application that holds the web's own tables: ways in, sessions, invitations."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Tables of the web application, in the workspace's database."""

    name = "countenance.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
