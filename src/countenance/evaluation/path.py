"""The path of an evaluation.

1. read         photographs and their persons, or scores; what cannot be measured is named
2. acquire      one template of each photograph, in memory or in an encrypted cache
3. compare      every sample with every other: verification
4. search       some persons enrolled, the others strangers, in random splits: investigation and identification
5. rates        with intervals over persons, by gallery size, by group, by quality
6. growth       the rates of a larger gallery, predicted and held against the measurement

Whoever evaluates photographs of their own needs no workspace: nothing is enrolled, nothing is searched for but what lies
in the data, and no template outlives the run, unless a cache was asked for.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from countenance.evaluation.acquire import Acquired, acquire, samples, vectors
from countenance.evaluation.bootstrap import rate_over_persons
from countenance.evaluation.cache import Cache
from countenance.evaluation.differentials import Differential, differential
from countenance.evaluation.extrapolation import Predicted, check_growth
from countenance.evaluation.folds import Folds, ten_folds
from countenance.evaluation.identification import Identification, identify
from countenance.evaluation.layout import Pair, Photograph, is_scores, read_pairs, read_photographs
from countenance.evaluation.pairs import PairCounts, PairStream
from countenance.evaluation.quality import Kept, Rejected, rejection, reliability
from countenance.evaluation.scorefile import read_scores
from countenance.evaluation.searches import Plan, Searches, search_split
from countenance.evaluation.trials import Samples, Vectors, check_persons
from countenance.evaluation.values import Definition, Rate
from countenance.evaluation.verification import TARGETS, Verification, det, threshold_at, verify
from countenance.extraction.pack import ModelPack
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

type Progress = Callable[[str, int, int], None]
"""Called with the stage (`photographs`, `comparisons`, `searches`), how much is done and how much there is."""

GROUP_FMR = 1e-3
"""Groups are compared at the threshold of this FMR, or of the next higher one that the data can bear."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be evaluated. `definitions`: of templates; the first is the main one. `pairs`: LFW's file of pairs."""

    data: Path
    definitions: tuple[Definition, ...] = (Definition.CENTRED_MIRRORED,)
    pairs: Path | None = None
    plan: Plan = field(default_factory=Plan)
    workers: int | None = None
    cache: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A photograph without a template: a failure to acquire. `path`: for the list that its owner is shown."""

    path: Path
    reason: str


@dataclass(frozen=True, kw_only=True)
class Material:
    """What was evaluated, in numbers. `reasons`: failures to acquire by reason. `digest`: of all that was measured."""

    kind: str
    persons: int
    photographs: int
    duplicates: int
    fte: Rate
    reasons: Mapping[str, int]
    digest: str


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Everything that was measured of one definition of a template (None: scores of another system)."""

    definition: Definition | None
    counts: PairCounts
    verification: Verification
    identification: Identification | None
    folds: Folds | None
    differentials: tuple[Differential, ...]
    rejection: tuple[Rejected, ...]
    reliability: tuple[Kept, ...]
    growth: tuple[Predicted, ...]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The result. `space_id`, `pack`: None for scores of another system. `references`: of each enrolled person, at most."""

    at: datetime
    pack: str | None
    space_id: str | None
    material: Material
    plan: Plan
    measured: tuple[Measured, ...]
    failed: tuple[Failed, ...]
    duplicates: tuple[Path, ...]


def evaluate(
    asked: Asked, load: Callable[[], ModelPack], now: datetime, progress: Progress | None = None
) -> Evaluation:
    """Evaluate. `load` gives the model pack and is not called for scores. Raises UsageError, FormatError, NotFoundError."""
    tell = progress or (lambda _stage, _done, _total: None)
    if is_scores(asked.data):
        return _of_scores(asked, now, tell)
    photographs = read_photographs(asked.data)
    check_persons([one.person for one in photographs])
    pairs = None if asked.pairs is None else read_pairs(asked.pairs, photographs)
    pack = load()
    cache = None if asked.cache is None else Cache(asked.cache, str(pack.space_id))
    acquired = acquire(
        photographs,
        pack,
        workers=asked.workers,
        cache=cache,
        progress=lambda done, total: tell("photographs", done, total),
    )
    if all(acquired.reason):
        raise UsageError(
            N_("No face was acquired from any of {count} photographs."),
            remedy=N_("Look at the reasons: countenance evaluate DATA --json"),
            count=len(photographs),
            code="nothing-acquired",
        )
    chosen = acquired.copy_of < 0
    check_persons([one.person for one, kept in zip(photographs, chosen, strict=True) if kept])
    measured = []
    material = None
    for definition in asked.definitions:
        made = vectors(acquired, pack, definition)
        trials = samples(photographs, acquired, made, chosen)
        folds = None if pairs is None else _folds(pairs, made, acquired)
        measured.append(_measure(asked, definition, trials, folds, cache, tell))
        material = material or _material(photographs, acquired, trials)
    assert material is not None
    return Evaluation(
        at=now,
        pack=f"{pack.name} {pack.version}",
        space_id=str(pack.space_id),
        material=material,
        plan=asked.plan,
        measured=tuple(measured),
        failed=tuple(
            Failed(path=one.path, reason=reason)
            for one, reason in zip(photographs, acquired.reason, strict=True)
            if reason
        ),
        duplicates=tuple(
            one.path for one, copy in zip(photographs, acquired.copy_of, strict=True) if copy >= 0
        ),
    )


def _material(photographs: tuple[Photograph, ...], acquired: Acquired, trials: Samples) -> Material:
    digest = hashlib.sha256()
    for row in sorted(bytes(each) for each in acquired.digest):
        digest.update(row)
    failed = np.bincount(trials.person, ~trials.acquired, trials.persons)
    return Material(
        kind="photographs",
        persons=trials.persons,
        photographs=len(photographs),
        duplicates=int((acquired.copy_of >= 0).sum()),
        fte=rate_over_persons(failed, trials.per_person(), seed=1),
        reasons=dict(sorted(Counter(reason for reason in acquired.reason if reason).items())),
        digest=digest.hexdigest(),
    )


def _folds(pairs: tuple[Pair, ...], made: Vectors, acquired: Acquired) -> Folds:
    first = np.array([one.first for one in pairs])
    second = np.array([one.second for one in pairs])
    there = np.array([not reason for reason in acquired.reason], dtype=bool)
    score = np.einsum("ij,ij->i", made[first], made[second]).astype(np.float32)
    score[~(there[first] & there[second])] = -np.inf
    return ten_folds(
        score, np.array([one.mated for one in pairs]), np.array([one.fold for one in pairs], dtype=np.int64)
    )


def _measure(
    asked: Asked,
    definition: Definition,
    trials: Samples,
    folds: Folds | None,
    cache: Cache | None,
    tell: Progress,
) -> Measured:
    counts = _compare(trials, definition, asked.plan.seed, cache, tell)
    splits = []
    for number in range(asked.plan.splits):
        splits.append(search_split(trials, asked.plan, number))
        tell("searches", number + 1, asked.plan.splits)
    seed = asked.plan.seed
    identification = _identify(splits, trials.persons, seed)
    verification = verify(counts, seed=seed)
    point = identification.points[-1] if identification.points else None
    return Measured(
        definition=definition,
        counts=counts,
        verification=verification,
        identification=identification,
        folds=folds,
        differentials=_differentials(trials, counts, verification, seed),
        rejection=()
        if point is None
        else rejection(splits, trials.persons, point.threshold, point.rank, seed=seed),
        reliability=reliability(splits, trials.persons, seed=seed),
        growth=check_growth(splits),
    )


def _identify(splits: list[Searches], persons: int, seed: int) -> Identification:
    if not any(len(one.mate_score) for one in splits):
        raise UsageError(
            N_("No enrolled person has a second photograph to search with."),
            remedy=N_("Enrol more persons, or give them more photographs."),
            code="no-mated",
        )
    return identify(splits, persons, seed=seed)


def _differentials(
    trials: Samples, counts: PairCounts, verification: Verification, seed: int
) -> tuple[Differential, ...]:
    if not trials.groups:
        return ()
    bearable = [point.threshold for point in verification.points if point.target >= GROUP_FMR]
    threshold = bearable[-1] if bearable else threshold_at(det(counts), TARGETS[0])
    threshold = max(threshold, counts.high_from)
    return tuple(
        differential(trials, counts, dimension, threshold, seed=seed) for dimension in sorted(trials.groups)
    )


_KEEP_EVERY = 200_000_000  # comparisons between two states that are kept: some seconds


def _compare(
    trials: Samples, definition: Definition, seed: int, cache: Cache | None, tell: Progress
) -> PairCounts:
    """All comparisons; with a cache a long run goes on where it stopped."""
    stream = PairStream(trials, seed=seed)
    done = 0

    def told(count: int, total: int) -> None:
        nonlocal done
        done = count
        tell("comparisons", count, total)

    if cache is None:
        return stream.run(told)
    name = "comparisons-" + cache.mark(
        definition.value.encode(), str(seed).encode(), trials.person.tobytes(), trials.vectors.tobytes()
    )
    state = cache.get(name)
    if state is not None:
        stream.restore(state)
    kept = 0

    def keep() -> None:
        nonlocal kept
        if done - kept >= _KEEP_EVERY:
            cache.put(name, stream.state())
            kept = done

    counts = stream.run(told, keep)
    cache.remove(name)
    return counts


def _of_scores(asked: Asked, now: datetime, tell: Progress) -> Evaluation:
    if asked.pairs is not None:
        raise UsageError(N_("A file of pairs goes with photographs, not with scores."), code="pairs-scores")
    read = read_scores(asked.data, lambda done, total: tell("comparisons", done, total))
    if not read.counts.all_mated:
        raise UsageError(
            N_("No comparison in {path} is of one person with themselves: nothing mated to measure."),
            code="no-mated",
            path=str(asked.data),
        )
    if not read.counts.all_non_mated:
        raise UsageError(
            N_("No comparison in {path} is of two persons: nothing non-mated to measure."),
            code="no-non-mated",
            path=str(asked.data),
        )
    seed = asked.plan.seed
    open_set = len(read.searches.mate_score) and len(read.searches.top)
    splits = [read.searches]
    comparisons = read.counts.all_mated + read.counts.all_non_mated
    share = read.not_acquired / comparisons
    return Evaluation(
        at=now,
        pack=None,
        space_id=None,
        material=Material(
            kind="scores",
            persons=read.persons,
            photographs=read.probes,
            duplicates=0,
            fte=Rate(value=share, low=None, high=None, n=comparisons),
            reasons={},
            digest=_file_digest(asked.data),
        ),
        plan=asked.plan,
        measured=(
            Measured(
                definition=None,
                counts=read.counts,
                verification=verify(read.counts, seed=seed),
                identification=identify(splits, read.persons, seed=seed) if open_set else None,
                folds=None,
                differentials=(),
                rejection=(),
                reliability=reliability(splits, read.persons, seed=seed) if open_set else (),
                growth=(),
            ),
        ),
        failed=(),
        duplicates=(),
    )


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
