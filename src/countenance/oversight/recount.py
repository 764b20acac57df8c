"""Counts a yearly report again from an exported log, without any other part of the software that made it.

    python recount.py EXPORT_DIR REPORT.json

Needs Python 3.12 and nothing else. It reads the entries of the export (C2SP tlog-tiles) and holds every figure of the
report against them: how many entries, which first, which last, and the SHA-256 over their numbers (8 bytes each, big-endian).
Verify the export itself beforehand, with verifier.py. Exit codes: 0 all figures hold, 1 one does not, 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

WIDTH = 256  # entries in a full bundle


def entries(export: Path, size: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Number and leaf of every entry below `size`."""
    for start in range(0, size, WIDTH):
        width = min(WIDTH, size - start)
        data = bundle(export, start // WIDTH, width)
        place = 0
        for number in range(start, start + width):
            length = int.from_bytes(data[place : place + 2], "big")
            yield number, json.loads(data[place + 2 : place + 2 + length])
            place += 2 + length


def bundle(export: Path, position: int, width: int) -> bytes:
    """The entries of one bundle; a log that has grown since holds more in it."""
    digits = f"{position % 1000:03}"
    rest = position // 1000
    while rest:
        digits = f"x{rest % 1000:03}/{digits}"
        rest //= 1000
    path = export / "tile" / "entries" / digits
    if path.is_file():
        return path.read_bytes()
    parts = sorted((int(each.name), each) for each in path.with_name(path.name + ".p").iterdir())
    return next(each for number, each in parts if number >= width).read_bytes()


def recount(export: Path, report: dict[str, Any]) -> list[str]:
    """What does not hold, a line each."""
    year = str(report["year"])
    wanted = {(f["event"], f["by"] or "", f["value"] or ""): f for f in report["figures"]}
    parts: dict[str, set[str]] = {}
    for event, by, _ in wanted:
        parts.setdefault(event, {""}).add(by)
    found: dict[tuple[str, str, str], list[Any]] = {}
    for number, leaf in entries(export, report["size"]):
        if leaf["at"][:4] != year:
            continue
        for by in parts.setdefault(leaf["event"], {""}):
            value = "" if by == "" else leaf["at"][:7] if by == "month" else leaf[by]
            if value is not None:
                seen = found.setdefault((leaf["event"], by, value), [0, number, number, sha256()])
                seen[0], seen[2] = seen[0] + 1, number
                seen[3].update(number.to_bytes(8, "big"))
    wrong = []
    for key in sorted(set(wanted) | set(found)):
        count, first, last, digest = found.get(key, [0, None, None, sha256()])
        figure = wanted.get(key)
        if figure is None:
            wrong.append(f"{' '.join(key)}: {count} in the log, not in the report")
        elif figure.get("withheld"):
            continue
        elif (figure["count"], figure["first"], figure["last"]) != (count, first, last):
            wrong.append(f"{' '.join(key)}: the report says {figure['count']}, the log {count}")
        elif figure["entries_sha256"] != digest.hexdigest():
            wrong.append(f"{' '.join(key)}: as many, but other entries")
    return wrong


def main(arguments: list[str]) -> int:
    """Print the verdict; the exit code."""
    if len(arguments) != 2:
        print(__doc__)
        return 2
    report = json.loads(Path(arguments[1]).read_text("utf-8"))
    wrong = recount(Path(arguments[0]), report)
    for line in wrong:
        print(line)
    print("not as in the log" if wrong else f"all {len(report['figures'])} figures hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
