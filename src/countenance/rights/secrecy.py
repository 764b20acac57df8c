"""Memory that leaves no trace on a disk: no swap, no core dump, nothing for a debugger of another account."""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_

_PR_SET_DUMPABLE = 4  # linux/prctl.h
_MCL_CURRENT, _MCL_FUTURE = 1, 2  # sys/mman.h
_SWAPS = Path("/proc/swaps")


@dataclass(frozen=True, kw_only=True)
class MemoryOnly:
    """What holds in this process from now on. `locked`: its pages are kept in memory (mlockall)."""

    no_core_dump: bool
    not_dumpable: bool
    no_swap: bool
    locked: bool


def memory_only(swaps: Path = _SWAPS) -> MemoryOnly:
    """Close the ways from memory to disk, for this process and the workers it starts.

    Raises UnavailableError where the machine swaps: a worker's pages could not be kept from it.
    """
    try:
        swapping = len(swaps.read_text("utf-8").splitlines()) > 1
    except OSError:
        swapping = True  # a system that does not tell may swap
    if swapping:
        raise UnavailableError(
            N_(
                "This machine swaps memory to a disk, so nothing may be looked through on it without an index."
            ),
            remedy=N_("Turn swap off (swapoff -a), or use a machine without it."),
            code="sweep-swap",
        )
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    dumpable = locked = False
    if sys.platform == "linux":
        system = ctypes.CDLL(None, use_errno=True)
        dumpable = system.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) == 0
        unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
        flags = _MCL_CURRENT | (_MCL_FUTURE if unlimited else 0)
        locked = system.mlockall(flags) == 0
    return MemoryOnly(
        no_core_dump=resource.getrlimit(resource.RLIMIT_CORE)[0] == 0,
        not_dumpable=dumpable,
        no_swap=True,
        locked=locked,
    )
