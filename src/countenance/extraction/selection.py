"""Which face is whose, and of which a template may be made. Never the largest face by guess.

A label with a box goes to the detected face it overlaps best; where two faces are as good, a human must say. A label
without a box takes the only face of the photograph; where several are there, all faces that no other label claims are
held, and none of them gets a template: one of them is a named person whose permission is that person's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from countenance.biometrics.geometry import Box
from countenance.biometrics.vocabulary import FaceReason
from countenance.extraction.recognise import PermittedSample, Sample
from countenance.extraction.values import EmbedRule, Label

OVERLAP = 0.3
"""Least intersection over union at which a box is taken to mean a face."""
SIZE_RANGE = 6.0
"""A box drawn loosely (head and shoulders) or tightly (eyes to mouth) still means the face whose centre it holds, as long as
neither is more than this many times as long as the other."""
CLEARLY_BETTER = 1.5
"""The best face must be this much better than the next, or the box does not say which."""

type FaceKey = tuple[int, int]
"""(page, index on that page)."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """What selection decided of one face.

    `label`: the label that claims it. `reason`: why it is held. `may_embed`: a permission covers it.
    """

    label: str | None
    reason: FaceReason | None
    may_embed: bool


@dataclass(frozen=True, kw_only=True)
class Selection:
    """One placement per face, and the labels that found none: (page, label key, reason)."""

    placements: dict[FaceKey, Placement]
    unplaced: tuple[tuple[int, str, FaceReason], ...]


def select(faces: dict[FaceKey, Box], rule: EmbedRule) -> Selection:
    """Apply `rule` to the faces of a whole photograph, all pages together."""
    claims: dict[FaceKey, list[Label]] = {key: [] for key in faces}
    held: set[FaceKey] = set()
    unplaced: list[tuple[int, str, FaceReason]] = []
    for label in rule.labels:
        if label.box is None:
            continue
        there = {key: box for key, box in faces.items() if key[0] == label.page}
        best = _best(label.box, there)
        if not best:
            unplaced.append((label.page, label.key, FaceReason.NO_SUCH_FACE))
        elif len(best) > 1:
            held.update(best)
            unplaced.append((label.page, label.key, FaceReason.WHICH_FACE))
        else:
            claims[best[0]].append(label)
    lost = {key for _, key, reason in unplaced if reason is FaceReason.NO_SUCH_FACE}
    for label in rule.labels:
        if label.key in lost and not label.permitted:
            # Whose picture may not be used is here somewhere: a box beside the face does not make it nobody's.
            held.update(key for key, claimed in claims.items() if key[0] == label.page and not claimed)
    _place_boxless([label for label in rule.labels if label.box is None], claims, held, unplaced)
    placements = {key: _decide(claims[key], key in held, rule) for key in faces}
    return Selection(placements=placements, unplaced=tuple(unplaced))


def permit(sample: Sample, placement: Placement) -> PermittedSample | None:
    """The one maker of a PermittedSample; None where nothing permits a template of this face."""
    if not placement.may_embed or placement.reason is not None:
        return None
    return PermittedSample(sample=sample, by=placement.label)


def _place_boxless(
    labels: Sequence[Label],
    claims: dict[FaceKey, list[Label]],
    held: set[FaceKey],
    unplaced: list[tuple[int, str, FaceReason]],
) -> None:
    if not labels:
        return
    if len(claims) == 1:
        only = next(iter(claims))
        if only not in held:
            claims[only].extend(labels)
            return
    free = [key for key, claimed in claims.items() if not claimed]
    held.update(free)
    reason = FaceReason.WHICH_FACE if claims else FaceReason.NO_SUCH_FACE
    unplaced.extend((label.page, label.key, reason) for label in labels)


def _decide(claimed: Sequence[Label], held: bool, rule: EmbedRule) -> Placement:
    if len({label.key for label in claimed}) > 1:
        return Placement(label=None, reason=FaceReason.LABEL_CONFLICT, may_embed=False)
    if held:
        return Placement(label=None, reason=FaceReason.WHICH_FACE, may_embed=False)
    if claimed:
        # The same label given twice (two boxes) is permitted only where both say so.
        return Placement(
            label=claimed[0].key, reason=None, may_embed=all(label.permitted for label in claimed)
        )
    return Placement(label=None, reason=None, may_embed=rule.unlabelled)


def _best(wanted: Box, faces: dict[FaceKey, Box]) -> list[FaceKey]:
    """The faces a box may mean: none, the one, or those between which it does not decide."""
    worth = {key: _worth(wanted, face) for key, face in faces.items()}
    ranked = sorted((key for key, value in worth.items() if value > 0), key=lambda key: (-worth[key], key))
    if not ranked:
        return []
    return [key for key in ranked if worth[ranked[0]] < CLEARLY_BETTER * worth[key]]


def _worth(wanted: Box, face: Box) -> float:
    """How well a box fits a face: intersection over union, counted where it is high enough or the centres agree."""
    overlap = wanted.overlap(face)
    if overlap >= OVERLAP:
        return overlap
    lengths = sorted((max(wanted.width, wanted.height), max(face.width, face.height)))
    near = lengths[0] > 0 and lengths[1] <= SIZE_RANGE * lengths[0]
    centred = wanted.contains(face.centre) or face.contains(wanted.centre)
    return overlap if near and centred else 0.0
