"""What can be listed of the watch, and what can come of a flag."""

from __future__ import annotations

from enum import StrEnum


class WatchListing(StrEnum):
    """What can be listed."""

    SAMPLES = "samples"
    FLAGS = "flags"


class FlagFinding(StrEnum):
    """What somebody else than the flagged has found."""

    UNFOUNDED = "unfounded"  # the rule saw what is not there; counted as a false flag
    EXPLAINED = "explained"  # it is so, and there is a reason on file
    MISUSE = "misuse"  # to be followed by a suspension
