"""Closed words as pages say them. What the command line says already is taken from there."""

from __future__ import annotations

from countenance.cli.commands.request_clocks import WORDS as REQUEST_WORDS
from countenance.cli.sheet.report import OUTCOMES
from countenance.cli.sheet.words import PURPOSES, QUALITY
from countenance.primitives.text import N_

BASES = {
    "consent": N_("consent"),
    "legal-obligation": N_("legal obligation"),
    "public-task": N_("public task"),
    "vital-interest": N_("vital interest"),
    "legitimate-interest": N_("legitimate interest"),
    "publicly-available": N_("publicly available"),
}
"""A basis in the register."""

STEPS = {
    "received": N_("Received"),
    "verified": N_("It was checked that it is you"),
    "paused": N_("The clock stands still; you have been told why"),
    "resumed": N_("The clock runs again"),
    "extended": N_("More time was taken; you have been told why"),
    "access-given": N_("Answered: what is held was handed over"),
    "erased": N_("Erased"),
    "left-out": N_("Left out from now on"),
    "corrected": N_("Corrected"),
    "disclosed": N_("A search was disclosed to you"),
    "swept": N_("A source without an index was looked through"),
    "consent-withdrawn": N_("Your consent was withdrawn"),
    "objection-upheld": N_("Your objection was upheld"),
    "nothing-found": N_("Answered: nothing was found"),
    "refused": N_("Refused; you have been told why, and where to complain"),
    "withdrawn": N_("You took the request back"),
}
"""A step of a request, before whoever made it; the words of `rights.values.RequestStep`."""

ALL = {
    "basis": BASES,
    "step": STEPS,
    "purpose": PURPOSES,
    "quality": QUALITY,
    "request": REQUEST_WORDS,
    "outcome": OUTCOMES,
}
"""By the name that templates give: `{{ row.basis|said:"basis" }}`."""
