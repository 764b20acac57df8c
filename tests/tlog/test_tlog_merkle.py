"""Hashing and proofs: the published test tree, every small tree, random trees, tampering."""

from __future__ import annotations

import pytest
from aics_tlog import MerkleTree
from aics_tlog import leaf_hash as foreign_leaf_hash
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.tlog import merkle
from countenance.tlog.tiles import TreeBuilder, range_hash

# The eight leaves and roots with which RFC 6962 implementations are tested (certificate-transparency,
# merkletree/merkle_tree_test.cc; the same in transparency-dev/merkle, testonly/constants.go).
LEAVES = [bytes.fromhex(each) for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
                                           "606162636465666768696a6b6c6d6e6f")]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class MemoryTiles:
    """Tiles of a tree grown in steps, as the log stores them."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, position: int, width: int) -> bytes:
        return self.tiles[level, position][: width * 32]

    def extend(self, leaves: list[bytes]) -> None:
        edge = {
            level: self.tile(level, (self.size >> 8 * level) // 256, (self.size >> 8 * level) % 256)
            for level in range(4)
            if (self.size >> 8 * level) % 256
        }
        builder = TreeBuilder(self.size, edge)
        builder.extend(leaves)
        self.tiles.update(builder.changed)
        self.size = builder.size


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_tree_has_the_published_roots(size: int) -> None:
    leaves = [merkle.leaf_hash(leaf) for leaf in LEAVES[:size]]
    assert merkle.root_of(leaves).hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root_of([]) == merkle.EMPTY_ROOT


def proofs(leaves: list[bytes], ranges: list[merkle.Range]) -> list[bytes]:
    return [merkle.root_of(leaves[start:end]) for start, end in ranges]


def test_every_inclusion_proof_of_every_small_tree_verifies_and_no_other_leaf_does() -> None:
    for size in range(1, 34):
        leaves = hashes(size)
        root = merkle.root_of(leaves)
        for index in range(size):
            proof = proofs(leaves, merkle.inclusion_ranges(index, size))
            for other in range(size):
                good = merkle.verify_inclusion(leaves[other], index, size, proof, root)
                assert good == (other == index), (size, index, other)


def test_every_consistency_proof_of_every_small_tree_verifies() -> None:
    for new in range(1, 34):
        leaves = hashes(new)
        for old in range(1, new + 1):
            proof = proofs(leaves, merkle.consistency_ranges(old, new))
            roots = merkle.root_of(leaves[:old]), merkle.root_of(leaves)
            assert merkle.verify_consistency(old, new, *roots, proof)
            if old < new:
                assert not merkle.verify_consistency(old, new, bytes(32), roots[1], proof)
                assert not merkle.verify_consistency(old, new, roots[0], bytes(32), proof)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_proofs_equal_those_of_a_foreign_tree(content: list[bytes], data: st.DataObject) -> None:
    leaves = [merkle.leaf_hash(each) for each in content]
    assert leaves == [foreign_leaf_hash(each) for each in content]
    foreign = MerkleTree(content)
    index = data.draw(st.integers(0, len(content) - 1))
    old = data.draw(st.integers(1, len(content)))
    assert foreign.root() == merkle.root_of(leaves)
    assert list(foreign.inclusion_proof(index)) == proofs(leaves, merkle.inclusion_ranges(index, len(leaves)))
    assert list(foreign.consistency_proof(old)) == proofs(leaves, merkle.consistency_ranges(old, len(leaves)))


@given(st.integers(1, 300), st.data())
def test_a_changed_proof_fails(size: int, data: st.DataObject) -> None:
    leaves = hashes(size)
    root = merkle.root_of(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof = proofs(leaves, merkle.inclusion_ranges(index, size))
    assert merkle.verify_inclusion(leaves[index], index, size, proof, root)
    assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, bytes(32)], root)
    assert not merkle.verify_inclusion(leaves[index], size, size, proof, root)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(proof[at], "big") ^ (1 << bit)).to_bytes(32, "big")
        assert not merkle.verify_inclusion(
            leaves[index], index, size, [*proof[:at], flipped, *proof[at + 1 :]], root
        )
        assert not merkle.verify_inclusion(leaves[index], index, size, proof[:-1], root)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=5), st.data())
def test_a_tree_grown_in_steps_and_tiles_equals_one_made_at_once(
    steps: list[int], data: st.DataObject
) -> None:
    size = sum(steps)
    leaves = hashes(size)
    tiles = MemoryTiles()
    for step in steps:
        tiles.extend(leaves[tiles.size : tiles.size + step])
    for asked in (size, data.draw(st.integers(0, size))):
        assert range_hash(tiles, (0, asked)) == merkle.root_of(leaves[:asked])
    if size:
        index = data.draw(st.integers(0, size - 1))
        proof = [range_hash(tiles, each) for each in merkle.inclusion_ranges(index, size)]
        assert merkle.verify_inclusion(leaves[index], index, size, proof, merkle.root_of(leaves))


def test_a_tree_of_three_levels_of_tiles() -> None:
    tiles = MemoryTiles()
    leaves = hashes(70_000)
    tiles.extend(leaves)
    # The example of tlog-tiles, "Partial Tiles".
    assert len(tiles.tiles[0, 273]) == 112 * 32
    assert len(tiles.tiles[1, 0]) == 256 * 32
    assert len(tiles.tiles[1, 1]) == 17 * 32
    assert len(tiles.tiles[2, 0]) == 32
    assert len(tiles.tiles) == 274 + 2 + 1
    assert range_hash(tiles, (0, 70_000)) == merkle.root_of(leaves)


@pytest.mark.parametrize("call", [
    lambda: merkle.inclusion_ranges(3, 3),
    lambda: merkle.inclusion_ranges(-1, 3),
    lambda: merkle.consistency_ranges(0, 3),
    lambda: merkle.consistency_ranges(4, 3),
])  # fmt: skip
def test_what_is_no_part_of_the_tree_is_refused(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="tree"):
        call()
