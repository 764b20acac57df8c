"""Thousands of random steps on two index processes over one database, against a dictionary."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from index_parts import GALLERY, OTHER_SPACE, SPACE, Database, World, coded_score, grant, random_template

from countenance.biometrics.templates import SpaceId, Template
from countenance.index.answers import Coverage
from countenance.index.head import NewRow
from countenance.index.schema import schema

GALLERIES = (GALLERY, "gallery-2")
STEPS = [0]
SEALED = [0, 0]  # rows sealed; segments rewritten or merged


class IndexMachine(RuleBasedStateMachine):
    """The dictionary: (reference, space) -> the row and its template."""

    references = Bundle("references")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="countenance-state-"))
        database = Database("sqlite", str(self.folder / "records.sqlite3"))
        session = database.session()
        # The medium's durability is not what is tried here, and it is the slow part.
        session.sqlite.execute("pragma synchronous=off")  # type: ignore[union-attr]
        with session.transaction() as tx:
            for statement in schema("sqlite"):
                tx.execute(statement)
        session.close()
        self.world = World(database, self.folder / "vault")
        self.world.session.sqlite.execute("pragma synchronous=off")  # type: ignore[union-attr]
        self.indexes = [self.world.index, self.world.new_index()]
        self.rng = np.random.default_rng(0)
        self.model: dict[tuple[str, SpaceId], tuple[NewRow, Template]] = {}
        self.count = 0

    def teardown(self) -> None:
        self.world.close()
        shutil.rmtree(self.folder)

    def make(
        self, space: SpaceId, class_id: int, gallery: str, reference: str | None = None
    ) -> tuple[NewRow, Template]:
        template = random_template(self.rng, dimension=16 if space == SPACE else 24, space=space)
        if reference is None:
            self.count += 1
            reference = f"r{self.count:04d}"
        return self.world.row(template, reference=reference, class_id=class_id, gallery=gallery), template

    @rule(
        target=references,
        class_id=st.integers(1, 3),
        gallery=st.sampled_from(GALLERIES),
        space=st.sampled_from([SPACE, OTHER_SPACE]),
        count=st.integers(1, 6),
    )
    def enrol(self, class_id: int, gallery: str, space: SpaceId, count: int) -> object:
        made = [self.make(space, class_id, gallery) for _ in range(count)]
        self.world.enrol(*(row for row, _ in made))
        for row, template in made:
            self.model[row.reference_id, space] = (row, template)
        return multiple(*(row.reference_id for row, _ in made))

    @rule(reference=references)
    def enrol_in_the_other_space(self, reference: str) -> None:
        there = [(space, row) for (name, space), (row, _) in self.model.items() if name == reference]
        if len(there) != 1:
            return
        space = OTHER_SPACE if there[0][0] == SPACE else SPACE
        row, template = self.make(space, there[0][1].class_id, there[0][1].gallery_id, reference)
        self.world.enrol(row)
        self.model[reference, space] = (row, template)

    @rule(gone=st.lists(consumes(references), max_size=4, unique=True))
    def remove(self, gone: list[str]) -> None:
        there = {name for name, _ in self.model} & set(gone)
        assert self.world.remove(*gone) == len(there)
        for name in gone:
            for space in (SPACE, OTHER_SPACE):
                self.model.pop((name, space), None)

    @rule(gone=st.lists(references, max_size=3), which=st.integers(0, 1))
    def roll_back(self, gone: list[str], which: int) -> None:
        row, template = self.make(SPACE, 1, GALLERY)
        with self.world.session.rolled_back() as tx:
            self.world.index.remove(tx, gone)
            self.world.index.enrol(tx, [row])
            answer = self.world.search(template, index=self.indexes[which], tx=tx)
            assert answer.rows[0].reference_id == row.reference_id

    @rule(keep=st.integers(0, 30))
    def trim(self, keep: int) -> None:
        with self.world.session.transaction() as tx:
            self.world.index.trim(tx, keep=keep)

    @rule(which=st.integers(0, 1), seal=st.integers(0, 9), most=st.integers(1, 20))
    def upkeep(self, which: int, seal: int, most: int) -> None:
        report = self.world.keep(self.indexes[which], seal_rows=seal, most_rows=most)
        assert report.given_up == 0
        assert report.remade == 0
        SEALED[0] += report.sealed_rows
        SEALED[1] += report.rewritten + report.merged

    @rule(which=st.integers(0, 1))
    def restart(self, which: int) -> None:
        self.indexes[which] = self.world.new_index()

    @rule(
        which=st.integers(0, 1),
        classes=st.sets(st.integers(1, 4)),
        gallery=st.sampled_from(GALLERIES),
        space=st.sampled_from([SPACE, OTHER_SPACE]),
        floor=st.sampled_from([-1.0, 0.0, 0.3]),
        limit=st.sampled_from([1, 3, 320]),
    )
    def search(
        self, which: int, classes: set[int], gallery: str, space: SpaceId, floor: float, limit: int
    ) -> None:
        probe = random_template(self.rng, dimension=16 if space == SPACE else 24, space=space)
        answer = self.world.search(
            probe,
            index=self.indexes[which],
            with_grant=grant(self.world.key, classes=sorted(classes), gallery=gallery),
            floor=floor,
            limit=limit,
        )
        allowed = {
            key: template
            for key, (row, template) in self.model.items()
            if row.gallery_id == gallery and row.class_id in classes
        }
        scored = sorted(
            (-coded_score(self.world.index, gallery, template, probe), name)
            for (name, there), template in allowed.items()
            if there == space
        )
        expected = [(name, -score) for score, name in scored if -score >= floor][:limit]
        assert [(row.reference_id, row.score) for row in answer.rows] == expected
        permitted = len({name for name, _ in allowed})
        assert answer.coverage == Coverage(
            searched=len(scored), permitted=permitted, not_searchable=permitted - len(scored)
        )

    @invariant()
    def the_tables_hold_what_is_enrolled_and_nothing_else(self) -> None:
        STEPS[0] += 1
        with self.world.session.transaction() as tx:
            templates = tx.execute("select face_id, space_id from index_template")
            live = tx.execute("select reference_id, space_id from index_change where op = 'add'")
        assert set(live) == set(self.model)
        files = set(self.world.files.names())
        assert files == {f"segment-{one.id}" for one in self.world.live().segments}
        assert set(templates) == {(row.face_id, row.space_id) for row, _ in self.model.values()}


@pytest.mark.parametrize(
    ("histories", "least"),
    [(60, 1_000), pytest.param(450, 25_000, marks=[pytest.mark.slow, pytest.mark.timeout(7_200)])],
)
def test_against_a_dictionary(histories: int, least: int) -> None:
    STEPS[0] = 0
    run_state_machine_as_test(
        IndexMachine, settings=settings(max_examples=histories, stateful_step_count=60, deadline=None)
    )
    print(f"{STEPS[0]} steps")
    print(f"{SEALED} sealed, rewritten")
    assert STEPS[0] > least
    assert min(SEALED) > least / 100
