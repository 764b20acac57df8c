"""A step of a migration that runs SQL of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

from countenance.primitives.sql import Dialect


class RunStatements(Operation):
    """Execute the statements that `make` gives for the dialect, forwards only.

    Unlike `RunPython` it asks for no models as of this step, whose making is most of the time of a new workspace.
    """

    reduces_to_sql = True
    reversible = False

    def __init__(self, make: Callable[[Dialect], Iterable[str]]) -> None:
        self._make = make

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How Django writes the step down."""
        return self.__class__.__name__, [self._make], {}

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models stay as they are."""

    def database_forwards(
        self,
        app_label: str,  # noqa: ARG002 - Django's signature
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: Any,  # noqa: ARG002
        to_state: Any,  # noqa: ARG002
    ) -> None:
        """Execute them."""
        dialect: Dialect = "sqlite" if schema_editor.connection.vendor == "sqlite" else "postgresql"
        for statement in self._make(dialect):
            schema_editor.execute(statement)

    def describe(self) -> str:
        """Shown by Django while it migrates."""
        return f"Run the statements of {self._make.__name__}"
