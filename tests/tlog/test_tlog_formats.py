"""Paths of tiles, notes, keys, leaves: their one spelling, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import aics_tlog
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from countenance.primitives.canonical import canonical_json
from countenance.primitives.errors import FormatError, IntegrityError, UsageError
from countenance.tlog import note, verifier
from countenance.tlog.leaf import KEYS, NewEntry, Payload, commit, make_leaf, parse_leaf
from countenance.tlog.tiles import TileId, encode_bundle, parse_tile_path, tiles_of

ORIGIN = "archive.example.org/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def entry(**changes: object) -> NewEntry:
    values: dict[str, object] = {
        "event": "search.refused",
        "at": datetime(2026, 3, 1, 9, 0, 0, 999_999, UTC),
        "purpose": None,
        "jurisdiction": "CA-QC",
        "client": "tracing-service",
        "pack": "sha256:" + "ab" * 32,
        "details": {"case": "C-7K3M-9QXA", "é": [1, None, 0.5]},
    }
    return NewEntry(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (TileId(0, 0, 256), "tile/0/000"),
        (TileId(0, 1234067, 256), "tile/0/x001/x234/067"),  # the example of tlog-tiles, "Merkle Tree"
        (TileId(1, 5, 17), "tile/1/005.p/17"),
        (TileId(None, 1000, 255), "tile/entries/x001/000.p/255"),
    ],
)
def test_paths_are_those_of_the_standard(tile: TileId, path: str) -> None:
    assert tile.path == path
    assert parse_tile_path(path) == tile
    assert (
        verifier.tile_path("entries" if tile.level is None else str(tile.level), tile.position, tile.width)
        == path
    )


@given(st.integers(0, 7), st.integers(0, 10**12), st.integers(1, 256))
def test_a_path_reads_back(level: int, position: int, width: int) -> None:
    tile = TileId(level, position, width)
    assert parse_tile_path(tile.path) == tile
    assert tile.path == aics_tlog.tiles.tile_path(level, position, None if width == 256 else width)


@pytest.mark.parametrize(
    "path",
    ["tile/00/000", "tile/64/000", "tile/0/0", "tile/0/x000/001", "tile/0/000.p/256", "tile/0/000.p/0",
     "tile/0/000.p/01", "tile/0/../000", "/tile/0/000", "tile/0/000\n", "tile/0/٠٠٠"],
)  # fmt: skip
def test_other_spellings_of_a_path_are_refused(path: str) -> None:
    with pytest.raises(FormatError):
        parse_tile_path(path)


def test_the_tiles_of_a_tree_are_those_of_the_standard() -> None:
    tiles = list(tiles_of(70_000))
    assert [tile.width for tile in tiles if tile.width < 256] == [112, 17, 1]
    assert len(tiles) == 274 + 2 + 1
    assert [tile.path for tile in tiles_of(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert not list(tiles_of(0))


def test_an_entry_too_long_for_its_prefix_is_refused() -> None:
    assert encode_bundle([b"x" * 65_535])[:2] == b"\xff\xff"
    with pytest.raises(ValueError, match="65,535"):
        encode_bundle([b"x" * 65_536])


def test_a_note_is_read_by_a_foreign_library_and_theirs_by_us() -> None:
    key = note.verifier_key(ORIGIN, KEY.public_key())
    ours = note.sign_note(note.Checkpoint(origin=ORIGIN, size=5, root=bytes(32)).text, ORIGIN, KEY)
    foreign_key = aics_tlog.parse_vkey(key.vkey)
    assert aics_tlog.verify_checkpoint(aics_tlog.parse_note(ours), foreign_key).ok
    theirs = aics_tlog.sign_checkpoint(aics_tlog.Checkpoint(ORIGIN, 5, bytes(32)), KEY, ORIGIN).serialise()
    assert theirs == ours
    assert note.open_checkpoint(theirs, key).size == 5
    assert note.parse_vkey(key.vkey) == key


def test_the_signature_of_a_witness_is_passed_over() -> None:
    witness = Ed25519PrivateKey.generate()
    checkpoint = aics_tlog.Checkpoint(ORIGIN, 0, aics_tlog.EMPTY_HASH)
    signed = aics_tlog.sign_checkpoint(checkpoint, KEY, ORIGIN).serialise()
    line = aics_tlog.SignatureLine(
        "witness.example/w", b"\x01\x02\x03\x04", witness.sign(b"whatever") + bytes(8)
    )
    both = aics_tlog.Note(aics_tlog.parse_note(signed).text, (*aics_tlog.parse_note(signed).signatures, line))
    key = note.verifier_key(ORIGIN, KEY.public_key())
    assert note.open_checkpoint(both.serialise(), key).size == 0
    assert verifier.open_checkpoint(both.serialise().encode(), key.vkey, "checkpoint").size == 0


def test_a_note_of_another_key_or_another_text_is_refused() -> None:
    key = note.verifier_key(ORIGIN, KEY.public_key())
    text = note.Checkpoint(origin=ORIGIN, size=5, root=bytes(32)).text
    good = note.sign_note(text, ORIGIN, KEY)
    with pytest.raises(IntegrityError):
        note.open_checkpoint(good.replace("\n5\n", "\n6\n"), key)
    with pytest.raises(IntegrityError):
        note.open_checkpoint(note.sign_note(text, ORIGIN, Ed25519PrivateKey.generate()), key)
    with pytest.raises(IntegrityError):  # a good signature of ours under another log's text
        note.open_checkpoint(note.sign_note(text.replace("archive", "other"), ORIGIN, KEY), key)
    line = good.splitlines()[-1]
    swapped = line[:-20] + ("B" if line[-20] == "A" else "A") + line[-19:]
    with pytest.raises(IntegrityError):  # one good signature of ours does not save a bad one
        note.open_checkpoint(good + swapped + "\n", key)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        "text\n\n- a AAAA\n",
        "text\n\n\u2014 a AAAA",
        "a\x00\n\n\u2014 a AAAAAAA=\n",
        "text\n\na AAAAAAAAAAAA\n",
        "text\n\n\u2014 AAAAAAAAAAAA\n",
    ],
)
def test_what_is_not_a_note_is_refused(raw: str) -> None:
    with pytest.raises(FormatError):
        note.parse_note(raw)


@pytest.mark.parametrize(
    "text", ["o\n05\n{r}\n", "o\n-1\n{r}\n", "o\n5\nAAAA\n", "o\n5\n", "\n5\n{r}\n", "o\n5\n{r}\n\n"]
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        note.parse_checkpoint(text.format(r="A" * 43 + "="))


@pytest.mark.parametrize("vkey", ["", "a+b", "a+00000000+AQ==", "a+zz+" + "A" * 44])
def test_what_is_not_a_key_is_refused(vkey: str) -> None:
    with pytest.raises(FormatError):
        note.parse_vkey(vkey)
    with pytest.raises(ValueError):  # noqa: PT011 - whichever it is, it is one
        verifier.parse_vkey(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u00a0b"])
def test_an_origin_is_one_word(name: str) -> None:
    with pytest.raises(UsageError):
        note.check_name(name)


def test_a_leaf_is_canonical_and_shows_only_what_it_may() -> None:
    raw, payload = make_leaf(entry())
    shown = json.loads(raw)
    assert shown.keys() == KEYS
    assert raw == canonical_json(shown)
    assert shown["at"] == "2026-03-01T09:00:00Z"
    assert b"7K3M" not in raw
    assert payload.details == canonical_json(entry().details)
    assert len(payload.salt) == 32
    leaf = parse_leaf(raw)
    assert leaf.commitment == commit(payload)
    assert (leaf.event, leaf.purpose, leaf.client) == ("search.refused", None, "tracing-service")
    assert verifier.parse_leaf(raw) == shown


def test_equal_details_make_unequal_commitments() -> None:
    (first, payload), (second, _) = make_leaf(entry()), make_leaf(entry())
    assert first != second
    assert commit(Payload(salt=bytes(32), details=payload.details)) != commit(payload)


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "search-4711"},
        {"event": ""},
        {"event": None},
        {"event": "Search"},
        {"purpose": "find Jane Doe"},
        {"purpose": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
        {"jurisdiction": "Quebec"},
        {"jurisdiction": "ca"},
        {"client": "two words"},
        {"client": "a" * 129},
        {"pack": "x\n"},
    ],
)
def test_a_field_out_of_shape_is_refused_and_not_repeated(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        make_leaf(entry(**changes))
    value = next(iter(changes.values()))
    assert not value or str(value) not in str(caught.value)


@pytest.mark.parametrize(
    "changes", [{"details": float("nan")}, {"details": 2**60}, {"at": datetime(2026, 1, 1)}]
)
def test_details_must_be_json_and_times_moments(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        make_leaf(entry(**changes))


def test_other_keys_values_spellings_and_versions_of_a_leaf_are_refused() -> None:
    raw, _ = make_leaf(entry())
    shown = json.loads(raw)
    bad = [
        canonical_json({**shown, "person": "p"}),
        canonical_json({k: v for k, v in shown.items() if k != "pack"}),
        canonical_json({**shown, "v": 2}),
        canonical_json({**shown, "v": True}),
        canonical_json({**shown, "commitment": "00"}),
        canonical_json({**shown, "at": "2026-03-01"}),
        canonical_json({**shown, "at": 5}),
        raw + b" ",
        raw.replace(b'"v":1', b'"v":1,"v":1'),
        b"[]",
        b"",
        b"\xff",
        b"[" * 50_000,
    ]
    for each in bad:
        with pytest.raises((FormatError, RecursionError)):
            parse_leaf(each)
        assert verifier.parse_leaf(each) is None


@given(
    st.from_regex(r"[a-z]{1,24}([.-][a-z]{1,24}){0,3}", fullmatch=True),
    st.none() | st.from_regex(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", fullmatch=True),
    st.none() | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,20}", fullmatch=True),
    st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(9999, 12, 30)),
)
def test_any_leaf_is_canonical_and_reads_back(
    event: str, place: str | None, name: str | None, at: datetime
) -> None:
    raw, payload = make_leaf(
        entry(event=event, jurisdiction=place, client=name, pack=name, at=at.replace(tzinfo=UTC))
    )
    assert raw == canonical_json(json.loads(raw))
    leaf = parse_leaf(raw)
    assert (leaf.event, leaf.jurisdiction, leaf.client, leaf.commitment) == (
        event,
        place,
        name,
        commit(payload),
    )
    assert verifier.parse_leaf(raw) is not None
