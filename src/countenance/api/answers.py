"""Done once, however often it is asked: answers kept by the caller's `Idempotency-Key`, and answers to come later.

After draft-ietf-httpapi-idempotency-key-header-07 and, for what takes long, `Prefer: respond-async` (RFC 7240, 4.1). The
row is written before the act begins, so an act whose answer was lost is never begun again; the signed request's nonce is
drawn from the key too. Kept for a day, sealed under the token's secret. Of a search, and of what shows faces, only its
entry in the log is kept: no face is stored a second time, nor comes back when its basis has ended.
"""

from __future__ import annotations

import hmac
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from django.db import IntegrityError as DatabaseIntegrityError
from django.http import HttpRequest, HttpResponse

from countenance.api import problems
from countenance.api.asking import Asking, process
from countenance.cli.language import Language, speaking, spoken
from countenance.primitives.canonical import Json, canonical_json
from countenance.primitives.errors import CountenanceError, NotFoundError, UsageError
from countenance.primitives.ids import new_id
from countenance.primitives.text import N_
from countenance.records.database import disconnect, open_transaction
from countenance.records.models import ApiAnswer
from countenance.web.site import site

LIFE = timedelta(hours=24)
LONGEST_KEY = 200
MOST_RUNNING = 4
"""Acts that one process carries out behind an answer of 202."""

_log = logging.getLogger("countenance.api")
_running = threading.BoundedSemaphore(MOST_RUNNING)


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One thing to do once. `what`: the operation and all it was asked with, for telling two requests apart.

    `run`: does it under the nonce it is given, and returns status and document. `kept`: what of the document is kept.
    """

    what: Json
    run: Callable[[str | None], tuple[int, dict[str, Json]]]
    kept: Callable[[dict[str, Json]], dict[str, Json]] = lambda document: document


def answer(request: HttpRequest, asking: Asking, errand: Errand) -> HttpResponse:
    """Carry the errand out now, or find its answer, or begin it and say where the answer will be."""
    key = request.headers.get("Idempotency-Key", "")
    later = "respond-async" in request.headers.get("Prefer", "").replace(" ", "").lower().split(",")
    if len(key) > LONGEST_KEY:
        raise UsageError(
            N_("An idempotency key has at most {most} characters."), code="idempotency-key", most=LONGEST_KEY
        )
    if not key and not later:
        return json_answer(*errand.run(None))
    row, fresh = _row(asking, key or new_id().hex, errand)
    if not fresh:
        return _again(asking, row)
    if later and _running.acquire(blocking=False):
        threading.Thread(target=_behind, args=(spoken(), asking, row, errand), name="answer").start()
        waiting = json_answer(202, {"answer": row.pk.hex, "state": "under-way"})
        waiting["Location"] = f"/api/v1/answers/{row.pk.hex}"
        waiting["Preference-Applied"] = "respond-async"
        return waiting
    return _carry_out(asking, row, errand)


def later_answer(asking: Asking, text: str) -> HttpResponse:
    """The answer of an errand that was begun before, by this very token. Raises NotFoundError."""
    try:
        row = ApiAnswer.objects.filter(pk=UUID(text), token=asking.holder.row).first()
    except ValueError:
        row = None
    if row is None:
        raise NotFoundError(
            N_("There is no such answer, or not any more."),
            remedy=N_("Answers are kept for a day, for the token that asked."),
            code="answer-missing",
        )
    if row.status is None and row.process == process():
        waiting = json_answer(202, {"answer": row.pk.hex, "state": "under-way"})
        waiting["Retry-After"] = "1"
        return waiting
    return _stored(asking, row)


def _row(asking: Asking, key: str, errand: Errand) -> tuple[ApiAnswer, bool]:
    """The row of this key, and whether it was made just now."""
    now = site().now()
    token = asking.holder.row
    digest = sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
    # The token's own secret goes in: what was asked cannot be guessed from the row and tried.
    wanted = hmac.digest(asking.holder.text.secret, canonical_json(errand.what), "sha256").hex()
    try:
        with open_transaction():
            ApiAnswer.objects.filter(begun_at__lt=now - LIFE).delete()
            made = ApiAnswer.objects.create(
                token=token, key=digest, request=wanted, process=process(), begun_at=now
            )
    except DatabaseIntegrityError:
        found = ApiAnswer.objects.get(token=token, key=digest)
        if not hmac.compare_digest(found.request, wanted):
            raise UsageError(
                N_("This idempotency key was used for another request."),
                remedy=N_("Take a new key for each request that is not a repetition."),
                code="idempotency-key-reused",
            ) from None
        return found, False
    return made, True


def _carry_out(asking: Asking, row: ApiAnswer, errand: Errand) -> HttpResponse:
    nonce = sha256(b"countenance/api/nonce" + row.pk.bytes + asking.holder.text.secret).hexdigest()[:32]
    try:
        status, document = errand.run(nonce)
    except CountenanceError as error:
        told = problems.of_error(error)
        if told.status_code >= 500:  # not done: the same key may try again
            ApiAnswer.objects.filter(pk=row.pk).delete()
        else:
            _keep(asking, row, told.status_code, json.loads(told.content))
        return told
    except BaseException:
        _keep(asking, row, 500, {"code": "crash"})
        raise
    _keep(asking, row, status, errand.kept(document))
    return json_answer(status, document)


def _behind(language: Language, asking: Asking, row: ApiAnswer, errand: Errand) -> None:
    """As `_carry_out`, in a thread of its own."""
    try:
        with speaking(language):
            _carry_out(asking, row, errand)
    except Exception:  # noqa: BLE001 - nobody waits on this thread; whoever asks for the answer is told of it
        _log.exception("an answer to come failed")
    finally:
        _running.release()
        disconnect()


def _keep(asking: Asking, row: ApiAnswer, status: int, document: dict[str, Json]) -> None:
    sealed = asking.holder.text.seal(json.dumps(document).encode(), use="answer")
    with open_transaction():
        ApiAnswer.objects.filter(pk=row.pk).update(status=status, sealed=sealed)


def _again(asking: Asking, row: ApiAnswer) -> HttpResponse:
    if row.status is None and row.process == process():
        told = problems.problem(
            409, N_("The same request is under way."), code="under-way", title=N_("Under way")
        )
        told["Retry-After"] = "1"
        return told
    stored = _stored(asking, row)
    stored["Idempotency-Replayed"] = "true"
    return stored


def _stored(asking: Asking, row: ApiAnswer) -> HttpResponse:
    if row.status is None:
        return problems.problem(
            409,
            N_("The request was begun and cut off; whether it was carried out stands in the log."),
            code="cut-off",
            title=N_("Cut off"),
        )
    document = json.loads(asking.holder.text.unseal(bytes(row.sealed), use="answer"))
    if row.status >= 400:
        told = json_answer(row.status, document)
        told["Content-Type"] = problems.MEDIA_TYPE
        return told
    return json_answer(row.status, document)


def json_answer(status: int, document: dict[str, Json]) -> HttpResponse:
    """A document that no cache keeps."""
    made = HttpResponse(json.dumps(document), status=status, content_type="application/json")
    made["Cache-Control"] = "no-store"
    return made
