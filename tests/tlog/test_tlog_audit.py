"""The audit itself, over tiles in memory: no damage without a finding, and no finding without damage."""

from __future__ import annotations

from functools import cache

import pytest
from aics_tlog.tiles import build_entry_bundle, materialise_tiles
from hypothesis import given, settings
from hypothesis import strategies as st
from tlog_helpers import START, entry

from countenance.tlog.leaf import make_leaf
from countenance.tlog.merkle import leaf_hash, root_of
from countenance.tlog.verifier import WIDTH, Audit, Finding, Head, tile_path

type Files = dict[str, bytes]


class Memory:
    """A source over files by name."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def tile(self, level: int, position: int, width: int) -> bytes | None:
        return self.files.get(tile_path(str(level), position, width))

    def bundle(self, position: int, width: int) -> bytes | None:
        return self.files.get(tile_path("entries", position, width))


@cache
def leaves(size: int) -> tuple[bytes, ...]:
    return tuple(make_leaf(entry(0, at=START))[0] for _ in range(size))


@cache
def log_of(size: int) -> tuple[Files, bytes]:
    return materialise_tiles(list(leaves(size))), root_of([leaf_hash(leaf) for leaf in leaves(size)])


def audit(files: Files, size: int, history: list[Head] | None = None) -> list[Finding]:
    return Audit(Memory(files), size, log_of(size)[1], history or []).run()


SIZES = [1, 2, 255, 256, 257, 513, 700]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SIZES), st.data())
def test_no_damage_goes_without_a_finding(size: int, data: st.DataObject) -> None:
    files = dict(log_of(size)[0])
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(files)))
        whole = files[name]
        act = data.draw(st.sampled_from(["flip", "cut", "extend", "drop"]))
        if act == "drop":
            del files[name]
            break
        at = data.draw(st.integers(0, max(0, len(whole) - 1)))
        changed = whole[:at] if act == "cut" else whole + b"x" if act == "extend" else None
        if changed is None:
            changed = whole[:at] + bytes([whole[at] ^ (1 << data.draw(st.integers(0, 7)))]) + whole[at + 1 :]
        files[name] = changed
        if not changed:
            break
    damaged = files != log_of(size)[0]
    assert bool(audit(files, size)) == damaged


@pytest.mark.parametrize("size", [0, *SIZES])
def test_no_finding_without_damage(size: int) -> None:
    history = [Head(size=n, root=log_of(n)[1]) for n in SIZES if n <= size]
    # Leaves are drawn anew for each size, so only its own head belongs to it.
    assert not audit(log_of(size)[0], size, [head for head in history if head.size == size])


LARGE = 66_000  # three levels of tiles


@pytest.fixture(scope="module")
def large() -> Files:
    return log_of(LARGE)[0]


def test_a_large_log_is_found_good(large: Files) -> None:
    assert not audit(large, LARGE)


@pytest.mark.parametrize("number", [0, 65_535, 65_536, 65_999])
def test_one_entry_of_a_large_log_is_named(number: int, large: Files) -> None:
    files = changed_entry(large, number)
    assert [(f.kind, f.entry) for f in audit(files, LARGE)] == [("altered", number)]


def test_tiles_made_to_fit_up_to_the_second_level_leave_a_range(large: Files) -> None:
    rows = list(leaves(LARGE))
    rows[300] = make_leaf(entry(1, at=START))[0]
    forged = materialise_tiles(rows)
    fit = {name: forged[name] for name in ("tile/entries/001", "tile/0/001")}
    assert [(f.kind, f.entry, f.values["last"]) for f in audit({**large, **fit}, LARGE)] == [
        ("rewritten", 256, 511)
    ]
    fit["tile/1/000"] = forged["tile/1/000"]
    found = audit({**large, **fit}, LARGE)
    assert [(f.kind, f.entry, f.values["last"]) for f in found] == [("rewritten", 0, 65_535)]
    found = Audit(Memory(forged), LARGE, log_of(LARGE)[1], ()).run()
    assert [(f.kind, f.entry, f.values["last"]) for f in found] == [("rewritten", 0, LARGE - 1)]


def test_a_damaged_tile_of_any_level_accuses_no_entry(large: Files) -> None:
    for name in (
        "tile/0/005",
        f"tile/0/257.p/{LARGE % WIDTH}",
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
    ):
        files = {**large, name: bytes(len(large[name]))}
        assert [(f.kind, f.values.get("path")) for f in audit(files, LARGE)] == [("tile-altered", name)]


def changed_entry(files: Files, number: int) -> Files:
    position = number // WIDTH
    width = min(WIDTH, LARGE - position * WIDTH)
    rows = list(leaves(LARGE)[position * WIDTH : position * WIDTH + width])
    rows[number % WIDTH] = make_leaf(entry(1, at=START))[0]
    return {**files, tile_path("entries", position, width): build_entry_bundle(rows)}
