"""A time-stamping authority's word for when a checkpoint existed (RFC 3161), kept beside it. An extra: `countenance[timestamp]`.

What is stamped is the signed note as this log wrote it, without what witnesses added: the response and that note are checked by
any tool for RFC 3161 (`openssl ts -verify -data NOTE -in RESPONSE -CAfile ROOTS`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from countenance.primitives.errors import FormatError, IntegrityError, UnavailableError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What a good response says. `at`: by the authority's clock, aware. `serial`: its number for this token."""

    at: datetime
    serial: int


def request_for(note: str) -> bytes:
    """The request (RFC 3161, 2.4.1; DER) for a checkpoint's note: SHA-512, with the certificate, without a nonce.

    A nonce only shows that a response is new, and an old one to the same note would say that it existed even earlier.
    Raises UnavailableError where the extra is not installed.
    """
    _need()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    builder = TimestampRequestBuilder(data=note.encode(), hash_algorithm=HashAlgorithm.SHA512, nonce=False)
    return builder.build().as_bytes()


def read_stamp(response: bytes, note: str, roots: bytes) -> Stamp:
    """The stamp in a response (RFC 3161, 2.4.2; DER) of an authority under one of `roots` (certificates, PEM), for `note`.

    Raises FormatError where either cannot be read, IntegrityError where it is no good stamp of this note.
    """
    _need()
    from cryptography import x509
    from rfc3161_client import VerificationError, VerifierBuilder

    try:
        anchors = x509.load_pem_x509_certificates(roots)
    except ValueError as error:
        raise FormatError(
            N_("These are no certificates in PEM."),
            remedy=N_("Take the root certificate from where the time-stamping authority publishes it."),
            code="timestamp-roots",
        ) from error
    read = _decoded(response)
    try:
        verifier = VerifierBuilder(roots=anchors).build()
        good = verifier.verify_message(read, note.encode())
    except (VerificationError, ValueError) as error:
        raise _not_good() from error
    if not good:
        raise _not_good()
    return Stamp(at=read.tst_info.gen_time, serial=read.tst_info.serial_number)


def _decoded(response: bytes) -> TimeStampResponse:
    from rfc3161_client import decode_timestamp_response

    try:
        return decode_timestamp_response(response)
    except ValueError as error:
        raise FormatError(
            N_("This is no response of a time-stamping authority."), code="timestamp"
        ) from error


def _not_good() -> IntegrityError:
    return IntegrityError(
        N_("This is no good time stamp of a checkpoint of this log by that authority."), code="timestamp"
    )


def _need() -> None:
    try:
        import rfc3161_client  # noqa: F401 - asked for its presence
    except ImportError as error:
        raise UnavailableError(
            N_("Time stamps (RFC 3161) need a package that is not installed."),
            remedy=N_("Install it with: pip install 'countenance[timestamp]'"),
            code="timestamp-extra",
        ) from error
