"""The story: what each step was to bring about, read from the JSON of a whole run in each language."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from demo_run import LANGUAGES, PROGRAM, Run

from countenance.cli.demo.cast import CONSENTING, LEAVES, NEVER, PEOPLE, WITHDREW
from countenance.cli.demo.stage import Step
from countenance.cli.demo.story import Telling
from countenance.cli.demo.texts import PROMISES, STEPS

MINUTES = 120  # the figure of the demonstration, on two cores with the first conversion of the models


def test_every_step_keeps_its_promises(run: Run) -> None:
    broken = run.document["broken"]
    assert (run.exit_code, run.document["ok"], broken) == (0, True, [])
    assert [step["step"] for step in run.document["steps"]] == list(STEPS)
    assert run.document["seconds"] < MINUTES


def test_the_people_are_as_told(run: Run) -> None:
    assert len(PEOPLE) == 10
    assert len(CONSENTING) == 8
    assert run.result("consent") == {"open": 8, "withdrawn": 1, "persons": 10}


def test_only_the_permitted_are_taken_in(run: Run) -> None:
    result = run.result("ingest")
    assert {person for person, count in result["enrolled"].items() if count} == set(CONSENTING)
    assert sum(result["enrolled"].values()) == result["references"]
    assert result["photographs"].get("failed", 0) == 0
    assert len(result["held"]) == len(CONSENTING)


def test_refusals_name_rule_authority_and_date(run: Run) -> None:
    enrolments = run.result("refused-enrolments")
    searches = run.result("refused-searches")["refused"]
    assert enrolments[WITHDREW]["reason"] == "consent-withdrawn"
    assert enrolments[NEVER]["reason"] == "no-consent"
    assert [refused["reason"] for refused in searches] == ["no-case", "purpose-outside-gallery"]
    for refused in (*enrolments.values(), *searches):
        assert set(refused) == {"reason", "rule", "authority", "since"}
        assert all(refused.values())


def test_answers_are_of_the_published_schema(run: Run) -> None:
    schema = json.loads(files("countenance.cli").joinpath("search.schema.json").read_text("utf-8"))
    shown = [*run.result("searches")["searches"], *run.result("not-found")["searches"]]
    for search in shown:
        jsonschema.validate(search["answer"], schema)
    assert len(shown) == 10


def test_each_person_heads_their_own_list(run: Run) -> None:
    searches = run.result("searches")["searches"]
    assert [search["answer"]["candidates"][0]["person"] for search in searches] == list(CONSENTING)
    for search in searches:
        scores = [candidate["score"] for candidate in search["answer"]["candidates"]]
        assert scores == sorted(scores, reverse=True)


def test_no_list_holds_or_mentions_the_two(run: Run) -> None:
    for name in ("searches", "not-found"):
        for search in run.result(name)["searches"]:
            said = json.dumps(search["answer"])
            assert WITHDREW not in said
            assert NEVER not in said
    # Their searches are made like any other: the same gallery, the same number of references.
    covered = {json.dumps(search["answer"]["coverage"]) for search in run.result("not-found")["searches"]}
    assert covered == {json.dumps(run.result("searches")["searches"][0]["answer"]["coverage"])}


def test_who_leaves_is_gone_and_no_longer_counted(run: Run) -> None:
    result = run.result("withdrawal")
    before, after = result["before"]["answer"], result["after"]["answer"]
    assert LEAVES in [candidate["person"] for candidate in before["candidates"]]
    assert LEAVES not in json.dumps(after)
    assert before["coverage"]["of"] - after["coverage"]["of"] == 4
    others = [candidate["person"] for candidate in before["candidates"] if candidate["person"] != LEAVES]
    assert [candidate["person"] for candidate in after["candidates"]] == others


def test_the_changed_entry_is_named(run: Run) -> None:
    log, changed = run.result("log"), run.result("changed-log")
    assert sum(a != b for a, b in zip(changed["before"], changed["after"], strict=True)) == 1
    assert '"event":"consent-withdrawn"' in changed["before"]
    assert str(changed["entry"]) in changed["verdict"]
    assert str(log["entries"]) in log["verdict"]
    assert changed["entry"] == run.result("withdrawal")["log_entry"]


def test_anybody_verifies_the_export_with_the_key_by_hand(run: Run) -> None:
    key = run.result("workspace")["log_key"]
    for folder, code in (("log-export", 0), ("log-changed", 1)):
        done = subprocess.run(
            [sys.executable, "-I", "verifier.py", folder, "--key", key],
            cwd=run.folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == code
    assert not any(
        key.encode() in file.read_bytes() for file in (run.folder / "log-export").rglob("*") if file.is_file()
    )


def test_what_to_try_next_works(run: Run) -> None:
    sheet = run.folder / "again.html"
    done = subprocess.run(
        [
            *(PROGRAM, "--workspace", str(run.folder / "workspace"), "--json"),
            *("search", run.result("searches")["case"], "--as", "carol", "--sheet", str(sheet)),
            str(run.folder / "probes" / "P001.jpg"),
        ],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["candidates"][0]["person"] == "P001"
    assert sheet.stat().st_mode & 0o777 == 0o600
    sheet.unlink()


def test_languages_tell_the_same_story(run: Run) -> None:
    assert run.language in LANGUAGES
    foreign = "consentement" if run.language == "fr" else "consent"
    assert foreign in run.page


def test_a_broken_promise_is_a_failure() -> None:
    telling = Telling(folder=Path(), people_version="")
    assert not telling.ok  # nothing was tried
    telling.steps = [Step(name=name, promises={"no-error": True}, result={}) for name in STEPS]
    assert telling.ok
    telling.steps[3] = Step(name="ingest", promises={"none-failed": True, "sheets-held": False}, result={})
    assert not telling.ok
    assert telling.broken == [("ingest", "sheets-held")]
    assert not Step(name="ingest", promises={}, result={}).ok


def test_every_promise_has_words(run: Run) -> None:
    assert {name for step in run.document["steps"] for name in step["promises"]} <= set(PROMISES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_folder_in_use_is_left_alone(language: str, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = subprocess.run(
        [PROGRAM, "demo", "--lang", language, "--keep", str(tmp_path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 5
    assert str(tmp_path) in done.stderr.replace("\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_the_people_nothing_is_written(tmp_path: Path) -> None:
    """As where the extra is not installed: a package folder that holds everything else."""
    site = Path(sysconfig.get_path("purelib"))
    partial = tmp_path / "site"
    partial.mkdir()
    for entry in site.iterdir():
        if not entry.name.startswith("openpeople"):
            (partial / entry.name).symlink_to(entry)
    source = Path(__file__).resolve().parents[2] / "src"
    code = "import sys; from countenance.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            code,
            "demo",
            "--lang",
            "en",
            "--keep",
            str(tmp_path / "kept"),
            "--json",
        ],
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONPATH": f"{source}:{partial}", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert json.loads(done.stdout)["error"]["code"] == "demo-people-missing"
    assert not (tmp_path / "kept").exists()
