"""A search's answer, and what came of an act, as JSON and blobs, and back: what a caller gets to see, and nothing more."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from countenance.acting.path import ActResult
from countenance.biometrics.geometry import Box
from countenance.biometrics.statement import Chance, Evidence, Origin, PassedOver, Statement
from countenance.biometrics.templates import SpaceId
from countenance.biometrics.vocabulary import QualityComponent, QualityReason
from countenance.index.answers import Coverage
from countenance.policy.decisions import Refused
from countenance.primitives import errors
from countenance.primitives.text import Message
from countenance.search.path import SearchAnswer
from countenance.search.values import (
    ByThreshold,
    Candidate,
    FailureToAcquire,
    LoggedCandidates,
    ProbeFace,
    WhichFace,
)

type Encoded = tuple[dict[str, Any], list[bytes]]

_ERRORS: dict[str, type[errors.CountenanceError]] = {
    kind.__name__: kind
    for kind in (
        errors.UsageError,
        errors.FormatError,
        errors.NotFoundError,
        errors.ConflictError,
        errors.UnavailableError,
        errors.IntegrityError,
    )
}


def encode_answer(answer: SearchAnswer) -> Encoded:
    """Thumbnails go into the blobs, in order; all else into the header."""
    match answer:
        case LoggedCandidates():
            header = asdict(answer)
            blobs = [candidate.pop("crop") for candidate in header["candidates"]]
            blobs += [face.pop("crop") for face in header["probe"]]
            return {"kind": "candidates", "value": header}, blobs
        case WhichFace():
            header = asdict(answer)
            return {"kind": "which-face", "value": header}, [face.pop("crop") for face in header["faces"]]
        case FailureToAcquire():
            return {"kind": "failure-to-acquire", "value": asdict(answer)}, []
        case Refused():
            return {"kind": "refused", "value": asdict(answer)}, []


def encode_result(result: ActResult) -> Encoded:
    """What came of an act; its record is a blob, since a list may be long."""
    header = {"kind": "act", "value": {"act": result.act, "log_entry": result.log_entry}}
    return header, [json.dumps(result.record).encode()]


def decode_result(header: dict[str, Any], blobs: list[bytes]) -> ActResult:
    """What came of an act. Raises the error that the searcher raised; FormatError for what is neither."""
    value: Any = header.get("value")
    try:
        if header.get("kind") == "error":
            raise _error(value)
        if header.get("kind") == "act":
            return ActResult(**value, record=json.loads(blobs[0]))
    except (TypeError, KeyError, ValueError, IndexError) as error:
        raise errors.FormatError("The searcher's answer is malformed.", code="searcher-message") from error
    raise errors.FormatError("The searcher's answer is malformed.", code="searcher-message")


def encode_error(error: errors.CountenanceError) -> Encoded:
    """An error as it was raised; the caller's door translates it."""
    value: dict[str, Any] = {
        "class": type(error).__name__,
        "code": error.code,
        "what": error.message.template,
        "remedy": error.remedy.template if error.remedy else None,
        "params": {name: _plain(param) for name, param in error.message.params.items()},
    }
    if isinstance(error, errors.RefusedError):
        value |= {
            "reason": error.reason,
            "rule": error.rule,
            "authority": error.authority,
            "since": error.since,
        }
    return {"kind": "error", "value": value}, []


def decode(header: dict[str, Any], blobs: list[bytes]) -> SearchAnswer:
    """The answer as the searcher made it. Raises the error it raised; FormatError for what is neither."""
    value: Any = header.get("value")
    crops = iter(blobs)
    try:
        match header.get("kind"):
            case "candidates":
                return LoggedCandidates(
                    **{
                        **value,
                        "candidates": tuple(
                            Candidate(
                                **{**line, "statement": _statement(line["statement"])}, crop=next(crops)
                            )
                            for line in value["candidates"]
                        ),
                        "coverage": Coverage(**value["coverage"]),
                        "evidence": _evidence(value["evidence"]),
                        "by_threshold": value["by_threshold"] and ByThreshold(**value["by_threshold"]),
                        "space_id": SpaceId(value["space_id"]),
                        "probe": tuple(_face(face, next(crops)) for face in value["probe"]),
                    }
                )
            case "which-face":
                return WhichFace(
                    photograph=value["photograph"],
                    faces=tuple(_face(face, next(crops)) for face in value["faces"]),
                )
            case "failure-to-acquire":
                return FailureToAcquire(**value)
            case "refused":
                return Refused(**value)
            case "error":
                raise _error(value)
    except (TypeError, KeyError, ValueError, StopIteration) as error:
        raise errors.FormatError("The searcher's answer is malformed.", code="searcher-message") from error
    raise errors.FormatError("The searcher's answer is malformed.", code="searcher-message")


def _face(value: dict[str, Any], crop: bytes) -> ProbeFace:
    return ProbeFace(
        **{
            **value,
            "box": Box(**value["box"]),
            "quality": tuple(QualityReason(reason) for reason in value["quality"]),
            "components": {QualityComponent(name): score for name, score in value["components"].items()},
            "crop": crop,
        }
    )


def _evidence(value: dict[str, Any] | None) -> Evidence | None:
    if value is None:
        return None
    passed_over = value["passed_over"]
    return Evidence(
        **{
            **value,
            "origin": Origin(value["origin"]),
            "passed_over": None if passed_over is None else PassedOver(passed_over),
        }
    )


def _statement(value: dict[str, Any] | None) -> Statement | None:
    if value is None:
        return None
    stranger = value["stranger"]
    return Statement(
        origin=Origin(value["origin"]),
        gallery=value["gallery"],
        stranger=None if stranger is None else Chance(**stranger),
        missed=Chance(**value["missed"]),
    )


def _error(value: dict[str, Any]) -> errors.CountenanceError:
    if value["class"] == errors.RefusedError.__name__:
        return errors.RefusedError(
            value["what"],
            reason=value["reason"],
            rule=value["rule"],
            authority=value["authority"],
            since=value["since"],
            **value["params"],
        )
    kind = _ERRORS.get(value["class"], errors.UnavailableError)
    rebuilt = kind(value["what"], remedy=value["remedy"], code=value["code"], **value["params"])
    rebuilt.message = Message(value["what"], value["params"])
    return rebuilt


def _plain(param: object) -> object:
    return param if isinstance(param, str | int | float | bool) or param is None else str(param)
