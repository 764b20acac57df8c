"""Messages between the pool and its workers: a small JSON header and raw bytes. No pickle.

A decoder is where a hostile file would strike, and the process at the other end holds keys. So whatever a worker sends is
parsed as data of known shapes and ranges; anything else is an error of that worker, never code, never an object.

Frame: 4 bytes length of the header, 8 bytes length of the body (big-endian), header (UTF-8 JSON), body.
"""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from countenance.biometrics.geometry import Box, Landmarks
from countenance.biometrics.templates import SpaceId, Template
from countenance.biometrics.vocabulary import Detail, FaceReason, QualityComponent, QualityReason
from countenance.extraction.values import (
    EmbedRule,
    ExtractionFailed,
    ExtractionLimits,
    ExtractionResult,
    FaceExtraction,
    FailureReason,
    GivenFace,
    Label,
    PageExtraction,
    PhotographExtraction,
    PictureFormat,
    StageTimes,
    Unreadable,
    UnreadableReason,
)
from countenance.primitives.errors import CountenanceError, FormatError
from countenance.primitives.text import N_

PREFIX = struct.Struct(">IQ")
MAX_HEADER = 64 << 20
MAX_ANSWER_BODY = 1 << 30

_POINTS = ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")


def frame(header: dict[str, Any], body: bytes = b"") -> bytes:
    """The bytes of a message up to its body, which is sent after them."""
    encoded = json.dumps(header, allow_nan=False, separators=(",", ":")).encode()
    return PREFIX.pack(len(encoded), len(body)) + encoded


def read_prefix(prefix: bytes, *, max_body: int) -> tuple[int, int]:
    """Lengths of header and body. Raises FormatError where they are beyond the limits."""
    header, body = PREFIX.unpack(prefix)
    if header > MAX_HEADER or body > max_body:
        raise _bad()
    return header, body


def read_header(data: bytes) -> dict[str, Any]:
    """The header. Raises FormatError."""
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _bad() from error
    if not isinstance(header, dict):
        raise _bad()
    return header


# Job: pool -> worker. Both ends are ours, and the pool is the trusted one.


def job_header(detail: Detail, rule: EmbedRule, limits: ExtractionLimits) -> dict[str, Any]:
    """The header of a job; its body is the photograph's bytes."""
    return {
        "detail": detail.value,
        "unlabelled": rule.unlabelled,
        "floor": rule.floor,
        "show": None if rule.show is None else [rule.show[0], _box(rule.show[1])],
        "hide": [_box(box) for box in rule.hide],
        "central": rule.central,
        "raw": rule.raw,
        "least_norm": rule.least_norm,
        "given": None if rule.given is None else [rule.given[0], _given(rule.given[1])],
        "labels": [
            {"key": label.key, "box": _box(label.box), "permitted": label.permitted, "page": label.page}
            for label in rule.labels
        ],
        "max_pixels": limits.max_pixels,
        "max_bytes": limits.max_bytes,
        "max_pages": limits.max_pages,
    }


def read_job(header: dict[str, Any]) -> tuple[Detail, EmbedRule, ExtractionLimits]:
    """What a worker is asked to do."""
    labels = tuple(
        Label(
            key=entry["key"],
            box=None if entry["box"] is None else _read_box(entry["box"]),
            permitted=entry["permitted"],
            page=entry["page"],
        )
        for entry in header["labels"]
    )
    show = header["show"]
    rule = EmbedRule(
        unlabelled=header["unlabelled"],
        labels=labels,
        floor=header["floor"],
        show=None if show is None else (show[0], _read_box(show[1])),
        hide=tuple(_read_box(box) for box in header["hide"]),
        central=header["central"],
        raw=header["raw"],
        least_norm=header["least_norm"],
        given=None if header["given"] is None else (header["given"][0], _read_given(header["given"][1])),
    )
    limits = ExtractionLimits(
        max_pixels=header["max_pixels"], max_bytes=header["max_bytes"], max_pages=header["max_pages"]
    )
    return Detail(header["detail"]), rule, limits


# Answer: worker -> pool. The worker may have been taken over by a file.


def answer(result: ExtractionResult) -> tuple[dict[str, Any], bytes]:
    """Header and body of an answer; crops and templates lie in the body, one after another."""
    if isinstance(result, Unreadable):
        return {"unreadable": result.reason.value}, b""
    if isinstance(result, ExtractionFailed):
        return {"failed": result.reason.value}, b""
    parts: list[bytes] = []
    pages = [
        {
            "page": page.page,
            "width": page.width,
            "height": page.height,
            "unreadable": page.unreadable,
            "unplaced": [[key, reason.value] for key, reason in page.unplaced],
            "faces": [_face(face, parts) for face in page.faces],
            "shown": _shown(page, parts),
            "destroyed": page.destroyed,
        }
        for page in result.pages
    ]
    times = [result.times.decode, result.times.detect, result.times.align, result.times.embed]
    return {"format": result.format.value, "pages": pages, "times": times}, b"".join(parts)


def read_answer(
    header: dict[str, Any], body: bytes, *, space_id: SpaceId, dimension: int
) -> ExtractionResult:
    """An answer, every field checked. Raises FormatError for anything that is not one."""
    try:
        if "unreadable" in header:
            return Unreadable(reason=UnreadableReason(header["unreadable"]))
        if "failed" in header:
            return ExtractionFailed(reason=FailureReason(header["failed"]))
        reader = _Body(body)
        pages = tuple(_read_page(page, reader, space_id, dimension) for page in header["pages"])
        decode, detect, align, embed = (_number(value) for value in header["times"])
        reader.end()
        return PhotographExtraction(
            format=PictureFormat(header["format"]),
            pages=pages,
            times=StageTimes(decode=decode, detect=detect, align=align, embed=embed),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, CountenanceError) as error:
        raise _bad() from error


class _Body:
    """Takes the body apart from its front."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if count < 0 or len(part) != count:
            raise _bad()
        self._at += count
        return part

    def end(self) -> None:
        if self._at != len(self._data):
            raise _bad()


def _shown(page: PageExtraction, parts: list[bytes]) -> int:
    parts.append(page.shown)  # after the page's faces, as it is read
    return len(page.shown)


def _face(face: FaceExtraction, parts: list[bytes]) -> dict[str, Any]:
    parts.append(face.crop)
    if face.template is not None:
        parts.append(face.template.to_bytes())
    if face.raw is not None:
        parts.append(face.raw.astype("<f4").tobytes())
    return {
        "index": face.index,
        "box": _box(face.box),
        "landmarks": face.landmarks.points(),
        "score": face.detector_score,
        "eyes": face.eye_distance,
        "label": face.label,
        "reason": face.reason,
        "template": face.template is not None,
        "raw": 0 if face.raw is None else len(face.raw),
        "norm": face.norm,
        "quality": list(face.quality),
        "components": dict(face.components),
        "crop": len(face.crop),
        "crop_landmarks": face.crop_landmarks.points(),
    }


def _read_page(page: dict[str, Any], body: _Body, space_id: SpaceId, dimension: int) -> PageExtraction:
    unreadable = page["unreadable"]
    return PageExtraction(
        page=_whole(page["page"]),
        width=_whole(page["width"]),
        height=_whole(page["height"]),
        faces=tuple(_read_face(face, body, space_id, dimension) for face in page["faces"]),
        unplaced=tuple((_text(key), FaceReason(reason)) for key, reason in page["unplaced"]),
        unreadable=None if unreadable is None else UnreadableReason(unreadable),
        shown=body.take(_whole(page["shown"])),
        destroyed=_whole(page["destroyed"]),
    )


def _read_face(face: dict[str, Any], body: _Body, space_id: SpaceId, dimension: int) -> FaceExtraction:
    norm = None if face["norm"] is None else _number(face["norm"])
    crop = body.take(_whole(face["crop"]))
    template = None
    if face["template"] is True:
        vector = np.frombuffer(body.take(4 * dimension), dtype="<f4").astype(np.float32)
        if norm is None:
            raise _bad()
        template = Template(vector=vector, norm=norm, space_id=space_id)
    raw: npt.NDArray[np.float32] | None = None
    if rows := _whole(face["raw"]):
        if rows > 2:
            raise _bad()
        values = np.frombuffer(body.take(4 * dimension * rows), dtype="<f4").astype(np.float32)
        raw = values.reshape(rows, dimension)
        if not np.isfinite(raw).all():
            raise _bad()
    return FaceExtraction(
        index=_whole(face["index"]),
        box=_read_box(face["box"]),
        landmarks=_read_landmarks(face["landmarks"]),
        detector_score=_number(face["score"]),
        eye_distance=_number(face["eyes"]),
        label=None if face["label"] is None else _text(face["label"]),
        reason=None if face["reason"] is None else FaceReason(face["reason"]),
        template=template,
        norm=norm,
        quality=tuple(QualityReason(reason) for reason in face["quality"]),
        components={QualityComponent(name): _percent(score) for name, score in face["components"].items()},
        crop=crop,
        crop_landmarks=_read_landmarks(face["crop_landmarks"]),
        raw=raw,
    )


def _given(face: GivenFace) -> dict[str, Any]:
    return {"box": _box(face.box), "landmarks": face.landmarks.points(), "score": face.score}


def _read_given(face: dict[str, Any]) -> GivenFace:
    return GivenFace(
        box=_read_box(face["box"]),
        landmarks=_read_landmarks(face["landmarks"]),
        score=_number(face["score"]),
    )


def _box(box: Box | None) -> list[float] | None:
    return None if box is None else [box.x, box.y, box.width, box.height]


def _read_box(values: Any) -> Box:
    x, y, width, height = (_number(value) for value in values)
    return Box(x=x, y=y, width=width, height=height)


def _read_landmarks(values: Any) -> Landmarks:
    points = [(_number(x), _number(y)) for x, y in values]
    return Landmarks(**dict(zip(_POINTS, points, strict=True)))


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad()
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _bad()
    return value


def _percent(value: Any) -> int:
    if (score := _whole(value)) > 100:
        raise _bad()
    return score


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _bad()
    return value


def _bad() -> FormatError:
    return FormatError(N_("A worker sent something that is not an answer."), code="worker-message")
