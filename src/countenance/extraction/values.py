"""What the engine is asked and what it answers. Values only; they cross the process boundary as JSON and bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from countenance.biometrics.geometry import Box, Landmarks
from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import FaceReason, QualityComponent, QualityReason


class PictureFormat(StrEnum):
    """Formats that are decoded. HEIC needs the extra `heic`."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    TIFF = "tiff"
    AVIF = "avif"
    GIF = "gif"
    JPEG_2000 = "jpeg-2000"
    HEIC = "heic"


class UnreadableReason(StrEnum):
    """Why bytes are no photograph we can decode. Trying again does not help."""

    EMPTY = "empty"  # no bytes at all
    NOT_A_PICTURE = "not-a-picture"  # text, a film, anything whose first bytes are no known picture format
    VECTOR = "vector"  # SVG: a drawing, not a photograph; never rendered
    DOCUMENT = "document"  # PDF: extract its pictures first
    TRUNCATED = "truncated"  # the file ends before the picture does
    DAMAGED = "damaged"  # the right first bytes, then nonsense
    TOO_MANY_BYTES = "too-many-bytes"
    TOO_MANY_PIXELS = "too-many-pixels"  # by its header, before anything is decoded
    TOO_MANY_PAGES = "too-many-pages"
    HEIC_NOT_INSTALLED = "heic-not-installed"  # install countenance[heic]


class FailureReason(StrEnum):
    """Why our side failed. Another try may succeed."""

    WORKER_KILLED = "worker-killed"
    TIMEOUT = "timeout"
    MEMORY = "memory"
    INTERNAL = "internal"  # a defect of ours; the item is listed, the run goes on


@dataclass(frozen=True, kw_only=True)
class Label:
    """A person named for a face of this photograph.

    `key`: the caller's name for the label (never a person's name). `box`: where, in displayed pixels of page `page`;
    None where only one face is expected. `permitted`: a live basis exists, so a template may be made.
    """

    key: str
    box: Box | None
    permitted: bool
    page: int = 0


@dataclass(frozen=True, kw_only=True)
class GivenFace:
    """A face that was detected before. `box`, `landmarks`: displayed pixels. `score`: the detector's, 0..1."""

    box: Box
    landmarks: Landmarks
    score: float


def at_given(page: int, face: GivenFace) -> EmbedRule:
    """For a face that was permitted and found before: a template of it and of nobody else on the picture."""
    label = Label(key="given", box=face.box, permitted=True, page=page)
    return EmbedRule(unlabelled=False, labels=(label,), floor=False, given=(page, face))


@dataclass(frozen=True, kw_only=True)
class EmbedRule:
    """Which faces of a photograph may become templates.

    `unlabelled`: faces that no label claims. `labels`: the persons named. `floor`: hold back faces below the pack's
    enrolment floor (True for enrolling; False for a probe, which is warned about instead). `show`: (page, box in displayed
    pixels) of a face for whose sake the photograph is shown; the answer then holds it with all other faces destroyed. `hide`:
    boxes on that page, in displayed pixels, that are destroyed as well, whether a face is found there again or not.
    `central`: of all faces the one nearest to the middle of its page, and no other (for evaluation, where each photograph
    is of one person). `raw`: hand out the recogniser's own answer as well. `least_norm`: an enrolment floor for the norm that
    was measured (`evaluation.quality`), where it is above the pack's. `given`: (page, face found before), in displayed pixels: nothing is detected,
    and the face is taken to be there.
    """

    unlabelled: bool
    labels: tuple[Label, ...]
    floor: bool = True
    show: tuple[int, Box] | None = None
    hide: tuple[Box, ...] = ()
    central: bool = False
    raw: bool = False
    least_norm: float = 0.0
    given: tuple[int, GivenFace] | None = None


PROBE_RULE = EmbedRule(unlabelled=True, labels=(), floor=False)
"""For a probe: every face of it, whatever its quality."""


EVALUATION_RULE = EmbedRule(unlabelled=False, labels=(), floor=False, central=True, raw=True)
"""For an evaluation: the face in the middle, whatever its quality; no template of anybody else in the picture."""


@dataclass(frozen=True, kw_only=True)
class ExtractionLimits:
    """What one photograph may cost.

    `max_pixels`: per page. `max_bytes`: of the file. `max_memory_bytes`: private memory of one worker, models
    included (a 200 Mpx picture needs about 0.8 GB decoded, twice that where its colours must be converted).
    `timeout_seconds`: per photograph, all pages.
    """

    max_pixels: int = 200_000_000
    max_bytes: int = 1 << 30
    max_memory_bytes: int = 4 << 30
    timeout_seconds: float = 120.0
    max_pages: int = 1000


@dataclass(frozen=True, kw_only=True)
class FaceExtraction:
    """One detected face.

    `index`: place on its page, by reading order of nothing but detector score (0 is the strongest).
    `box`, `landmarks`: displayed pixels. `detector_score`: 0..1. `eye_distance`: pixels between the eyes.
    `label`: key of the label that claims it. `reason`: why it has no template, where the rule of selection says so; a
    face without permission has neither reason nor template, and the caller gives policy's reason.
    `norm`: raw norm of the embedding; None without template. `quality`: what is weak; `components`: scores, 0 to 100. `crop`: JPEG (quality 90, sRGB) of the face with margin, at
    most 224 px on its long side. `crop_landmarks`: the landmarks in pixels of the crop. `raw`: float32 (2 or 1,
    dimension), the recogniser's answer to the sample and to its mirror image, where the rule asks for it.
    """

    index: int
    box: Box
    landmarks: Landmarks
    detector_score: float
    eye_distance: float
    label: str | None
    reason: FaceReason | None
    template: Template | None
    norm: float | None
    quality: tuple[QualityReason, ...]
    components: Mapping[QualityComponent, int]
    crop: bytes = field(repr=False)
    crop_landmarks: Landmarks
    raw: npt.NDArray[np.float32] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class PageExtraction:
    """One page (a photograph has page 0 only, a TIFF may have many).

    `width`, `height`: displayed pixels; 0 where `unreadable` says why this page could not be decoded.
    `unplaced`: labels that found no face, (label key, reason). `shown`: JPEG of the page with all faces destroyed but the one
    that was to be shown, and `destroyed`: how many; b"" and 0 where none was.
    """

    page: int
    width: int
    height: int
    faces: tuple[FaceExtraction, ...]
    unplaced: tuple[tuple[str, FaceReason], ...] = ()
    unreadable: UnreadableReason | None = None
    shown: bytes = field(default=b"", repr=False)
    destroyed: int = 0


@dataclass(frozen=True, kw_only=True)
class StageTimes:
    """Where the time went, in milliseconds of one worker: `detect` includes scaling, `align` the crops."""

    decode: float
    detect: float
    align: float
    embed: float


@dataclass(frozen=True, kw_only=True)
class PhotographExtraction:
    """A photograph that was read. No face on any page is a result, not an error."""

    format: PictureFormat
    pages: tuple[PageExtraction, ...]
    times: StageTimes

    @property
    def template(self) -> Template | None:
        """The first template that was made, for whoever asked for one; None where none was."""
        made = (face.template for page in self.pages for face in page.faces)
        return next((each for each in made if each is not None), None)


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """The bytes are no photograph we can decode."""

    reason: UnreadableReason


@dataclass(frozen=True, kw_only=True)
class ExtractionFailed:
    """Our side failed."""

    reason: FailureReason


type ExtractionResult = PhotographExtraction | Unreadable | ExtractionFailed
