"""The table of the comparison, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from drawing import BANDS
from engines import Entry

HEAD = (
    "engine",
    "p50 ms",
    "p99 ms",
    "processor ms",
    "probes/s, 64 at once",
    "NumPy before / after, processor ms",
    *(f"found {band} %" for band in BANDS),
    "FNIR at FPIR 1 %, %",
    "memory, bytes each",
    "disk, bytes each",
    "build s",
    "add 1,000 ms",
    "delete 1,000 ms",
    "bytes of the deleted",
)


def markdown(results: dict[str, dict[str, Any]]) -> str:
    """Engines by their processor time where they find as much as brute force, then the others, then those that did not run."""

    def order(item: tuple[str, dict[str, Any]]) -> tuple[int, float]:
        one = item[1]
        if "error" in one:
            return 3, 0.0
        smaller = one["templates"] < max(other.get("templates", 0) for other in results.values())
        if smaller:
            return 2, one["processor_ms"]
        lost = max(one["brute_force"][band] - one["found"][band] for band in BANDS)
        return (0 if lost <= 1 else 1), one["processor_ms"]

    rows = [_line(HEAD), "|" + "---|" * len(HEAD)]
    for name, one in sorted(results.items(), key=order):
        if "error" in one:
            rows.append(_line((name, one["error"], *[""] * (len(HEAD) - 2))))
            continue
        size = "" if order((name, one))[0] < 2 else f" ({one['templates']:,} templates)"
        rows.append(
            _line(
                (
                    one.get("label", name) + size,
                    one["p50_ms"],
                    one["p99_ms"],
                    one["processor_ms"],
                    one["per_s_at_64"],
                    " / ".join(f"{ms:g}" for ms in one["numpy_ms"]),
                    *(_found(one, band) for band in BANDS),
                    one.get("fnir", ""),
                    one["private_bytes"],
                    one["disk_bytes"],
                    one["build_s"],
                    one.get("add_1000_ms", ""),
                    one.get("delete_1000_ms", ""),
                    verdict(one),
                )
            )
        )
    return "\n".join(rows)


def settings(entries: Mapping[str, Entry], names: Iterable[str]) -> str:
    """What each engine was told, and the packages it came in."""
    rows = [_line(("engine", "settings", "packages")), "|---|---|---|"]
    for name in names:
        one = entries[name]
        packages = ", ".join(f"`{package}`" for package in one.needs) or "`numpy`"
        rows.append(_line((name, one.settings, packages)))
    return "\n".join(rows)


def _found(one: dict[str, Any], band: str) -> str:
    """The share; beside it what brute force finds of the same probes, where an engine was asked fewer of them."""
    share = f"{one['found'][band]:g}"
    return (
        share
        if one["probes_a_band"] > 60 or not one["brute_force"]
        else f"{share} (of {one['probes_a_band']}; brute force {one['brute_force'][band]:g})"
    )


def verdict(one: dict[str, Any]) -> str:
    """Whether deleted rows were in the files before, and are after: worst form of bytes."""
    told = one.get("bytes", "")
    if isinstance(told, str):
        return told
    there = [form for form, number in told["before"].items() if number == told["of"]]
    if not there:
        return "not seen before: cannot tell"
    if not any(told["deleted"].values()):
        return "gone"
    most = max(told["cleaned"].values())
    return "gone after cleaning" if not most else f"stay ({most} of {told['of']}, after cleaning)"


def _line(cells: tuple[object, ...]) -> str:
    return "| " + " | ".join(f"{cell}".replace("|", "/") for cell in cells) + " |"
