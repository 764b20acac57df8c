"""What an act asks for, declared once beside its handler: doors make their options, bodies and pages of it.

A form says which parameters an act knows and of what kind they are. What they mean, and whether they stand to reason, the
handler says when it reads them; a form never permits anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from countenance.policy.questions import Act
from countenance.primitives.canonical import LARGEST


class FieldKind(StrEnum):
    """Of what kind a parameter is; each is read by the method of `records.params.Params` of that name, or by its handler."""

    LINE = "line"  # one line of plain text
    TEXT = "text"  # several lines
    FLAG = "flag"  # true, or left out
    NUMBER = "number"  # a whole number
    PLACE = "place"  # ISO 3166-1 or -2
    WORD = "word"  # one of a closed vocabulary
    PURPOSES = "purposes"  # one or more purposes
    MOMENT = "moment"  # a date, or a moment of RFC 3339
    NUMBERS = "numbers"  # whole numbers from 0
    TEXTS = "texts"  # a text by name
    DOCUMENT = "document"  # bytes, in base64
    FEATURES = "features"  # what was seen of each feature of a face
    NUMBER_OR_WORD = "number-or-word"  # a whole number, or one of a few words


@dataclass(frozen=True, kw_only=True)
class Field:
    """One parameter. `words`: those it may be, for a word. `least`, `most`: bounds of a number, both included."""

    name: str
    kind: FieldKind
    required: bool = True
    words: tuple[str, ...] = ()
    least: int = 0
    most: int = LARGEST


type Form = tuple[Field, ...]
type Forms = Mapping[Act, Form]


def form(*fields: Field) -> Form:
    """The parameters of one act, each named once."""
    names = [field.name for field in fields]
    assert len(set(names)) == len(names), names
    return fields


def line(name: str, *, required: bool = True) -> Field:
    """One line of plain text."""
    return Field(name=name, kind=FieldKind.LINE, required=required)


def text(name: str, *, required: bool = True) -> Field:
    """Text of several lines."""
    return Field(name=name, kind=FieldKind.TEXT, required=required)


def flag(name: str) -> Field:
    """Yes, or nothing."""
    return Field(name=name, kind=FieldKind.FLAG, required=False)


def number(name: str, *, least: int, most: int, required: bool = False) -> Field:
    """A whole number from `least` to `most`."""
    return Field(name=name, kind=FieldKind.NUMBER, required=required, least=least, most=most)


def place(name: str, *, required: bool = True) -> Field:
    """An ISO 3166 code."""
    return Field(name=name, kind=FieldKind.PLACE, required=required)


def word(name: str, words: type[StrEnum] | tuple[str, ...], *, required: bool = True) -> Field:
    """One of `words`."""
    return Field(name=name, kind=FieldKind.WORD, required=required, words=tuple(str(each) for each in words))


def purposes(*, required: bool = True) -> Field:
    """The parameter `purposes`."""
    return Field(name="purposes", kind=FieldKind.PURPOSES, required=required)


def moment(name: str, *, required: bool = False) -> Field:
    """A date, or a moment."""
    return Field(name=name, kind=FieldKind.MOMENT, required=required)


def numbers(name: str) -> Field:
    """Whole numbers from 0, perhaps none."""
    return Field(name=name, kind=FieldKind.NUMBERS)


def texts(name: str, *, required: bool = True) -> Field:
    """A text by name."""
    return Field(name=name, kind=FieldKind.TEXTS, required=required)


def document(name: str = "document") -> Field:
    """Bytes, in base64."""
    return Field(name=name, kind=FieldKind.DOCUMENT)
