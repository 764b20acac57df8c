"""The engine against the reference evaluator, over grids: every value of every fact, and every pair of them.

CI takes all pairs of facts, and one in `STRIDE` of the full products of the groups that belong together; `-m slow` takes these
whole, and all triples.
Each case compares the outcome, the reason that is named, and every reason that fires.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

import policy_factories as make
import pytest
import reference_evaluator
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_factories import ALL, CASE, CLIENT, CONSENTED, DAY, MISSING, NOW, ROWS, SECOND

from countenance.policy.book import PolicyBook, load_book
from countenance.policy.decisions import Permitted
from countenance.policy.engine import PolicyEngine
from countenance.policy.pack import Effect, PolicyPack, pack_from_files, shipped_pack_files
from countenance.policy.purposes import BasisKind, Purpose, Role
from countenance.policy.questions import Act, ConsentState, Question, RequesterFacts
from countenance.policy.terms import RequiredField

STRIDE = 13
"""A prime that divides no axis, so that each value of each is met with all others in turn."""

type Axes = Mapping[str, Sequence[object]]

NONE: frozenset[Purpose] = frozenset()
SOME = frozenset({MISSING, Purpose.ARCHIVE_DESCRIPTION})
PURPOSE_SETS = (ALL, SOME, frozenset({MISSING}), NONE)
BOTH = (True, False)
BOUNDARY = (NOW - DAY, NOW - SECOND, NOW, NOW + SECOND / 2, NOW + SECOND, NOW + DAY)
PLACES = ("CA", "CA-QC", "CA-BC", "US-IL", "US-CA", "FR", "GB", "CAN", "ca", "")
FILED = tuple(
    None if days is None else NOW.date() - timedelta(days=days) for days in (None, -1, 0, 59, 60, 61)
)
NOON = NOW.replace(hour=12, minute=0, second=0, microsecond=0)
FULL = frozenset(RequiredField)
FILLED = (FULL, FULL - {RequiredField.ASSESSMENT}, frozenset({RequiredField.CONTACT}), frozenset())

CALLER: Axes = {
    "caller__role": tuple(Role),
    "caller__suspended": BOTH,
    "caller__sponsored": BOTH,
    "caller__certified_until": BOUNDARY,
    "caller__client": (CLIENT, None, replace(CLIENT, id="city-force")),
    "caller__client__suspended": BOTH,
    "caller__authority": (None, "commission", CLIENT.id),
}
LICENCE: Axes = {
    "caller__client__jurisdiction": PLACES,
    "caller__client__licensed_from": BOUNDARY,
    "caller__client__licensed_until": BOUNDARY,
    "caller__client__licensed_purposes": PURPOSE_SETS,
}
SEARCH: Axes = {
    **CALLER,
    **LICENCE,
    "case": (CASE, None, replace(CASE, client_id="city-force")),
    "case__purpose": tuple(Purpose),
    "case__open": BOTH,
    "case__expires_at": BOUNDARY,
    "case__searches_left": (-1, 0, 1, 2),
    "purpose": (*(purpose.value for purpose in Purpose), None, "", "Missing-Person", "advertising"),
    "requester": (RequesterFacts(jurisdiction="CA-BC", suspended=False), None),
    "requester__jurisdiction": PLACES,
    "requester__suspended": BOTH,
    "sought__declared_minor": BOTH,
    "sought__guardian_consent": BOTH,
    "sought__recorded_authority": BOTH,
    "gallery__live": BOTH,
    "gallery__suspended": BOTH,
    "gallery__search_locked": BOTH,
    "gallery__ingest_locked": BOTH,
    "gallery__jurisdiction": PLACES,
    "gallery__purposes": PURPOSE_SETS,
    "gallery__filed_on": FILED,
    "gallery__filled": FILLED,
    "permission_class": (None, ROWS, replace(ROWS, gallery_id="gallery-2")),
    "permission_class__basis": tuple(BasisKind),
    "permission_class__purposes": PURPOSE_SETS,
    "permission_class__jurisdiction": PLACES,
    "now": (NOW, NOW + SECOND / 2, NOON - SECOND, NOON),
}
ENROL: Axes = {
    "purpose": tuple(Purpose),
    "gallery__live": BOTH,
    "gallery__suspended": BOTH,
    "gallery__search_locked": BOTH,
    "gallery__ingest_locked": BOTH,
    "gallery__jurisdiction": PLACES,
    "gallery__purposes": PURPOSE_SETS,
    "gallery__filed_on": FILED,
    "gallery__filled": FILLED,
    "basis__kind": tuple(BasisKind),
    "basis__live": BOTH,
    "basis__permits_unlabelled": BOTH,
    "basis__purposes": PURPOSE_SETS,
    "basis__jurisdiction": PLACES,
    "person": (CONSENTED, None),
    "person__consent": tuple(ConsentState),
    "person__declared_minor": BOTH,
    "person__guardian_consent": BOTH,
}
ACTS: Axes = {
    **CALLER,
    "act": tuple(Act),
    "client_id": (None, CLIENT.id, "city-force", "commission"),
    "approvals": (-1, 0, 1, 2, 3),
}

OWN_FACE: Axes = {
    **CALLER,
    "request__open": BOTH,
    "request__own_face_seen": BOTH,
    "request__jurisdiction": PLACES,  # where somebody lives closes nothing
    "gallery__jurisdiction": PLACES,
    "gallery__live": BOTH,
    "gallery__suspended": BOTH,
    "gallery__search_locked": BOTH,
}

PLACED = (
    "caller__client__jurisdiction",
    "requester__jurisdiction",
    "gallery__jurisdiction",
    "permission_class__jurisdiction",
    "basis__jurisdiction",
)

# Facts that one rule weighs against another: here the whole product is taken.
SEARCH_GROUPS: tuple[Sequence[str], ...] = (
    ("caller__role", "caller__suspended", "caller__sponsored", "caller__client", "caller__client__suspended"),
    ("purpose", "case__purpose", "gallery__purposes", "permission_class"),
    ("purpose", "permission_class__basis", "permission_class__purposes"),
    ("purpose", "sought__declared_minor", "sought__guardian_consent", "sought__recorded_authority"),
    ("caller__client__licensed_from", "caller__client__licensed_until", "case__expires_at", "now"),
    (
        "caller__certified_until",
        "caller__client__licensed_from",
        "caller__client__licensed_until",
        "case__expires_at",
    ),
    ("purpose", "caller__role", "requester__jurisdiction", "caller__client__suspended", "case__expires_at"),
    ("gallery__live", "gallery__suspended", "gallery__search_locked", "gallery__ingest_locked"),
    ("caller__client__jurisdiction", "requester__jurisdiction", "gallery__jurisdiction"),
    ("gallery__jurisdiction", "gallery__filed_on", "gallery__filled", "now"),
    (
        "requester__jurisdiction",
        "gallery__jurisdiction",
        "permission_class__jurisdiction",
        "permission_class__basis",
    ),
    ("purpose", "gallery__jurisdiction", "permission_class__basis"),
)
ENROL_GROUPS: tuple[Sequence[str], ...] = (
    (
        "basis__kind",
        "basis__live",
        "basis__permits_unlabelled",
        "person",
        "person__consent",
        "person__declared_minor",
        "person__guardian_consent",
    ),
    ("purpose", "basis__kind", "basis__purposes", "gallery__purposes"),
    ("gallery__jurisdiction", "basis__jurisdiction", "basis__kind", "purpose"),
    ("gallery__jurisdiction", "gallery__filed_on", "gallery__filled"),
)
ACT_GROUPS: tuple[Sequence[str], ...] = (
    ("caller__role", "act", "client_id", "approvals"),
    ("caller__role", "act", "client_id", "caller__client"),
    ("caller__role", "act", "client_id", "caller__client", "caller__authority"),
)

OWN_FACE_GROUPS: tuple[Sequence[str], ...] = (
    ("caller__role", "caller__client", "caller__authority", "request__open", "request__own_face_seen"),
    ("caller__role", "caller__suspended", "caller__sponsored", "caller__certified_until", "request__open"),
)


@pytest.fixture(scope="module")
def engine() -> PolicyEngine:
    """All packs, for an operator in Ontario: a place where the law of the country alone speaks."""
    return PolicyEngine(load_book(operator=make.OPERATOR_PLACE))


# One place with a law of its own beside its country's, and one that no pack speaks of; the others when all tests are run.
@pytest.fixture(
    scope="module",
    params=[
        "CA-QC",
        *(pytest.param(place, marks=pytest.mark.slow) for place in ("CA-BC", "FR", "GB", "US-IL")),
        "JP",
    ],
)
def abroad(request) -> PolicyEngine:
    """All packs, for an operator elsewhere."""
    return PolicyEngine(load_book(operator=request.param))


def cases(
    build: Callable[..., Question],
    axes: Axes,
    groups: Iterable[Sequence[str]],
    width: int,
    base: Mapping[str, object],
    *,
    step: int = 1,
) -> Iterator[Question]:
    """All of `width` facts, and one in `step` of each group's product; each question once."""
    seen: set[int] = set()  # hashes: the triples would not fit into memory as questions
    wanted = [(names, 1) for names in itertools.combinations(axes, width)] + [
        (names, step) for names in groups
    ]
    for names, stride in wanted:
        product = itertools.product(*(axes[name] for name in names))
        for values in itertools.islice(product, 0, None, stride):
            question = build(**{**base, **dict(zip(names, values, strict=True))})
            if hash(question) not in seen:
                seen.add(hash(question))
                yield question


def disagreements(engine: PolicyEngine, questions: Iterator[Question]) -> tuple[int, list[str]]:
    """How many questions were asked, and where the two evaluators differ."""
    count, wrong = 0, []
    for batch in itertools.batched(questions, 2000):
        for question, found in zip(batch, engine.explain_many(batch), strict=True):
            count += 1
            expected = reference_evaluator.reasons(question, engine.book.operator)
            permitted = isinstance(found.decision, Permitted)
            named = None if isinstance(found.decision, Permitted) else found.decision.reason
            fired = [rule.reason for rule in found.fired if rule.effect is Effect.FORBID]
            if permitted != (not expected) or (expected and named != expected[0]) or fired != expected:
                wrong.append(f"{question}: engine {named} {fired} {found.errors}, reference {expected}")
    return count, wrong


# Each grid starts from a question that is permitted: only there can a single rule be seen alone.
GRIDS = [
    pytest.param(make.search, SEARCH, SEARCH_GROUPS, {}, id="search"),
    pytest.param(make.search, SEARCH, SEARCH_GROUPS, {"permission_class": ROWS}, id="search-rows"),
    pytest.param(make.enrol, ENROL, ENROL_GROUPS, {}, id="enrol"),
    pytest.param(
        make.enrol,
        ENROL,
        ENROL_GROUPS,
        {"person": None, "basis__kind": BasisKind.PUBLIC_TASK},
        id="enrol-unnamed",
    ),
    pytest.param(make.act, ACTS, ACT_GROUPS, {}, id="acts-operator"),
    pytest.param(
        make.act,
        ACTS,
        ACT_GROUPS,
        {"caller": make.CASEWORKER, "act": Act.CASE_OPEN, "client_id": CLIENT.id},
        id="acts-caseworker",
    ),
    pytest.param(make.own_face, OWN_FACE, OWN_FACE_GROUPS, {}, id="own-face"),
]


@pytest.mark.parametrize("build, axes, groups, base", GRIDS)
def test_engine_equals_reference_over_pairs(engine, build, axes, groups, base, record_property, capsys):
    assert all(len(axis) % STRIDE for axis in axes.values())
    count, wrong = disagreements(engine, cases(build, axes, groups, 2, base, step=STRIDE))
    record_property("cases", count)
    with capsys.disabled():
        print(f" [{count:,} cases, {len(wrong)} disagreements]", end="")
    assert count > 800
    assert not wrong, f"{len(wrong)} of {count}; first: {wrong[0]}"


@pytest.mark.parametrize("build, axes, groups, base", GRIDS)
def test_engine_equals_reference_for_operators_elsewhere(abroad, build, axes, groups, base, capsys):
    count, wrong = disagreements(abroad, cases(build, axes, groups[-2:], 1, base, step=STRIDE))
    with capsys.disabled():
        print(f" [{abroad.book.operator} {count:,} cases, {len(wrong)} disagreements]", end="")
    assert not wrong, f"{len(wrong)} of {count}; first: {wrong[0]}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("build, axes, groups, base", GRIDS)
def test_engine_equals_reference_over_whole_groups(engine, abroad, build, axes, groups, base, capsys):
    for one in (engine, abroad):
        count, wrong = disagreements(one, cases(build, axes, groups, 1, base))
        with capsys.disabled():
            print(f" [{one.book.operator} {count:,} cases, {len(wrong)} disagreements]", end="")
        assert not wrong, f"{len(wrong)} of {count}; first: {wrong[0]}"


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("build, axes, groups, base", GRIDS)
def test_engine_equals_reference_over_triples(engine, build, axes, groups, base, record_property, capsys):
    count, wrong = disagreements(engine, cases(build, axes, groups, 3, base))
    record_property("cases", count)
    with capsys.disabled():
        print(f" [{count:,} cases, {len(wrong)} disagreements]", end="")
    assert not wrong, f"{len(wrong)} of {count}; first: {wrong[0]}"


@pytest.mark.parametrize(
    "build, axes, base", [(param.values[0], param.values[1], param.values[3]) for param in GRIDS]
)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_engine_equals_reference_far_from_any_permitted_question(engine, build, axes, base, data):
    changes = {name: data.draw(st.sampled_from(values), name) for name, values in axes.items()}
    _, wrong = disagreements(engine, iter([build(**{**base, **changes})]))
    assert not wrong, wrong[0]


def _near(place: str | None = None) -> Iterator[Sequence[Question]]:
    """One fact off a permitted question, and what is asked of a filing; of `place` where one is given."""
    for build, axes, groups, base in (param.values for param in GRIDS):
        filings = [names for names in groups if "gallery__filed_on" in names]
        at: dict[str, object] = {}
        if place is not None:
            at = {path: place for path in PLACED if path in axes}
            at |= {path: FULL for path in ("gallery__filled",) if path in axes}
        step = (
            1 if place is None else STRIDE
        )  # at home every rule is met; abroad it is enough to see the place's own
        yield list(cases(build, axes, [*groups[1:2], *filings], 1, {**at, **base}, step=step))


def test_every_forbid_of_the_pack_is_named_close_to_a_permitted_question(engine):
    """No rule is dead, and none is hidden for good behind an earlier one."""
    named = set()
    for questions in _near():
        decisions = engine.decide_many(questions)
        named |= {decision.reason for decision in decisions if not isinstance(decision, Permitted)}
    # Where the operator stands is no fact of a question; see test_policy_book.py.
    expected = {rule.reason for _, rule in engine.book.rules if rule.effect is Effect.FORBID}
    assert named == expected - {"operator-place-not-permitted"}


def test_every_permit_of_the_packs_permits_something(engine):
    """Each where its own law alone governs: elsewhere another may be the one that is named."""
    used = set()
    for place in (make.OPERATOR_PLACE, "FR", "GB", "US-IL"):
        at_home = PolicyEngine(load_book(operator=place))
        for questions in _near(place):
            decided = at_home.decide_many(questions)
            used |= {decision.rule for decision in decided if isinstance(decision, Permitted)}
    permits = {rule.id for _, rule in engine.book.rules if rule.effect is Effect.PERMIT}
    # HOUSE's own permit is named by the ground that each law gives it.
    grounds = {rule for rule in used if rule.endswith("-85")}
    assert "CA-85" in grounds
    assert used - grounds == permits - {"HOUSE-85"}


def test_the_grid_notices_the_loss_of_any_one_forbid(engine):
    """Negative control: a book without the rule disagrees with the reference on a question that the rule refused."""
    forbids = {
        number: rule for number, (_, rule) in enumerate(engine.book.rules) if rule.effect is Effect.FORBID
    }
    shown: dict[str, Question] = {}
    for questions in _near():
        for question, found in zip(questions, engine.explain_many(questions), strict=True):
            if found.fired[0].effect is Effect.FORBID:
                shown.setdefault(found.fired[0].reason, question)
    assert set(shown) == {rule.reason for rule in forbids.values()} - {"operator-place-not-permitted"}
    for lost, question in shown.items():
        packs = [_without(lost, pack) for pack in engine.book.packs.values()]
        _, wrong = disagreements(
            PolicyEngine(PolicyBook(packs, operator=engine.book.operator)), iter([question])
        )
        assert wrong, lost


def _without(reason: str, pack: PolicyPack) -> PolicyPack:
    ids = [rule.id for rule in pack.rules if rule.reason == reason]
    if not ids:
        (pack,) = make.ungrounded([pack], *_numbers(reason))
        return pack
    files = shipped_pack_files(pack.name)
    cedar, cuts = re.subn(rf'@id\("{ids[0]}"\).*?;\n', "", files["policy.cedar"], flags=re.DOTALL)
    assert cuts == 1
    manifest = json.loads(files["pack.json"])
    del manifest["rules"][ids[0]]
    return pack_from_files({**files, "policy.cedar": cedar, "pack.json": json.dumps(manifest)})


@cache
def _numbers(reason: str) -> set[str]:
    """Numbers of the rules of that reason, in whichever pack they are."""
    return {
        rule.number
        for pack in load_book(operator="CA").packs.values()
        for rule in pack.rules
        if rule.reason == reason
    }


def test_the_dates_of_the_grid_lie_on_both_sides_of_each_boundary():
    """A grid whose dates all lie on one side would agree with anything."""
    assert {value < NOW for value in BOUNDARY} == {True, False}
    assert NOW in BOUNDARY
