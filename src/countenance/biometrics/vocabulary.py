"""Closed vocabularies. Values are what is stored, logged and shown by `--json`: kebab-case, never renamed."""

from __future__ import annotations

from enum import StrEnum


class PhotographState(StrEnum):
    """How a photograph (or one page of it) ended. Every one ends in exactly one of these.

    `held`, `refused` and `failed` carry a reason: `state(reason)`.
    """

    DONE = "done"
    NO_FACE = "no-face"  # failure to acquire: no face found; a result with a name, never a zero vector
    UNREADABLE = "unreadable"  # the bytes are no picture we can decode
    DUPLICATE = "duplicate"  # the same bytes are in this source already
    REFUSED = "refused"  # no live basis for any face in it, or policy says no
    HELD = "held"  # a human must decide, e.g. which face is the person
    FAILED = "failed"  # our side failed (worker killed, time, memory): worth another try


class FaceState(StrEnum):
    """How one detected face ended. `held` and `refused` carry a reason."""

    ENROLLED = "enrolled"
    HELD = "held"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"  # was enrolled; its basis ended
    FAILED = "failed"


class FaceReason(StrEnum):
    """Why a face is held or refused, where no policy rule gives a reason of its own."""

    WHICH_FACE = "which-face"  # a person is named, several faces are there, and no face_box says which
    NO_SUCH_FACE = "no-such-face"  # the face_box holds no detected face
    LABEL_CONFLICT = "label-conflict"  # two persons are named for one face
    NO_BASIS = "no-basis"  # neither source nor person has a live basis for it
    SUPPRESSED = "suppressed"  # like somebody who chose to be kept out; ends as not enrolled unless released
    HOLD_EXPIRED = "hold-expired"  # was held for that reason, and nobody released it in time
    ERASED = "erased"  # it was erased, and nobody has agreed to it since
    LOW_QUALITY = "low-quality"  # below the pack's enrolment floor


class QualityReason(StrEnum):
    """What makes a sample weak, after the component measures of ISO/IEC 29794-5."""

    SMALL = "small"  # eye distance below the pack's advice
    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    LOW_CONTRAST = "low-contrast"
    TURNED = "turned"  # yaw, from landmark asymmetry
    TILTED = "tilted"  # roll of more than 30 degrees
    AT_EDGE = "at-edge"  # part of the face lies outside the picture
    WEAK_TEMPLATE = "weak-template"  # raw norm of the embedding is low: the best single predictor we measured
    UNCERTAIN_DETECTION = "uncertain-detection"


class QualityComponent(StrEnum):
    """Component scores of a sample, 0 (bad) to 100, after those of ISO/IEC 29794-5:2025 that five landmarks and pixels can tell.

    50 is where the pack's advice lies. They are ours, not the standard's: its reference implementation needs twelve further models.
    """

    INTER_EYE_DISTANCE = "inter-eye-distance"
    SHARPNESS = "sharpness"
    UNDER_EXPOSURE = "under-exposure-prevention"
    OVER_EXPOSURE = "over-exposure-prevention"
    DYNAMIC_RANGE = "dynamic-range"
    YAW = "head-pose-yaw"
    ROLL = "head-pose-roll"
    FACE_IN_FRAME = "face-in-frame"
    DETECTION = "detection"  # the detector's score
    TEMPLATE = "template-norm"  # raw norm of the embedding; absent where no template was made


class Detail(StrEnum):
    """How hard to look. `standard`: up to 1280 px views. `full`: tiles, for group pictures and scans."""

    STANDARD = "standard"
    FULL = "full"
