"""The same face in two galleries: what is stored of it does not say that it is the same (ISO/IEC 24745, unlinkability)."""

from __future__ import annotations

import fcntl
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from house import House, photograph

from countenance.bench.generator import TemplateGenerator
from countenance.index.codes import Codec
from countenance.primitives.errors import ConflictError
from countenance.records import models
from countenance.records.sealing import rotation_seeds
from countenance.vault.vault import Vault

_PEOPLE = 600
type Rows = npt.NDArray[np.float32]


def stored(codec: Codec, templates: Rows) -> Rows:
    """What a segment holds of templates, in the clear: int8 after the gallery's rotation."""
    rows = codec.exact(codec.rotate(templates)).values.astype(np.float32)
    made: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return made


def told_apart(mated: Rows, others: Rows) -> float:
    """Area under the curve: 0.5 is guessing."""
    scores = np.concatenate([mated, others])
    ranks = scores.argsort().argsort() + 1
    wins = ranks[: len(mated)].sum() - len(mated) * (len(mated) + 1) / 2
    return float(wins / (len(mated) * len(others)))


@pytest.mark.parametrize("same", [True, False], ids=["within a gallery", "across galleries"])
def test_who_has_two_leaked_galleries_cannot_link_them(tmp_path: Path, same: bool) -> None:
    """Both galleries' segments are open to the thief, keys and all, but not the vault's secrets: guessing is all there is.

    Within one gallery the very same comparison tells people apart (control).
    """
    Vault.create(tmp_path / "keys").close()
    vault = Vault.open(tmp_path / "keys")
    seeds = rotation_seeds(vault)
    one = Codec(128, seeds("11111111-1111-1111-1111-111111111111"))
    two = one if same else Codec(128, seeds("22222222-2222-2222-2222-222222222222"))
    drawn = TemplateGenerator(seed=7)
    people = drawn.people(_PEOPLE)
    here, there = stored(one, drawn.photographs(people)), stored(two, drawn.photographs(people))
    scores = here @ there.T
    mated, others = np.diag(scores), scores[~np.eye(_PEOPLE, dtype=bool)]
    area = told_apart(mated, others)
    assert (area > 0.99) if same else (0.45 < area < 0.55)
    # The same photograph in both: still nothing, neither bit for bit nor by its length.
    again = drawn.photographs(people)
    pairs = np.einsum("ij,ij->i", stored(one, again), stored(two, again))
    assert (pairs.min() > 0.99) if same else (abs(pairs.mean()) < 0.05)
    vault.close()


def test_stored_records_of_one_photograph_in_two_galleries_share_no_bytes(sqlite_house: House) -> None:
    house = sqlite_house
    house.act("gallery-add", name="other", purposes=["missing-person"], jurisdiction="CA", notice="x")
    house.act(
        "source-add", name="second", gallery="other", basis="consent", purposes=["missing-person"],
        jurisdiction="CA", evidence="x", location=str(house.workspace.directory.parent / "p2"),
        holder="x", contact="x", notice="x",
    )  # fmt: skip
    first = house.person("one")
    second = house.act(
        "consent-record", person="one", gallery="other", purposes=["missing-person"], notice_text="x"
    )["receipts"][0]["receipt"]
    house.enrol(first, photograph("P001"))
    house.enrol(second, photograph("P001"), source="second")
    faces = list(models.Face.objects.order_by("pk"))
    crops = [house.workspace.media.get(face.crop) for face in faces]
    with house.workspace.transaction() as (tx, _):
        rows = tx.execute("select sealed from index_template order by face_id")
    sealed = [bytes(row[0]) for row in rows]  # type: ignore[arg-type]
    for one, two in (crops, sealed):
        windows = {one[at : at + 8] for at in range(13, len(one) - 8)}
        assert not any(two[at : at + 8] in windows for at in range(13, len(two) - 8))


def test_a_renewed_transform_finds_the_same_people_and_leaves_nothing_of_the_old_one(
    sqlite_house: House,
) -> None:
    house = sqlite_house
    house.enrol(house.person("one"), photograph("P001"))
    house.enrol(house.person("two"), photograph("P002"))
    house.workspace.keep_index(seal_rows=1)
    gallery = models.Gallery.objects.get()
    before = house.search(photograph("P001", "amateur_selfie"))
    seed = rotation_seeds(house.workspace.vault)(str(gallery.pk))
    (old,) = house.workspace.segments.names()
    stored_before = house.workspace.segments.get(old)
    made = house.act("transform-renew", gallery="people")
    assert made["waits_for"] == "second-person"
    house.act("approve", house.deputy, proposal=made["proposal"])
    assert rotation_seeds(house.workspace.vault)(str(gallery.pk)) != seed
    after = house.search(photograph("P001", "amateur_selfie"))
    assert [each.person for each in after.candidates] == [each.person for each in before.candidates]  # type: ignore[union-attr]
    assert after.coverage == before.coverage  # type: ignore[union-attr]
    (new,) = house.workspace.segments.names()
    assert new != old
    assert stored_before[:64] not in b"".join(
        path.read_bytes() for path in house.workspace.directory.rglob("*") if path.is_file()
    )
    assert "transform-renewed" in house.events()


def test_not_while_a_searcher_runs(sqlite_house: House) -> None:
    run = sqlite_house.workspace.directory / "run"
    run.mkdir(exist_ok=True)
    with (run / "searcher.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        made = sqlite_house.act("transform-renew", gallery="people")
        with pytest.raises(ConflictError):
            sqlite_house.act("approve", sqlite_house.deputy, proposal=made["proposal"])
