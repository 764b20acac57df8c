"""Open-set searches: some persons are enrolled, all other photographs are searched with, in random splits by seed.

A mated search has its person in the gallery, a non-mated search has not (ISO/IEC 19795-1:2021; NIST FRTE 1:N). One scan
tells the outcome for every gallery size: persons are enrolled in random order, and a smaller gallery is the beginning of
a larger one, with the mate of a mated search always in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import mean_direction
from countenance.evaluation.trials import Samples, Vectors
from countenance.evaluation.values import NOT_ACQUIRED, Floats, Fusion, Ints, Persons, Scores
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

KEPT = 20
"""So many of the best non-mated scores of each search are kept in the smallest gallery, to tell how its tail falls."""
SHARE = 2 / 3
_PROBES = 512

type Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a gallery is drawn. `enrolled`: persons, None for two in three. `references`: photographs of each, at most.
    `splits`: how many times. `sizes`: gallery sizes told besides the whole, None for the usual ones."""

    enrolled: int | None = None
    references: int = 1
    fusion: Fusion = Fusion.MEAN
    splits: int = 10
    seed: int = 1
    sizes: tuple[int, ...] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Searches:
    """What the searches of one split gave.

    `sizes`: int64 (s,), gallery sizes, ascending; the last is the whole. For mated searches (m of them): `mate_score`
    float32 (m,), `mate_rank` int32 (m, s), `mate_person`, `mate_quality`. For non-mated searches (z): `top` float32
    (z, s), best score of anybody; `tail` float32 (z, k), the best scores in the smallest gallery, descending;
    `stranger`, their persons. A search or a reference that was not acquired has -inf and the last rank.
    """

    sizes: Ints
    mate_score: Scores
    mate_rank: npt.NDArray[np.int32]
    mate_person: Persons
    mate_quality: Floats
    top: npt.NDArray[np.float32]
    tail: npt.NDArray[np.float32]
    stranger: Persons

    @property
    def gallery(self) -> int:
        return int(self.sizes[-1])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Gallery:
    """`columns`: float32 (c, d), by person in order of enrolment. `starts`: int64 (persons,), first column of each.
    `place`: int64 (all persons,), place in the gallery or -1. `used`: bool (samples,), taken as references."""

    columns: Vectors
    starts: Ints
    place: Ints
    used: npt.NDArray[np.bool_]
    empty: npt.NDArray[np.bool_]


def enrolled_count(samples: Samples, plan: Plan) -> int:
    """How many persons a split enrols. Raises UsageError where that leaves nobody on one side."""
    persons = samples.persons
    count = round(persons * SHARE) if plan.enrolled is None else plan.enrolled
    if not 1 <= count < persons:
        raise UsageError(
            N_("Of {persons} persons {count} cannot be enrolled: at least one must be, and one must not."),
            remedy=N_("Give --enrol a number between 1 and {most}."),
            persons=persons,
            count=count,
            most=persons - 1,
            code="evaluation-enrolled",
        )
    return count


def search_split(samples: Samples, plan: Plan, split: int, progress: Progress | None = None) -> Searches:
    """One split: draw the gallery, search with everything else."""
    rng = np.random.default_rng((plan.seed, split))
    count = enrolled_count(samples, plan)
    order = rng.permutation(samples.persons)[:count]
    gallery = _enrol(samples, plan, order, rng)
    sizes = _sizes(count, plan)
    probes = np.nonzero(~gallery.used)[0]
    mated = gallery.place[samples.person[probes]] >= 0
    own, strangers = probes[mated], probes[~mated]
    tail_size = int(sizes[0])
    score = np.full(len(own), NOT_ACQUIRED, np.float32)
    rank = np.tile(sizes.astype(np.int32), (len(own), 1))
    top = np.full((len(strangers), len(sizes)), NOT_ACQUIRED, np.float32)
    tail = np.full((len(strangers), min(KEPT, tail_size)), NOT_ACQUIRED, np.float32)
    total, done = len(probes), 0
    for which, members in (("own", own), ("strangers", strangers)):
        for at in range(0, len(members), _PROBES):
            rows = np.arange(at, min(at + _PROBES, len(members)))
            rows = rows[samples.acquired[members[rows]]]
            found = _by_person(samples.vectors[members[rows]], gallery)
            if which == "own":
                place = gallery.place[samples.person[members[rows]]]
                score[rows] = found[np.arange(len(rows)), place]
                rank[rows] = _ranks(found, place, sizes)
            else:
                top[rows] = _tops(found, sizes)
                near = found[:, :tail_size]
                kept = tail.shape[1]
                best = near if kept == tail_size else np.partition(near, tail_size - kept, axis=1)[:, -kept:]
                tail[rows] = -np.sort(-best, axis=1)
            done += min(_PROBES, len(members) - at)
            if progress is not None:
                progress(done, total)
    return Searches(
        sizes=sizes,
        mate_score=score,
        mate_rank=rank,
        mate_person=samples.person[own],
        mate_quality=samples.quality[own],
        top=top,
        tail=tail,
        stranger=samples.person[strangers],
    )


def _sizes(count: int, plan: Plan) -> Ints:
    if plan.sizes is not None:
        wanted = [size for size in plan.sizes if 1 <= size < count]
    else:
        wanted = [round(count * share) for share in (0.1, 0.2, 0.3, 0.5, 0.7)]
    return np.unique(np.array([*(size for size in wanted if size >= 2), count], dtype=np.int64))


def _enrol(samples: Samples, plan: Plan, order: Ints, rng: np.random.Generator) -> _Gallery:
    place = np.full(samples.persons, -1, np.int64)
    place[order] = np.arange(len(order))
    shuffled = rng.permutation(len(samples.person))
    by_person = shuffled[np.argsort(samples.person[shuffled], kind="stable")]
    each = samples.per_person()
    ends = np.cumsum(each)
    used = np.zeros(len(samples.person), bool)
    columns: list[Vectors] = []
    starts, empty = np.zeros(len(order), np.int64), np.zeros(len(order), bool)
    at = 0
    for number, person in enumerate(order):
        mine = by_person[ends[person] - each[person] : ends[person]]
        # A person with as many photographs as references, or fewer, keeps one to search with, if there are two.
        taken = mine[: max(1, min(plan.references, len(mine) - 1))]
        used[taken] = True
        made = samples.vectors[taken[samples.acquired[taken]]]
        starts[number] = at
        empty[number] = not len(made)
        if plan.fusion is Fusion.MEAN and len(made) > 1:
            made = mean_direction(made)[None]
        if not len(made):
            made = np.zeros((1, samples.vectors.shape[1]), np.float32)
        columns.append(made)
        at += len(made)
    return _Gallery(columns=np.concatenate(columns), starts=starts, place=place, used=used, empty=empty)


def _by_person(probes: Vectors, gallery: _Gallery) -> npt.NDArray[np.float32]:
    """float32 (probes, enrolled persons): the score of each person's best reference."""
    score = probes @ gallery.columns.T
    if score.shape[1] != len(gallery.starts):
        score = np.maximum.reduceat(score, gallery.starts, axis=1)
    if gallery.empty.any():
        score[:, gallery.empty] = NOT_ACQUIRED
    found: npt.NDArray[np.float32] = score
    return found


def _ranks(found: npt.NDArray[np.float32], place: Ints, sizes: Ints) -> npt.NDArray[np.int32]:
    """1 + how many others score higher than the mate, in a gallery of each size that holds the mate."""
    mate = found[np.arange(len(found)), place][:, None]
    before = np.concatenate([[0], sizes[:-1]])
    higher = np.add.reduceat((found > mate).astype(np.int32), before, axis=1).cumsum(axis=1)
    # A mate that is not among the first n takes the place of the last of them.
    last = np.stack([(found[:, size - 1] > mate[:, 0]) & (place >= size) for size in sizes], axis=1)
    rank: npt.NDArray[np.int32] = (higher - last + 1).astype(np.int32)
    rank[~np.isfinite(mate[:, 0])] = sizes.astype(np.int32)
    return rank


def _tops(found: npt.NDArray[np.float32], sizes: Ints) -> npt.NDArray[np.float32]:
    before = np.concatenate([[0], sizes[:-1]])
    tops: npt.NDArray[np.float32] = np.maximum.accumulate(np.maximum.reduceat(found, before, axis=1), axis=1)
    return tops
