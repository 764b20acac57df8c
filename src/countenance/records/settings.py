"""Settings of a workspace: `workspace.toml`, read once, frozen. Unknown names and unsafe combinations are errors."""

from __future__ import annotations

import os
import tomllib
import uuid
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from countenance.primitives.errors import FormatError, NotFoundError, UnavailableError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

FORMAT = 1
"""Version of the workspace's layout that this release reads and writes."""

FILE_NAME = "workspace.toml"
DATABASE_VARIABLE = "COUNTENANCE_DATABASE_URL"


@dataclass(frozen=True, kw_only=True)
class ExtractionSettings:
    """Limits on one photograph and on the processes that decode it."""

    max_pixels: int = 200_000_000
    max_bytes: int = 1 << 30
    max_memory_bytes: int = 4 << 30  # address space of one worker
    timeout_seconds: float = 120.0
    workers: int = 0  # 0: one per processor


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. `database`: address, where a relative SQLite path counts from the workspace's folder.

    `media`: `s3://BUCKET/PREFIX` where crops, probes and segments lie in a bucket; empty: in the workspace's folder. The
    keys to the bucket are never in this file (see `vault.s3`). `models`: the model pack that makes templates. `backups`: an
    absolute folder, on another disk, where backups that are asked for in a page are written; empty: none can be asked for there.
    """

    format: int
    id: uuid.UUID
    database: str = "sqlite:///database.sqlite3"
    media: str = ""
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_allow_http: bool = False
    models: str = "sface"
    backups: str = ""
    extraction: ExtractionSettings = ExtractionSettings()

    @property
    def origin(self) -> str:
        """Name of the workspace's log in its checkpoints (C2SP tlog-checkpoint)."""
        return f"countenance.log/{self.id}"

    @property
    def workers(self) -> int:
        return self.extraction.workers or os.cpu_count() or 1


def read_settings(directory: Path) -> Settings:
    """Read `workspace.toml`; the environment may name another database, so that its password need not be in a file.

    Raises NotFoundError (no workspace here), UnavailableError (made by a newer version), FormatError.
    """
    path = directory / FILE_NAME
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFoundError(
            N_("There is no workspace in {directory}."),
            remedy=N_("Make one with: countenance init --workspace {directory}"),
            code="workspace-missing",
            directory=str(directory),
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    except OSError as error:
        raise UnavailableError(
            N_("{path} cannot be read: {problem}."),
            path=str(path),
            problem=error.strerror,
            code="workspace-unreadable",
        ) from error
    version = data.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise UnavailableError(
            N_("The workspace in {directory} has format {version}; this release knows up to {known}."),
            remedy=N_("Install the newer release that made it. Nothing was changed."),
            code="workspace-newer",
            directory=str(directory),
            version=version,
            known=FORMAT,
        )
    try:
        return _parse(data)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, str(error)) from error


def write_settings(directory: Path, settings: Settings) -> None:
    """Write the file a new workspace starts with."""
    limits = settings.extraction
    lines = [
        f"format = {settings.format}",
        f'id = "{settings.id}"',
        f'database = "{settings.database}"  # or set {DATABASE_VARIABLE}',
        *(
            [
                f'media = "{settings.media}"  # keys to it: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY',
                f's3_endpoint = "{settings.s3_endpoint}"',
                f's3_region = "{settings.s3_region}"',
                f"s3_allow_http = {str(settings.s3_allow_http).lower()}",
            ]
            if settings.media
            else []
        ),
        *([f'models = "{settings.models}"'] if settings.models != Settings.models else []),
        *([f'backups = "{settings.backups}"'] if settings.backups else []),
        "",
        "[extraction]",
        *(f"{field.name} = {getattr(limits, field.name)}" for field in fields(limits)),
        "",
    ]
    write_atomically(directory / FILE_NAME, "\n".join(lines).encode())


def _parse(data: dict[str, Any]) -> Settings:
    limits = data.pop("extraction", {})
    for given, shape in ((data, Settings), (limits, ExtractionSettings)):
        unknown = set(given) - {field.name for field in fields(shape)}
        if unknown:
            raise ValueError(f"unknown setting {min(unknown)!r}")
    for name in ("max_pixels", "max_bytes", "max_memory_bytes", "timeout_seconds"):
        if name in limits and not limits[name] > 0:
            raise ValueError(f"extraction.{name} must be above 0")
    backups = _text(data, "backups")
    if backups and not Path(backups).is_absolute():
        raise ValueError("backups must be an absolute path")
    database = os.environ.get(DATABASE_VARIABLE) or data.get("database", Settings.database)
    return Settings(
        format=int(data["format"]),
        id=uuid.UUID(data["id"]),
        database=str(database),
        media=_text(data, "media"),
        s3_endpoint=_text(data, "s3_endpoint"),
        s3_region=_text(data, "s3_region"),
        s3_allow_http=bool(data.get("s3_allow_http", False)),
        models=_text(data, "models") or Settings.models,
        backups=backups,
        extraction=ExtractionSettings(**limits),
    )


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str) or not value.isprintable() or '"' in value or "\\" in value:
        raise ValueError(f"{name} must be plain text")
    return value


def _damaged(path: Path, problem: str) -> FormatError:
    return FormatError(
        N_("{path} is not a valid workspace file: {problem}."),
        remedy=N_("Mend the line, or restore the file from a backup."),
        code="workspace-file",
        path=str(path),
        problem=problem,
    )
