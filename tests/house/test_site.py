"""The documentation builds as a site in both languages, without a warning, and each page says its language."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("site")
    for language in ("en", "fr"):
        done = subprocess.run(
            [
                Path(sys.executable).with_name("sphinx-build"),
                "-q",
                "-W",
                "--keep-going",
                "-b",
                "html",
                "-D",
                f"language={language}",
                "-d",
                built / "trees" / language,
                ROOT / "docs",
                built / language,
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    return built


def test_every_page_is_there_once_and_says_its_language(site: Path) -> None:
    docs = ROOT / "docs"
    for page in docs.rglob("*.md"):
        path = page.relative_to(docs).with_suffix("")
        language = "fr" if path == Path("fr") or path.parent.name == "fr" else "en"
        html = (site / language / path.with_suffix(".html")).read_text("utf-8")
        assert f'lang="{language}"' in html.split("<head>")[0]
        assert not (site / {"en": "fr", "fr": "en"}[language] / path.with_suffix(".html")).exists()


def test_links_between_the_languages_lead_somewhere(site: Path) -> None:
    between = 0
    for page in [*site.glob("en/**/*.html"), *site.glob("fr/**/*.html")]:
        for target in re.findall(r'href="((?:\.\./)+(?:en|fr)/[^"#]*)', page.read_text("utf-8")):
            assert (page.parent / target).resolve().exists(), (page, target)
            between += 1
    assert between > 50
