"""An access package as a file: one ZIP, which opens everywhere, and can carry the proof of its own content.

::

    access.html       everything, with the pictures inside; opens alone
    access.json       the same for programs
    pictures/         the pictures, as files
    SHA256SUMS        of all of the above
    receipt.json      names the SHA-256 of SHA256SUMS, with the log's proof; put in when the package is handed out
    verifier.py       checks the receipt; one file, no network

A page alone cannot hold its own hash; that is why it is a ZIP.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from countenance.primitives.canonical import sha256_hex
from countenance.primitives.errors import FormatError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.rights.access import Shown
    from countenance.rights.disclosure import Disclosure

SUMS = "SHA256SUMS"
_WHEN = (1980, 1, 1, 0, 0, 0)  # the least that a ZIP can say: the same content is the same file


def build(content: Mapping[str, Any], page: str, pictures: Sequence[Shown]) -> bytes:
    """A package without its receipt, to be looked at."""
    numbers = {face["id"]: face["number"] for face in content["faces"]}
    files: dict[str, bytes] = {
        "access.html": page.encode(),
        "access.json": (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode(),
    }
    for shown in pictures:
        number = numbers[shown.face]
        if shown.crop is not None:
            files[f"pictures/{number:03d}-face.jpg"] = shown.crop
        if shown.photograph is not None:
            files[f"pictures/{number:03d}-photograph.jpg"] = shown.photograph
    files[SUMS] = "".join(f"{sha256_hex(data)}  {name}\n" for name, data in files.items()).encode()
    return _zip(files)


def build_disclosure(disclosure: Disclosure, page: str, receipt: str, verifier: Path) -> bytes:
    """A disclosure as it is handed out: `disclosure.json` in the form that the receipt names, a page, and the pictures."""
    files: dict[str, bytes] = {"disclosure.html": page.encode(), "disclosure.json": disclosure.data}
    files |= {f"pictures/{name}": data for name, data in sorted(disclosure.pictures.items())}
    files[SUMS] = "".join(f"{sha256_hex(data)}  {name}\n" for name, data in files.items()).encode()
    return _zip({**files, "receipt.json": receipt.encode(), "verifier.py": verifier.read_bytes()})


def digest_of(package: bytes) -> str:
    """What the receipt names: the SHA-256 of SHA256SUMS. Raises FormatError where the package is not one, or was changed."""
    files = _unzip(package)
    said: dict[str, str] = {}
    for line in files.get(SUMS, b"").decode("utf-8", "replace").splitlines():
        digest, _, name = line.partition("  ")
        said[name] = digest
    held = {name: sha256_hex(data) for name, data in files.items() if name != SUMS}
    if not said or said != held:
        raise FormatError(
            N_("This is no access package, or it was changed after it was made."),
            remedy=N_("Make it again: countenance request package"),
            code="package-changed",
        )
    return sha256_hex(files[SUMS])


def with_receipt(package: bytes, receipt: str, verifier: Path) -> bytes:
    """The package as it is handed out."""
    files = _unzip(package)
    return _zip({**files, "receipt.json": receipt.encode(), "verifier.py": verifier.read_bytes()})


def _zip(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _unzip(package: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, KeyError, OSError, UnicodeDecodeError) as error:
        raise FormatError(
            N_("This is no access package, or it was changed after it was made."),
            remedy=N_("Make it again: countenance request package"),
            code="package-changed",
        ) from error
