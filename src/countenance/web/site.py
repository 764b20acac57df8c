"""The web application as a WSGI program: Django set up in code, on top of what `records` has set up for the database.

One workspace per process. The process reads the web's own tables and nothing else by itself: what the workspace holds
is asked of the searcher, by signed acts (`web.desk`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest

from countenance.primitives.clock import Clock, system_clock
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.workspace import Workspace
from countenance.web.keyring import Keyring
from countenance.web.pace import Pace
from countenance.web.tray import Tray

MOST_UPLOADED = 64 << 20
"""Bytes of one request, photographs included. They are kept in memory: no probe touches a disk unsealed."""

type WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content Security Policy Level 3 (W3C): this origin alone, nothing inline."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # not no-referrer: browsers would then send no Origin with a form
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """What every page needs. `directory`: the workspace. `public`: its address outside, or empty: loopback only."""

    directory: Path
    keyring: Keyring
    workspace: Workspace
    clock: Clock = system_clock
    public: str = ""
    tray: Tray = field(default_factory=Tray)
    asking: Pace = field(default_factory=lambda: Pace(5, timedelta(hours=1)))
    entering: Pace = field(default_factory=lambda: Pace(200, timedelta(hours=1)))
    following: Pace = field(default_factory=lambda: Pace(60, timedelta(hours=1)))

    def now(self) -> datetime:
        return self.clock()

    def origin_of(self, request: HttpRequest) -> str:
        """Scheme, host and port by which people reach this application, without a slash."""
        return self.public or f"{request.scheme}://{request.get_host()}"


_SERVED: list[Site] = []


def site() -> Site:
    """The site this process serves."""
    return _SERVED[-1]


def application(directory: Path, *, public: str = "", clock: Clock = system_clock) -> WsgiApplication:
    """The WSGI application of the workspace in `directory`. Close with `site().workspace.close()`.

    `public`: `https://HOST[:PORT]` where people reach it beyond this machine, through a server that speaks TLS.
    Raises what `Workspace.open` does; UsageError for a public address that is not https.
    """
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    parts = urlsplit(public)
    if public and (parts.scheme != "https" or not parts.hostname):
        raise UsageError(
            N_("The public address {address} is not https://HOST."),
            remedy=N_("Put a server that speaks TLS in front, and name its address."),
            code="public-address",
            address=public,
        )
    held = Site(
        directory=directory,
        keyring=Keyring.of(directory),
        workspace=Workspace.open(directory, clock=clock),
        clock=clock,
        public=public,
    )
    _SERVED[:] = [held]
    for name, value in _settings(held).items():
        setattr(settings, name, value)
    for name in ("django.request", "django.security.csrf"):
        # They write the address of a request that failed, and an address may hold a one-time link.
        logging.getLogger(name).disabled = True
    made: WsgiApplication = get_wsgi_application()
    return made


def _settings(held: Site) -> dict[str, Any]:
    """Django's settings. What is not named keeps Django's default; DEBUG is off."""
    outside = urlsplit(held.public).hostname
    here = Path(__file__).parent
    return {
        "SECRET_KEY": held.keyring.derive(b"", "django", 32).hex(),
        "ROOT_URLCONF": "countenance.web.urls",
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]", *([outside] if outside else [])],
        "CSRF_TRUSTED_ORIGINS": [held.public] if held.public else [],
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_COOKIE_AGE": None,
        "CSRF_FAILURE_VIEW": "countenance.web.failures.csrf_failure",
        "APPEND_SLASH": False,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": MOST_UPLOADED,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 500,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 20,
        "FILE_UPLOAD_MAX_MEMORY_SIZE": MOST_UPLOADED,
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.MemoryFileUploadHandler"],
        "USE_I18N": False,  # our sentences come from our own catalogue
        "LOGGING_CONFIG": None,
        "MIDDLEWARE": [
            "countenance.web.middleware.traced",
            "countenance.api.health.counted",
            "countenance.web.middleware.headers",
            "countenance.web.middleware.language",
            "countenance.api.problems.only",
            "countenance.web.middleware.methods",
            "countenance.web.middleware.Failures",
            "django.middleware.csrf.CsrfViewMiddleware",
            "countenance.web.middleware.member",
            "countenance.web.doorbook.noted",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [here / "templates"],
                "OPTIONS": {
                    "builtins": ["countenance.web.words"],
                    "context_processors": [
                        "django.template.context_processors.csrf",
                        "countenance.web.desks.context",
                    ],
                    "string_if_invalid": "",
                },
            }
        ],
    }
