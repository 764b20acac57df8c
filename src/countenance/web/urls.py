"""Every address of the application. Django's own trailing slashes are off: an address has one spelling."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from countenance.web import assets
from countenance.web.pages import door, home, wing

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("login", door.login, name="login"),
    path("login/second", door.second, name="second"),
    path("confirm", door.confirm, name="confirm"),
    path("logout", door.logout, name="logout"),
    path("welcome/<str:token>", door.welcome, name="welcome"),
    path("language", door.language, name="language"),
    path("static/<str:name>", assets.serve, name="static"),
    path("shown/<str:name>", wing.picture, name="shown"),
    path("", include("countenance.api.urls")),
    *wing.addresses(),
]

handler400 = "countenance.web.failures.bad_request"
handler404 = "countenance.web.failures.not_found"
handler500 = "countenance.web.failures.broken"
