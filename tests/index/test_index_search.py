"""Enrol, search, remove: on SQLite and PostgreSQL, with a real vault and genuine grants."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from index_parts import EPOCH, GALLERY, NOW, OTHER_SPACE, SPACE, World, grant, random_template, unit

from countenance.biometrics.templates import Template
from countenance.index.answers import Coverage, NotSearchable
from countenance.index.index import Index
from countenance.policy.grants import Grant
from countenance.primitives.errors import ConflictError, IntegrityError, RefusedError, UsageError

RNG = np.random.default_rng(20261122)


def near(template: Template, score: float) -> Template:
    """A template whose cosine to `template` is `score`."""
    side = RNG.standard_normal(template.dimension)
    side -= side.dot(template.vector) * template.vector
    side /= np.linalg.norm(side)
    vector = unit(score * template.vector + np.sqrt(1 - score**2) * side)
    return Template(vector=vector, norm=8.0, space_id=template.space_id)


def test_enrolled_found_removed_gone(world: World) -> None:
    probe = random_template(RNG)
    mate = world.row(near(probe, 0.62))
    world.enrol(mate, *(world.row(random_template(RNG)) for _ in range(20)))
    answer = world.search(probe, floor=0.5)
    assert [row.reference_id for row in answer.rows] == [mate.reference_id]
    assert answer.rows[0].score == pytest.approx(0.62, abs=0.005)
    assert answer.coverage == Coverage(searched=21, permitted=21, not_searchable=0)
    assert (answer.space_id, answer.grant_id) == (SPACE, "grant-1")
    assert world.remove(mate.reference_id) == 1
    answer = world.search(probe, floor=0.5)
    assert answer.rows == ()
    assert answer.coverage == Coverage(searched=20, permitted=20, not_searchable=0)
    assert world.remove(mate.reference_id) == 0


def test_found_and_gone_within_the_transaction_itself(world: World) -> None:
    probe = random_template(RNG)
    with world.session.transaction() as tx:
        row = world.row(near(probe, 0.7))
        world.index.enrol(tx, [row])
        assert len(world.search(probe, tx=tx).rows) == 1
        world.index.remove(tx, [row.reference_id])
        assert world.search(probe, tx=tx).rows == ()


def test_a_second_process_sees_additions_and_removals_at_its_next_search(world: World) -> None:
    probe = random_template(RNG)
    other = world.new_index()
    assert world.found(probe, index=other) == []
    row = world.row(near(probe, 0.7))
    world.enrol(row)
    assert world.found(probe, index=other) == [row.reference_id]
    world.remove(row.reference_id)
    assert world.found(probe, index=other) == []


def test_what_is_not_permitted_is_in_no_list_and_no_count(world: World) -> None:
    probe = random_template(RNG)
    rows = [
        world.row(near(probe, 0.9), reference="excluded", class_id=2),
        world.row(near(probe, 0.8), reference="elsewhere", gallery="gallery-2"),
        world.row(near(probe, 0.6), reference="permitted", class_id=1),
        world.row(near(probe, 0.5), reference="also", class_id=3),
    ]
    world.enrol(*rows)
    answer = world.search(probe, classes=(1, 3), limit=1)
    assert [row.reference_id for row in answer.rows] == ["permitted"]
    assert answer.coverage == Coverage(searched=2, permitted=2, not_searchable=0)
    nothing = world.search(probe, classes=())
    assert nothing.rows == ()
    assert nothing.coverage == Coverage(searched=0, permitted=0, not_searchable=0)
    assert world.search(probe, classes=(1, 2, 3), limit=1).rows[0].reference_id == "excluded"


def test_the_answer_does_not_depend_on_the_order_of_enrolment(world: World) -> None:
    probe = random_template(RNG)
    rows = [world.row(near(probe, score)) for score in np.linspace(0.1, 0.9, 30)]
    twin = world.row(near(probe, 0.55))
    rows += [replace(twin, reference_id=str(uuid.uuid4()), class_id=1) for _ in range(5)]
    world.enrol(*rows)
    first = world.search(probe)
    world.remove(*(row.reference_id for row in rows))
    for position in RNG.permutation(len(rows)):
        world.enrol(rows[position])
    assert world.search(probe) == first
    assert world.search(probe, index=world.new_index()) == first


def test_several_probes_at_once_answer_as_one_by_one(world: World) -> None:
    world.enrol(*(world.row(random_template(RNG)) for _ in range(50)))
    probes = [random_template(RNG) for _ in range(70)]
    with world.session.transaction() as tx:
        answers = world.index.search_many(
            tx, grant(world.key), probes, floor=0.0, now=NOW, epoch=EPOCH, limit=7
        )
        assert world.index.search_many(tx, grant(world.key), [], floor=0.0, now=NOW, epoch=EPOCH) == []
    assert answers == [world.search(probe, floor=0.0, limit=7) for probe in probes]


def test_both_spaces_live_while_a_gallery_moves(world: World) -> None:
    old, new = random_template(RNG), random_template(RNG, dimension=512, space=OTHER_SPACE)
    first = world.row(old, reference="a")
    world.enrol(first, world.row(random_template(RNG), reference="b"))
    world.enrol(world.row(new, reference="a", face=first.face_id))
    assert world.search(new).coverage == Coverage(searched=1, permitted=2, not_searchable=1)
    assert world.search(old).coverage == Coverage(searched=2, permitted=2, not_searchable=0)
    assert world.found(new) == ["a"]
    assert world.remove("a") == 1
    assert world.search(new).coverage == Coverage(searched=0, permitted=1, not_searchable=1)
    assert world.found(old) == ["b"]
    with world.session.transaction() as tx:
        assert tx.execute("select count(*) from index_template") == [(1,)]


def test_a_template_stays_while_another_reference_uses_it(world: World) -> None:
    probe = random_template(RNG)
    row = world.row(probe, reference="one")
    world.enrol(row, replace(row, reference_id="two", gallery_id="gallery-2"))

    def stored() -> int:
        with world.session.transaction() as tx:
            ((count,),) = tx.execute("select count(*) from index_template")
        assert isinstance(count, int)
        return count

    world.remove("one")
    assert stored() == 1
    assert world.search(probe, with_grant=grant(world.key, gallery="gallery-2")).rows
    world.remove("two")
    assert stored() == 0


# ---- grants ----------------------------------------------------------------------------------------------------


def _forged(key: bytes) -> Grant:
    return replace(grant(key), permission_classes=(1, 2))


@pytest.mark.parametrize(
    ("make", "error", "word"),
    [
        (_forged, IntegrityError, "grant-forged"),
        (lambda _: grant(b"x" * 32), IntegrityError, "grant-forged"),
        (lambda key: replace(grant(key), mac=b""), IntegrityError, "grant-forged"),
        (lambda key: grant(key, expires_at=NOW), RefusedError, "grant-expired"),
        (lambda key: grant(key, expires_at=NOW - timedelta(days=1)), RefusedError, "grant-expired"),
        (lambda key: grant(key, revocation_epoch=EPOCH - 1), RefusedError, "grant-revoked"),
    ],
)
def test_no_search_without_a_good_grant(
    sqlite_world: World, make: object, error: type[Exception], word: str
) -> None:
    probe = random_template(RNG)
    sqlite_world.enrol(sqlite_world.row(probe))
    with pytest.raises(error) as caught:
        sqlite_world.search(probe, with_grant=make(sqlite_world.key))  # type: ignore[operator]
    assert word in {getattr(caught.value, "code", None), getattr(caught.value, "reason", None)}


# ---- bad input -------------------------------------------------------------------------------------------------


def test_a_probe_of_an_unknown_space_finds_nothing_and_the_coverage_says_so(sqlite_world: World) -> None:
    sqlite_world.enrol(sqlite_world.row(random_template(RNG)))
    answer = sqlite_world.search(random_template(RNG, space=OTHER_SPACE))
    assert answer.rows == ()
    assert answer.coverage == Coverage(searched=0, permitted=1, not_searchable=1)


def test_a_probe_of_the_wrong_length(sqlite_world: World) -> None:
    sqlite_world.enrol(sqlite_world.row(random_template(RNG)))
    with pytest.raises(UsageError) as caught:
        sqlite_world.search(random_template(RNG, dimension=64))
    assert caught.value.code == "template-shape"


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_probe_that_was_spoilt_after_it_was_made(sqlite_world: World, value: float) -> None:
    probe = random_template(RNG)
    probe.vector.flags.writeable = True
    probe.vector[:] = value
    with pytest.raises(UsageError) as caught:
        sqlite_world.search(probe)
    assert caught.value.code == "template-norm"


def test_probes_of_two_spaces(sqlite_world: World) -> None:
    probes = [random_template(RNG), random_template(RNG, space=OTHER_SPACE)]
    with sqlite_world.session.transaction() as tx, pytest.raises(UsageError) as caught:
        sqlite_world.index.search_many(tx, grant(sqlite_world.key), probes, floor=0, now=NOW, epoch=EPOCH)
    assert caught.value.code == "template-space"


@pytest.mark.parametrize(("floor", "limit"), [(float("nan"), 5), (float("inf"), 5), (0.0, 0)])
def test_bad_bounds(sqlite_world: World, floor: float, limit: int) -> None:
    with pytest.raises(UsageError) as caught:
        sqlite_world.search(random_template(RNG), floor=floor, limit=limit)
    assert caught.value.code == "search-bounds"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"dimension": 0}, "template-shape"),
        ({"dimension": 127}, "template-shape"),
        ({"dimension": 64}, "template-shape"),
        ({"norm": float("nan")}, "template-norm"),
        ({"norm": 0.0}, "template-norm"),
        ({"sealed": b""}, "reference-incomplete"),
        ({"face_id": ""}, "reference-incomplete"),
    ],
)
def test_bad_rows_are_not_enrolled(world: World, changes: dict[str, object], code: str) -> None:
    world.enrol(world.row(random_template(RNG), reference="good"))
    bad = replace(world.row(random_template(RNG)), **changes)  # type: ignore[arg-type]
    with pytest.raises(UsageError) as caught:
        world.enrol(world.row(random_template(RNG)), bad)
    assert caught.value.code == code
    assert world.found(random_template(RNG)) == ["good"]


def test_a_reference_is_enrolled_once(world: World) -> None:
    row = world.row(random_template(RNG), reference="a")
    world.enrol(row)
    for rows in ([row], [replace(row, reference_id="b"), replace(row, reference_id="b")]):
        with pytest.raises(ConflictError) as caught:
            world.enrol(*rows)
        assert caught.value.code == "reference-enrolled"
    elsewhere = world.row(random_template(RNG, space=OTHER_SPACE), reference="a", class_id=2)
    with pytest.raises(ConflictError) as caught:
        world.enrol(elsewhere)
    assert caught.value.code == "reference-class"
    assert world.found(random_template(RNG)) == ["a"]


def _flip(world: World, face: str) -> None:
    with world.session.transaction() as tx:
        ((sealed,),) = tx.execute("select sealed from index_template where face_id = %s", (face,))
        assert isinstance(sealed, bytes)
        tx.execute(
            "update index_template set sealed = %s where face_id = %s",
            (sealed[:-1] + bytes([sealed[-1] ^ 1]), face),
        )


def _destroy(world: World, face: str) -> None:
    world.vault.destroy([uuid.UUID(face)])


def _lose(world: World, face: str) -> None:
    with world.session.transaction() as tx:
        tx.execute("delete from index_template where face_id = %s", (face,))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_flip, NotSearchable.DAMAGED),
        (_destroy, NotSearchable.KEY_DESTROYED),
        (_lose, NotSearchable.MISSING),
    ],
)
def test_a_row_that_does_not_open_is_counted_and_the_others_are_searched(
    world: World, spoil: object, reason: NotSearchable
) -> None:
    probe = random_template(RNG)
    rows = [world.row(near(probe, 0.5), reference=f"r{n:02d}") for n in range(11)]
    world.enrol(*rows)
    for row in (rows[0], rows[7], rows[8]):
        spoil(world, row.face_id)  # type: ignore[operator]
    answer = world.search(probe)
    assert answer.coverage == Coverage(searched=8, permitted=11, not_searchable=3)
    assert {row.reference_id for row in answer.rows} == {row.reference_id for row in rows} - {
        "r00",
        "r07",
        "r08",
    }
    assert world.index.statistics().not_searchable == {reason: 3}
    assert world.remove("r00", "r07", "r01") == 3
    assert world.search(probe).coverage == Coverage(searched=7, permitted=8, not_searchable=1)


@pytest.mark.parametrize("values", [np.zeros(128), np.full(128, np.nan), np.ones(128), np.ones(64) / 8])
def test_a_seal_that_holds_no_template_is_damage(sqlite_world: World, values: np.ndarray) -> None:
    class Odd:
        space_id, dimension, norm = SPACE, 128, 8.0

        def to_bytes(self) -> bytes:
            return values.astype("<f4").tobytes()

    sqlite_world.enrol(sqlite_world.row(Odd()))  # type: ignore[arg-type]
    assert sqlite_world.search(random_template(RNG)).coverage.not_searchable == 1
    assert sqlite_world.index.statistics().not_searchable == {NotSearchable.DAMAGED: 1}


def test_an_unseal_that_raises_for_a_lost_key_is_understood(sqlite_world: World) -> None:
    from countenance.vault.vault import Sealed

    def strict(items: object) -> list[bytes | None]:
        return list(
            sqlite_world.vault.unseal(
                [Sealed(record_id=uuid.UUID(face), part=part, data=data) for face, part, data in items]  # type: ignore[attr-defined]
            )
        )

    rows = [sqlite_world.row(random_template(RNG)) for _ in range(3)]
    sqlite_world.enrol(*rows)
    sqlite_world.vault.destroy([uuid.UUID(rows[1].face_id)])
    index = Index(mac_key=sqlite_world.key, unseal=strict)
    assert sqlite_world.search(random_template(RNG), index=index).coverage.not_searchable == 1
    assert index.statistics().not_searchable == {NotSearchable.KEY_DESTROYED: 1}


def test_statistics(sqlite_world: World) -> None:
    sqlite_world.enrol(*(sqlite_world.row(random_template(RNG), class_id=n % 3) for n in range(9)))
    sqlite_world.enrol(sqlite_world.row(random_template(RNG, dimension=512, space=OTHER_SPACE)))
    assert sqlite_world.index.statistics().references == 0
    sqlite_world.search(random_template(RNG))
    statistics = sqlite_world.index.statistics()
    assert statistics.references == 10
    assert [(space.space_id, space.dimension, space.rows) for space in statistics.spaces] == [
        (SPACE, 128, 9),
        (OTHER_SPACE, 512, 1),
    ]
    assert all(space.resident_bytes >= space.rows * space.dimension for space in statistics.spaces)
    assert GALLERY not in repr(statistics)
