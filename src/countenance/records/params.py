"""Reading the parameters of an act: each wrong value is named, with what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum

from countenance.policy.places import check_place
from countenance.policy.purposes import Purpose
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_, is_shown, plain_line


class Params:
    """The signed parameters of one act."""

    def __init__(self, json: Json) -> None:
        if not isinstance(json, Mapping):
            raise UsageError(N_("The parameters of an act must be an object."), code="params")
        self.json = dict(json)

    def text(self, name: str, default: str | None = None) -> str:
        """A text; required unless there is a default."""
        value = self.json.get(name)
        if value is None or value == "":
            if default is None:
                raise UsageError(
                    N_("{field} is missing."),
                    remedy=N_("Give --{option}."),
                    code="missing",
                    field=name,
                    option=name.replace("_", "-"),
                )
            return default
        if not isinstance(value, str):
            raise UsageError(N_("{field} must be a text."), code="not-text", field=name)
        if not all(is_shown(character, lines=True) for character in value):
            raise self._not_shown(name)
        return value.strip()

    def line(self, name: str, default: str | None = None) -> str:
        """A name: one line in its one spelling (see `plain_line`)."""
        text = self.text(name, default)
        try:
            return plain_line(text)
        except ValueError as error:
            raise self._not_shown(name) from error

    def flag(self, name: str) -> bool:
        return self.json.get(name) is True

    def number(self, name: str, *, default: int, least: int, most: int) -> int:
        value = self.json.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise UsageError(
                N_("{field} must be a whole number from {least} to {most}."),
                code="number",
                field=name,
                least=least,
                most=most,
            )
        return value

    def place(self, name: str) -> str:
        """An ISO 3166-1 or -2 code, in capitals."""
        return check_place(self.text(name))

    def choice[T: StrEnum](self, name: str, kind: type[T], default: T | None = None) -> T:
        """One word of a closed vocabulary."""
        text = self.text(name, default.value if default is not None else None)
        try:
            return kind(text)
        except ValueError as error:
            raise UsageError(
                N_("{value} is not a known {field}."),
                remedy=N_("Choose from: {known}."),
                code="unknown-word",
                value=text,
                field=name,
                known=", ".join(kind),
            ) from error

    def purposes(self, name: str = "purposes") -> frozenset[Purpose]:
        """One or more purposes."""
        value = self.json.get(name) or []
        words = value.split() if isinstance(value, str) else value
        if not isinstance(words, list | tuple):
            raise UsageError(N_("{field} must be a list."), code="not-list", field=name)
        if not words:
            raise UsageError(
                N_("At least one purpose must be named."),
                remedy=N_("Give --purpose, one of: {known}."),
                code="purpose-missing",
                known=", ".join(Purpose),
            )
        return frozenset(Params({"purpose": word}).choice("purpose", Purpose) for word in words)

    def moment(self, name: str) -> datetime | None:
        """A date (its first moment in UTC) or an RFC 3339 moment; None where it is not given."""
        text = self.text(name, "")
        if not text:
            return None
        try:
            if len(text) == len("2026-01-31"):
                return datetime.combine(date.fromisoformat(text), time(0), UTC)
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise self._not_a_date(name, text) from error
        if moment.tzinfo is None:
            raise self._not_a_date(name, text)
        return moment.astimezone(UTC)

    @staticmethod
    def _not_shown(name: str) -> UsageError:
        return UsageError(
            N_("{field} holds characters that cannot be shown, such as control characters."),
            remedy=N_("Type it afresh, in one line where it is a name."),
            code="not-plain-text",
            field=name,
        )

    @staticmethod
    def _not_a_date(name: str, text: str) -> UsageError:
        return UsageError(
            N_("{field}: {value} is not a date."),
            remedy=N_("Write 2026-01-31, or 2026-01-31T12:00:00Z."),
            code="date",
            field=name,
            value=text,
        )
