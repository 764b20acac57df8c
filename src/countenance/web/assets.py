"""The files of our own that a page needs: one style sheet, small scripts, an icon. Served from this origin alone."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from django.http import Http404, HttpRequest, HttpResponse

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@cache
def _held() -> dict[str, tuple[bytes, str]]:
    """Bytes and hash of each file, read once."""
    folder = files("countenance.web") / "static"
    found = {}
    for file in folder.iterdir():
        if file.name.rpartition(".")[2] in _TYPES:
            data = file.read_bytes()
            found[file.name] = (data, sha256(data).hexdigest()[:16])
    return found


def address_of(name: str) -> str:
    """`/static/app.css?v=HASH`. KeyError for a file that is not there: a fault of the template."""
    return f"/static/{name}?v={_held()[name][1]}"


def serve(request: HttpRequest, name: str) -> HttpResponse:
    """One file; kept by the browser for as long as its hash is asked for."""
    if name not in _held():
        raise Http404
    data, digest = _held()[name]
    response = HttpResponse(data, content_type=_TYPES[name.rpartition(".")[2]])
    if request.GET.get("v") == digest:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
