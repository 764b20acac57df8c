"""The documentation holds: links lead somewhere, commands exist, examples run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)|!\[[^\]]*\]\((?P<image>[^)\s]+)\)")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """The page without its code."""
    return FENCE.sub("", page.read_text("utf-8"))


def anchors(page: Path) -> set[str]:
    """Anchors as forges make them: lower case, spaces to hyphens, other signs dropped."""
    headings = re.findall(r"^#{1,6}\s+(.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for found in LINK.finditer(prose(page)):
        target = found["target"] or found["image"]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A *big* day\n[a](#a-big-day) [b](#no) [c](none.md) [d](page.md#a-big-day) [e](https://x.org)\n"
    )
    assert broken_links(page) == ["#no", "none.md"]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    text = page.read_text("utf-8")
    named = set(re.findall(r"`make ([a-z][a-z-]*)|^make ([a-z][a-z-]*)", text, re.MULTILINE))
    assert {first or second for first, second in named} <= targets


def test_every_package_is_on_the_architecture_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    source = ROOT / "src" / "countenance"
    packages = {path.parent.name for path in source.glob("*/__init__.py")}
    assert packages
    assert {package for package in packages if f"`countenance.{package}`" not in page} == set()


def test_every_decision_is_on_the_index_page() -> None:
    page = (ROOT / "docs" / "index.md").read_text("utf-8")
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    assert [record.name for record in records if f"adr/{record.name}" not in page] == []


def runnable(page: Path) -> list[tuple[str, int]]:
    """Blocks marked `bash run`, with the exit code they must end with (`exit=3`; 0 where none is said)."""
    blocks = []
    for found in FENCE.finditer(page.read_text("utf-8")):
        words = shlex.split(found["info"])
        if words[:2] == ["bash", "run"]:
            code = dict(word.split("=", 1) for word in words[2:]).get("exit", "0")
            blocks.append((found["body"], int(code)))
    return blocks


def run_blocks(blocks: list[tuple[str, int]], folder: Path) -> None:
    """Run the blocks one after another in `folder`, each in a shell of its own."""
    home = folder / "home"
    home.mkdir()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("COUNTENANCE_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "COUNTENANCE_WORKSPACE": str(folder / "workspace"),
        # Model files converted once on this machine may be used again: what is converted is checked by hash.
        "COUNTENANCE_CACHE": os.environ.get("COUNTENANCE_CACHE", str(Path.home() / ".cache" / "countenance")),
    }
    for body, expected in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", body],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == expected, (
            f"{body}\nended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        )


# A French page has the blocks of its English one, to the letter (below): they run once.
PAGES_THAT_RUN = [page for page in PAGES if page.parent.name != "fr" and runnable(page)]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("page", PAGES_THAT_RUN, ids=name)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    run_blocks(runnable(page), tmp_path)


def test_runnable_blocks_are_found_run_in_one_folder_and_checked(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```bash run\necho one > made\n```\n"
        "```bash\nfalse\n```\n"
        "```bash run exit=3\ngrep -q one made\nexit 3\n```\n"
    )
    folder = tmp_path / "folder"
    folder.mkdir()
    blocks = runnable(page)
    assert [code for _, code in blocks] == [0, 3]
    run_blocks(blocks, folder)
    (tmp_path / "other").mkdir()
    with pytest.raises(AssertionError, match="ended with 1"):
        run_blocks([("false | true", 0)], tmp_path / "other")


FRENCH = {
    "api.md": "api.md",
    "comptes.md": "accounts.md",
    "application.md": "application.md",
    "operateur.md": "operator.md",
    "intervenant.md": "caseworker.md",
    "verificateur.md": "auditor.md",
    "examen.md": "reviewer.md",
    "effacer.md": "erasing.md",
    "grappe.md": "cluster.md",
    "conserver.md": "keeping.md",
    "superviseur.md": "supervisor.md",
    "guichet.md": "request-desk.md",
    "mesurer.md": "measure.md",
    "score.md": "score.md",
    "seuil.md": "threshold.md",
    "modele.md": "model.md",
    "ensembles.md": "packs.md",
    "affaire-canadienne.md": "canadian-case.md",
}


def test_a_french_page_gives_the_commands_of_the_english_one_which_run() -> None:
    how_to = ROOT / "docs" / "how-to"
    assert {page.name for page in (how_to / "fr").glob("*.md")} == set(FRENCH)
    for french, english in FRENCH.items():
        blocks = [
            [found.groups() for found in FENCE.finditer(page.read_text("utf-8"))]
            for page in (how_to / "fr" / french, how_to / english)
        ]
        assert blocks[0] == blocks[1], french
