"""What the demonstration tells: each step's title, and why it is there."""

from __future__ import annotations

from countenance.primitives.text import N_

STEPS: dict[str, tuple[str, str]] = {
    "workspace": (
        N_("A workspace"),
        N_(
            "Records, encrypted pictures, keys and a log, in one folder. Two operators answer for one another, and each "
            "signs with a key of their own."
        ),
    ),
    "collection": (
        N_("A gallery, a source, a client"),
        N_(
            "Photographs come from a registered source with a basis, purposes, a place and a public notice, and from "
            "nowhere else. Whoever searches needs a licence for the purpose."
        ),
    ),
    "consent": (
        N_("Ten people, eight consents"),
        N_(
            "This source rests on consent. Eight people have given theirs and hold a receipt; one gave it and has "
            "withdrawn it; one never gave any."
        ),
    ),
    "ingest": (
        N_("Taking in the photographs"),
        N_(
            "A template is made of a face only where somebody's permission for it is live. Where a name stands on a "
            "picture of many faces and no mark says which, nobody is guessed: the picture is held."
        ),
    ),
    "refused-enrolments": (
        N_("Two enrolments refused"),
        N_(
            "Photographs of two more people lie in the same folder. No template was made of them. Each refusal names "
            "its rule, what the rule rests on, and since when."
        ),
    ),
    "searches": (
        N_("Searching in a case"),
        N_(
            "A caseworker opens a case for a purpose, and searches with photographs that are not in the gallery. What "
            "comes back are leads: some lists hold people who merely look alike."
        ),
    ),
    "refused-searches": (
        N_("Two searches refused"),
        N_(
            "Nobody searches without a case, or for a purpose the gallery was not made for. Refusals are logged too."
        ),
    ),
    "not-found": (
        N_("Two people whom no search can find"),
        N_(
            "The same two whose enrolment was refused. A search with their photographs returns nothing of theirs and "
            "says nothing about them: not even that they said no."
        ),
    ),
    "withdrawal": (
        N_("One person leaves"),
        N_(
            "The code on the receipt is enough to withdraw. The references end in the same moment, and the keys to their "
            "templates and pictures are destroyed. The next search is made as if they had never been there."
        ),
    ),
    "log": (
        N_("The log, checked from outside"),
        N_(
            "Every act and every refused search above has an entry. The log is exported, and checked by a program of one file "
            "that shares nothing with the rest and is given the log's key by hand."
        ),
    ),
    "changed-log": (
        N_("The same log with one byte changed"),
        N_(
            "Suppose that somebody would rather the withdrawal had come at another time, and changes one digit of it in "
            "a copy of the export."
        ),
    ),
    "page": (
        N_("Something to look at"),
        N_("All lists of this demonstration on one page, which loads nothing and runs nothing."),
    ),
}
"""Name of a step -> its title and its reason, in order."""

PROMISES = {
    "two-operators": N_("two operators with two keys"),
    "source-live": N_("a source with basis, purposes, place and notice"),
    "client-licensed": N_("a client with a licence"),
    "eight-receipts": N_("eight open receipts"),
    "one-withdrawn": N_("one consent withdrawn"),
    "none-failed": N_("no photograph failed"),
    "everybody-enrolled": N_("all eight people enrolled"),
    "sheets-held": N_("pictures without a mark held"),
    "consent-withdrawn-refused": N_("enrolment refused: consent withdrawn"),
    "no-consent-refused": N_("enrolment refused: no consent"),
    "nothing-of-theirs": N_("no reference of either"),
    "asked-which-face": N_("asked which of several faces"),
    "own-person-first": N_("each person at the top of their own list"),
    "no-case-refused": N_("search refused: no case"),
    "purpose-refused": N_("search refused: purpose outside the gallery"),
    "not-returned": N_("neither person returned"),
    "not-mentioned": N_("neither person mentioned"),
    "found-before": N_("found before the withdrawal"),
    "gone-after": N_("gone from the next search"),
    "fewer-searched": N_("no longer counted"),
    "keys-destroyed": N_("keys destroyed"),
    "verified": N_("export verified"),
    "all-entries": N_("every entry covered"),
    "not-verified": N_("changed export not verified"),
    "entry-named": N_("changed entry named"),
    "page-written": N_("page written"),
    "no-error": N_("no error"),
}
"""What the steps promise, for the line that says which promise was broken."""

NOTICE = N_(
    "We hold portraits of people who agreed to be found in a missing-person case. Ask us at the desk, or by post, what "
    "we hold of you; you may leave at any time."
)
AGREED = N_("I agree that my photographs are searched, in missing-person cases only, until I say otherwise.")
EVIDENCE = N_("Signed forms, binder 7")
