"""A case from search to report on the command line, by the accounts that people have."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import openpeople
from cli_program import Program

from countenance.review.fillers import fillers

PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
FILLERS = {base64.b64encode(each.crop).decode() for each in fillers().values()}


def signed_by(name: str) -> tuple[str, ...]:
    return ("--as", name, "--keys", "keys")


def picture(person: str, name: str) -> bytes:
    return (PEOPLE / person / "assets" / f"{name}.jpg").read_bytes()


def examine(program: Program, name: str) -> None:
    while (shown := program.good("review", "next", *signed_by(name)))["pair"] is not None:
        words: list[Any] = ["review", "seal", shown["pair"], "--verdict"]
        if shown["face"]["jpeg"] in FILLERS:
            words += [
                "-3",
                "--different",
                "ears: another shape",
                "--different",
                "nose",
                "--different",
                "chin",
            ]
        else:
            words += ["3", "--alike", "ears", "--alike", "nose", "--alike", "eyes", "--note", "Same mole."]
        program.good(*words, *signed_by(name))


def test_a_case_goes_from_search_to_report(founded: Program) -> None:
    program = founded
    (program.folder / "pictures" / "P001.jpg").write_bytes(picture("P001", "studio_portrait"))
    (program.folder / "people.csv").write_text("path,person\nP001.jpg,P001\n")
    program.good("person", "add", "P001")
    program.good(
        *("person", "consent", "P001", "--gallery", "missing", "--purpose", "missing-person"),
        *("--notice-text", "t"),
    )
    program.good("ingest", "albums", "--manifest", "people.csv")
    for name, role in (("ada", "reviewer"), ("bob", "reviewer"), ("sue", "supervisor")):
        program.good("account", "add", name, "--role", role, "--client", "Tracing", "--key-to", "keys")
    case = program.good(
        *("case", "open", "--purpose", "missing-person", "--reference", "17", "--on-behalf-of", "Tracing"),
        *("--on-behalf-of-jurisdiction", "CA-ON", *signed_by("chloe")),
    )["case"]
    (program.folder / "probe.jpg").write_bytes(picture("P001", "amateur_selfie"))
    program.good("search", case, "probe.jpg", *signed_by("chloe"))

    opened = program("review", case, *signed_by("chloe"))  # `review CASE` is `review open CASE`
    assert opened.code == 0, opened
    assert "waiting" in opened.out
    refused = program("review", "next", *signed_by("ada"))
    assert refused.code == 3
    assert "No training" in refused.err
    for name in ("ada", "bob"):
        program.good(
            *("review", "train", name, "--training", "Level 2", "--evidence", "Certificate 9"),
            *signed_by("sue"),
        )
    shown = program("review", "next", "--page", "pair.html", *signed_by("ada"))
    assert shown.code == 0, shown
    assert "review seal E-" in shown.out
    assert (program.folder / "pair.html").stat().st_mode & 0o777 == 0o600
    examine(program, "ada")
    examine(program, "bob")
    listed = program("review", "list", *signed_by("sue"))
    assert "lead" in listed.out
    figures = program("review", "reviewers", *signed_by("sue"))
    assert "ada" in figures.out
    made = program("report", case, *signed_by("sue"))
    assert made.code == 0, made
    page = (program.folder / "report.html").read_text("utf-8")
    assert "Same mole." in page
    assert "Leads, not identifications" in page
    assert program("report", case, *signed_by("ada")).code == 3
    assert program("log", "checkpoint").code == 0
    assert program("log", "verify").code == 0
