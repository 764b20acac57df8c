"""Steps of migrations: SQL of an engine, and many tables at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from countenance.primitives.sql import Dialect


class RunStatements(Operation):
    """Execute the statements that `make` gives for the dialect, forwards only.

    Unlike `RunPython` it asks for no models as of this step.
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


class CreateModels(Operation):
    """Make the tables of many models, which may name one another, and render the models once instead of after each.

    That is most of the time of a new workspace.
    """

    reversible = False

    def __init__(self, models: Sequence[CreateModel]) -> None:
        self._models = models

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """How Django writes the step down."""
        return self.__class__.__name__, [self._models], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Take all into the state. What was rendered is forgotten: whoever asks next renders all anew."""
        vars(state).pop("apps", None)
        for model in self._models:
            model.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Make their tables, in order."""
        for model in self._models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """Shown by Django while it migrates."""
        return f"Create {len(self._models)} models"
