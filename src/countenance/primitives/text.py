"""Sentences that can be rendered in more than one language.

Floors below the doors never translate. They make a `Message`: an English template and its
parameters; a door looks the template up in its catalogue and fills it in.
"""

from __future__ import annotations

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
