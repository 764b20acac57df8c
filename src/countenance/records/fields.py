"""Column types of our own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _TextField = models.TextField[Iterable[str], frozenset[str]]
else:
    _TextField = models.TextField  # Django's own classes take no type parameters at run time


class WordsField(_TextField):
    """A set of kebab-case words, stored sorted with single spaces: `missing-person victim-identification`.

    Text, so that a CHECK constraint can demand that it is not empty on both databases. In Python: `frozenset[str]`.
    """

    def from_db_value(self, value: str | None, *_: object) -> frozenset[str] | None:
        return None if value is None else frozenset(value.split())

    def to_python(self, value: Any) -> Any:
        return frozenset(value.split()) if isinstance(value, str) else value

    def get_prep_value(self, value: Iterable[str] | str | None) -> str | None:
        if value is None or isinstance(value, str):
            return value
        return " ".join(sorted(str(word) for word in value))
