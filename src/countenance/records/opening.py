"""What is looked at when a workspace is made or opened: where its files lie, and whether the database is of this release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from countenance.primitives.errors import UnavailableError
from countenance.primitives.text import N_
from countenance.records.database import unavailable
from countenance.records.settings import Settings

if TYPE_CHECKING:
    from countenance.vault.s3 import S3Place


def bucket_of(settings: Settings) -> S3Place | None:
    """The bucket of a workspace's files; None where they lie in its folder. Raises UsageError for a bad address."""
    if not settings.media:
        return None
    from countenance.vault.s3 import S3Place

    return S3Place.parse(
        settings.media,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        allow_http=settings.s3_allow_http,
    )


def migrate() -> None:
    """Bring the database that Django points at up to this release."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def check_migrations() -> None:
    """Raise UnavailableError where the database is older or newer than this release."""
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        executor = MigrationExecutor(connection)
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
        known = executor.loader.disk_migrations
        folded = {step for migration in known.values() for step in migration.replaces}
        unknown = set(executor.loader.applied_migrations) - set(known) - folded
    except DatabaseError as error:
        named = unavailable(error)
        if named.code != "database":
            raise named from error
        raise UnavailableError(
            N_("The workspace's database does not open: {problem}."),
            remedy=N_("Check that the file or server is there and that you may read it."),
            code="database",
            problem=str(error).splitlines()[0][:200],
        ) from error
    if unknown:
        raise UnavailableError(
            N_("The database was written by a newer release. Nothing was changed."),
            remedy=N_("Install that release."),
            code="workspace-newer",
        )
    if pending:
        raise UnavailableError(
            N_("The database is of an older release."),
            remedy=N_("Make a backup, then: countenance doctor --upgrade"),
            code="workspace-older",
        )
