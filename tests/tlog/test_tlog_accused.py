"""All that our verifier says of an attack, to the last number; over bundles and tiles in memory, so without foreign verifiers."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise

import aics_tlog
import pytest
from aics_tlog.tiles import build_entry_bundle, materialise_tiles
from test_tlog_attacks import FULL, Attack, Rows, copy, drop, flip, intrude, overwrite, swap
from tlog_helpers import KEY, ORIGIN, entry

from countenance.tlog import verifier
from countenance.tlog.leaf import make_leaf
from countenance.tlog.note import b64, sign_note, verifier_key
from countenance.tlog.verifier import TEXTS, Audit, Finding, Head, Verdict, tile_path

SIZE = 700


@cache
def logged() -> tuple[bytes, ...]:
    return tuple(make_leaf(entry(number))[0] for number in range(SIZE))


class Shelf:
    """An export in memory. `lengths`: of its bundles."""

    def __init__(self, rows: Rows, lengths: list[int]) -> None:
        self.files = dict(materialise_tiles(list(logged())))
        ends = [sum(lengths[:number]) for number in range(len(lengths) + 1)]
        for position, (start, end) in enumerate(pairwise(ends)):
            width = min(256, SIZE - position * 256)
            self.files[tile_path("entries", position, width)] = build_entry_bundle(rows[start:end])

    def tile(self, level: int, position: int, width: int) -> bytes | None:
        return self.files.get(tile_path(str(level), position, width))

    def bundle(self, position: int, width: int) -> bytes | None:
        return self.files.get(tile_path("entries", position, width))


@cache
def root_of(size: int) -> bytes:
    return bytes(aics_tlog.MerkleTree(list(logged()[:size])).root())


def said(shelf: Shelf, history: list[Head] | None = None) -> list[tuple[str, int | None, dict[str, object]]]:
    found = Audit(shelf, SIZE, root_of(SIZE), history or []).run()
    return [(finding.kind, finding.entry, finding.values) for finding in found]


def altered(number: int) -> tuple[str, int, dict[str, object]]:
    return "altered", number, {"other": None}


def moved(kind: str, number: int, other: int) -> tuple[str, int, dict[str, object]]:
    return kind, number, {"other": other}


def counted(kind: str, number: int, count: int = 1) -> tuple[str, int, dict[str, object]]:
    return kind, number, {"count": count}


@pytest.mark.parametrize(
    ("attack", "lengths", "expected"),
    [
        (flip(0), FULL, [altered(0)]),
        (flip(17), FULL, [altered(17)]),
        (flip(255), FULL, [altered(255)]),
        (flip(511), FULL, [altered(511)]),
        (flip(699), FULL, [altered(699)]),
        (swap(17, 18), FULL, [moved("reordered", 17, 18)]),
        (swap(254, 255), FULL, [moved("reordered", 254, 255)]),
        (swap(3, 200), FULL, [moved("reordered", 3, 200)]),
        (swap(17, 600), FULL, [moved("reordered", 17, 600), moved("reordered", 600, 17)]),
        (swap(255, 256), FULL, [moved("reordered", 255, 256), moved("reordered", 256, 255)]),
        (swap(255, 512), FULL, [moved("reordered", 255, 512), moved("reordered", 512, 255)]),
        (swap(0, 699), FULL, [moved("reordered", 0, 699), moved("reordered", 699, 0)]),
        (overwrite(18, 17), FULL, [moved("duplicated", 18, 17)]),
        (overwrite(0, 1), FULL, [moved("duplicated", 0, 1)]),
        (overwrite(600, 17), FULL, [moved("duplicated", 600, 17)]),
        (overwrite(17, 600), FULL, [moved("duplicated", 17, 600)]),
        (overwrite(699, 0), FULL, [moved("duplicated", 699, 0)]),
        (overwrite(255, 256), FULL, [moved("duplicated", 255, 256)]),
        (overwrite(256, 255), FULL, [moved("duplicated", 256, 255)]),
        (drop(0), [255, 256, 188], [counted("removed", 0)]),
        (drop(17), [255, 256, 188], [counted("removed", 17)]),
        (drop(255), [255, 256, 188], [counted("removed", 255)]),
        (drop(300, 4), [256, 252, 188], [counted("removed", 300, 4)]),
        (drop(690, 10), [256, 256, 178], [counted("removed", 690, 10)]),
        (drop(0), [256, 256, 187], [counted("removed", 0)]),
        (drop(17), [256, 256, 187], [counted("removed", 17)]),
        (drop(254, 3), [256, 256, 185], [counted("removed", 254, 3)]),
        (drop(255), [256, 256, 187], [counted("removed", 255)]),
        (drop(300, 4), [256, 256, 184], [counted("removed", 300, 4)]),
        (drop(512, 2), [256, 256, 186], [counted("removed", 512, 2)]),
        (copy(0), [257, 256, 188], [moved("duplicated", 1, 0)]),
        (copy(17), [257, 256, 188], [moved("duplicated", 18, 17)]),
        (copy(511), [256, 257, 188], [moved("duplicated", 512, 511)]),
        (copy(17), [256, 256, 189], [moved("duplicated", 18, 17)]),
        (copy(255), [256, 256, 189], [moved("duplicated", 256, 255)]),
        (copy(511), [256, 256, 189], [moved("duplicated", 512, 511)]),
        (copy(699), [256, 256, 189], [moved("duplicated", 700, 699)]),
        (intrude(0), [257, 256, 188], [counted("inserted", 0)]),
        (intrude(17), [257, 256, 188], [counted("inserted", 17)]),
        (intrude(255), [257, 256, 188], [counted("inserted", 255)]),
        (intrude(17), [256, 256, 189], [counted("inserted", 17)]),
        (intrude(256), [256, 256, 189], [counted("inserted", 256)]),
        (intrude(700), [256, 256, 189], [counted("inserted", 700)]),
    ],
)
def test_what_happened_is_told_to_the_last_number(
    attack: Attack, lengths: list[int], expected: object
) -> None:
    rows = list(logged())
    attack(rows)
    assert said(Shelf(rows, lengths)) == expected


def test_nothing_is_said_of_what_is_as_it_was() -> None:
    history = [Head(size=size, root=root_of(size)) for size in (700, 1, 300)]
    assert said(Shelf(list(logged()), FULL), history) == []


def test_a_history_of_another_log_is_told_between_its_checkpoints() -> None:
    good = [Head(size=1, root=root_of(1)), Head(size=300, root=root_of(300))]
    bad = [Head(size=500, root=bytes(32)), Head(size=600, root=bytes(32)), Head(size=0, root=bytes(32))]
    later = Head(size=701, root=bytes(32))
    assert said(Shelf(list(logged()), FULL), [*bad, *good, later]) == [
        ("forked", 300, {"old": 500, "last": 499})
    ]
    assert said(Shelf(list(logged()), FULL), bad) == [("forked", 0, {"old": 500, "last": 499})]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tile/entries/001", ("missing", None, {"path": "tile/entries/001"})),
        ("tile/entries/002.p/188", ("missing", None, {"path": "tile/entries/002.p/188"})),
        ("tile/0/001", ("tile-altered", None, {"path": "tile/0/001"})),
        ("tile/0/002.p/188", ("tile-altered", None, {"path": "tile/0/002.p/188"})),
        ("tile/1/000.p/2", ("tile-altered", None, {"path": "tile/1/000.p/2"})),
    ],
)
def test_a_file_that_is_not_there_is_named(name: str, expected: object) -> None:
    shelf = Shelf(list(logged()), FULL)
    del shelf.files[name]
    assert said(shelf) == [expected]


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/001", "tile/0/002.p/188", "tile/1/000.p/2"])
def test_a_damaged_tile_is_named_and_no_entry_is_accused(name: str) -> None:
    shelf = Shelf(list(logged()), FULL)
    shelf.files[name] = bytes([shelf.files[name][0] ^ 1]) + shelf.files[name][1:]
    assert said(shelf) == [("tile-altered", None, {"path": name})]


def at(seconds: int) -> bytes:
    """A leaf of a moment, so many seconds after the first one's."""
    return make_leaf(entry(seconds))[0]


def test_who_dates_back_by_more_than_a_minute_is_told() -> None:
    rows = [at(100), at(40), at(39), at(101), at(40), at(41)]
    audit = Audit(Shelf(list(logged()), FULL), SIZE, None)
    audit.read_leaves(5, rows)
    told = {"other": 5, "other_at": "2026-03-01T09:01:40Z"}
    assert [(each.kind, each.entry, each.values) for each in audit.findings] == [
        ("back-dated", 7, {"at": "2026-03-01T09:00:39Z", **told}),
        ("back-dated", 9, {"at": "2026-03-01T09:00:40Z", "other": 8, "other_at": "2026-03-01T09:01:41Z"}),
    ]
    audit.read_leaves(9, [b"{}"])
    assert audit.findings[-1] == Finding(kind="malformed", entry=9, values={})


def test_no_more_than_a_hundred_things_are_said() -> None:
    audit = Audit(Shelf(list(logged()), FULL), SIZE, None)
    audit.read_leaves(0, [b"x"] * 101)
    assert [each.entry for each in audit.findings] == list(range(100))


# ---- words ---------------------------------------------------------------------------------------------------

GOOD = Verdict(origin="log.example.org", size=7, root="ab" * 32, findings=())
SAID = (Finding(kind="altered", entry=3), Finding(kind="removed", entry=5, values={"count": 2}))


@pytest.mark.parametrize(
    ("verdict", "english", "french"),
    [
        (
            GOOD,
            f"Verified: 7 entries of log.example.org, each one as it was logged. Root {'ab' * 32}",
            f"Vérifié : 7 inscriptions de log.example.org, toutes telles que consignées. Racine {'ab' * 32}",
        ),
        (
            verifier.replace(GOOD, old_size=4, witnesses=(("w.example", "2026-12-01T12:00:00+00:00"),)),
            (
                f"Verified: 7 entries of log.example.org, each one as it was logged. Root {'ab' * 32}\n"
                "It continues the older checkpoint of 4 entries.\n"
                "Cosigned by the witness w.example at 2026-12-01T12:00:00+00:00."
            ),
            (
                f"Vérifié : 7 inscriptions de log.example.org, toutes telles que consignées. Racine {'ab' * 32}\n"
                "Le journal prolonge l'ancien point de contrôle de 4 inscriptions.\n"
                "Cosigné par le témoin w.example le 2026-12-01T12:00:00+00:00."
            ),
        ),
        (
            verifier.replace(
                GOOD, proved=(5, "é\udcff".encode("utf-8", "surrogateescape")), witnesses=(("w", "t"),)
            ),
            (
                "Verified: this is entry 5 of log.example.org, in a log of 7 entries:\né\\xff\n"
                "Cosigned by the witness w at t."
            ),
            (
                "Vérifié : ceci est l'inscription 5 de log.example.org, dans un journal de 7 inscriptions :\né\\xff\n"
                "Cosigné par le témoin w le t."
            ),
        ),
        (
            verifier.replace(GOOD, proved=(5, b""), statement={"b": "é", "a": 1}, witnesses=(("w", "t"),)),
            (
                "Verified: entry 5 of log.example.org, in a log of 7 entries, commits to this statement:\n"
                '{\n  "a": 1,\n  "b": "é"\n}\nCosigned by the witness w at t.'
            ),
            (
                "Vérifié : l'inscription 5 de log.example.org, dans un journal de 7 inscriptions, "
                'engage à cette déclaration :\n{\n  "a": 1,\n  "b": "é"\n}\nCosigné par le témoin w le t.'
            ),
        ),
        (
            verifier.replace(GOOD, findings=SAID),
            (
                "NOT verified: log.example.org\n"
                "- Entry 3 is not the one that was logged: its content was changed.\n"
                "- Entry 5 was removed (2 missing from here on)."
            ),
            (
                "NON vérifié : log.example.org\n"
                "- L'inscription 3 n'est pas celle qui a été consignée : son contenu a été modifié.\n"
                "- L'inscription 5 a été retirée (2 manquante(s) à partir d'ici)."
            ),
        ),
    ],
)
def test_a_verdict_in_words(verdict: Verdict, english: str, french: str) -> None:
    assert verdict.text() == verdict.text("en") == english
    assert verdict.text("fr") == french
    assert verdict.ok is not verdict.findings


def test_a_verdict_for_machines() -> None:
    assert GOOD.as_json() == {
        "ok": True,
        "origin": "log.example.org",
        "size": 7,
        "root": "ab" * 32,
        "findings": [],
    }
    full = verifier.replace(GOOD, findings=SAID[1:], statement={"a": 1}, witnesses=(("w", "t"),))
    assert full.as_json("fr") == {
        "ok": False,
        "origin": "log.example.org",
        "size": 7,
        "root": "ab" * 32,
        "findings": [
            {
                "kind": "removed",
                "entry": 5,
                "text": "L'inscription 5 a été retirée (2 manquante(s) à partir d'ici).",
                "count": 2,
            }
        ],
        "statement": {"a": 1},
        "witnesses": {"w": "t"},
    }
    assert full.as_json()["findings"][0]["text"] == "Entry 5 was removed (2 missing from here on)."
    assert json.dumps(full.as_json())


def test_every_kind_of_finding_has_two_sentences() -> None:
    assert all(len(texts) == 2 and texts[0] != texts[1] for texts in TEXTS.values())


# ---- parts ---------------------------------------------------------------------------------------------------


def test_bundles_and_frames() -> None:
    assert verifier.frame(b"ab") == b"\x00\x02ab"
    assert verifier.frame(b"x" * 258)[:2] == b"\x01\x02"
    whole = verifier.frame(b"a") + verifier.frame(b"") + verifier.frame(b"bc")
    assert verifier.parse_bundle(whole) == [b"a", b"", b"bc"]
    assert verifier.parse_bundle(b"") == []
    assert verifier.parse_bundle(whole + b"\x00") == [b"a", b"", b"bc", b"\x00"]
    assert verifier.parse_bundle(whole + b"\x00\x02a") == [b"a", b"", b"bc", b"\x00\x02a"]


def test_a_partial_tile_may_have_become_a_full_one(tmp_path) -> None:
    folder = verifier.Folder(tmp_path)
    full = tmp_path / "tile/0"
    full.mkdir(parents=True)
    (full / "000").write_bytes(bytes(range(256)) * 32)
    assert folder.tile(0, 0, 3) == bytes(range(96))
    assert folder.tile(0, 0, 256) == bytes(range(256)) * 32
    assert folder.tile(0, 1, 256) is None
    assert folder.tile(0, 1, 255) is None
    (full / "000.p").mkdir()
    (full / "000.p" / "3").write_bytes(b"own" * 100)
    assert folder.tile(0, 0, 3) == (b"own" * 100)[:97]
    bundles = tmp_path / "tile/entries"
    bundles.mkdir()
    (bundles / "000").write_bytes(b"".join(verifier.frame(bytes([n])) for n in range(256)))
    assert folder.bundle(0, 2) == b"\x00\x01\x00\x00\x01\x01"
    assert folder.bundle(1, 2) is None
    assert folder.bundle(1, 256) is None
    assert folder.read("tile/0/000", 10) == bytes(range(11))
    assert folder.read("tile/0", 10) is None


@pytest.mark.parametrize(
    ("position", "width", "path"),
    [
        (0, 256, "tile/9/000"),
        (7, 255, "tile/9/007.p/255"),
        (999, 1, "tile/9/999.p/1"),
        (1000, 256, "tile/9/x001/000"),
        (1234067, 256, "tile/9/x001/x234/067"),
    ],
)
def test_paths(position: int, width: int, path: str) -> None:
    assert tile_path("9", position, width) == path


def test_whether_a_leaf_is_in_a_tree_of_every_small_size() -> None:
    """RFC 9162, section 2.1.3.2; proofs by a library that we did not write."""
    rows = list(logged()[:9])
    for size in range(1, 10):
        tree = aics_tlog.MerkleTree(rows[:size])
        root = bytes(tree.root())
        for index in range(size):
            proof = [bytes(each) for each in tree.inclusion_proof(index)]
            leaf = verifier.leaf_hash(rows[index])
            assert verifier.included(leaf, index, size, proof, root)
            assert not verifier.included(leaf, index, size, proof, bytes(32))
            assert not verifier.included(leaf, index, size, [*proof, bytes(32)], root)
            assert not verifier.included(leaf, size, size, proof, root)
            if proof:
                assert not verifier.included(leaf, index, size, proof[:-1], root)
                assert not verifier.included(leaf, index, size, [proof[0][:31], *proof[1:]], root)
                assert not verifier.included(leaf, index ^ 1, size, proof, root)


# ---- what is told of tiles that do not give the signed root --------------------------------------------------


def test_the_bundles_below_a_false_tile_are_found_at_every_level() -> None:
    """Over two tiles of the second level, so over half a million entries, of which none is needed."""
    audit = Audit(Shelf(list(logged()), FULL), 256 * 512, bytes(32))
    right = [verifier.leaf_hash(number.to_bytes(2, "big")) for number in range(512)]
    above = [verifier.fold(right[:256]), verifier.fold(right[256:])]
    assert audit.false_bundles(1, right, list(right)) == []
    assert audit.false_bundles(2, above, list(right)) == []
    for number, wrong in ((300, bytes(32)), (511, None), (256, bytes(32))):
        stored: list[bytes | None] = list(right)
        stored[number] = wrong
        assert audit.false_bundles(1, right, stored) == [number]
        assert audit.false_bundles(2, above, stored) == list(range(256, 512))
    both: list[bytes | None] = [bytes(32), *right[1:511], bytes(32)]
    assert audit.false_bundles(1, right, both) == [0, 511]
    assert audit.false_bundles(2, above, both) == list(range(512))


def judged(
    false: list[int], right: dict[int, bytes], entries: list[bytes | None], unlike: dict[int, list[bytes]]
) -> list[tuple[str, int | None, dict[str, object]]]:
    audit = Audit(Shelf(list(logged()), FULL), SIZE, bytes(32))
    audit.unlike = unlike
    audit.judge(false, right, entries)
    return [(each.kind, each.entry, each.values) for each in audit.findings]


def test_a_false_tile_over_good_entries_is_told_from_one_that_was_made_to_fit() -> None:
    x, y = b"x" * 32, b"y" * 32
    tile = ("tile-altered", None, {"path": "tile/0/001"})
    assert judged([1], {1: x}, [y, x, y], {}) == [tile]
    assert judged([1], {1: x}, [y, x, y], {1: [x]}) == [tile]  # and its entries are not accused
    assert judged([1], {1: x}, [y, y, y], {}) == [("rewritten", 256, {"last": 511})]
    assert judged([1], {}, [y, x, y], {}) == [("rewritten", 256, {"last": 511})]
    assert judged([0, 1, 3], {}, [], {}) == [
        ("rewritten", 0, {"last": 511}),
        ("rewritten", 768, {"last": 1023}),
    ]
    assert judged([7], {}, [], {7: [x]}) == [("rewritten", 1792, {"last": 2047})]  # no tile to compare with
    row = [verifier.leaf_hash(each) for each in logged()[:256]]
    assert judged([0], {}, [], {0: [x, *row[1:]]}) == [altered(0)]


def failed(raw: bytes, vkey: str) -> tuple[str, dict[str, object]]:
    with pytest.raises(verifier.Failed) as caught:
        verifier.open_checkpoint(raw, vkey, "somewhere")
    assert caught.value.finding.entry is None
    return caught.value.finding.kind, caught.value.finding.values


def test_what_is_wrong_with_a_checkpoint_is_told_with_its_path() -> None:
    key = verifier_key(ORIGIN, KEY.public_key()).vkey
    root = b64(bytes(range(32)))
    good = sign_note(f"{ORIGIN}\n7\n{root}\n", ORIGIN, KEY)
    assert verifier.open_checkpoint(good.encode(), key, "x") == Head(size=7, root=bytes(range(32)))
    more = sign_note(f"{ORIGIN}\n0\n{root}\nextension\n", ORIGIN, KEY)
    assert verifier.open_checkpoint(more.encode(), key, "x").size == 0
    unsigned = ("signature", {"path": "somewhere"})
    for raw in (
        b"",
        b"\xff",
        good.replace("\n7\n", "\n8\n").encode(),
        good.replace("\n\n", "\n").encode(),
        good.replace(ORIGIN, "elsewhere.example.org").encode(),
        good.rpartition(" ")[0].encode() + b"\n",
        good.rpartition(" ")[0].encode() + b" !\n",
        (good + good.splitlines()[-1][:-8] + "AAAAAAA=\n").encode(),
    ):
        assert failed(raw, key) == unsigned
    other = ("not-a-checkpoint", {"path": "somewhere", "name": ORIGIN})
    for text in (
        f"elsewhere\n7\n{root}\n",
        f"{ORIGIN}\n07\n{root}\n",
        f"{ORIGIN}\n-1\n{root}\n",
        f"{ORIGIN}\n{10**19}\n{root}\n",
        f"{ORIGIN}\n7\n{b64(bytes(31))}\n",
        f"{ORIGIN}\n7\nroot\n",
        f"{ORIGIN}\n7\n",
    ):
        assert failed(sign_note(text, ORIGIN, KEY).encode(), key) == other
