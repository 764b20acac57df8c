"""The files of a source that has no index, as its holder keeps them: which there are, their bytes, and what their names say."""

# Names in a source are bytes, and pathlib has none:
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import os
from collections.abc import Iterator

from countenance.primitives.errors import UnavailableError
from countenance.primitives.files import name_to_text, text_to_name
from countenance.primitives.text import N_, folded
from countenance.records.models import Source

_SHORTEST_NAME = 3


def says(path: bytes, name: str) -> bool:
    """Whether every word of the requester's name stands in a path."""
    words = [word for word in folded(name).split() if len(word) >= _SHORTEST_NAME]
    text = folded(name_to_text(path))
    return bool(words) and all(word in text for word in words)


def walk(source: Source) -> Iterator[bytes]:
    """Every file of a source in order of its whole path; links are not followed. Raises UnavailableError."""
    root = text_to_name(source.location)
    if not os.path.isdir(root):  # noqa: PTH112 - as above
        raise UnavailableError(
            N_("The source {source} is not there: {location}. Nothing was changed: missing is not deleted."),
            remedy=N_(
                "Mount or connect it, then give the same command again; the run goes on where it stopped."
            ),
            code="source-gone",
            source=source.name,
            location=source.location,
        )
    found: list[bytes] = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(b".")]
        for name in files:
            full = os.path.join(folder, name)
            if not name.startswith(b".") and not os.path.islink(full):  # noqa: PTH114 - as above
                found.append(os.path.relpath(full, root))
    yield from sorted(found)


def read(source: Source, path: bytes, most: int) -> bytes | None:
    """A file's bytes, or None where it cannot be read or is longer than `most` bytes."""
    try:
        with open(os.path.join(text_to_name(source.location), path), "rb") as stream:
            data = stream.read(most + 1)
    except OSError:
        return None
    return data if len(data) <= most else None
