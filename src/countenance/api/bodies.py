"""The body of each act's route, made of the form that stands beside its handler."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints, create_model

from countenance.acting.form import Field as FormField
from countenance.acting.form import FieldKind, Form
from countenance.policy.purposes import Purpose
from countenance.review.values import Feature, Finding

LONGEST_LINE = 1_000
LONGEST_TEXT = 20_000
LONGEST_DOCUMENT = 700_000
"""Characters of base64; a message to the searcher holds a megabyte (see `service.wire`)."""
MOST_LISTED = 1_000


class Body(Schema):
    """A body knows its fields and takes no others."""

    model_config = ConfigDict(extra="forbid")


class FeatureNote(Body):
    """What was seen of one feature in both pictures."""

    feature: Feature
    finding: Finding
    note: Annotated[str, StringConstraints(max_length=500)] = ""


def body_of(act: str, form: Form) -> type[Body]:
    """The body of `act`. Optional fields may be left out, and null counts as left out."""
    name = "".join(part.capitalize() for part in act.split("-"))
    fields: dict[str, Any] = {}
    for each in form:
        kind = _kind(each)
        told: dict[str, Any] = {"alias": each.name, "description": _TOLD.get(each.kind)}
        python = f"{each.name}_" if each.name in {"from", "copy", "json"} else each.name
        if each.required:
            fields[python] = (kind, Field(**told))
        else:
            fields[python] = (kind | None, Field(default=None, **told))
    return create_model(name, __base__=Body, __doc__=f"Parameters of the act {act}.", **fields)


def params_of(body: Body) -> dict[str, Any]:
    """What is signed: the fields that were given."""
    return body.model_dump(mode="json", by_alias=True, exclude_none=True)


_TOLD = {
    FieldKind.PLACE: "ISO 3166-1 or -2 code, such as CA or CA-QC.",
    FieldKind.MOMENT: "A date (2026-01-31) or a moment with its offset (2026-01-31T12:00:00Z).",
    FieldKind.DOCUMENT: "Base64 (RFC 4648, section 4).",
}


_LINE = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LINE)]
_NUMBERS = Annotated[list[Annotated[int, Field(ge=0, le=10_000, strict=True)]], Field(max_length=MOST_LISTED)]
_TEXTS = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=200)],
        Annotated[str, StringConstraints(max_length=LONGEST_DOCUMENT)],
    ],
    Field(max_length=100),
]
_PLAIN: dict[FieldKind, Any] = {
    FieldKind.LINE: _LINE,
    FieldKind.MOMENT: _LINE,
    FieldKind.PLACE: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$")],
    FieldKind.TEXT: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT)],
    FieldKind.FLAG: bool,
    FieldKind.PURPOSES: Annotated[list[Purpose], Field(min_length=1, max_length=len(Purpose))],
    FieldKind.NUMBERS: _NUMBERS,
    FieldKind.TEXTS: _TEXTS,
    FieldKind.DOCUMENT: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_DOCUMENT)],
    FieldKind.FEATURES: Annotated[list[FeatureNote], Field(max_length=len(Feature))],
}


def _kind(each: FormField) -> Any:
    number = Annotated[int, Field(ge=each.least, le=each.most, strict=True)]
    match each.kind:
        case FieldKind.NUMBER:
            return number
        case FieldKind.WORD:
            return Literal[each.words]
        case FieldKind.NUMBER_OR_WORD:
            return number | Literal[each.words]
        case kind:
            return _PLAIN[kind]
