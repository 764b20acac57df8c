"""The log's side: ask a witness to cosign a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from countenance.primitives.addresses import exchange
from countenance.primitives.errors import ConflictError, UnavailableError, UsageError
from countenance.primitives.text import N_
from countenance.witness.request import format_request

type Proof = Callable[[int], Sequence[bytes]]
"""The consistency proof from a tree of so many leaves to the checkpoint's."""

_SECONDS = 20.0
_ANSWER_MAX = 1 << 16


def ask(url: str, size: int, checkpoint: str, proof: Proof, *, old_size: int = 0) -> str:
    """The signature lines that the witness at `url` gives for the checkpoint of `size` leaves.

    `old_size`: what it is thought to have cosigned last; where it says otherwise it is asked once more. Raises
    UsageError (not an address), UnavailableError (it does not answer), ConflictError (it does not cosign: it knows another log).
    """
    status = 0
    for _ in range(2):
        body = format_request(old_size, proof(old_size) if old_size else (), checkpoint)
        status, kind, text = _post(url, body)
        if status == 200:
            return text
        known = text.strip()
        if status != 409 or kind != "text/x.tlog.size" or not (known.isascii() and known.isdigit()):
            break
        if int(known) > size or int(known) == old_size:
            break
        old_size = int(known)
    reasons = {
        403: N_("The witness does not know the key that signed this checkpoint."),
        404: N_("The witness does not know this log."),
        409: N_("The witness has cosigned another history of this log."),
        422: N_("The witness does not accept the proof: what it cosigned is no beginning of this log."),
    }
    if status in reasons:
        raise ConflictError(
            reasons[status],
            remedy=N_("If the log was restored or changed, say so to the witness; do not make it forget."),
            code="witness-refused",
        )
    raise UnavailableError(
        N_("The witness at {url} does not answer as a witness does (status {status})."),
        code="witness-answer",
        url=url,
        status=status,
    )


def _post(url: str, body: str) -> tuple[int, str, str]:
    """Status, content type and text of the answer."""
    try:
        answer = exchange(
            "POST",
            f"{url.rstrip('/')}/add-checkpoint",
            body=body.encode(),
            headers={"Content-Type": "text/plain"},
            seconds=_SECONDS,
            longest=_ANSWER_MAX,
        )
    except ValueError as error:
        raise UsageError(
            N_("{url} is not the address of a witness."),
            remedy=N_("Give it as https://HOST/PATH."),
            code="witness-url",
            url=url,
        ) from error
    except OSError as error:
        raise UnavailableError(
            N_("The witness at {url} does not answer."),
            remedy=N_("Nothing is lost: ask again later. The checkpoint stays valid without it."),
            code="witness-silent",
            url=url,
        ) from error
    return answer.status, answer.media_type, answer.body.decode("utf-8", "replace")
