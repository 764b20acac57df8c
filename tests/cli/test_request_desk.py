"""The request desk at the command line: notices, a refusal, and a disclosure that is checked with nothing of ours but one file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import openpeople
from cli_program import Program

PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
SELFIE = PEOPLE / "P001" / "assets" / "amateur_selfie.jpg"
CHLOE = ("--as", "chloe", "--keys", "keys")
WHO = ("--name", "Anne Roy", "--contact", "by post")


def test_notices_overdue_and_a_refusal_with_its_receipt(founded: Program) -> None:
    number = founded.good(
        *("request", "open", "access", "--own-face", "--received-at", "2026-01-05", "--place", "CA-BC", *WHO)
    )["request"]
    assert [row["request"] for row in founded.good("request", "list", "--overdue")["requests"]] == [number]
    late = founded("request", "extend", number, "--reason", "volume", "--text", "Many.", "--json")
    assert (late.code, late.json["error"]["code"]) == (5, "clock-notice-late")
    refused = founded.good(
        *(
            "request",
            "refuse",
            number,
            "--reason",
            "Made by somebody else.",
            "--authority",
            "PIPEDA, s. 8(1)",
        ),
        *("--receipt", "refused.json"),
    )
    assert refused["state"] == "refused"
    assert (
        json.loads((founded.folder / "refused.json").read_text())["statement"]["authority"]
        == "PIPEDA, s. 8(1)"
    )
    assert founded.good("request", "list", "--overdue")["requests"] == []


def test_a_search_is_disclosed_as_a_package_that_verifies_alone(founded: Program) -> None:
    shutil.copy(PEOPLE / "P001" / "assets" / "studio_portrait.jpg", founded.folder / "pictures" / "P001.jpg")
    (founded.folder / "people.csv").write_text("path,person\nP001.jpg,P001\n")
    founded.good("person", "add", "P001")
    consent = founded.good(
        *("person", "consent", "P001", "--gallery", "missing", "--purpose", "missing-person"),
        *("--notice-text", "I agree."),
    )
    code = consent["receipts"][0]["receipt"]
    founded.good("ingest", "albums", "--manifest", "people.csv")
    case = founded.good(
        *("case", "open", "--purpose", "missing-person", "--reference", "1", "--on-behalf-of", "P"),
        *("--on-behalf-of-jurisdiction", "CA-QC", *CHLOE),
    )["case"]
    assert founded.good("search", case, SELFIE, *CHLOE)["candidates"]
    number = founded.good("request", "open", "access", "--code", code, "--language", "fr", *WHO)["request"]
    founded.good("request", "verify", number, "--tier", "document-seen", "--seen", "passport")
    founded.good("request", "find", number)
    words = ("request", "disclose", number, "--allowed-by", "Order of 2 November 2026", "--search")
    assert founded(*words, 2, "--json").code == 4
    done = founded.good(*words, 1, "--out", "told.zip")
    assert done["reproduction"]["same_scores"]
    told = founded.folder / "told"
    with zipfile.ZipFile(founded.folder / "told.zip") as archive:
        archive.extractall(told)
    assert 'lang="fr"' in (told / "disclosure.html").read_text()
    summed = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=told, check=False)
    assert summed.returncode == 0
    key = founded.good("log", "key")["key"]
    command = [sys.executable, "-I", "verifier.py", "statement", "receipt.json", "--key", key]
    assert subprocess.run(command, cwd=told, capture_output=True, check=False).returncode == 0
