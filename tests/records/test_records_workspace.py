"""Opening, making and misusing a workspace."""

from __future__ import annotations

import sqlite3
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from house import House

from countenance.primitives.errors import ConflictError, FormatError, NotFoundError, UnavailableError
from countenance.records.settings import FILE_NAME, read_settings
from countenance.records.workspace import Workspace


def test_there_is_no_workspace_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        Workspace.open(tmp_path)
    assert caught.value.code == "workspace-missing"
    assert str(tmp_path) in str(caught.value.remedy)


def test_a_workspace_is_not_made_over_something(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ConflictError):
        Workspace.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_workspace_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError) as caught:
        Workspace.create(tmp_path / "file" / "workspace")
    assert caught.value.code == "workspace-not-writable"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_everything_in_a_workspace_is_private(sqlite_house: House) -> None:
    directory = sqlite_house.workspace.directory
    for path in [directory, *directory.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("format = 99", "workspace-newer"),
        ("format = ", "workspace-file"),
        ("colour = 1", "workspace-file"),
        ("[extraction]\nmax_pixels = 0", "workspace-file"),
        ("[extraction]\nmax_pixel = 5", "workspace-file"),
    ],
)
def test_a_settings_file_that_is_wrong_says_so(sqlite_house: House, line: str, code: str) -> None:
    path = sqlite_house.workspace.directory / FILE_NAME
    settings = path.read_text()
    head = settings.split("[extraction]")[0]
    if line.startswith("format"):
        head = head.replace("format = 1", "")
    path.write_text(f"{line}\n{head}" if "[" not in line else f"{head}\n{line}\n")
    with pytest.raises((UnavailableError, FormatError)) as caught:
        Workspace.open(sqlite_house.workspace.directory)
    assert caught.value.code == code


def test_a_database_of_a_newer_release_is_not_touched(sqlite_house: House) -> None:
    directory = sqlite_house.workspace.directory
    with sqlite3.connect(directory / "database.sqlite3") as connection:
        connection.execute(
            "insert into django_migrations (app, name, applied) values ('records', '9999_later', '2030-01-01')"
        )
    connection.close()
    with pytest.raises(UnavailableError) as caught:
        Workspace.open(directory)
    assert caught.value.code == "workspace-newer"


def test_a_database_that_was_made_step_by_step_is_of_this_release(sqlite_house: House) -> None:
    directory = sqlite_house.workspace.directory
    with sqlite3.connect(directory / "database.sqlite3") as connection:
        names = {
            name for (name,) in connection.execute("select name from django_migrations where app = 'records'")
        }
        assert {"0001_initial", "0020_model_pack_in_use"} <= names
        connection.execute("delete from django_migrations where app = 'records' and name = '0001_foundation'")
    connection.close()
    Workspace.open(directory).close()


def test_the_migrations_lead_to_the_models() -> None:
    call_command("makemigrations", "records", "web", check_changes=True, dry_run=True, verbosity=0)


def test_a_database_that_is_none_is_named(sqlite_house: House) -> None:
    directory = sqlite_house.workspace.directory
    sqlite_house.workspace.close()
    for path in directory.glob("database.sqlite3*"):
        path.unlink()
    (directory / "database.sqlite3").write_bytes(b"this is not a database, it is a sentence" * 100)
    with pytest.raises(UnavailableError) as caught:
        Workspace.open(directory)
    assert caught.value.code == "database"


def test_a_clock_set_back_changes_nothing(house: House) -> None:
    before = house.events()
    house.clock.move(timedelta(hours=-1))
    with pytest.raises(UnavailableError) as caught:
        house.act("person-add", label="maya")
    assert caught.value.code == "clock-set-back"
    house.clock.move(timedelta(hours=1))
    assert house.events() == before
    house.act("person-add", label="maya")


def test_a_clock_corrected_by_seconds_is_no_clock_set_back(house: House) -> None:
    house.clock.move(timedelta(seconds=-5))
    house.act("person-add", label="maya")


def test_the_environment_may_name_the_database(
    sqlite_house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COUNTENANCE_DATABASE_URL", f"sqlite:////{tmp_path}/elsewhere.sqlite3")
    assert "elsewhere" in read_settings(sqlite_house.workspace.directory).database
