"""What a reviewer can say of a pair of faces, and what can come of a review."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.params import Params

UNSUITABLE = "unsuitable"
MOST = 3
FIRM = 2
"""From this far out on the scale a verdict is for or against; nearer to 0 it is open."""
FEATURES_OF_A_FIRM_VERDICT = 3
_LONGEST_NOTE = 500


class ReviewOutcome(StrEnum):
    """What can come of a review, and of each pair in it. There is no word for more than a lead."""

    LEAD = "lead"  # worth following up by other means; not an identification
    NO_CANDIDATE = "no-candidate"  # none of those listed is the sought person, as far as two people could see
    INCONCLUSIVE = "inconclusive"  # the pictures, or the examiners, do not allow an answer


class Feature(StrEnum):
    """What is compared, from the top of the face to its bottom. After FISWG, Facial Image Comparison Feature List for
    Morphological Analysis, version 2.0, 11 September 2018.
    """

    FACE_OUTLINE = "face-outline"
    FACE_COMPOSITION = "face-composition"  # proportions and places of the parts to one another
    HAIRLINE = "hairline"
    FOREHEAD = "forehead"
    EYEBROWS = "eyebrows"
    EYES = "eyes"
    CHEEKS = "cheeks"
    NOSE = "nose"
    EARS = "ears"
    MOUTH = "mouth"
    CHIN = "chin"  # and the line of the jaw
    NECK = "neck"
    FACIAL_HAIR = "facial-hair"
    FACIAL_LINES = "facial-lines"
    SCARS = "scars"
    MARKS = "marks"  # moles, freckles and the like, by their place
    ALTERATIONS = "alterations"  # piercings, tattoos, make-up


class Finding(StrEnum):
    """What was seen of one feature in the two pictures."""

    ALIKE = "alike"
    DIFFERENT = "different"  # beyond what pose, light, age or a lens explain
    NOT_VISIBLE = "not-visible"  # in one of the two at least


@dataclass(frozen=True, kw_only=True)
class FeatureNote:
    """One feature. `note`: in the reviewer's words; may be empty."""

    feature: Feature
    finding: Finding
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What one reviewer found of one pair.

    `scale`: -3 (certain support for two people) .. +3 (strong support for one person), as in the scales that forensic
    examiners use; None: the pictures are unsuitable. `features`: what was compared. `note`: the rest.
    """

    scale: int | None
    features: tuple[FeatureNote, ...] = ()
    note: str = ""

    def json(self) -> dict[str, Json]:
        """What is committed to."""
        return {
            "scale": self.scale,
            "features": [
                {"feature": each.feature.value, "finding": each.finding.value, "note": each.note}
                for each in self.features
            ],
            "note": self.note,
        }

    @classmethod
    def read(cls, params: Params) -> Self:
        """From signed parameters. Raises UsageError for what is off the scale, or firm without reasons."""
        scale = _scale(params.json.get("verdict"))
        features = _features(params.json.get("features", []))
        compared = [each for each in features if each.finding is not Finding.NOT_VISIBLE]
        if scale is not None and abs(scale) >= FIRM and len(compared) < FEATURES_OF_A_FIRM_VERDICT:
            raise UsageError(
                N_("A verdict of {scale} needs at least {least} features that were compared."),
                remedy=N_("Give --alike and --different with the features, or a verdict nearer to 0."),
                code="features-missing",
                scale=f"{scale:+d}",
                least=FEATURES_OF_A_FIRM_VERDICT,
            )
        return cls(scale=scale, features=features, note=_note(params.text("note", "")))


def _scale(value: Json) -> int | None:
    if value == UNSUITABLE:
        return None
    try:
        scale = int(value) if isinstance(value, str) else value
    except ValueError:
        scale = None
    if not isinstance(scale, int) or isinstance(scale, bool) or not -MOST <= scale <= MOST:
        raise UsageError(
            N_("A verdict is a whole number from -3 to +3, or the word {unsuitable}."),
            code="verdict",
            unsuitable=UNSUITABLE,
        )
    return scale


def _features(value: Json) -> tuple[FeatureNote, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
        raise UsageError(N_("{field} must be a list."), code="not-list", field="features")
    notes = []
    for each in value:
        one = Params(each)
        notes.append(
            FeatureNote(
                feature=one.choice("feature", Feature),
                finding=one.choice("finding", Finding),
                note=_note(one.text("note", "")),
            )
        )
    if len({each.feature for each in notes}) != len(notes):
        raise UsageError(N_("Each feature is named once."), code="feature-twice")
    return tuple(notes)


def _note(text: str) -> str:
    if len(text) > _LONGEST_NOTE:
        raise UsageError(N_("A note has at most {most} characters."), code="note-long", most=_LONGEST_NOTE)
    return text
