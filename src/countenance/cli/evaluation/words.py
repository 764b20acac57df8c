"""Rates, definitions and reasons as people read them."""

from __future__ import annotations

from countenance.cli.language import Language, _, say, spoken
from countenance.cli.sheet.words import decimal
from countenance.evaluation.values import Definition, Rate
from countenance.primitives.text import N_

DEFINITIONS = {
    Definition.SINGLE: N_("single"),
    Definition.CENTRED: N_("centred"),
    Definition.CENTRED_MIRRORED: N_("centred and averaged with the mirror image"),
}

REASONS = {
    "no-face": N_("no face found"),
    "not-readable": N_("file cannot be opened"),
    "empty": N_("empty file"),
    "not-a-picture": N_("not a picture"),
    "vector": N_("a drawing, not a photograph"),
    "document": N_("a document, not a photograph"),
    "truncated": N_("file ends too early"),
    "damaged": N_("damaged file"),
    "too-many-bytes": N_("file too large"),
    "too-many-pixels": N_("too many pixels"),
    "too-many-pages": N_("too many pages"),
    "heic-not-installed": N_("HEIC support not installed"),
    "worker-killed": N_("worker process ended"),
    "timeout": N_("took too long"),
    "memory": N_("out of memory"),
    "internal": N_("a defect of ours"),
}


def definition_words(definition: Definition) -> str:
    """What a template was made of."""
    return _(DEFINITIONS[definition])


def reason_words(reason: str) -> str:
    """Why a photograph gave no template."""
    return _(REASONS.get(reason, reason))


def percent(value: float) -> str:
    """`7.2 %`, with two figures where it is small: `0.034 %`. Never less than was measured in words."""
    hundred = 100 * value
    if hundred == 0:
        return "0\u00a0%"
    small = 1 if hundred >= 1 else min(8, 1 - _exponent(hundred))
    places = 2 if 99.5 < hundred < 100 else small
    written = decimal(hundred, places).rstrip("0").rstrip(".,") if hundred < 1 else decimal(hundred, places)
    return f"{written}\u00a0%"


def _exponent(value: float) -> int:
    return int(f"{value:e}".split("e")[1])


def share_words(value: float) -> str:
    """A rate that was asked for: `1 %`, `0.1 %`, and below that `1 in 100,000`."""
    if value >= 1e-3:
        return f"{decimal(100 * value, 1).rstrip('0').rstrip('.,')}\u00a0%"
    number = f"{round(1 / value):,}"
    return say(N_("1 in {number}"), number=number.replace(",", "\u202f" if spoken() is Language.FR else ","))


def tick(value: float) -> str:
    """A share at an axis: no more places than it needs."""
    return plain(100 * value) + "\u00a0%"


def plain(value: float) -> str:
    """A number with as many places as it has."""
    written = f"{value:.6g}"
    return written.replace(".", ",") if spoken() is Language.FR else written


def rate_words(rate: Rate) -> str:
    """`7.2 % (6.5 to 7.9)`."""
    if rate.value is None:
        return "-"
    if rate.low is None or rate.high is None:
        return percent(rate.value)
    low, high = (percent(value).replace("\u00a0%", "") for value in (rate.low, rate.high))
    return say(N_("{value} ({low} to {high})"), value=percent(rate.value), low=low, high=high)
