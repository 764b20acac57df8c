"""Sealing, destroying and reopening, on real files."""

from __future__ import annotations

import sqlite3
import threading
import time
import uuid
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from countenance.primitives.errors import (
    ConflictError,
    CountenanceError,
    IntegrityError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from countenance.vault.errors import KeyDestroyedError
from countenance.vault.vault import GRANT_SECRET, LOG_SIGNING_KEY, Plain, Sealed, Vault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


def plains(count: int, *, part: str = "template:s", size: int = 512) -> list[Plain]:
    return [Plain(record_id=uuid.uuid4(), part=part, data=bytes([n % 251]) * size) for n in range(count)]


def sealed(items: list[Plain], blobs: list[bytes]) -> list[Sealed]:
    return [
        Sealed(record_id=item.record_id, part=item.part, data=blob)
        for item, blob in zip(items, blobs, strict=True)
    ]


def public(key: object) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)  # type: ignore[attr-defined, no-any-return]


def test_what_is_sealed_opens_again_after_a_restart(folder: Path) -> None:
    items = plains(3)
    with Vault.create(folder) as vault:
        blobs = vault.seal(items)
        assert all(item.data not in blob for item, blob in zip(items, blobs, strict=True))
    with Vault.open(folder) as vault:
        assert vault.unseal(sealed(items, blobs)) == [item.data for item in items]


def test_everything_is_private(folder: Path) -> None:
    with Vault.create(folder) as vault:
        vault.seal(plains(1))
        for path in [folder, *folder.rglob("*")]:
            expected = 0o700 if path.is_dir() else 0o600
            assert path.stat().st_mode & 0o777 == expected, path


def test_parts_of_one_record_share_its_key_and_die_together(folder: Path) -> None:
    record = uuid.uuid4()
    with Vault.create(folder) as vault:
        first = Plain(record_id=record, part="template:s", data=b"t" * 64)
        second = Plain(record_id=record, part="crop", data=b"c" * 64)
        one = vault.seal([first])
        two = vault.seal([second])
        assert list(vault.record_ids()) == [record]
        assert vault.destroy([record]) == 1
        for item, blob in ((first, one[0]), (second, two[0])):
            with pytest.raises(KeyDestroyedError) as caught:
                vault.unseal(sealed([item], [blob]))
            assert caught.value.code == "key-destroyed"


def test_a_seal_opens_only_for_its_record_and_part(folder: Path) -> None:
    items = plains(2)
    with Vault.create(folder) as vault:
        a, b = vault.seal(items)
        wrong = [
            Sealed(record_id=items[0].record_id, part="crop", data=a),
            Sealed(record_id=items[0].record_id, part=items[0].part, data=b),
            Sealed(record_id=items[0].record_id, part=items[0].part, data=b""),
            Sealed(record_id=items[0].record_id, part=items[0].part, data=b"\x02" + a[1:]),
        ]
        for item in wrong:
            with pytest.raises(IntegrityError) as caught:
                vault.unseal([item])
            assert caught.value.code == "seal-broken"
            assert not isinstance(caught.value, KeyDestroyedError)


def test_a_seal_is_aes_256_gcm_by_the_published_layout(folder: Path) -> None:
    """Opened here without any code of the vault: HKDF, AES-256-GCM, and the record and part as associated data."""
    (item,) = plains(1, part="crop")
    with Vault.create(folder) as vault:
        (blob,) = vault.seal([item])
        ((record, wrapped),) = vault._keys.wrapped([item.record_id.bytes]).items()
    root = (folder / "root.key").read_bytes()
    wrapping = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"countenance/vault/data-keys").derive(
        root
    )
    data_key = AESGCM(wrapping).decrypt(wrapped[1:13], wrapped[13:], b"data-key/" + record)
    assert len(data_key) == 32
    context = b"record/" + record + b"crop"
    assert AESGCM(data_key).decrypt(blob[1:13], blob[13:], context) == item.data
    for other in (b"record/" + record + b"template:s", b"record/" + bytes(16) + b"crop", b""):
        with pytest.raises(InvalidTag):
            AESGCM(data_key).decrypt(blob[1:13], blob[13:], other)


@settings(max_examples=60, deadline=None)
@given(position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_every_flipped_bit_is_noticed(shared: tuple[Vault, Plain, bytes], position: int, bit: int) -> None:
    vault, item, blob = shared
    changed = bytearray(blob)
    changed[position % len(blob)] ^= 1 << bit
    with pytest.raises(IntegrityError):
        vault.unseal(sealed([item], [bytes(changed)]))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> object:
    with Vault.create(tmp_path_factory.mktemp("shared") / "vault") as vault:
        (item,) = plains(1, size=40)
        yield vault, item, vault.seal([item])[0]


def test_unseal_existing_passes_over_the_destroyed(folder: Path) -> None:
    items = plains(5)
    with Vault.create(folder) as vault:
        stored = sealed(items, vault.seal(items))
        vault.destroy([items[1].record_id, items[3].record_id])
        opened = vault.unseal_existing(stored)
        assert [data is None for data in opened] == [False, True, False, True, False]
        assert opened[4] == items[4].data


def test_keys_are_committed_before_seal_returns(folder: Path) -> None:
    items = plains(3)
    with Vault.create(folder) as vault:
        vault.seal(items)
        other = sqlite3.connect(folder / "keys.sqlite3")  # another process's view
        try:
            (count,) = other.execute("select count(*) from data_key").fetchone()
        finally:
            other.close()
    assert count == 3


def test_two_vaults_sealing_one_record_agree_on_its_key(folder: Path) -> None:
    records = [uuid.uuid4() for _ in range(200)]
    Vault.create(folder).close()
    results: dict[str, list[bytes]] = {}
    barrier = threading.Barrier(2)

    def work(part: str) -> None:
        with Vault.open(folder) as vault:
            barrier.wait()
            results[part] = [
                blob
                for start in range(0, 200, 20)
                for blob in vault.seal(
                    [Plain(record_id=record, part=part, data=b"x") for record in records[start : start + 20]]
                )
            ]

    threads = [threading.Thread(target=work, args=(part,)) for part in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Vault.open(folder) as vault:
        for part, blobs in results.items():
            stored = [
                Sealed(record_id=record, part=part, data=blob)
                for record, blob in zip(records, blobs, strict=True)
            ]
            assert vault.unseal(stored) == [b"x"] * 200


def test_a_vault_is_shared_by_threads(folder: Path) -> None:
    failures: list[BaseException] = []
    with Vault.create(folder) as vault:

        def work() -> None:
            try:
                for _ in range(10):
                    items = plains(5)
                    assert vault.unseal(sealed(items, vault.seal(items))) == [item.data for item in items]
                    vault.destroy([items[0].record_id])
            except BaseException as error:  # noqa: BLE001 - handed to the main thread
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(list(vault.record_ids())) == 4 * 10 * 4


# ---- destroying ------------------------------------------------------------------------------------------------


def found_in(folder: Path, needle: bytes) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def test_destroyed_keys_leave_no_bytes_in_any_file(folder: Path) -> None:
    items = plains(50)
    with Vault.create(folder) as vault:
        stored = sealed(items, vault.seal(items))
        gone = [item.record_id for item in items[10:30]]
        wrapped = vault._keys.wrapped([record.bytes for record in gone])
        needles = [*wrapped.values(), *wrapped.keys()]
        # Negative control: before the erasure the scan finds every one of them.
        assert all(found_in(folder, needle) for needle in needles)
        assert vault.destroy(gone) == 20
        assert [needle for needle in needles if found_in(folder, needle)] == []
        assert vault.unseal(stored[:10]) == [item.data for item in items[:10]]
        assert vault.destroy(gone) == 0


def test_deleting_alone_would_leave_the_bytes(folder: Path) -> None:
    # Negative control of the step that matters: without the checkpoint the write-ahead log keeps the keys.
    (item,) = plains(1)
    with Vault.create(folder) as vault:
        vault.seal([item])
        (wrapped,) = vault._keys.wrapped([item.record_id.bytes]).values()
        vault._keys.delete([item.record_id.bytes])
        assert found_in(folder, wrapped) == ["keys.sqlite3-wal"]
        vault._keys.scrub()
        assert found_in(folder, wrapped) == []


def test_an_erasure_held_up_by_a_reader_says_so_and_can_be_repeated(folder: Path) -> None:
    (item,) = plains(1)
    with Vault.create(folder) as vault:
        stored = sealed([item], vault.seal([item]))
        vault._keys._connection.execute("pragma busy_timeout = 50")
        reader = sqlite3.connect(folder / "keys.sqlite3", isolation_level=None)
        try:
            reader.execute("begin")
            reader.execute("select count(*) from data_key").fetchone()
            with pytest.raises(UnavailableError) as caught:
                vault.destroy([item.record_id])
            assert caught.value.code == "erasure-incomplete"
            assert vault.unseal_existing(stored) == [None]
        finally:
            reader.close()
        assert vault.destroy([item.record_id]) == 0
        assert found_in(folder, item.record_id.bytes) == []


# ---- named secrets ---------------------------------------------------------------------------------------------


def test_named_secrets_last_and_differ(folder: Path) -> None:
    with Vault.create(folder) as vault:
        grants, log = vault.named_secret(GRANT_SECRET), vault.signing_key(LOG_SIGNING_KEY)
        assert len(grants) == 32
        assert vault.ensure_secret("suppression") != grants
    assert found_in(folder, grants) == []
    with Vault.open(folder) as vault:
        assert vault.named_secret(GRANT_SECRET) == grants
        assert public(vault.signing_key(LOG_SIGNING_KEY)) == public(log)
        assert vault.ensure_secret("suppression") == vault.named_secret("suppression")
        assert public(vault.ensure_signing_key("witness")) == public(vault.signing_key("witness"))


def test_a_lost_secret_is_named_and_not_replaced(folder: Path) -> None:
    with Vault.create(folder) as vault:
        (folder / "secrets" / f"{GRANT_SECRET}.secret").unlink()
        with pytest.raises(NotFoundError) as caught:
            vault.named_secret(GRANT_SECRET)
        assert caught.value.code == "secret-missing"


def test_a_secret_cannot_be_put_in_the_place_of_another(folder: Path) -> None:
    with Vault.create(folder) as vault:
        vault.ensure_secret("other")
        secrets = folder / "secrets"
        (secrets / "other.secret").write_bytes((secrets / f"{GRANT_SECRET}.secret").read_bytes())
        with pytest.raises(IntegrityError):
            vault.named_secret("other")


@pytest.mark.parametrize("name", ["", "../x", "A", "1a", "a" * 64, "a.b", "a\n"])
def test_bad_secret_names(folder: Path, name: str) -> None:
    with Vault.create(folder) as vault, pytest.raises(UsageError):
        vault.ensure_secret(name)


def test_two_makers_of_a_secret_get_the_same(folder: Path) -> None:
    Vault.create(folder).close()
    found: list[bytes] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        with Vault.open(folder) as vault:
            barrier.wait()
            found.append(vault.ensure_secret("raced"))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert not list((folder / "secrets").glob(".*"))


# ---- opening ---------------------------------------------------------------------------------------------------


def test_create_refuses_a_folder_in_use(folder: Path) -> None:
    Vault.create(folder).close()
    before = (folder / "root.key").read_bytes()
    with pytest.raises(ConflictError):
        Vault.create(folder)
    assert (folder / "root.key").read_bytes() == before
    assert [path.name for path in folder.parent.iterdir()] == ["vault"]


def test_create_takes_an_empty_folder(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    with Vault.create(folder):
        assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["root.key", "keys.sqlite3", "secrets", ""])
def test_open_refuses_what_others_may_read(folder: Path, name: str) -> None:
    Vault.create(folder).close()
    path = folder / name if name else folder
    path.chmod(path.stat().st_mode | 0o040)
    with pytest.raises(UnavailableError) as caught:
        Vault.open(folder)
    assert caught.value.code == "vault-modes"
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["root.key", "keys.sqlite3", ""])
def test_open_names_what_is_missing(folder: Path, name: str) -> None:
    if name:
        Vault.create(folder).close()
        (folder / name).unlink()
    with pytest.raises(NotFoundError) as caught:
        Vault.open(folder)
    assert caught.value.code == "vault-missing"
    assert name in str(caught.value)


def _short_root(folder: Path) -> None:
    (folder / "root.key").write_bytes(b"x" * 31)


def _other_root(folder: Path) -> None:
    (folder / "root.key").write_bytes(b"x" * 32)


def _no_database(folder: Path) -> None:
    (folder / "keys.sqlite3").write_bytes(b"not a database at all " * 100)


def _emptied(folder: Path) -> None:
    connection = sqlite3.connect(folder / "keys.sqlite3")
    connection.execute("delete from vault")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("damage", [_short_root, _other_root, _no_database, _emptied])
def test_open_names_damage(folder: Path, damage: object) -> None:
    Vault.create(folder).close()
    damage(folder)  # type: ignore[operator]
    with pytest.raises(IntegrityError) as caught:
        Vault.open(folder)
    assert caught.value.code == "vault-damaged"


def test_open_refuses_a_newer_format(folder: Path) -> None:
    Vault.create(folder).close()
    connection = sqlite3.connect(folder / "keys.sqlite3")
    connection.execute("update vault set version = 99")
    connection.commit()
    connection.close()
    with pytest.raises(UnavailableError) as caught:
        Vault.open(folder)
    assert caught.value.code == "newer-version"


def test_a_wrapped_key_cannot_be_moved_to_another_record(folder: Path) -> None:
    items = plains(2)
    with Vault.create(folder) as vault:
        stored = sealed(items, vault.seal(items))
        a, b = (item.record_id.bytes for item in items)
        vault._keys._connection.execute(
            "update data_key set wrapped = (select wrapped from data_key where record_id = ?) where record_id = ?",
            (a, b),
        )
        with pytest.raises(IntegrityError) as caught:
            vault.unseal([stored[1]])
        assert caught.value.code == "vault-damaged"


def test_errors_hold_no_keys(folder: Path) -> None:
    items = plains(1)
    with Vault.create(folder) as vault:
        stored = sealed(items, vault.seal(items))
        vault.destroy([items[0].record_id])
        with pytest.raises(CountenanceError) as caught:
            vault.unseal(stored)
        assert set(caught.value.message.params) == {"record"}


@pytest.mark.slow
def test_ten_thousand_records_open_in_less_than_a_third_of_a_second(folder: Path) -> None:
    items = plains(10_000)
    with Vault.create(folder) as vault:
        started = time.perf_counter()
        blobs = vault.seal(items)
        sealing = time.perf_counter() - started
        stored = sealed(items, blobs)
        started = time.perf_counter()
        vault.unseal(stored)
        opening = time.perf_counter() - started
        print(f"sealing {10_000 / sealing:,.0f} records/s, opening 10,000 in {opening * 1000:.0f} ms")
        assert sealing < 1.0
        assert opening < 0.3


def test_a_maker_that_comes_second_does_not_replace_the_first(folder: Path) -> None:
    # Both looked before either had made it: the window that the race above rarely meets.
    with Vault.create(folder) as vault:
        first = vault.ensure_secret("raced")
        vault._named._make(folder / "secrets" / "raced.secret", b"another seal")
        assert vault.named_secret("raced") == first
        assert not list((folder / "secrets").glob(".*"))
