"""The log's side of RFC 3161, 3.4: ask a time-stamping authority over HTTP. The request holds a hash, and nothing else."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from countenance.primitives.errors import UnavailableError, UsageError
from countenance.primitives.text import N_

_SECONDS = 20.0
_ANSWER_MAX = 1 << 20


def ask_stamp(url: str, request: bytes) -> bytes:
    """The response of the authority at `url`. Raises UsageError (not an address), UnavailableError (no such answer)."""
    parts = urlsplit(url)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if parts.scheme not in kinds or not parts.hostname:
        raise UsageError(
            N_("{url} is not the address of a time-stamping authority."),
            remedy=N_("Give it as https://HOST/PATH."),
            code="timestamp-url",
            url=url,
        )
    try:
        connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=_SECONDS)
        try:
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            headers = {"Content-Type": "application/timestamp-query"}
            connection.request("POST", path or "/", body=request, headers=headers)
            answer = connection.getresponse()
            if answer.status != 200:
                raise http.client.HTTPException(str(answer.status))
            data: bytes = answer.read(_ANSWER_MAX)
            return data
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise UnavailableError(
            N_("The time-stamping authority at {url} does not answer."),
            remedy=N_("Nothing is lost: ask again later. The checkpoint stays valid without it."),
            code="timestamp-silent",
            url=url,
        ) from error
