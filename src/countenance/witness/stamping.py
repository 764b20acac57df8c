"""The log's side of RFC 3161, 3.4: ask a time-stamping authority over HTTP. The request holds a hash, and nothing else."""

from __future__ import annotations

from countenance.primitives.addresses import exchange
from countenance.primitives.errors import UnavailableError, UsageError
from countenance.primitives.text import N_

_SECONDS = 20.0
_ANSWER_MAX = 1 << 20


def ask_stamp(url: str, request: bytes) -> bytes:
    """The response of the authority at `url`. Raises UsageError (not an address), UnavailableError (no such answer)."""
    try:
        answer = exchange(
            "POST",
            url,
            body=request,
            headers={"Content-Type": "application/timestamp-query"},
            seconds=_SECONDS,
            longest=_ANSWER_MAX,
        )
        if answer.status != 200:
            raise OSError(str(answer.status))
    except ValueError as error:
        raise UsageError(
            N_("{url} is not the address of a time-stamping authority."),
            remedy=N_("Give it as https://HOST/PATH."),
            code="timestamp-url",
            url=url,
        ) from error
    except OSError as error:
        raise UnavailableError(
            N_("The time-stamping authority at {url} does not answer."),
            remedy=N_("Nothing is lost: ask again later. The checkpoint stays valid without it."),
            code="timestamp-silent",
            url=url,
        ) from error
    return answer.body
