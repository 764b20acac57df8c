"""Tags of the templates: sentences through the one catalogue, moments and fields as everywhere else, files of our own.

`{% say "Opened {day}" day=case.opened_at %}` is found by scripts/messages.py as `say("...")` is in code.
"""

from __future__ import annotations

import html
from typing import Any

from django import template

from countenance.cli import acts
from countenance.cli.language import _, spoken
from countenance.cli.language import say as fill
from countenance.web.assets import address_of
from countenance.web.vocabulary import ALL, WORDS

register = template.Library()


@register.simple_tag
def say(text: str, **params: Any) -> str:
    """A sentence in the reader's language, filled in; escaped as every variable is."""
    return fill(text, **params)


@register.filter
def word(text: object) -> str:
    """A template from elsewhere (a vocabulary, a label) in the reader's language."""
    return _(str(text)) if text else ""


@register.filter
def moment(text: object) -> str:
    """An RFC 3339 moment as `2026-01-31 12:00 UTC`."""
    return acts.moment(str(text)) if text else ""


@register.filter
def day(text: object) -> str:
    """The day of a moment: `2026-01-31`."""
    return str(text)[:10] if text else ""


@register.filter
def label(name: str) -> str:
    """What a field of a record is called before people."""
    return _(acts.LABELS.get(name, name))


@register.filter
def state(name: object) -> str:
    """A state as people read it."""
    return _(acts.STATES.get(str(name), str(name)))


@register.filter
def closed(value: object) -> str:
    """A closed word as pages say it; whatever else, as it is."""
    return _(WORDS.get(str(value), str(value)))


@register.simple_tag
def asset(name: str) -> str:
    """The address of a file of our own, with its hash, so that it may be kept for ever."""
    return address_of(name)


@register.simple_tag
def lang() -> str:
    """The language of the page (BCP 47)."""
    return html.escape(spoken().value)


@register.filter
def said(value: object, of: str) -> str:
    """A closed word as pages say it: `{{ basis|said:"basis" }}`; what is unknown is shown as it is."""
    return _(ALL[of].get(str(value), str(value)))


@register.filter
def listed(values: Any, of: str) -> str:
    """Several closed words in one line."""
    return ", ".join(said(value, of) for value in values)
