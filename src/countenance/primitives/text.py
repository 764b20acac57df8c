"""Sentences that can be rendered in more than one language, and names that can be told apart.

Floors below the doors never translate. They make a `Message`: an English template and its
parameters; a door looks the template up in its catalogue and fills it in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


def N_(template: str) -> str:  # noqa: N802 - the marker's name is gettext's custom, found by extractors
    """Mark an English template for the translation catalogue; returns it unchanged."""
    return template


@dataclass(frozen=True)
class Message:
    """One sentence for people.

    `template` is the English text with `{name}` fields (and the key of the catalogue); `params` fills them.
    """

    template: str
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))

    def render(self, template: str | None = None) -> str:
        """The sentence in English, or with a translated `template` in its place."""
        chosen = self.template if template is None else template
        return chosen.format(**self.params) if self.params else chosen

    def __str__(self) -> str:
        return self.render()


# Marks that turn the direction of what is beside them (Unicode standard annex 9): a name must not rewrite its line.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_ENDS = frozenset("\n\r\t")


def is_shown(character: str, *, lines: bool = False) -> bool:
    """Whether a character may stand in a text that people are shown: no control, no turning mark, no half character.

    `lines`: line ends and tabs may, too.
    """
    if character in _LINE_ENDS:
        return lines
    kind = unicodedata.category(character)
    return kind not in {"Cc", "Cs", "Zl", "Zp"} and character not in _TURNING


def plain_line(text: str) -> str:
    """`text` as one line in its one spelling (NFC, single spaces). Raises ValueError for what cannot be shown in a line."""
    if not all(is_shown(character) for character in text.strip()):
        raise ValueError("not one line of plain text")
    return " ".join(unicodedata.normalize("NFC", text).split())


def folded(name: str) -> str:
    """What two spellings of one name share: compatible forms, letter case, spaces and invisible marks do not tell apart.

    Unicode's NFKC_Casefold (The Unicode Standard, 3.13, D147), with all format characters dropped.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join("".join(each for each in text if unicodedata.category(each) != "Cf").split())


def shown(text: str) -> str:
    """`text` for a terminal: what is no plain character is written as its number, so that it does nothing there."""
    if text.isprintable():  # nearly always
        return text
    return "".join(
        each if is_shown(each, lines=True) and each != "\r" else each.encode("unicode_escape").decode("ascii")
        for each in text
    )
