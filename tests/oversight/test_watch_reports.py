"""Yearly reports: every figure from the log, counted again by a stand-alone script, small cells withheld."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from house import House, photograph
from hypothesis import given
from hypothesis import strategies as st

from countenance.cli.language import Language, speak
from countenance.cli.sheet.yearly import BREAKDOWNS, EVENTS, render_yearly
from countenance.oversight import recount
from countenance.oversight.reports import FIGURES, SMALL, Breakdown, Edition, make, withheld
from countenance.primitives.errors import UsageError
from countenance.records.database import open_reading, open_transaction
from countenance.tlog.leaf import NewEntry


def fill(house: House, count: int) -> None:
    """Entries of many kinds, over two years."""
    places, purposes = ("CA-QC", "CA-BC", "CA-ON"), ("missing-person", "family-tracing")
    start = datetime(2027, 11, 3, tzinfo=UTC)
    house.clock.move(timedelta(days=500))
    entries = [
        NewEntry(
            event=("search-made", "search-refused", "consent-recorded")[number % 3],
            at=start + timedelta(hours=number),
            purpose=purposes[number % 2],
            jurisdiction=places[0] if number % 50 else places[1 + number % 2],
            client=f"client-{number % 4}",
            pack="ab" * 32,
            details={"number": number},
        )
        for number in range(count)
    ]
    with open_transaction() as tx:
        house.workspace.log.append(tx, entries)
    house.workspace.checkpoint()


def report_of(house: House, edition: Edition, year: int = 2027) -> dict[str, Any]:
    with open_reading() as tx:
        return make(house.workspace, tx, year, edition)


def figures(report: dict[str, Any], event: str, by: str | None) -> dict[str | None, Any]:
    return {f["value"]: f["count"] for f in report["figures"] if (f["event"], f["by"]) == (event, by)}


def recounted(house: House, report: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    with open_reading() as tx:
        house.workspace.log.export(tx, folder / "export")
    (folder / "yearly.json").write_text(json.dumps(report))
    script = folder / "recount.py"
    script.write_text(Path(recount.__file__).read_text())
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(folder / "export"), str(folder / "yearly.json")],
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_figure_is_counted_again_by_a_script_that_stands_alone(house: House, tmp_path: Path) -> None:
    fill(house, 1_000)
    for edition in Edition:
        report = report_of(house, edition)
        done = recounted(house, report, tmp_path)
        assert (done.returncode, "figures hold" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("change", ["count", "entries_sha256", "missing"])
def test_a_figure_that_does_not_hold_is_named(sqlite_house: House, tmp_path: Path, change: str) -> None:
    fill(sqlite_house, 300)
    report = report_of(sqlite_house, Edition.AUTHORITY)
    figure = next(f for f in report["figures"] if f["event"] == "search-made" and f["by"] == "month")
    if change == "count":
        figure["count"] += 1
    elif change == "entries_sha256":
        figure["entries_sha256"] = "0" * 64
    else:
        figure = next(f for f in report["figures"] if f["event"] == "search-made" and f["by"] is None)
        report["figures"].remove(figure)
    done = recounted(sqlite_house, report, tmp_path)
    assert done.returncode == 1
    assert ("search-made" if change == "missing" else "search-made month 2027-") in done.stdout


def test_the_sum_of_a_breakdown_is_its_figure(sqlite_house: House) -> None:
    fill(sqlite_house, 1_000)
    report = report_of(sqlite_house, Edition.AUTHORITY)
    whole = figures(report, "search-made", None)[None]
    assert whole > 100
    for by in ("month", "purpose", "jurisdiction", "client"):
        assert sum(figures(report, "search-made", by).values()) == whole


def test_the_public_edition_withholds_what_may_point_at_somebody(sqlite_house: House) -> None:
    fill(sqlite_house, 300)
    full, public = (report_of(sqlite_house, edition) for edition in (Edition.AUTHORITY, Edition.PUBLIC))
    small = [f for f in full["figures"] if f["by"] and 0 < f["count"] < SMALL]
    assert small
    for figure in public["figures"]:
        if figure["count"] is None:
            assert "entries_sha256" not in figure
            assert "ranges" not in figure
        elif figure["by"]:
            assert figure["count"] == 0 or figure["count"] >= SMALL
    for by in ("month", "purpose", "jurisdiction"):
        hidden = [count for count in figures(public, "search-made", by).values() if count is None]
        assert len(hidden) != 1  # the sum would give it away


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=9))
def test_a_withheld_cell_cannot_be_computed_from_the_sum(counts: dict[str, int]) -> None:
    hidden = withheld(counts)
    assert {value for value, count in counts.items() if 0 < count < SMALL} <= hidden
    assert len(hidden) != 1 or len(counts) == 1 or set(counts) == hidden


def test_a_report_names_no_person_account_or_case(sqlite_house: House) -> None:
    house = sqlite_house
    house.enrol(house.person("Quentin-Unique-7"), photograph("P001"))
    house.search(photograph("P001", "amateur_selfie"))
    house.workspace.checkpoint()
    report = report_of(house, Edition.AUTHORITY, 2026)
    text = json.dumps(report) + render_yearly(report)
    for word in ("Quentin", "carol", house.case, "File 2026-17", "Tracing"):
        assert word not in text, word


def test_there_is_no_report_of_the_future(sqlite_house: House) -> None:
    with pytest.raises(UsageError):
        report_of(sqlite_house, Edition.PUBLIC, 2031)


def test_pages_in_both_languages(sqlite_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(sqlite_house, 300)
    report = report_of(sqlite_house, Edition.PUBLIC)
    monkeypatch.setenv("LANGUAGE", "en")
    for language, words in ((Language.EN, "withheld"), (Language.FR, "non communiqué")):
        speak(language)
        page = render_yearly(report)
        assert words in page
        assert "None" not in page
        assert f'lang="{language.value}"' in page
    speak(Language.EN)


def test_every_figure_told_first_has_words() -> None:
    assert {event.value for event, _ in FIGURES} == set(EVENTS)
    assert {each.value for each in Breakdown} == set(BREAKDOWNS)
