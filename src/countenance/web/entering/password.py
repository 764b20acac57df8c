"""Which passwords are taken (NIST SP 800-63B-4, 3.1.1.2): long ones, and none that is easily guessed."""

from __future__ import annotations

import unicodedata
from functools import cache

from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
GUESSED_FIRST = ("countenance",)
"""Words of this place that no password holds, besides the account's own name."""


def spelt(password: str) -> str:
    """A password as it is tried: in its one spelling (NFC), and no longer than one may be."""
    return unicodedata.normalize("NFC", password)[:LONGEST_PASSWORD]


def check_password(password: str, account: str) -> str:
    """The password in its one spelling (NFC). Raises UsageError for one that is easily guessed."""
    text = unicodedata.normalize("NFC", password)
    if not SHORTEST_PASSWORD <= len(text) <= LONGEST_PASSWORD:
        raise UsageError(
            N_("A password has {shortest} to {longest} characters; a few words will do."),
            code="password-length",
            shortest=SHORTEST_PASSWORD,
            longest=LONGEST_PASSWORD,
        )
    folded = text.casefold()
    if folded in _common() or any(word in folded for word in (account.casefold(), *GUESSED_FIRST)):
        raise UsageError(
            N_(
                "This password is easily guessed: it is common, or holds the account's or the program's name."
            ),
            code="password-common",
        )
    return text


@cache
def _common() -> set[str]:
    from django.contrib.auth.password_validation import CommonPasswordValidator

    return set(CommonPasswordValidator().passwords)
