"""What the vault and its stores say when something is wrong: code, and the facts that the sentence is made of."""

from __future__ import annotations

import errno
import os
import sqlite3
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from countenance.primitives.errors import (
    ConflictError,
    CountenanceError,
    IntegrityError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from countenance.vault import s3, seals
from countenance.vault.errors import (
    KeyDestroyedError,
    damaged,
    disk_full,
    named_os_errors,
    named_sqlite_errors,
)
from countenance.vault.keys import FORMAT_VERSION, KeyFile, _transaction
from countenance.vault.named import Kind, NamedSecrets
from countenance.vault.s3 import S3MediaStore, S3Place
from countenance.vault.vault import ERASURE_SECRET, GRANT_SECRET, LOG_SIGNING_KEY, Plain, Sealed, Vault


def told(caught: pytest.ExceptionInfo[CountenanceError]) -> tuple[str, dict[str, object]]:
    return caught.value.code, dict(caught.value.message.params)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


# ---- errors of the system ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_no_room_is_told_as_such(number):
    with pytest.raises(UnavailableError) as caught, named_os_errors(Path("/x/y")):
        raise OSError(number, os.strerror(number))
    assert told(caught) == ("disk-full", {"path": "/x/y"})
    assert caught.value.remedy is not None


def test_another_error_of_the_system_is_told_in_its_words():
    with pytest.raises(UnavailableError) as caught, named_os_errors(Path("/x/y")):
        raise PermissionError(errno.EACCES, "Permission denied")
    assert told(caught) == ("storage-failed", {"path": "/x/y", "problem": "Permission denied"})
    with pytest.raises(UnavailableError) as caught, named_os_errors(Path("/x")):
        raise TimeoutError
    assert told(caught) == ("storage-failed", {"path": "/x", "problem": "TimeoutError"})
    with pytest.raises(KeyError), named_os_errors(Path("/x")):
        raise KeyError
    assert told_of(disk_full(Path("/z"))) == ("disk-full", {"path": "/z"})
    assert told_of(damaged(Path("/z"), "torn")) == ("vault-damaged", {"path": "/z", "problem": "torn"})


def told_of(error: CountenanceError) -> tuple[str, dict[str, object]]:
    assert error.remedy is not None
    return error.code, dict(error.message.params)


def test_errors_of_sqlite_are_ours(tmp_path):
    path = tmp_path / "keys"
    with pytest.raises(UnavailableError) as caught, named_sqlite_errors(path):
        raise sqlite3_error(sqlite3.OperationalError, "database is locked", sqlite3.SQLITE_BUSY)
    assert told(caught) == ("keys-unavailable", {"path": str(path), "problem": "database is locked"})
    with pytest.raises(UnavailableError) as caught, named_sqlite_errors(path):
        raise sqlite3_error(sqlite3.OperationalError, "full", sqlite3.SQLITE_FULL)
    assert told(caught) == ("disk-full", {"path": str(path)})
    with pytest.raises(IntegrityError) as caught, named_sqlite_errors(path):
        raise sqlite3.DatabaseError("file is not a database")
    assert told(caught) == ("vault-damaged", {"path": str(path), "problem": "file is not a database"})
    gone = tmp_path / "none" / "keys"
    with pytest.raises(UnavailableError) as caught, named_sqlite_errors(gone):
        raise sqlite3_error(sqlite3.OperationalError, "cannot open", sqlite3.SQLITE_CANTOPEN)
    assert caught.value.message.params["problem"] == os.strerror(errno.ENOENT)


def sqlite3_error(kind: type[sqlite3.Error], text: str, number: int) -> sqlite3.Error:
    error = kind(text)
    error.sqlite_errorcode = number
    return error


# ---- seals ---------------------------------------------------------------------------------------------------


def test_the_layout_of_a_seal():
    cipher = AESGCM(bytes(32))
    sealed = seals.seal(cipher, b"face", b"context")
    assert sealed[:1] == b"\x01"
    assert len(sealed) == 1 + 12 + 4 + 16
    assert cipher.decrypt(sealed[1:13], sealed[13:], b"context") == b"face"
    assert seals.unseal(cipher, seals.seal(cipher, b"", b""), b"") == b""


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda sealed: b"\x02" + sealed[1:], "not a seal of this version"),
        (lambda sealed: sealed[:28], "not a seal of this version"),
        (lambda _: b"", "not a seal of this version"),
        (lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]), "tag does not fit"),
        (lambda sealed: sealed[:29], "tag does not fit"),
    ],
)
def test_a_broken_seal_says_how(spoil, words):
    cipher = AESGCM(bytes(32))
    with pytest.raises(seals.BrokenSealError) as caught:
        seals.unseal(cipher, spoil(seals.seal(cipher, b"some bytes", b"")), b"")
    assert str(caught.value) == words


def test_contexts_and_keys_are_these():
    record = bytes(range(16))
    assert seals.record_context(record, "crop") == b"record/" + record + b"crop"
    cipher = AESGCM(bytes(32))
    ((found, wrapped),) = seals.wrap_keys(cipher, [(record, b"k" * 32)])
    assert found == record
    assert seals.unseal(cipher, wrapped, b"data-key/" + record) == b"k" * 32
    assert seals.unwrap_key(cipher, record, wrapped) == b"k" * 32
    # HKDF-SHA-256 (RFC 5869) without salt, by its definition: one block.
    import hashlib
    import hmac

    extracted = hmac.digest(bytes(32), b"r" * 32, hashlib.sha256)
    info = b"countenance/vault/data-keys\x01"
    assert seals.derive_key(b"r" * 32, "data-keys") == hmac.digest(extracted, info, hashlib.sha256)
    keys = seals.random_keys(3)
    assert [len(key) for key in keys] == [32, 32, 32]
    assert len(set(keys)) == 3
    assert seals.random_keys(0) == []


# ---- the file of keys ----------------------------------------------------------------------------------------


def records(count: int) -> list[bytes]:
    return [number.to_bytes(16, "big") for number in range(1, count + 1)]


@pytest.fixture
def keys(tmp_path):
    KeyFile.create(tmp_path / "keys.sqlite3", root_check=b"check")
    file = KeyFile.open(tmp_path / "keys.sqlite3")
    yield file
    file.close()


def test_a_file_of_keys_keeps_what_it_is_given(keys, tmp_path):
    assert keys.root_check() == b"check"
    assert (tmp_path / "keys.sqlite3").stat().st_mode & 0o777 == 0o600
    rows = [(record, b"w" + record) for record in records(3)]
    assert keys.add(rows, made_at=77) == 3
    assert keys.add([*rows, (b"z" * 16, b"new")], made_at=78) == 1
    assert keys.add([(rows[0][0], b"other")], made_at=79) == 0
    assert keys.wrapped([rows[0][0], b"q" * 16, b"z" * 16]) == {rows[0][0]: rows[0][1], b"z" * 16: b"new"}
    assert keys.wrapped([]) == {}
    made = keys._fetch_one("select count(*), min(made_at), max(made_at) from data_key")
    assert tuple(made) == (4, 77, 78)
    assert keys.delete([rows[0][0], rows[1][0], b"q" * 16]) == 2
    assert keys.delete([]) == 0
    assert list(keys.records()) == [rows[2][0], b"z" * 16]


def test_more_than_one_statement_takes(keys):
    """SQLite takes a limited number of parameters: 8,192 are put into one statement, and none is lost between two."""
    many = records(8_192 * 2 + 1)
    assert keys.add([(record, b"w") for record in many], made_at=0) == len(many)
    assert list(keys.wrapped(many)) == many
    assert list(keys.records()) == many
    assert list(keys.records(after=many[8_190], through=many[8_193])) == many[8_191:8_194]
    assert keys.delete(many[:-1]) == len(many) - 1
    assert list(keys.records()) == many[-1:]


def test_settings_of_the_file(keys):
    for pragma, value in (
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("secure_delete", 1),
        ("temp_store", 2),
    ):
        assert keys._fetch_one(f"pragma {pragma}") == (value,)


def test_a_change_that_fails_leaves_nothing(keys):
    ids = [(records(1)[0],), (b"short",)]  # the second is none
    with pytest.raises(IntegrityError) as caught, keys._use() as connection, _transaction(connection):
        connection.executemany("insert into data_key values (?, x'00', 0)", ids)
    assert caught.value.code == "vault-damaged"
    assert list(keys.records()) == []
    assert not keys._connection.in_transaction


@pytest.mark.parametrize(("version", "code"), [(0, None), (1, None), (2, "newer-version")])
def test_an_older_format_is_read_and_a_newer_is_not(keys, tmp_path, version, code):
    keys._connection.execute("update vault set version = ?", (version,))
    if code is None:
        KeyFile.open(tmp_path / "keys.sqlite3").close()
        return
    with pytest.raises(UnavailableError) as caught:
        KeyFile.open(tmp_path / "keys.sqlite3")
    assert told(caught) == (code, {"found": version, "known": FORMAT_VERSION})
    assert FORMAT_VERSION == 1


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(UnavailableError):
        KeyFile.open(tmp_path / "none.sqlite3")
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_a_file_of_keys_is_told(keys, tmp_path):
    path = str(tmp_path / "keys.sqlite3")
    keys._connection.execute("delete from vault")
    with pytest.raises(IntegrityError) as caught:
        KeyFile.open(tmp_path / "keys.sqlite3")
    assert told(caught) == ("vault-damaged", {"path": path, "problem": "no version row"})
    keys._connection.execute("pragma busy_timeout = 1")
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from data_key").fetchone()
    keys.add([(records(1)[0], b"w")], made_at=0)
    with pytest.raises(UnavailableError) as caught:
        keys.scrub()
    assert told(caught) == ("erasure-incomplete", {"path": path})
    reader.close()
    keys.scrub()


# ---- named secrets -------------------------------------------------------------------------------------------


def test_a_named_secret_is_a_sealed_file_of_its_own(tmp_path):
    named = NamedSecrets(tmp_path, key=bytes(32))
    made = named.ensure(Kind.SECRET, "a-1")
    assert len(made) == 32
    path = tmp_path / "a-1.secret"
    assert path.stat().st_mode & 0o777 == 0o600
    assert seals.unseal(AESGCM(bytes(32)), path.read_bytes(), b"named/secret/a-1") == made
    assert named.ensure(Kind.SECRET, "a-1") == named.read(Kind.SECRET, "a-1") == made
    assert named.ensure(Kind.SIGNING, "a-1") != made
    named.ensure(Kind.SECRET, "B".lower())
    (tmp_path / "Odd.secret").write_bytes(b"")
    assert named.names(Kind.SECRET) == ["a-1", "b"]
    assert named.names(Kind.SIGNING) == ["a-1"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "Odd.secret",
        "a-1.secret",
        "a-1.signing",
        "b.secret",
    ]


def test_a_renewed_secret_is_another_and_the_old_is_overwritten(tmp_path):
    named = NamedSecrets(tmp_path, key=bytes(32))
    named.renew(Kind.SECRET, "fresh")  # where there was none
    first = named.read(Kind.SECRET, "fresh")
    kept = tmp_path / "kept"
    os.link(tmp_path / "fresh.secret", kept)  # another name of the old file's bytes
    named.renew(Kind.SECRET, "fresh")
    assert named.read(Kind.SECRET, "fresh") != first
    assert kept.read_bytes() == bytes(len(kept.read_bytes()))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["fresh.secret", "kept"]


def test_what_is_wrong_with_a_named_secret_is_told(tmp_path):
    named = NamedSecrets(tmp_path, key=bytes(32))
    with pytest.raises(NotFoundError) as caught:
        named.read(Kind.SIGNING, "log")
    assert told(caught) == ("secret-missing", {"kind": "signing", "name": "log"})
    assert caught.value.remedy is not None
    (tmp_path / "log.signing").write_bytes(b"\x01" + bytes(60))
    with pytest.raises(IntegrityError) as caught:
        named.read(Kind.SIGNING, "log")
    expected = {"path": str(tmp_path / "log.signing"), "problem": "tag does not fit"}
    assert told(caught) == ("vault-damaged", expected)
    for name, shown in (("A", "'A'"), ("", "''"), ("a" * 99, repr("a" * 80)), ("a/b", "'a/b'")):
        with pytest.raises(UsageError) as caught:
            named.read(Kind.SECRET, name)
        assert told(caught) == ("secret-name", {"name": shown})
    assert len(named.ensure(Kind.SECRET, "a" * 63)) == 32
    with pytest.raises(UsageError):
        named.ensure(Kind.SECRET, "a" * 64)


# ---- the vault -----------------------------------------------------------------------------------------------


def test_a_new_vault_holds_these_and_nothing_else(folder):
    with Vault.create(folder) as vault:
        assert [entry.name for entry in sorted(folder.iterdir())][:1] == ["keys.sqlite3"]
        held = sorted(entry.name for entry in (folder / "secrets").iterdir())
        assert held == ["erasures.secret", "grants.secret", "log.signing"]
        assert (GRANT_SECRET, ERASURE_SECRET, LOG_SIGNING_KEY) == ("grants", "erasures", "log")
        assert len((folder / "root.key").read_bytes()) == 32
        assert [entry.name for entry in folder.parent.iterdir()] == ["vault"]
        root = (folder / "root.key").read_bytes()
        check = seals.unseal(
            AESGCM(seals.derive_key(root, "root-check")), vault._keys.root_check(), b"root-check"
        )
        assert check == b"countenance vault"
        secret = (folder / "secrets" / "grants.secret").read_bytes()
        key = AESGCM(seals.derive_key(root, "named-secrets"))
        assert seals.unseal(key, secret, b"named/secret/grants") == vault.named_secret("grants")
        record = uuid.uuid4()
        vault.seal([Plain(record_id=record, part="crop", data=b"x")])
        (wrapped,) = vault._keys.wrapped([record.bytes]).values()
        seals.unwrap_key(AESGCM(seals.derive_key(root, "data-keys")), record.bytes, wrapped)


def test_when_a_key_was_made_is_kept(folder):
    moment = datetime(2026, 12, 1, 12, 0, 0, 999_999, tzinfo=UTC)
    with Vault.create(folder, clock=lambda: moment) as vault:
        vault.seal([Plain(record_id=uuid.uuid4(), part="crop", data=b"x")])
        assert vault._keys._fetch_one("select made_at from data_key") == (int(moment.timestamp()),)


def test_a_vault_of_other_names(folder):
    with Vault.create(folder, named=["one"], signing=["two", "three"]) as vault:
        held = sorted(entry.name for entry in (folder / "secrets").iterdir())
        assert held == ["one.secret", "three.signing", "two.signing"]
        before = vault.named_secret("one")
        vault.renew_secret("one")
        assert vault.named_secret("one") != before


def test_records_are_listed_in_order_up_to_one(folder):
    ids = [uuid.UUID(int=number) for number in (5, 1, 3)]
    with Vault.create(folder) as vault:
        vault.seal([Plain(record_id=one, part="crop", data=b"x") for one in ids])
        assert list(vault.record_ids()) == sorted(ids)
        assert list(vault.record_ids(through=uuid.UUID(int=3))) == [uuid.UUID(int=1), uuid.UUID(int=3)]


def test_what_the_vault_says(folder):
    record = uuid.uuid4()
    with Vault.create(folder) as vault:
        (blob,) = vault.seal([Plain(record_id=record, part="crop", data=b"x")])
        with pytest.raises(IntegrityError) as caught:
            vault.unseal([Sealed(record_id=record, part="probe", data=blob)])
        assert told(caught) == ("seal-broken", {"record": record, "part": "probe"})
        vault.destroy([record])
        with pytest.raises(KeyDestroyedError) as caught:
            vault.unseal([Sealed(record_id=record, part="crop", data=blob)])
        assert told(caught) == ("key-destroyed", {"record": record})
    with pytest.raises(ConflictError) as caught:
        Vault.create(folder)
    assert told(caught) == ("vault-exists", {"path": str(folder)})
    (folder / "root.key").chmod(0o604)
    with pytest.raises(UnavailableError) as caught:
        Vault.open(folder)
    assert told(caught) == ("vault-modes", {"path": str(folder / "root.key"), "mode": "0604"})
    (folder / "root.key").chmod(0o600)
    (folder / "root.key").write_bytes(b"x" * 31)
    with pytest.raises(IntegrityError) as caught:
        Vault.open(folder)
    assert caught.value.message.params["problem"] == "31 bytes instead of 32"
    (folder / "root.key").write_bytes(b"x" * 32)
    with pytest.raises(IntegrityError) as caught:
        Vault.open(folder)
    assert caught.value.message.params["problem"] == "it is not the root key of this key file"
    (folder / "root.key").unlink()
    with pytest.raises(NotFoundError) as caught:
        Vault.open(folder)
    assert told(caught) == ("vault-missing", {"path": str(folder / "root.key")})


def test_a_file_in_the_place_of_the_folder_is_left_alone(folder):
    folder.write_bytes(b"mine")
    with pytest.raises(ConflictError):
        Vault.create(folder)
    assert folder.read_bytes() == b"mine"


def test_a_data_key_that_was_exchanged_is_named(folder):
    record = uuid.uuid4()
    with Vault.create(folder) as vault:
        vault.seal([Plain(record_id=record, part="crop", data=b"x")])
        vault._keys._connection.execute("update data_key set wrapped = x'00'")
        with pytest.raises(IntegrityError) as caught:
            vault.unseal_existing([Sealed(record_id=record, part="crop", data=b"")])
        expected = {"path": str(folder / "keys.sqlite3"), "problem": f"the key of record {record}"}
        assert told(caught) == ("vault-damaged", expected)


def test_no_core_dump_once_keys_are_in_memory(folder):
    import resource

    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    Vault.create(folder).close()
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, before[1])


# ---- the bucket's address and settings -----------------------------------------------------------------------


def test_an_address_and_what_is_below_it():
    place = S3Place.parse("s3://faces/a/b/", endpoint="https://s3.example.org", region="ca-central-1")
    assert place == S3Place(
        bucket="faces", prefix="a/b", endpoint="https://s3.example.org", region="ca-central-1"
    )
    assert S3Place.parse("s3://faces") == S3Place(bucket="faces")
    assert S3Place(bucket="x") == S3Place(
        bucket="x",
        prefix="",
        endpoint="",
        region="us-east-1",
        allow_http=False,
        timeout_seconds=30.0,
        tries=4,
    )
    http = S3Place.parse("s3://faces", endpoint="http://127.0.0.1:1", allow_http=True)
    assert (http.endpoint, http.allow_http) == ("http://127.0.0.1:1", True)
    assert place.below("c") == S3Place(**{**vars(place), "prefix": "a/b/c"})
    assert S3Place(bucket="x").below("c").prefix == "c"
    assert S3Place(bucket="x", prefix="p").below("").prefix == "p"


@pytest.mark.parametrize(
    ("address", "endpoint", "code", "params"),
    [
        ("s3:faces", "", "s3-address", {"address": "s3:faces"}),
        ("https://faces", "", "s3-address", {"address": "https://faces"}),
        ("s3://faces#x", "", "s3-address", {"address": "s3://faces#x"}),
        ("s3://faces?x", "", "s3-address", {"address": "s3://faces?x"}),
        ("s3://k@s@faces", "", "s3-address", {"address": "faces"}),
        ("s3://faces", "ftp://k@host", "s3-address", {"endpoint": "host"}),
        ("s3://faces", "host:1", "s3-address", {"endpoint": "host:1"}),
        ("s3://faces", "http://host", "s3-without-tls", {"endpoint": "http://host"}),
    ],
)
def test_another_address_is_told_without_its_keys(address, endpoint, code, params):
    with pytest.raises(UsageError) as caught:
        S3Place.parse(address, endpoint=endpoint)
    assert told(caught) == (code, params)
    assert caught.value.remedy is not None


def test_what_the_client_is_told(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    plain = s3._connect(S3Place(bucket="b"))
    assert plain.prefix is None
    assert dict(plain.config) == {"bucket": "b", "region": "us-east-1"}
    assert dict(plain.client_options) == {"allow_http": "false", "timeout": "30s", "connect_timeout": "5s"}
    for name, value in (("ACCESS_KEY_ID", "id"), ("SECRET_ACCESS_KEY", "key"), ("SESSION_TOKEN", "token")):
        monkeypatch.setenv(f"AWS_{name}", value)
    place = S3Place(
        bucket="b",
        prefix="p/q",
        endpoint="http://h:1",
        region="eu-1",
        allow_http=True,
        timeout_seconds=2.0,
        tries=3,
    )
    store = s3._connect(place)
    assert store.prefix == "p/q"
    assert dict(store.config) == {
        "bucket": "b",
        "endpoint": "http://h:1",
        "region": "eu-1",
        "access_key_id": "id",
        "secret_access_key": "key",
        "session_token": "token",
    }
    assert dict(store.client_options) == {"allow_http": "true", "timeout": "2s", "connect_timeout": "2s"}
    assert store.retry_config == {
        "max_retries": 2,
        "retry_timeout": timedelta(seconds=6),
        "backoff": {
            "init_backoff": timedelta(milliseconds=100),
            "max_backoff": timedelta(seconds=2),
            "base": 2.0,
        },
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<Code>NoSuchBucket</Code>", "s3-bucket"),
        ("AccessDenied", "s3-denied"),
        ("InvalidAccessKeyId", "s3-denied"),
        ("SignatureDoesNotMatch", "s3-denied"),
        ("403 Forbidden", "s3-denied"),
        ("nosuchbucket accessdenied", "s3-down"),
        ("", "s3-down"),
    ],
)
def test_the_service_s_answers_are_told_apart(text, code):
    assert s3._kind(RuntimeError(text)) == code


@pytest.mark.parametrize("code", ["s3-bucket", "s3-denied", "s3-down"])
def test_what_is_said_of_a_bucket(code):
    for endpoint, where in (("https://h", "https://h"), ("", "Amazon S3")):
        error = s3._unavailable(S3Place(bucket="faces", endpoint=endpoint), code, "")
        assert told_of(error) == (code, {"where": where, "bucket": "faces"})
    texts = {
        s3._unavailable(S3Place(bucket="b"), each, "").message.template
        for each in ("s3-bucket", "s3-denied", "s3-down")
    }
    assert len(texts) == 3


def test_names_are_looked_at_before_anything_is_sent(tmp_path):
    store = S3MediaStore(S3Place(bucket="b", endpoint="https://h"), tmp_path / "cache")
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert store.sweep_unfinished() == 0
    for act in (
        lambda name: store.put(name, b""),
        lambda name: store.put_new(name, b""),
        lambda name: store.put_many([("good", b""), (name, b"")]),
        lambda name: store.put_stream(name, iter([b""])),
        store.get,
        lambda name: store.read(name, 0, 1),
        store.map,
        store.delete,
        lambda name: store.delete_many([name]),
    ):
        with pytest.raises(UsageError) as caught:
            act("../x")
        assert caught.value.code == "media-name"


def test_the_clients_errors_are_ours_and_carry_none_of_its_words(tmp_path):
    from obstore import exceptions

    store = S3MediaStore(S3Place(bucket="b", endpoint="https://h"), tmp_path / "cache")
    where = {"where": "https://h", "bucket": "b"}
    for raised, kind, expected in (
        (FileNotFoundError("NoSuchBucket"), UnavailableError, ("s3-bucket", where)),
        (FileNotFoundError("NoSuchKey"), NotFoundError, ("no-such-media", {"name": "n"})),
        (exceptions.AlreadyExistsError("x"), ConflictError, ("media-exists", {"name": "n"})),
        (exceptions.PermissionDeniedError("x"), UnavailableError, ("s3-denied", where)),
        (exceptions.UnauthenticatedError("x"), UnavailableError, ("s3-denied", where)),
        (exceptions.GenericError("Forbidden"), UnavailableError, ("s3-denied", where)),
        (exceptions.GenericError("NoSuchBucket"), UnavailableError, ("s3-bucket", where)),
        (TimeoutError("x"), UnavailableError, ("s3-down", where)),
        (ConnectionError("x"), UnavailableError, ("s3-down", where)),
    ):
        with pytest.raises(kind) as caught, store._named("n"):
            raise raised
        assert told(caught) == expected
        assert caught.value.__cause__ is None
