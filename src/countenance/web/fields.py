"""The form of an act as fields of a page, and back: what was typed becomes parameters, which the act itself then judges."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.http import HttpRequest, QueryDict

from countenance.acting.form import Field, FieldKind, Form
from countenance.cli.acts import COUNTED, LABELS, moment
from countenance.cli.commands.ingest import size
from countenance.cli.language import _
from countenance.policy.purposes import Purpose
from countenance.policy.questions import Act
from countenance.policy.terms import RequiredField
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.web.titles import FIELDS, HINTS, TITLES
from countenance.web.vocabulary import WORDS

MOST_BYTES = 500_000
"""Of the files of one form together; a message to the searcher holds a megabyte."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One field of a page. `how`: text, area, check, number, choice, several, date, file, files. `value`: what stands in it;
    `chosen`: what is ticked. `choices`: closed words; `known`: names on record that are offered.
    """

    name: str
    label: str
    how: str
    required: bool
    hint: str = ""
    value: str = ""
    choices: tuple[str, ...] = ()
    chosen: frozenset[str] = frozenset()
    least: int | None = None
    most: int | None = None
    known: tuple[str, ...] = ()


_HOW = {
    FieldKind.LINE: "text",
    FieldKind.PLACE: "text",
    FieldKind.NUMBERS: "text",
    FieldKind.NUMBER_OR_WORD: "text",
    FieldKind.TEXT: "area",
    FieldKind.FEATURES: "area",
    FieldKind.FLAG: "check",
    FieldKind.NUMBER: "number",
    FieldKind.WORD: "choice",
    FieldKind.PURPOSES: "several",
    FieldKind.MOMENT: "date",
    FieldKind.DOCUMENT: "file",
}


def label_of(name: str) -> str:
    """What a field is called, in English: a key of the catalogue."""
    return FIELDS.get(name) or LABELS.get(name) or COUNTED.get(name) or name


_CLOSED = frozenset(
    {
        "kind",
        "state",
        "role",
        "basis",
        "purpose",
        "purposes",
        "tier",
        "pointer",
        "form",
        "finding",
        "grade",
        "scope",
    }
    | {"target", "outcome", "detail", "data", "look", "language"}
)
"""Fields that hold closed words; whatever stands in others is somebody's own name or text."""
_ONE_LINE = frozenset({"location", "notice", "status_file", "notice_version", "method", "evidence"})
"""Fields that may have several lines, and are mostly a path, an address or a few words."""
_BYTES = frozenset({"bytes", "resident_bytes"})
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


def told(name: str, value: object) -> str:
    """The value of a field as people read it, in the language spoken now."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "✓" if value else "–"
    if isinstance(value, list | tuple):
        return ", ".join(told(name, each) for each in value)
    if name in _BYTES and isinstance(value, int):
        return size(value)
    if name == "eta_seconds" and isinstance(value, int):
        return f"{value // 3600}:{value // 60 % 60:02}:{value % 60:02}"
    text = str(value)
    if _MOMENT.fullmatch(text):
        return moment(text)
    if name == "act" and text in set(Act):
        return _(TITLES.get(Act(text), text))
    return _(WORDS.get(text, text)) if name in _CLOSED else text


def shown(
    form: Form,
    typed: QueryDict,
    *,
    picture: str = "",
    known: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> list[Shown]:
    """The fields of an act, with what has been typed, or was given in the address. `picture`: the field that is a file here;
    `known`: names on record, by field.
    """
    made: list[Shown] = []
    for field in form:
        if field.kind is FieldKind.TEXTS and field.name == "particulars":
            made += [
                Shown(
                    name=f"particulars.{each.value}",
                    label=label_of(each.value),
                    how="area",
                    required=False,
                    value=typed.get(f"particulars.{each.value}", ""),
                )
                for each in RequiredField
                if each is not RequiredField.FILING_DATE
            ]
            continue
        how = _HOW.get(field.kind, "files" if field.name == "files" else "area")
        how = "file" if field.name == picture else "text" if field.name in _ONE_LINE else how
        made.append(
            Shown(
                name=field.name,
                label=label_of(field.name),
                how=how,
                required=field.required and field.kind not in {FieldKind.NUMBERS, FieldKind.PURPOSES},
                hint=HINTS.get(field.name, ""),
                value=typed.get(field.name, ""),
                choices=tuple(Purpose) if field.kind is FieldKind.PURPOSES else field.words,
                chosen=frozenset(typed.getlist(field.name)),
                least=field.least if field.kind is FieldKind.NUMBER else None,
                most=field.most if field.kind is FieldKind.NUMBER else None,
                known=known.get(field.name, ()),
            )
        )
    return made


def read(form: Form, request: HttpRequest) -> dict[str, Json]:
    """The parameters that were given. Raises UsageError for files that are too large."""
    found: dict[str, Json] = {}
    for field in form:
        value = _read(field, request)
        if value not in (None, "", [], {}, False) or (field.required and field.kind is FieldKind.NUMBERS):
            found[field.name] = value
    return found


def _read(field: Field, request: HttpRequest) -> Json:
    text = request.POST.get(field.name, "").replace("\r\n", "\n").strip()
    match field.kind:
        case FieldKind.FLAG:
            return bool(text)
        case FieldKind.NUMBER | FieldKind.NUMBER_OR_WORD:
            return _whole(text)
        case FieldKind.NUMBERS:
            return [_whole(each) for each in text.replace(",", " ").split()]
        case FieldKind.PURPOSES:
            return list(request.POST.getlist(field.name))
        case FieldKind.DOCUMENT:
            content = _uploaded(request, field.name)
            return base64.b64encode(b"".join(content.values())).decode()
        case FieldKind.TEXTS:
            return _texts(field, request, text)
        case _:
            return text


def _texts(field: Field, request: HttpRequest, text: str) -> dict[str, Json]:
    if field.name == "files":
        return {name: data.decode("utf-8", "replace") for name, data in _uploaded(request, "files").items()}
    if field.name == "particulars":
        named = {
            each.value: request.POST.get(f"particulars.{each.value}", "").strip() for each in RequiredField
        }
        return {name: said for name, said in named.items() if said}
    lines = (line.partition(" ") for line in text.splitlines() if line.strip())
    return {name: said.strip() for name, _, said in lines}


def _whole(text: str) -> Json:
    """A whole number where it is one; else as it was typed, for the act to name."""
    try:
        return int(text) if text else None
    except ValueError:
        return text


def _uploaded(request: HttpRequest, name: str) -> Mapping[str, bytes]:
    files = request.FILES.getlist(name)
    if sum(file.size or 0 for file in files) > MOST_BYTES:
        raise UsageError(
            N_("The files have more than {most} bytes together."), code="files-size", most=MOST_BYTES
        )
    return {str(file.name): file.read() for file in files}
