"""Two named keys vouch for a pack as it is; everything else is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from countenance.policy.pack import PolicyPack, load_pack, pack_from_files, shipped_pack_files
from countenance.policy.signing import (
    PackSignature,
    check_signatures,
    read_signatures,
    sign_pack,
    write_signatures,
)
from countenance.primitives.errors import FormatError, RefusedError

NAMES = ("founder-1", "founder-2")
KEYS = {name: Ed25519PrivateKey.generate() for name in (*NAMES, "founder-3")}
TRUSTED = {name: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw) for name, key in KEYS.items()}


@pytest.fixture(scope="module")
def pack() -> PolicyPack:
    return load_pack("CA")


def signed(pack: PolicyPack, *names: str) -> list[PackSignature]:
    return [sign_pack(pack, name, KEYS[name]) for name in names]


def refused(pack: PolicyPack, signatures: list[PackSignature], trusted: dict[str, bytes] = TRUSTED) -> str:
    with pytest.raises(RefusedError) as caught:
        check_signatures(pack, signatures, trusted)
    assert caught.value.rule == "PACK-01"
    return caught.value.reason


def test_two_named_keys_are_enough(pack):
    assert check_signatures(pack, signed(pack, *NAMES), TRUSTED) == NAMES


def test_an_unsigned_pack_and_one_with_a_single_signature_are_refused(pack):
    assert refused(pack, []) == "pack-unsigned"
    assert refused(pack, signed(pack, "founder-1")) == "pack-signed-once"


def test_one_key_does_not_sign_twice_under_whatever_name(pack):
    assert refused(pack, signed(pack, "founder-1", "founder-1")) == "pack-key-twice"
    twin = {**TRUSTED, "founder-2": TRUSTED["founder-1"]}
    forged = [sign_pack(pack, name, KEYS["founder-1"]) for name in NAMES]
    assert refused(pack, forged, twin) == "pack-key-twice"


def test_a_key_that_is_not_named_or_not_trusted_does_not_count(pack):
    assert refused(pack, signed(pack, "founder-1", "founder-3")) == "pack-signer-unknown"
    trusted = {name: key for name, key in TRUSTED.items() if name != "founder-2"}
    assert refused(pack, signed(pack, *NAMES), trusted) == "pack-signer-unknown"


def test_a_pack_altered_after_it_was_signed_is_refused(pack):
    signatures = signed(pack, *NAMES)
    files = shipped_pack_files("CA")
    altered = pack_from_files({**files, "policy.cedar": files["policy.cedar"] + "// one comment\n"})
    assert refused(altered, signatures) == "pack-altered"
    for change in ({"name": "GB"}, {"version": "9"}):
        assert refused(replace(pack, **change), signatures) == "pack-altered"
    other = [signatures[0], replace(signatures[1], signature=signatures[0].signature)]
    assert refused(pack, other) == "pack-altered"
    assert refused(pack, [signatures[0], replace(signatures[1], signature=b"")]) == "pack-altered"


def test_signatures_are_kept_beside_the_pack_and_are_no_part_of_it(pack, tmp_path):
    signatures = tuple(signed(pack, *NAMES))
    for name, text in shipped_pack_files("CA").items():
        (tmp_path / name).write_bytes(text.encode())
    (tmp_path / "signatures.json").write_text(write_signatures(signatures))
    assert load_pack(tmp_path) == pack
    assert read_signatures((tmp_path / "signatures.json").read_text()) == signatures


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": "x", "signatures": []}']
    + [
        '{"format": "countenance-policy-signatures/1", "signatures": [' + entry + "]}"
        for entry in ("1", '{"key": "a"}', '{"key": "a", "signature": "xyz"}', '{"key": "a", "signature": 1}')
    ],
)
def test_a_file_of_another_shape_is_named(text):
    with pytest.raises(FormatError) as caught:
        read_signatures(text)
    assert caught.value.code == "policy-signatures"
