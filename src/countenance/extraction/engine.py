"""One photograph, from bytes to templates, in this process. Workers call it; tests and notebooks may.

Decode -> detect -> align page by page (one page in memory at a time) -> select over all pages -> embed what is permitted.
Selection comes before embedding, so that of a face without permission nothing is ever computed but where it is.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np

from countenance.biometrics.geometry import Landmarks
from countenance.biometrics.vocabulary import Detail, FaceReason
from countenance.extraction.align import align, cut_crop
from countenance.extraction.decode import DecodedPage, UnreadableError, decode
from countenance.extraction.detect import Detection, Detector, plan_views
from countenance.extraction.pack import ModelPack
from countenance.extraction.page import Page
from countenance.extraction.quality import Quality, components, measure, reasons
from countenance.extraction.recognise import Recogniser, Sample
from countenance.extraction.redact import redact
from countenance.extraction.runtime import chosen_runtime
from countenance.extraction.selection import FaceKey, Placement, Selection, permit, select
from countenance.extraction.upright import look_again
from countenance.extraction.values import (
    EmbedRule,
    ExtractionLimits,
    ExtractionResult,
    FaceExtraction,
    Label,
    PageExtraction,
    PhotographExtraction,
    PictureFormat,
    StageTimes,
    Unreadable,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Face:
    """A face before anybody has asked whether it may have a template."""

    detection: Detection
    sample: Sample
    quality: Quality
    crop: bytes
    crop_landmarks: Landmarks


class _Stopwatch:
    """Milliseconds per stage."""

    def __init__(self) -> None:
        self.spent = {"decode": 0.0, "detect": 0.0, "align": 0.0, "embed": 0.0}
        self._since = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.spent[stage] += (now - self._since) * 1000.0
        self._since = now


class Extractor:
    """The models of a pack, loaded. For one thread."""

    def __init__(self, pack: ModelPack) -> None:
        self.pack = pack
        runtime = chosen_runtime()
        self._detector = Detector(pack.model_bytes("detector"), pack.detector_kind, runtime)
        self._recogniser = Recogniser(
            pack.model_bytes("recogniser"),
            centre=pack.centre,
            mirrored=pack.mirrored,
            space_id=pack.space_id,
            preparation=pack.preparation,
            runtime=runtime,
        )

    def extract(
        self, data: bytes, *, detail: Detail, rule: EmbedRule, limits: ExtractionLimits
    ) -> ExtractionResult:
        """What is on the photograph, and templates where `rule` permits. Bad input is an answer, not an exception."""
        watch = _Stopwatch()
        try:
            kind, pages = decode(data, limits)
            read = [self._read_page(page, detail, watch, rule) for page in pages]
        except UnreadableError as error:
            return Unreadable(reason=error.reason)
        if all(page.unreadable is not None for page, _ in read):
            reason = read[0][0].unreadable
            if reason is not None:
                return Unreadable(reason=reason)
        return self._complete(kind, read, rule, watch)

    def _read_page(
        self, decoded: DecodedPage, detail: Detail, watch: _Stopwatch, rule: EmbedRule
    ) -> tuple[PageExtraction, list[_Face]]:
        watch.lap("decode")
        page = decoded.page
        if page is None:
            empty = PageExtraction(
                page=decoded.number, width=0, height=0, faces=(), unreadable=decoded.unreadable
            )
            return empty, []
        detections = self._detect(decoded.number, page, detail, rule)
        watch.lap("detect")
        shown, destroyed = b"", 0
        if rule.show is not None and rule.show[0] == decoded.number:
            boxes = [detection.box for detection in detections]
            shown, destroyed = redact(page, rule.show[1], boxes, rule.hide)
        faces = [_sample(page, detection) for detection in detections]
        watch.lap("align")
        read = PageExtraction(
            page=decoded.number,
            width=page.width,
            height=page.height,
            faces=(),
            shown=shown,
            destroyed=destroyed,
        )
        return read, faces

    def _detect(self, number: int, page: Page, detail: Detail, rule: EmbedRule) -> list[Detection]:
        if rule.given is None:
            return [look_again(self._detector, page, found) for found in self._detector.find(page, detail)]
        where, face = rule.given
        if where != number:
            return []
        return [Detection(box=face.box, landmarks=face.landmarks, score=face.score)]

    def _complete(
        self,
        kind: PictureFormat,
        read: list[tuple[PageExtraction, list[_Face]]],
        rule: EmbedRule,
        watch: _Stopwatch,
    ) -> PhotographExtraction:
        found: dict[FaceKey, _Face] = {
            (page.page, index): face for page, faces in read for index, face in enumerate(faces)
        }
        if rule.central:
            rule = _central(rule, found, {page.page: (page.width, page.height) for page, _ in read})
        selection = select({key: face.detection.box for key, face in found.items()}, rule)
        pages = []
        for page, faces in read:
            done = [
                self._face(index, face, selection.placements[page.page, index], rule)
                for index, face in enumerate(faces)
            ]
            pages.append(
                replace(page, faces=tuple(done), unplaced=_unplaced(selection, page.page, read[0][0].page))
            )
        watch.lap("embed")
        return PhotographExtraction(format=kind, pages=tuple(pages), times=StageTimes(**watch.spent))

    def _face(self, index: int, face: _Face, placement: Placement, rule: EmbedRule) -> FaceExtraction:
        reason, template, raw = placement.reason, None, None
        floor = self.pack.enrolment_floor
        if (
            reason is None
            and placement.may_embed
            and rule.floor
            and face.quality.eye_distance < floor.eye_distance
        ):
            reason = FaceReason.LOW_QUALITY  # not even computed: too few pixels to say anything
        else:
            permitted = permit(face.sample, placement)
            if permitted is not None:
                template, raw = self._recogniser.embed_raw(permitted)
        norm = None if template is None else template.norm
        if template is not None and rule.floor and template.norm < max(floor.norm, rule.least_norm):
            reason, template = FaceReason.LOW_QUALITY, None
        return FaceExtraction(
            index=index,
            box=face.detection.box,
            landmarks=face.detection.landmarks,
            detector_score=face.detection.score,
            eye_distance=face.quality.eye_distance,
            label=placement.label,
            reason=reason,
            template=template,
            norm=norm,
            quality=reasons(face.quality, self.pack.advice, norm=norm),
            components=components(face.quality, self.pack.advice, norm=norm),
            crop=face.crop,
            crop_landmarks=face.crop_landmarks,
            raw=None if raw is None or not rule.raw else raw.astype(np.float32),
        )


def _central(rule: EmbedRule, found: dict[FaceKey, _Face], sizes: dict[int, tuple[int, int]]) -> EmbedRule:
    """`rule` with a label on the face that lies nearest to the middle of its page; of equals, the first."""

    def distance(key: FaceKey) -> float:
        (x, y), (width, height) = found[key].detection.box.centre, sizes[key[0]]
        return math.hypot(x - width / 2, y - height / 2)

    if not found:
        return rule
    page, index = min(sorted(found), key=distance)
    box = found[page, index].detection.box
    return replace(rule, labels=(Label(key="central", box=box, permitted=True, page=page),))


@dataclass(frozen=True, kw_only=True)
class DetailPrice:
    """What finding the faces of one page costs. `views`: passes of the detector. `pixels`: that it looks at."""

    views: int
    pixels: int


def estimate(width: int, height: int, detail: Detail) -> DetailPrice:
    """The price of `detail` for a page of this size (displayed pixels); its time is proportional to `pixels`."""
    views = plan_views(width, height, detail)
    pixels = 0
    for view in views:
        wide, high = view.right - view.left, view.bottom - view.top
        scale = view.longest / max(wide, high)
        pixels += round(wide * scale) * round(high * scale)
    return DetailPrice(views=len(views), pixels=pixels)


def _sample(page: Page, detection: Detection) -> _Face:
    chip = align(page, detection.landmarks)
    crop, crop_landmarks = cut_crop(page, detection.box, detection.landmarks)
    quality = measure(
        chip,
        detection.box,
        detection.landmarks,
        page_size=(page.width, page.height),
        detector_score=detection.score,
    )
    return _Face(
        detection=detection,
        sample=Sample(chip=chip),
        quality=quality,
        crop=crop,
        crop_landmarks=crop_landmarks,
    )


def _unplaced(selection: Selection, page: int, first: int) -> tuple[tuple[str, FaceReason], ...]:
    """Labels of this page that found no face; labels for a page that does not exist are told on the first."""
    known = {number for number, _ in selection.placements}
    return tuple(
        (key, reason)
        for number, key, reason in selection.unplaced
        if number == page or (page == first and number not in known and number != page)
    )
