"""What the program notes of itself while it serves: on standard error, one line each, in UTC; words and ids alone."""

from __future__ import annotations

import logging
import sys
import time


def keep_journal() -> None:
    """Write the program's own notes from now on. On somebody's terminal, warnings alone. Twice is once."""
    ours = logging.getLogger("countenance")
    ours.setLevel(logging.WARNING if sys.stderr.isatty() else logging.INFO)
    if ours.handlers:
        return
    lines = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    lines.converter = time.gmtime
    stream = logging.StreamHandler()
    stream.setFormatter(lines)
    ours.addHandler(stream)
    ours.propagate = False
