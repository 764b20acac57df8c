"""Attacks on an export: each is named by our verifier, and refused by two that we did not write."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import aics_tlog
import pytest
from aics_tlog.tiles import materialise_tiles
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_helpers import KEY, ORIGIN, Exported, entry, export_of

from countenance.tlog.leaf import make_leaf
from countenance.tlog.verifier import TEXTS, Finding, Verdict, verify_export

type Rows = list[bytes]
type Attack = Callable[[Rows], None]


def rows_of(path: Path, size: int = 700) -> Rows:
    reader = aics_tlog.DirectoryTileStore(path)
    return [aics_tlog.read_entry(reader, number, size) for number in range(size)]


def put_bundles(path: Path, rows: Rows, lengths: list[int]) -> None:
    """Write the rows as bundles of the given lengths, under the names that the checkpoint's size asks for."""
    names = ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/188"]
    start = 0
    for name, length in zip(names, lengths, strict=True):
        (path / name).write_bytes(aics_tlog.tiles.build_entry_bundle(rows[start : start + length]))
        start += length


def rewrite(path: Path, rows: Rows, key: Ed25519PrivateKey | None, only: str = "") -> None:
    """Make the tiles fit the rows (all, or those whose name begins with `only`), and sign if there is a key."""
    for name, data in materialise_tiles(rows).items():
        if name.startswith(only):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
    if key is not None:
        checkpoint = aics_tlog.Checkpoint(ORIGIN, len(rows), aics_tlog.MerkleTree(rows).root())
        (path / "checkpoint").write_text(aics_tlog.sign_checkpoint(checkpoint, key, ORIGIN).serialise())


def named(verdict: Verdict) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.entry) for finding in verdict.findings]


def foreign_audit(export: Exported, old: str | None = None) -> None:
    """All that aics-tlog can check; raises if it refuses."""
    key = aics_tlog.parse_vkey(export.vkey)
    result = aics_tlog.verify_checkpoint(aics_tlog.parse_note((export.path / "checkpoint").read_text()), key)
    assert result.ok, result.error
    assert result.size is not None
    assert result.root is not None
    reader = aics_tlog.DirectoryTileStore(export.path)
    aics_tlog.audit_tiles(reader, result.size, result.root)
    if old is not None:
        before = aics_tlog.parse_checkpoint(aics_tlog.parse_note(old).text)
        proof = aics_tlog.consistency_proof_from_tiles(reader, before.size, result.size)
        assert aics_tlog.verify_consistency(before.size, result.size, before.root, result.root, proof)


def go_audit(program: Path, export: Exported, *old: Path) -> tuple[bool, str]:
    command = [str(program), "export", str(export.path), export.vkey, *map(str, old)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode == 0, done.stdout


def refused_by_others(program: Path, export: Exported, old: str | None = None) -> str:
    with pytest.raises(
        (aics_tlog.TileVerificationError, aics_tlog.TileMissingError, AssertionError, ValueError)
    ):
        foreign_audit(export, old)
    files = []
    if old is not None:
        files = [export.path.parent / "old-checkpoint"]
        files[0].write_text(old)
    good, said = go_audit(program, export, *files)
    assert not good
    return said


def test_an_export_is_accepted_by_all_three(export: Exported, gocheck: Path, tmp_path: Path) -> None:
    verdict = verify_export(export.path, export.vkey, export.checkpoints[300])
    assert verdict.ok, verdict.text()
    assert (verdict.size, verdict.origin, verdict.old_size) == (700, ORIGIN, 300)
    foreign_audit(export, export.checkpoints[300])
    old = tmp_path / "old"
    old.write_text(export.checkpoints[300])
    assert go_audit(gocheck, export, old) == (True, "OK\n")


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513, 767, 768])
def test_exports_of_any_size_are_accepted_by_all_three(size: int, gocheck: Path, tmp_path: Path) -> None:
    export = export_of(tmp_path, size, checkpoints=[size])
    assert verify_export(export.path, export.vkey).ok
    foreign_audit(export)
    assert go_audit(gocheck, export) == (True, "OK\n")


def flip(number: int) -> Attack:
    def attack(rows: Rows) -> None:
        rows[number] = rows[number].replace(b"missing-person", b"missing-pers0n")

    return attack


def swap(one: int, other: int) -> Attack:
    def attack(rows: Rows) -> None:
        rows[one], rows[other] = rows[other], rows[one]

    return attack


def overwrite(number: int, source: int) -> Attack:
    def attack(rows: Rows) -> None:
        rows[number] = rows[source]

    return attack


def drop(number: int, count: int = 1) -> Attack:
    def attack(rows: Rows) -> None:
        del rows[number : number + count]

    return attack


def copy(number: int) -> Attack:
    def attack(rows: Rows) -> None:
        rows.insert(number + 1, rows[number])

    return attack


def intrude(number: int) -> Attack:
    def attack(rows: Rows) -> None:
        rows.insert(number, make_leaf(entry(number))[0])

    return attack


def back_date(number: int) -> Attack:
    def attack(rows: Rows) -> None:
        rows[number] = rows[number].replace(b"2026-", b"2025-")

    return attack


FULL = [256, 256, 188]
ENTRIES = [
    # what is done, lengths of the bundles afterwards, what our verifier says first
    (flip(0), FULL, ("altered", 0)),
    (flip(17), FULL, ("altered", 17)),
    (flip(511), FULL, ("altered", 511)),
    (flip(699), FULL, ("altered", 699)),
    (back_date(300), FULL, ("altered", 300)),
    (swap(17, 18), FULL, ("reordered", 17)),
    (swap(3, 200), FULL, ("reordered", 3)),
    (swap(17, 600), FULL, ("reordered", 17)),
    (swap(255, 256), FULL, ("reordered", 255)),
    (overwrite(18, 17), FULL, ("duplicated", 18)),
    (overwrite(600, 17), FULL, ("duplicated", 600)),
    (overwrite(17, 600), FULL, ("duplicated", 17)),
    (drop(17), [255, 256, 188], ("removed", 17)),
    (drop(255), [255, 256, 188], ("removed", 255)),
    (drop(300, 4), [256, 252, 188], ("removed", 300)),
    (drop(699), [256, 256, 187], ("removed", 699)),
    (drop(690, 10), [256, 256, 178], ("removed", 690)),
    (drop(17), [256, 256, 187], ("removed", 17)),
    (drop(255), [256, 256, 187], ("removed", 255)),
    (drop(300, 4), [256, 256, 184], ("removed", 300)),
    (copy(17), [257, 256, 188], ("duplicated", 18)),
    (copy(17), [256, 256, 189], ("duplicated", 18)),
    (copy(255), [256, 256, 189], ("duplicated", 256)),
    (copy(699), [256, 256, 189], ("duplicated", 700)),
    (intrude(17), [257, 256, 188], ("inserted", 17)),
    (intrude(17), [256, 256, 189], ("inserted", 17)),
    (intrude(700), [256, 256, 189], ("inserted", 700)),
]


@pytest.mark.parametrize(("attack", "lengths", "expected"), ENTRIES)
def test_changed_entries_are_named(
    attack: Attack, lengths: list[int], expected: tuple[str, int], export: Exported, gocheck: Path
) -> None:
    rows = rows_of(export.path)
    attack(rows)
    put_bundles(export.path, rows, lengths)
    verdict = verify_export(export.path, export.vkey)
    assert named(verdict)[0] == expected, verdict.text()
    assert len(verdict.findings) <= 2
    assert str(expected[1]) in verdict.text("en")
    assert str(expected[1]) in verdict.text("fr")
    said = refused_by_others(gocheck, export)
    if expected[1] < 700 and "lengths" not in said and "too many" not in said:
        assert said == f"entry {expected[1]} is not the one that was logged\n"


def test_several_changed_entries_are_all_named(export: Exported) -> None:
    rows = rows_of(export.path)
    for number in (3, 5, 300, 690):
        flip(number)(rows)
    put_bundles(export.path, rows, FULL)
    assert named(verify_export(export.path, export.vkey)) == [("altered", n) for n in (3, 5, 300, 690)]


def test_a_flipped_bit_anywhere_in_the_entries_or_tiles_is_found(export: Exported) -> None:
    for name in (
        "tile/entries/001",
        "tile/entries/002.p/188",
        "tile/0/000",
        "tile/0/002.p/188",
        "tile/1/000.p/2",
    ):
        file = export.path / name
        whole = file.read_bytes()
        for at in {0, 1, 2, 40, len(whole) // 2, len(whole) - 1} & set(range(len(whole))):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
            verdict = verify_export(export.path, export.vkey)
            assert not verdict.ok, (name, at)
            wanted = {"altered", "removed"} if "entries" in name else {"tile-altered"}
            assert {finding.kind for finding in verdict.findings} <= wanted, verdict.text()
        file.write_bytes(whole)
    assert verify_export(export.path, export.vkey).ok


@pytest.mark.parametrize(
    "name", ["checkpoint", "tile/entries/000", "tile/entries/002.p/188", "tile/0/001", "tile/0/002.p/188",
             "tile/1/000.p/2"]
)  # fmt: skip
def test_a_missing_or_empty_file_is_named(name: str, export: Exported) -> None:
    (export.path / name).write_bytes(b"")
    assert not verify_export(export.path, export.vkey).ok
    (export.path / name).unlink()
    verdict = verify_export(export.path, export.vkey)
    assert not verdict.ok
    assert name in verdict.text()


# --- the attacker covers his tracks, without the key


def test_a_tile_made_to_fit_narrows_it_to_one_tile(export: Exported, gocheck: Path) -> None:
    rows = rows_of(export.path)
    flip(300)(rows)
    put_bundles(export.path, rows, FULL)
    rewrite(export.path, rows, None, only="tile/0/001")
    verdict = verify_export(export.path, export.vkey)
    assert named(verdict) == [("rewritten", 256)]
    assert verdict.findings[0].values["last"] == 511
    refused_by_others(gocheck, export)


@pytest.mark.parametrize(("number", "first", "last"), [(17, 0, 299), (600, 300, 699)])
def test_all_tiles_made_to_fit_narrows_it_between_checkpoints(
    number: int, first: int, last: int, export: Exported, gocheck: Path
) -> None:
    rows = rows_of(export.path)
    flip(number)(rows)
    put_bundles(export.path, rows, FULL)
    rewrite(export.path, rows, None)
    verdict = verify_export(export.path, export.vkey)
    assert named(verdict) == [("rewritten", first)]
    assert verdict.findings[0].values["last"] == last
    refused_by_others(gocheck, export)


def test_damaged_tiles_do_not_accuse_entries(export: Exported) -> None:
    for name in ("tile/0/000", "tile/0/002.p/188"):
        (export.path / name).write_bytes(bytes((export.path / name).stat().st_size))
    verdict = verify_export(export.path, export.vkey)
    assert {finding.kind for finding in verdict.findings} == {"tile-altered"}
    rows = rows_of(export.path)
    flip(300)(rows)
    put_bundles(export.path, rows, FULL)
    assert ("altered", 300) in named(verify_export(export.path, export.vkey))


def test_another_key_or_no_signature_is_refused(export: Exported, gocheck: Path) -> None:
    rows = rows_of(export.path)
    rewrite(export.path, rows, Ed25519PrivateKey.generate())
    assert named(verify_export(export.path, export.vkey)) == [("signature", None)]
    refused_by_others(gocheck, export)
    (export.path / "checkpoint").write_text(export.checkpoints[700].replace("\n700\n", "\n699\n"))
    assert named(verify_export(export.path, export.vkey)) == [("signature", None)]


# --- the attacker holds the key


def test_a_fork_is_named_by_its_own_history_and_by_an_old_checkpoint(export: Exported, gocheck: Path) -> None:
    rows = rows_of(export.path)
    flip(17)(rows)
    put_bundles(export.path, rows, FULL)
    rewrite(export.path, rows, KEY)
    assert ("forked", 0) in named(verify_export(export.path, export.vkey))
    (export.path / "history.jsonl").unlink()
    shutil.rmtree(export.path / "payload")
    assert verify_export(export.path, export.vkey).ok  # without anything older nobody can see it
    verdict = verify_export(export.path, export.vkey, export.checkpoints[300])
    assert ("forked", 0) in named(verdict)
    assert [f.values["last"] for f in verdict.findings if f.kind == "forked"] == [299]
    refused_by_others(gocheck, export, export.checkpoints[300])


def test_a_fork_after_the_old_checkpoint_needs_the_newer_one(export: Exported, gocheck: Path) -> None:
    rows = rows_of(export.path)
    rows[600] = make_leaf(entry(600, event="nothing"))[0]
    put_bundles(export.path, rows, FULL)
    rewrite(export.path, rows, KEY)
    shutil.rmtree(export.path / "payload")
    assert verify_export(
        export.path, export.vkey, export.checkpoints[300]
    ).ok  # nobody can see it by this one
    assert named(verify_export(export.path, export.vkey, export.checkpoints[700])) == [("forked", 300)]
    refused_by_others(gocheck, export, export.checkpoints[700])


def test_a_log_rolled_back_is_named(export: Exported, gocheck: Path, tmp_path: Path) -> None:
    rows = rows_of(export.path)[:300]
    shutil.rmtree(export.path)
    export.path.mkdir()
    for start, name in ((0, "000"), (256, "001.p/44")):
        file = export.path / "tile/entries" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(aics_tlog.tiles.build_entry_bundle(rows[start : start + 256]))
    rewrite(export.path, rows, KEY)
    assert verify_export(export.path, export.vkey).ok
    verdict = verify_export(export.path, export.vkey, export.checkpoints[700])
    assert named(verdict) == [("rolled-back", 300)]
    assert go_audit(gocheck, export)[0]
    old = tmp_path / "old"
    old.write_text(export.checkpoints[700])
    good, said = go_audit(gocheck, export, old)
    assert (good, said) == (False, "rolled back: 300 entries, 700 before\n")
    with pytest.raises((AssertionError, ValueError)):
        foreign_audit(export, export.checkpoints[700])


def test_an_entry_signed_with_an_earlier_date_is_named(export: Exported, gocheck: Path) -> None:
    rows = rows_of(export.path)
    rows[650] = make_leaf(entry(0))[0]
    put_bundles(export.path, rows, FULL)
    rewrite(export.path, rows, KEY)
    shutil.rmtree(export.path / "payload")
    verdict = verify_export(export.path, export.vkey)
    assert named(verdict) == [("back-dated", 650)]
    assert "2026-03-01T09:00:00Z" in verdict.text()
    refused_by_others(gocheck, export, export.checkpoints[700])  # what is dated when, only we can know


# --- details for an authority


def test_changed_details_are_named_and_forgotten_ones_are_not_missed(export: Exported) -> None:
    file = export.path / "payload/001.jsonl"
    lines = file.read_text().splitlines()
    shown = json.loads(lines[44])
    assert shown["index"] == 300
    file.write_text("\n".join([*lines[:44], json.dumps({**shown, "details": "{}"}), *lines[45:], ""]))
    assert named(verify_export(export.path, export.vkey)) == [("payload", 300)]
    file.write_text("\n".join(lines[:44] + lines[45:]) + "\n")
    assert verify_export(export.path, export.vkey).ok
    for line in (
        "{}",
        "[]",
        "x",
        '{"index":700,"salt":"","details":""}',
        '{"index":-1,"salt":"","details":""}',
    ):
        file.write_text(line + "\n")
        assert {finding.kind for finding in verify_export(export.path, export.vkey).findings} == {"payload"}


def test_every_text_is_there_in_both_languages() -> None:
    values = dict.fromkeys(("count", "other", "last", "path", "at", "other_at", "size", "old", "name"), 1)
    for kind, (english, french) in TEXTS.items():
        assert english != french
        if not kind.startswith(("ok", "failed")):
            finding = Finding(kind=kind, entry=1, values=values)
            assert finding.sentence("en") != finding.sentence("fr")
