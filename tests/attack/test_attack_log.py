"""The log changed in the database by who can write there: `verify` names it, whatever type of value was put in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from house import House

from countenance.primitives.errors import CountenanceError
from countenance.records.database import DjangoTransaction
from countenance.tlog.log import LogReport

_EXCHANGED = "(select {0} from swapped where position = 7 - tlog_payload.position)"
_SWAP = (
    "create temp table swapped as select position, salt, details from tlog_payload where position in (3, 4)",
    f"update tlog_payload set salt = {_EXCHANGED.format('salt')} where position in (3, 4)",
    f"update tlog_payload set details = {_EXCHANGED.format('details')} where position in (3, 4)",
)
_CUT = (
    "delete from tlog_payload where position >= 9",
    "delete from tlog_entry where position >= 9",
    "update tlog_head set size = 9",
)


class _UndoError(Exception):
    pass


def _after(house: House, *statements: str) -> LogReport:
    """What `verify` says of the log after these statements, which are undone."""
    reports: list[LogReport] = []

    def attack(tx: DjangoTransaction) -> None:
        # Who can write to the database can also take its guards away.
        tx.execute("pragma ignore_check_constraints = on")
        guards = "select name from sqlite_master where type = 'trigger' and tbl_name like 'tlog%'"
        for (name,) in tx.execute(guards):
            tx.execute(f"drop trigger {name}")
        for statement in statements:
            tx.execute(statement)
        reports.append(house.workspace.log.verify(tx))

    _undone(house, attack)
    return reports[0]


def _undone(house: House, attack: Callable[[DjangoTransaction], None]) -> None:
    try:
        with house.workspace.transaction() as (tx, _):
            attack(tx)
            raise _UndoError
    except _UndoError:
        pass


@pytest.fixture
def logged(sqlite_house: House) -> House:
    for label in ("A", "B", "C", "D"):
        sqlite_house.person(label)
        sqlite_house.workspace.checkpoint()
    sqlite_house.person("E")  # not under a checkpoint yet
    return sqlite_house


def test_an_untouched_log_verifies(logged: House) -> None:
    assert _after(logged).ok


@pytest.mark.parametrize(
    "statement",
    [
        "update tlog_payload set details = '{}' where position = 3",  # text where bytes were
        "update tlog_payload set details = x'7b7d' where position = 3",
        "update tlog_payload set salt = 5 where position = 3",
        "update tlog_entry set leaf = 'text' where position = 3",
        "update tlog_entry set leaf = 3 where position = 3",
        "update tlog_entry set leaf = zeroblob(70000) where position = 3",  # longer than a bundle can say
        "update tlog_entry set leaf = (select leaf from tlog_entry where position = 2) where position = 3",
    ],
)
def test_a_changed_entry_is_named(logged: House, statement: str) -> None:
    assert _after(logged, statement).first_bad_entry == 3


def test_swapped_details_are_named(logged: House) -> None:
    assert [finding.entry for finding in _after(logged, *_SWAP).findings] == [3, 4]


@pytest.mark.parametrize(
    "statements",
    [
        _CUT,
        ("update tlog_checkpoint set root = zeroblob(32)",),
        ("update tlog_checkpoint set root = 'root'",),
        ("update tlog_checkpoint set note = 7",),
        ("update tlog_tile set hashes = 'tile'",),
        ("update tlog_tile set hashes = 1",),
    ],
)
def test_a_shortened_or_redrawn_log_does_not_verify(logged: House, statements: tuple[str, ...]) -> None:
    assert not _after(logged, *statements).ok


def test_what_is_no_number_is_an_error_with_a_name(logged: House) -> None:
    with pytest.raises(CountenanceError):
        _after(logged, "update tlog_head set size = 'x'")


def test_a_tail_cut_off_with_its_checkpoints_is_seen_by_who_kept_one(logged: House) -> None:
    """Inside the database nothing is left that could tell; an earlier checkpoint held elsewhere does (docs/threat-model.md)."""
    kept = logged.workspace.checkpoint()
    assert _after(
        logged, *_CUT, "delete from tlog_checkpoint where size > 9", "delete from tlog_tile"
    ).findings
    assert int(kept.splitlines()[1]) > 9
