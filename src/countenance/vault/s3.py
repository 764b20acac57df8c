"""Sealed files in a bucket that speaks S3 (Amazon's, SeaweedFS, MinIO, Ceph ...): the media store of several machines.

The store neither encrypts nor decrypts: what it is given is sealed already, so the bucket's keeper holds ciphertext and
names (random ids). Credentials come from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
`AWS_SESSION_TOKEN`) and stand in no file, log or error of ours.

Client: obstore (MIT), the Python side of Apache's object_store. Every request has a time limit and a bounded number of
tries, so a store that is down or slow ends in a named error. Puts are whole or not at all; large ones go in parts.
"""

from __future__ import annotations

import mmap
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from countenance.primitives.errors import ConflictError, NotFoundError, UnavailableError, UsageError
from countenance.primitives.files import make_private_directory
from countenance.primitives.text import N_
from countenance.vault.errors import named_os_errors
from countenance.vault.media import check_name

if TYPE_CHECKING:
    from obstore.store import S3Store

_PART = 8 << 20  # bytes of a part; S3 takes 10,000 of them, so 80 GB in one file
_AT_ONCE = 8  # requests in flight for a batch of small files
_SCHEME = "s3"


@dataclass(frozen=True, kw_only=True)
class S3Place:
    """Where the files lie. `prefix`: without slashes at its ends, may be empty. `endpoint`: empty for Amazon's own.

    `timeout_seconds`: of one request. `tries`: of one request, the first included.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    allow_http: bool = False
    timeout_seconds: float = 30.0
    tries: int = 4

    @classmethod
    def parse(
        cls, address: str, *, endpoint: str = "", region: str = "", allow_http: bool = False
    ) -> S3Place:
        """From `s3://BUCKET/PREFIX`. Raises UsageError for another form, and for an endpoint without TLS nobody allowed."""
        parts = urlsplit(address)
        if (
            parts.scheme != _SCHEME
            or not parts.netloc
            or parts.query
            or parts.fragment
            or "@" in parts.netloc
        ):
            raise UsageError(
                N_("{address} is not the address of a bucket."),
                remedy=N_("Write s3://BUCKET or s3://BUCKET/PREFIX; keys belong into the environment."),
                code="s3-address",
                address=address.rsplit("@", 1)[-1],
            )
        if endpoint and urlsplit(endpoint).scheme not in {"https", "http"}:
            raise UsageError(
                N_("{endpoint} is not the address of an S3 service."),
                remedy=N_("Write https://HOST or https://HOST:PORT."),
                code="s3-address",
                endpoint=endpoint.rsplit("@", 1)[-1],
            )
        if urlsplit(endpoint).scheme == "http" and not allow_http:
            raise UsageError(
                N_("{endpoint} would be spoken to without TLS."),
                remedy=N_("Use https. On a network of your own, set s3_allow_http = true in workspace.toml."),
                code="s3-without-tls",
                endpoint=endpoint,
            )
        return cls(
            bucket=parts.netloc,
            prefix=parts.path.strip("/"),
            endpoint=endpoint,
            region=region or cls.region,
            allow_http=allow_http,
        )

    def below(self, folder: str) -> S3Place:
        """The same with `folder` added to the prefix."""
        prefix = "/".join(part for part in (self.prefix, folder) if part)
        return S3Place(**{**vars(self), "prefix": prefix})


class S3MediaStore:
    """Named bytes in a bucket, as `FolderMediaStore` has them in a folder. Safe for threads.

    `cache`: a folder for what `map` fetches; it holds the same ciphertext as the bucket, without names, and each file is
    gone from it as soon as nobody maps it.
    """

    def __init__(self, place: S3Place, cache: Path) -> None:
        """Raises UnavailableError (`s3-missing`) where the client is not installed. Speaks to nobody yet."""
        self.place = place
        with named_os_errors(cache):
            self._cache = make_private_directory(cache)
        self._store = _connect(place)

    def put(self, name: str, data: bytes) -> None:
        """Store `data` under `name`. Raises UnavailableError (`s3-down`, `s3-denied`, `s3-bucket`)."""
        self.put_many([(name, data)])

    def put_new(self, name: str, data: bytes) -> None:
        """Store `data` unless something has that name (If-None-Match, RFC 9110 13.1.2). Raises ConflictError then."""
        import obstore

        with self._named(name):
            obstore.put(self._store, check_name(name), data, mode="create", use_multipart=False)

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> None:
        """Store (name, data) pairs; durable when it returns. After an error each name holds its old bytes or all new ones."""
        from concurrent.futures import ThreadPoolExecutor

        for name, _ in items:
            check_name(name)
        if len(items) == 1:
            self._put(*items[0])
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda item: self._put(*item), items))

    def _put(self, name: str, data: bytes) -> None:
        import obstore

        with self._named(name):
            obstore.put(self._store, name, data, use_multipart=len(data) > _PART, chunk_size=_PART)

    def put_stream(self, name: str, parts: Iterable[bytes]) -> None:
        """Store one large file piece by piece, in parts; not there before it returns.

        Raises UnavailableError, and whatever `parts` raises; then nothing is left under the name.
        """
        import obstore

        check_name(name)
        raised: list[BaseException] = []

        def told() -> Iterator[bytes]:
            try:
                yield from parts
            except BaseException as error:
                raised.append(error)  # the client would turn it into an error of its own
                raise

        try:
            with self._named(name):
                obstore.put(
                    self._store, name, told(), use_multipart=True, chunk_size=_PART, max_concurrency=4
                )
        except UnavailableError:
            if raised:
                raise raised[0] from None
            raise

    def get(self, name: str) -> bytes:
        """The bytes under `name`. Raises NotFoundError."""
        import obstore

        with self._named(check_name(name)):
            return bytes(obstore.get(self._store, name).bytes())

    def read(self, name: str, start: int, length: int) -> bytes:
        """Up to `length` bytes from `start`, fewer at the end of the file. Raises NotFoundError."""
        import obstore

        with self._named(check_name(name)):
            size = obstore.head(self._store, name)["size"]
            length = min(length, size - start)
            return (
                bytes(obstore.get_range(self._store, name, start=start, length=length)) if length > 0 else b""
            )

    def map(self, name: str) -> mmap.mmap:
        """A read-only map of one file, fetched to the cache; it stays good when the file is deleted. Raises NotFoundError.

        The fetched copy has no name in the file system: its room is free again when the map is closed or the process ends.
        """
        import obstore

        with self._named(check_name(name)):
            found = obstore.get(self._store, name)
            target = self._cache / f".{secrets.token_hex(8)}.tmp"
            with named_os_errors(self._cache), target.open("x+b", buffering=0) as stream:
                target.unlink()
                os.fchmod(stream.fileno(), 0o600)
                for part in found.stream(min_chunk_size=1 << 20):
                    rest = memoryview(part)
                    while rest:
                        rest = rest[stream.write(rest) :]
                if not os.fstat(stream.fileno()).st_size:
                    return mmap.mmap(-1, 1)  # an empty file cannot be mapped
                return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def delete(self, name: str) -> bool:
        """Delete one file; False where there was none."""
        return self.delete_many([name]) == 1

    def delete_many(self, names: Iterable[str]) -> int:
        """Delete files; returns how many there were. The bucket's disk keeps the ciphertext until its own clean-up runs."""
        import obstore

        deleted = 0
        for name in names:
            with self._named(check_name(name)):
                try:
                    obstore.head(self._store, name)
                except FileNotFoundError:
                    continue
                obstore.delete(self._store, name)
            deleted += 1
        return deleted

    def names(self, *, older_than: timedelta = timedelta(0)) -> Iterator[str]:
        """All names; with `older_than` only files written that long ago."""
        import obstore

        latest = datetime.now(UTC) - older_than
        with self._named(""):
            for page in obstore.list(self._store, chunk_size=1000):
                for one in page:
                    if "/" not in one["path"] and (not older_than or one["last_modified"] <= latest):
                        yield one["path"]

    def sweep_unfinished(self) -> int:
        """Nothing half-written is ever visible in a bucket; what was uploaded in part expires by the bucket's own rule."""
        return 0

    def check(self) -> None:
        """Write, read and delete a small file. Raises UnavailableError with what is wrong."""
        name = f"check-{secrets.token_hex(8)}"
        self.put(name, b"countenance")
        try:
            if self.get(name) != b"countenance":
                raise _unavailable(self.place, "s3-down", "other bytes came back")
        finally:
            self.delete(name)

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """The client's errors as ours. Its texts may hold addresses with signatures, so none of them is passed on."""
        from obstore import exceptions

        try:
            yield
        except FileNotFoundError as error:
            # The name of the file, or the bucket: S3 tells them apart in its answer's code.
            if "NoSuchBucket" in str(error):
                raise _unavailable(self.place, "s3-bucket", "") from None
            raise NotFoundError(
                N_("No stored file is named {name}."), name=name, code="no-such-media"
            ) from None
        except exceptions.AlreadyExistsError:
            raise ConflictError(
                N_("A stored file is named {name} already."), name=name, code="media-exists"
            ) from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError):
            raise _unavailable(self.place, "s3-denied", "") from None
        except (exceptions.BaseError, TimeoutError, ConnectionError) as error:
            raise _unavailable(self.place, _kind(error), "") from None


def _kind(error: BaseException) -> str:
    text = str(error)
    if "NoSuchBucket" in text:
        return "s3-bucket"
    if any(
        mark in text for mark in ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden")
    ):
        return "s3-denied"
    return "s3-down"


def _unavailable(place: S3Place, code: str, _problem: str) -> UnavailableError:
    where = place.endpoint or "Amazon S3"
    if code == "s3-bucket":
        return UnavailableError(
            N_("{where} has no bucket {bucket}."),
            remedy=N_("Make the bucket, or mend the address in workspace.toml. Nothing was changed."),
            where=where,
            bucket=place.bucket,
            code=code,
        )
    if code == "s3-denied":
        return UnavailableError(
            N_("{where} does not let us into the bucket {bucket}."),
            remedy=N_(
                "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of an account that may read, write and delete."
            ),
            where=where,
            bucket=place.bucket,
            code=code,
        )
    return UnavailableError(
        N_("The bucket {bucket} at {where} does not answer, or not in time."),
        remedy=N_("Nothing was half-written. Try again when it is up: countenance doctor."),
        where=where,
        bucket=place.bucket,
        code=code,
    )


def _connect(place: S3Place) -> S3Store:
    try:
        from obstore.store import S3Store
    except ImportError as error:
        raise UnavailableError(
            N_("This workspace keeps its files in a bucket, and the client for that is not installed."),
            remedy=N_("Install it with: pip install 'countenance[s3]'"),
            code="s3-missing",
        ) from error
    options: dict[str, Any] = {"endpoint": place.endpoint} if place.endpoint else {}
    for name, variable in (
        ("access_key_id", "AWS_ACCESS_KEY_ID"),
        ("secret_access_key", "AWS_SECRET_ACCESS_KEY"),
        ("session_token", "AWS_SESSION_TOKEN"),
    ):
        if os.environ.get(variable):
            options[name] = os.environ[variable]
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        region=place.region,
        client_options={
            "allow_http": place.allow_http,
            "timeout": timedelta(seconds=place.timeout_seconds),
            "connect_timeout": timedelta(seconds=min(5.0, place.timeout_seconds)),
        },
        retry_config={
            "max_retries": place.tries - 1,
            "retry_timeout": timedelta(seconds=place.tries * place.timeout_seconds),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=2),
                "base": 2,
            },
        },
        **options,
    )
