"""What flows through a search. Each value is made from the one before it, so no step can be left out.

`SignedRequest -> SearchRequest -> Grant -> Probe -> CandidateList -> LoggedCandidates`
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from countenance.biometrics.geometry import Box
from countenance.biometrics.statement import Evidence, Statement
from countenance.biometrics.templates import SpaceId, Template
from countenance.biometrics.vocabulary import QualityComponent, QualityReason
from countenance.index.answers import Coverage
from countenance.policy.grants import MAX_CANDIDATES, Grant
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.params import Params

ACT = "search"
MOST_PHOTOGRAPHS = 20
_OPTION_NAMES = frozenset({"case", "gallery", "purpose", "photographs", "faces", "k", "identify"})


@dataclass(frozen=True, kw_only=True)
class SearchRequest:
    """A search as asked for; its signature covers `params`, which hold the SHA-256 of each photograph.

    `case`: code, "" where none was named. `gallery`: name, "" for the only one. `purpose`: "" for the case's own.
    `photographs`: the files' bytes, all of one sought person. `faces`: for each photograph the number of the sought
    face, or None where it shows one face only. `k`: most candidates, 1..20. `identify`: by the threshold of the gallery's
    operating point (identification), not by rank alone (investigation).
    """

    case: str
    gallery: str
    purpose: str
    photographs: tuple[bytes, ...] = field(repr=False)
    faces: tuple[int | None, ...]
    k: int = MAX_CANDIDATES
    identify: bool = False

    def params(self) -> dict[str, Json]:
        """What is signed."""
        return {
            "case": self.case,
            "gallery": self.gallery,
            "purpose": self.purpose,
            "photographs": [sha256_hex(photograph) for photograph in self.photographs],
            "faces": list(self.faces),
            "k": self.k,
            **({"identify": True} if self.identify else {}),
        }

    @classmethod
    def read(cls, act: str, json: Json, photographs: tuple[bytes, ...]) -> Self:
        """Read a signed act back and check that it is a search with these very photographs.

        Raises UsageError for anything out of form.
        """
        if act != ACT:
            raise UsageError(N_("What was signed is {act}, not a search."), code="not-a-search", act=act)
        params = Params(json)
        unknown = set(params.json) - _OPTION_NAMES
        if unknown:
            raise UsageError(N_("A search has no field {field}."), code="unknown-field", field=min(unknown))
        if not 1 <= len(photographs) <= MOST_PHOTOGRAPHS:
            raise UsageError(
                N_("A search takes 1 to {most} photographs of one person."),
                code="photographs",
                most=MOST_PHOTOGRAPHS,
            )
        if params.json.get("photographs") != [sha256_hex(photograph) for photograph in photographs]:
            raise UsageError(
                N_("The photographs are not the ones that were signed for."), code="photographs-signed"
            )
        return cls(
            case=params.text("case", ""),
            gallery=params.text("gallery", ""),
            purpose=params.text("purpose", ""),
            photographs=photographs,
            faces=_faces(params.json, len(photographs)),
            k=params.number("k", default=MAX_CANDIDATES, least=1, most=MAX_CANDIDATES),
            identify=params.flag("identify"),
        )


def _faces(json: Mapping[str, Json], count: int) -> tuple[int | None, ...]:
    value = json.get("faces")
    if not isinstance(value, list | tuple) or len(value) != count:
        raise UsageError(N_("Name a face, or none, for each photograph."), code="faces")
    faces: list[int | None] = []
    for face in value:
        if face is not None and (not isinstance(face, int) or isinstance(face, bool) or face < 0):
            raise UsageError(N_("A face is named by its number: 0, 1, 2 ..."), code="faces")
        faces.append(face)
    return tuple(faces)


@dataclass(frozen=True, kw_only=True)
class ProbeFace:
    """One face found in a probe photograph, as offered for choice and as kept.

    `eye_distance`: pixels of the photograph. `eye_share`: the same as a share of the crop's width.
    """

    photograph: int
    number: int
    box: Box
    eye_distance: float
    eye_share: float
    norm: float
    quality: tuple[QualityReason, ...]
    components: Mapping[QualityComponent, int]
    crop: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Probe:
    """The sought person's template, made under a grant from one face of each photograph.

    `parts`: the face and the template of each photograph, before they were fused.
    """

    grant: Grant
    template: Template
    parts: tuple[tuple[ProbeFace, Template], ...]


@dataclass(frozen=True, kw_only=True)
class Lead:
    """One person, or one unlabelled face, that resembles the probe.

    `reference_id`, `face_id`: the best reference, which is the one that is shown. `score`: comparison score of all of the
    person's references as one. `fused`: those references, the best among them. `frames`: how many frames of one burst
    an unlabelled face stands for, itself included.
    """

    reference_id: uuid.UUID
    face_id: uuid.UUID
    person_id: uuid.UUID | None
    score: float
    fused: tuple[uuid.UUID, ...]
    frames: int = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class CandidateList:
    """What the scan gave, grouped by person, best first: not yet checked against the present, not yet logged."""

    probe: Probe
    leads: tuple[Lead, ...]
    coverage: Coverage
    space_id: SpaceId


@dataclass(frozen=True, kw_only=True, eq=False)
class Concluded:
    """A candidate list after the log: the leads that were live in the very transaction that logged them."""

    found: CandidateList
    leads: tuple[Lead, ...]
    log_entry: int


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One line of the list as it may be shown.

    `person`: the operator's label, None for an unlabelled face. `photo`: path within the source. `face`: number in the
    photograph. `crop`: JPEG thumbnail. `eye_share`: distance of the eyes as a share of its width. `statement`: what the
    score means among as many people as were searched; None
    where no valid evaluation says so.
    """

    rank: int
    person: str | None
    photo: str
    face: int
    score: float
    references: int
    frames: int
    source: str
    source_ref: str
    captured_at: str
    holder: str
    contact: str
    statement: Statement | None
    eye_share: float
    crop: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ByThreshold:
    """The operating point that a search went by. `fpir`, `fnir`: at galleries of `most_people`. `valid_until`: ISO date."""

    operating_point: str
    threshold: float
    most_people: int
    fpir: float
    fnir: float
    valid_until: str


@dataclass(frozen=True, kw_only=True)
class LoggedCandidates:
    """The only list that is ever shown: every basis was live in the transaction that logged it.

    `people`: behind the references that were searched. `evidence`: whose evaluation the statements rest on; None where no valid
    one speaks of these templates. `by_threshold`: None for investigation, where people read the list down to the floor.
    """

    case: str
    purpose: str
    gallery: str
    candidates: tuple[Candidate, ...]
    coverage: Coverage
    people: int
    evidence: Evidence | None
    by_threshold: ByThreshold | None
    space_id: SpaceId
    grant_id: str
    log_entry: int
    probe: tuple[ProbeFace, ...]


@dataclass(frozen=True, kw_only=True)
class FailureToAcquire:
    """No template could be made of a photograph: a named result. `reason`: `no-face`, or why it was not read."""

    photograph: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class WhichFace:
    """A photograph shows several faces and the request does not say which is the sought person."""

    photograph: int
    faces: tuple[ProbeFace, ...]
