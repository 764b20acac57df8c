"""What both media stores must do: the one in a folder and the one in a bucket (a real SeaweedFS)."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from bucket_service import BucketService

from countenance.primitives.errors import ConflictError, NotFoundError, UnavailableError, UsageError
from countenance.vault.media import FolderMediaStore, MediaStore
from countenance.vault.s3 import S3MediaStore, S3Place


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    if request.param == "folder":
        return FolderMediaStore(tmp_path / "media")
    service: BucketService = request.getfixturevalue("bucket_service")
    return service.store(uuid.uuid4().hex)


def test_what_is_put_is_there_and_what_is_deleted_is_not(store: MediaStore) -> None:
    store.put("a", b"old")
    store.put("a", b"new")
    store.put_many([(f"many-{n}", bytes([n]) * n) for n in range(20)])
    assert store.get("a") == b"new"
    assert [store.get(f"many-{n}") for n in range(20)] == [bytes([n]) * n for n in range(20)]
    assert sorted(store.names()) == sorted(["a", *(f"many-{n}" for n in range(20))])
    assert list(store.names(older_than=timedelta(hours=1))) == []
    assert store.delete("a")
    assert not store.delete("a")
    assert store.delete_many(["many-1", "never", "many-2"]) == 2
    for act in (lambda: store.get("a"), lambda: store.read("a", 0, 1), lambda: store.map("a")):
        with pytest.raises(NotFoundError) as caught:
            act()
        assert caught.value.code == "no-such-media"


def test_a_new_file_replaces_none(store: MediaStore) -> None:
    store.put_new("once", b"first")
    with pytest.raises(ConflictError) as caught:
        store.put_new("once", b"second")
    assert caught.value.code == "media-exists"
    assert store.get("once") == b"first"


def test_parts_of_a_file(store: MediaStore) -> None:
    store.put("x", bytes(range(100)))
    assert store.read("x", 0, 4) == bytes(range(4))
    assert store.read("x", 90, 50) == bytes(range(90, 100))
    assert store.read("x", 200, 5) == b""


def test_a_large_file_comes_piece_by_piece_and_is_mapped(store: MediaStore) -> None:
    pieces = [os.urandom(1 << 20) for _ in range(20)]
    store.put_stream("large", iter(pieces))
    held = store.map("large")
    assert held[:] == b"".join(pieces)
    store.delete("large")
    assert held[-10:] == pieces[-1][-10:]  # good for whoever had it open
    store.put("empty", b"")
    assert len(store.map("empty")) == 1


def test_a_stream_that_breaks_leaves_nothing(store: MediaStore) -> None:
    def parts() -> Iterator[bytes]:
        yield bytes(9 << 20)
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        store.put_stream("half", parts())
    assert list(store.names()) == []


def test_names_that_could_be_paths_are_refused(store: MediaStore) -> None:
    for name in ("../x", "a/b", "", ".x", "A"):
        for act in (store.get, store.map, store.delete, lambda name: store.put(name, b"")):
            with pytest.raises(UsageError) as caught:
                act(name)
            assert caught.value.code == "media-name"


def test_it_looks_after_itself(store: MediaStore) -> None:
    store.check()
    assert list(store.names()) == []
    assert store.sweep_unfinished() == 0


# The bucket alone.


def test_two_prefixes_are_two_stores(bucket_service: BucketService) -> None:
    one, other = bucket_service.store("one"), bucket_service.store("other")
    one.put("x", b"1")
    with pytest.raises(NotFoundError):
        other.get("x")
    below = S3MediaStore(one.place.below("deeper"), bucket_service.folder / "c")
    below.put("y", b"2")
    assert list(one.names()) == ["x"]


def test_a_service_that_is_down_is_named_within_its_time(tmp_path: Path) -> None:
    place = S3Place.parse("s3://faces", endpoint="http://127.0.0.1:9", allow_http=True)
    store = S3MediaStore(S3Place(**{**vars(place), "timeout_seconds": 1.0, "tries": 2}), tmp_path)
    for act in (
        lambda: store.get("x"),
        lambda: store.put("x", b""),
        lambda: store.put_stream("x", iter([b""])),
        lambda: list(store.names()),
        lambda: store.delete("x"),
    ):
        with pytest.raises(UnavailableError) as caught:
            act()
        assert caught.value.code == "s3-down"


def test_a_service_that_never_answers_is_named_within_its_time(tmp_path: Path) -> None:
    import socket
    import time

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        place = S3Place.parse("s3://faces", endpoint=endpoint, allow_http=True)
        store = S3MediaStore(S3Place(**{**vars(place), "timeout_seconds": 0.5, "tries": 2}), tmp_path)
        began = time.monotonic()
        with pytest.raises(UnavailableError) as caught:
            store.get("x")
        assert caught.value.code == "s3-down"
        assert time.monotonic() - began < 10


def test_wrong_keys_and_missing_buckets_are_named_and_no_key_is_told(
    bucket_service: BucketService, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = S3Place.parse("s3://nowhere", endpoint=bucket_service.endpoint, allow_http=True)
    with pytest.raises(UnavailableError) as caught:
        S3MediaStore(place, tmp_path).get("x")
    assert caught.value.code == "s3-bucket"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    denied = bucket_service.store("denied")
    for act in (lambda: denied.get("x"), lambda: denied.put("x", b""), lambda: list(denied.names())):
        with pytest.raises(UnavailableError) as caught:
            act()
        assert caught.value.code == "s3-denied"
        chain = [caught.value, caught.value.__cause__]
        assert not any("not-the-secret" in repr(one) or "Signature" in repr(one) for one in chain)


@pytest.mark.parametrize(
    ("address", "endpoint", "code"),
    [
        ("file:///x", "", "s3-address"),
        ("s3://", "", "s3-address"),
        ("s3://key:secret@bucket/x", "", "s3-address"),
        ("s3://bucket?x=1", "", "s3-address"),
        ("s3://bucket", "ftp://host", "s3-address"),
        ("s3://bucket", "http://host", "s3-without-tls"),
    ],
)
def test_bad_addresses_are_refused_before_anything_is_sent(address: str, endpoint: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        S3Place.parse(address, endpoint=endpoint)
    assert caught.value.code == code
    assert "secret" not in str(caught.value)


@pytest.mark.slow  # when the bytes go is the service's own affair; its clean-up does not take them every time
def test_deleted_bytes_leave_the_service_with_its_clean_up(bucket_service: BucketService) -> None:
    store = bucket_service.store("erasure")
    data = os.urandom(40_000)
    marks = (data[:64], data[20_000:20_064])

    def found() -> bool:
        held = [path.read_bytes() for path in bucket_service.folder.rglob("*") if path.is_file()]
        return any(mark in one for mark in marks for one in held)

    store.put("crop", data)
    assert found()  # the scan can find it
    store.delete("crop")
    bucket_service.vacuum()
    assert not found()
    with pytest.raises(NotFoundError):
        store.get("crop")
