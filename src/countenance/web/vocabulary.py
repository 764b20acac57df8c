"""Closed words as pages say them. What the command line says already is taken from there."""

from __future__ import annotations

from countenance.cli.acts import STATES
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

ROLES = {
    "operator": N_("operator"),
    "auditor": N_("auditor"),
    "request-desk": N_("request desk"),
    "caseworker": N_("caseworker"),
    "reviewer": N_("reviewer"),
    "supervisor": N_("supervisor"),
    "commissioner": N_("commissioner"),
    "inspector": N_("inspector"),
}
"""A role of an account."""

ALL = {
    "basis": BASES,
    "step": STEPS,
    "purpose": PURPOSES,
    "quality": QUALITY,
    "request": REQUEST_WORDS,
    "outcome": OUTCOMES,
    "role": ROLES,
}
"""By the name that templates give: `{{ row.basis|said:"basis" }}`."""

WORDS = {
    **STATES,
    **REQUEST_WORDS,
    **BASES,
    **PURPOSES,
    **ROLES,
    "cease-offering": N_("cease offering"),
    "cease-collecting": N_("cease collecting"),
    "cease-disclosing": N_("cease disclosing"),
    "delete": N_("delete"),
    "ingest": N_("ingest"),
    "search": N_("search"),
    "export": N_("export"),
    "receipt-holder": N_("holds the code of the receipt"),
    "document-seen": N_("a document was seen"),
    "own-face-seen": N_("somebody saw that the picture shows them"),
    "receipt": N_("receipt of a consent"),
    "photograph": N_("photograph"),
    "source-reference": N_("reference or path of a photograph"),
    "own-face": N_("a picture of the requester"),
    "unfounded": N_("unfounded"),
    "explained": N_("explained"),
    "misuse": N_("misuse"),
    "in-order": N_("in order"),
    "questioned": N_("questioned"),
    "not-in-order": N_("not in order"),
    "revoked": N_("revoked"),
    "under-way": N_("under way"),
    "finished": N_("finished"),
    "stopped": N_("stopped; the same act goes on"),
    "failed": N_("failed"),
    "unreadable": N_("unreadable"),
    "removed": N_("removed"),
    "person": N_("person"),
    "source": N_("source"),
    "gallery": N_("gallery"),
    "client": N_("client"),
    "case": N_("case"),
    "jurisdiction": N_("jurisdiction"),
    "precautionary": N_("everybody who may live there"),
    "stated": N_("those of whom it is stated"),
    "documented": N_("those of whom it is documented"),
    "declared": N_("declared"),
    "document": N_("document"),
}
"""Closed words of lists and forms, whatever field they stand in: `{{ value|closed }}`."""
