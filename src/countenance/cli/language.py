"""The language of a run: chosen once, before anything is parsed, for our sentences and for click's own.

Both go through one catalogue, `locale/LANG/LC_MESSAGES/countenance.mo`. English is in the code and needs none.
"""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from pathlib import Path

from countenance.primitives.text import Message

DOMAIN = "countenance"
LOCALES = Path(__file__).parent.parent / "locale"
VARIABLE = "COUNTENANCE_LANG"

# The order in which POSIX and GNU gettext look for a person's language.
_SYSTEM = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


class Language(StrEnum):
    """The languages of the doors."""

    EN = "en"
    FR = "fr"


# The language of one request, where a process answers many people at once; a run of the program has one for all of it.
_ASKED: ContextVar[Language | None] = ContextVar("language", default=None)


def choose_language(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """`--lang` wherever it stands on the command line, else COUNTENANCE_LANG, else the system's; else English.

    An unknown word after `--lang` is passed over here: the parser reports it, in the language of the system.
    """
    asked: list[str] = []
    for position, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--lang" and position + 1 < len(arguments):
            asked.append(arguments[position + 1])
        elif word.startswith("--lang="):
            asked.append(word.removeprefix("--lang="))
    for word in reversed(asked):
        if word in set(Language):
            return Language(word)
    for name in (VARIABLE, *_SYSTEM):
        value = environment.get(name, "")
        if value:
            # `fr_CA.UTF-8` and, in LANGUAGE, `fr_CA:fr:en`
            return Language.FR if value.lower().startswith("fr") else Language.EN
    return Language.EN


def speak(language: Language) -> None:
    """Use `language` from here on, in this process and in those it starts."""
    os.environ["LANGUAGE"] = language.value
    gettext.bindtextdomain(DOMAIN, LOCALES)
    gettext.textdomain(DOMAIN)


@contextmanager
def speaking(language: Language) -> Iterator[Language]:
    """Use `language` inside the block, in this thread alone."""
    before = _ASKED.set(language)
    try:
        yield language
    finally:
        _ASKED.reset(before)


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALES, [language.value], fallback=language is Language.EN)


def _(template: str) -> str:
    """`template` in the language spoken now; English where the catalogue does not have it."""
    if not template:
        return template
    asked = _ASKED.get()
    return gettext.gettext(template) if asked is None else _catalogue(asked).gettext(template)


def say(template: str, **params: object) -> str:
    """A sentence: the template in the language spoken now, filled in."""
    return Message(template, params).render(_(template))


def tell(message: Message) -> str:
    """A message from the floors below, in the language spoken now."""
    return message.render(_(message.template))


def spoken() -> Language:
    """The language spoken now."""
    asked = _ASKED.get()
    if asked is not None:
        return asked
    return Language.FR if os.environ.get("LANGUAGE", "").startswith("fr") else Language.EN
