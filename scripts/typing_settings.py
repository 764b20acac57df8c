"""Django settings for the type checker alone. The product configures Django in code and never reads this."""

from __future__ import annotations

import importlib.util

SECRET_KEY = "used by the type checker only"  # noqa: S105 - signs nothing
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
INSTALLED_APPS = (
    ["countenance.records", "countenance.web"] if importlib.util.find_spec("countenance.records") else []
)
