from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from countenance.biometrics.geometry import Box
from countenance.biometrics.vocabulary import FaceReason
from countenance.extraction.recognise import Sample
from countenance.extraction.selection import Placement, permit, select
from countenance.extraction.values import EmbedRule, Label


def box(x: float, y: float, side: float = 100.0) -> Box:
    return Box(x=x, y=y, width=side, height=side)


def label(key: str, where: Box | None, *, permitted: bool = True, page: int = 0) -> Label:
    return Label(key=key, box=where, permitted=permitted, page=page)


def rule(*labels: Label, unlabelled: bool = False) -> EmbedRule:
    return EmbedRule(unlabelled=unlabelled, labels=labels)


TWO = {(0, 0): box(0, 0), (0, 1): box(300, 0)}


def test_label_with_box_takes_its_face() -> None:
    done = select(TWO, rule(label("a", box(310, 5))))
    assert done.placements[0, 1] == Placement(label="a", reason=None, may_embed=True)
    assert done.placements[0, 0] == Placement(label=None, reason=None, may_embed=False)
    assert done.unplaced == ()


def test_loose_box_round_head_and_shoulders() -> None:
    done = select(TWO, rule(label("a", Box(x=250, y=-60, width=220, height=400))))
    assert done.placements[0, 1].label == "a"


def test_tight_box_within_the_face() -> None:
    assert select(TWO, rule(label("a", box(330, 30, 40)))).placements[0, 1].label == "a"


def test_box_round_everything_does_not_say_which() -> None:
    done = select(TWO, rule(label("a", Box(x=0, y=0, width=400, height=100))))
    assert {placement.reason for placement in done.placements.values()} == {FaceReason.WHICH_FACE}
    assert done.unplaced == ((0, "a", FaceReason.WHICH_FACE),)


def test_box_with_no_face() -> None:
    done = select(TWO, rule(label("a", box(2000, 2000))))
    assert done.unplaced == ((0, "a", FaceReason.NO_SUCH_FACE),)
    assert all(placement.label is None and not placement.may_embed for placement in done.placements.values())


def test_box_on_another_page() -> None:
    faces = {(0, 0): box(0, 0), (1, 0): box(0, 0)}
    done = select(faces, rule(label("a", box(0, 0), page=1)))
    assert done.placements[1, 0].label == "a"
    assert done.placements[0, 0].label is None
    assert select(faces, rule(label("a", box(0, 0), page=2))).unplaced[0][2] is FaceReason.NO_SUCH_FACE


def test_two_persons_for_one_face() -> None:
    done = select(TWO, rule(label("a", box(0, 0)), label("b", box(5, 5))))
    assert done.placements[0, 0] == Placement(label=None, reason=FaceReason.LABEL_CONFLICT, may_embed=False)
    assert done.placements[0, 1].reason is None


def test_only_face_takes_a_label_without_box() -> None:
    done = select({(0, 0): box(0, 0)}, rule(label("a", None)))
    assert done.placements[0, 0] == Placement(label="a", reason=None, may_embed=True)


def test_two_labels_without_box_for_the_only_face() -> None:
    done = select({(0, 0): box(0, 0)}, rule(label("a", None), label("b", None)))
    assert done.placements[0, 0].reason is FaceReason.LABEL_CONFLICT


def test_several_faces_and_no_box_hold_all_even_where_unlabelled_faces_are_permitted() -> None:
    done = select(TWO, rule(label("a", None), unlabelled=True))
    for placement in done.placements.values():
        assert placement == Placement(label=None, reason=FaceReason.WHICH_FACE, may_embed=False)
    assert done.unplaced == ((0, "a", FaceReason.WHICH_FACE),)


def test_box_label_keeps_its_face_where_another_label_is_undecided() -> None:
    three = {**TWO, (0, 2): box(600, 0)}
    done = select(three, rule(label("a", box(0, 0)), label("b", None), unlabelled=True))
    assert done.placements[0, 0] == Placement(label="a", reason=None, may_embed=True)
    assert done.placements[0, 1].reason is FaceReason.WHICH_FACE
    assert done.placements[0, 2].reason is FaceReason.WHICH_FACE


def test_no_face_at_all() -> None:
    done = select({}, rule(label("a", None), label("b", box(0, 0))))
    assert done.placements == {}
    assert sorted(done.unplaced) == [(0, "a", FaceReason.NO_SUCH_FACE), (0, "b", FaceReason.NO_SUCH_FACE)]


def test_label_without_permission_makes_no_template() -> None:
    done = select(TWO, rule(label("a", box(0, 0), permitted=False), unlabelled=True))
    assert done.placements[0, 0] == Placement(label="a", reason=None, may_embed=False)
    assert done.placements[0, 1].may_embed


def test_same_label_twice_needs_both_permissions() -> None:
    done = select(TWO, rule(label("a", box(0, 0)), label("a", box(2, 2), permitted=False)))
    assert done.placements[0, 0] == Placement(label="a", reason=None, may_embed=False)


def test_permit_is_the_gate() -> None:
    sample = Sample(chip=np.zeros((112, 112, 3), dtype=np.uint8))
    assert permit(sample, Placement(label="a", reason=None, may_embed=False)) is None
    assert permit(sample, Placement(label=None, reason=FaceReason.WHICH_FACE, may_embed=True)) is None
    permitted = permit(sample, Placement(label="a", reason=None, may_embed=True))
    assert permitted is not None
    assert permitted.by == "a"


boxes = st.builds(
    Box,
    x=st.integers(-50, 500),
    y=st.integers(-50, 500),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
)
labels = st.builds(
    Label,
    key=st.sampled_from("abcd"),
    box=st.none() | boxes,
    permitted=st.booleans(),
    page=st.integers(0, 2),
)


@given(
    st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 4)), boxes),
    st.lists(labels, max_size=5),
    st.booleans(),
)
def test_nothing_is_embedded_without_permission(
    faces: dict[tuple[int, int], Box], given_labels: list[Label], unlabelled: bool
) -> None:
    done = select(faces, EmbedRule(unlabelled=unlabelled, labels=tuple(given_labels)))
    assert done.placements.keys() == faces.keys()
    permitted = {entry.key for entry in given_labels if entry.permitted}
    for placement in done.placements.values():
        if placement.may_embed:
            assert placement.reason is None
            assert placement.label in permitted if placement.label is not None else unlabelled
    placed = {placement.label for placement in done.placements.values()} - {None}
    told = {key for _, key, _ in done.unplaced}
    conflict = any(p.reason is FaceReason.LABEL_CONFLICT for p in done.placements.values())
    held = any(p.reason is FaceReason.WHICH_FACE for p in done.placements.values())
    for entry in given_labels:  # no label is lost without a word
        assert entry.key in placed or entry.key in told or conflict or held
