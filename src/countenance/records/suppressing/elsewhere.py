"""Asking the suppression list of another model pack: a template of its space, made for that question and kept nowhere.

The list holds templates and no pictures, so its entries cannot be made anew when a workspace moves to another pack. They
stay in the space they were made in, until they run out, are renewed by joining again, or are taken off; so long every face is
asked about in both spaces. Where that cannot be done the list says of the face what it says of who is on it: held.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from countenance.biometrics.geometry import Box, Landmarks
from countenance.biometrics.templates import Template
from countenance.biometrics.vocabulary import Detail
from countenance.extraction.pack import ModelPack, available_packs, load_pack
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import (
    EVALUATION_RULE,
    EmbedRule,
    GivenFace,
    PhotographExtraction,
    at_given,
)
from countenance.primitives.errors import CountenanceError
from countenance.records.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A face as it is asked about: its crop (JPEG) and where it is on that, by the detector of the pack in use."""

    crop: bytes = field(repr=False)
    landmarks: Landmarks


def pack_of(space: str) -> ModelPack | None:
    """The installed pack that makes templates of this space; None where none does."""
    for name in available_packs():
        try:
            pack = load_pack(name)
        except CountenanceError:
            continue  # a pack that does not load makes nothing
        if str(pack.space_id) == space:
            return pack
    return None


def templates_elsewhere(
    workspace: Workspace, spaces: Collection[str], faces: Sequence[Seen | None]
) -> list[dict[str, Template]]:
    """For each face its templates in `spaces`, as far as they can be made."""
    made: list[dict[str, Template]] = [{} for _ in faces]
    for space in spaces:
        pack = pack_of(space)
        if pack is None:
            continue
        same = pack.detector_sha256 == workspace.models.detector_sha256
        with ExtractionPool(pack, workers=1, limits=workspace.limits) as pool:
            pending = {
                place: pool.submit(
                    seen.crop, detail=Detail.STANDARD, rule=_where(seen) if same else EVALUATION_RULE
                )
                for place, seen in enumerate(faces)
                if seen is not None
            }
            for place, future in pending.items():
                result = future.result()
                if isinstance(result, PhotographExtraction) and result.template is not None:
                    made[place][space] = result.template
    return made


def _where(seen: Seen) -> EmbedRule:
    everywhere = Box(x=0.0, y=0.0, width=1.0, height=1.0)
    return at_given(0, GivenFace(box=everywhere, landmarks=seen.landmarks, score=1.0))
