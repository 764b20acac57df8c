"""Addresses of the API, to be hung into the application's own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from countenance.api.app import make_api, no_route
from countenance.api.health import healthz, metrics, readyz

API = make_api()

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", API.urls),
    re_path(r"^api/(?P<rest>.*)$", no_route),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
]
