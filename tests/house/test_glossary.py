"""The glossary equals the code, and the words it rules out are said nowhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import glossary
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "countenance"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]

# What must be said in full is allowed in full, and nothing shorter.
ALLOWED = re.compile(
    r"""
      confidence\ intervals?                                  # statistics
    | (five|5)[- ]points?\ similarity                         # geometry: the transform of an aligner
    | similarity\ (transform|transformation)s?                # as before
    | false\ (non-)?match(\ and\ false\ non-match)?\ rates?   # ISO/IEC 19795-1, spelled out
    | cache\ hits?                                            # programming
    """,
    re.VERBOSE | re.IGNORECASE,
)
FORBIDDEN = re.compile(
    r"""
      \b(mis)?match(es|ed|ing)?\b | \bhits?\b | \bconfidence\b | \bsimilarit(y|ies)\b | %\ (same|similar|sure)
    | \bper\ ?cent\ (same|similar|sure|alike)\b | \bemployees?\b
    | \bsimilarités?\b | \bindices?\ de\ confiance\b | \bemployée?s?\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Numbers with notes on how they were made, in the words of their makers; nobody is shown them.
DATA = {"calibration.json"}
# Places that must name a word in order to rule it out: page -> the line's beginning.
RULED_OUT = {
    "docs/glossary.md": ("*Match*, *hit*", "score can. *Employee*"),
    "docs/requirements.md": ("| No word such as",),
    "CONTRIBUTING.md": ("Never *match*",),
}
CHAIN = (
    ("SearchRequest", "Grant", "Probe", "CandidateList", "LoggedCandidates", "ReviewedCandidate"),
    ("Sample", "Template", "ClearedTemplate", "Reference"),
    ("RightsRequest", "VerifiedRequest", "Receipt"),
)


def said_too_much(text: str) -> list[str]:
    return [found.group() for found in FORBIDDEN.finditer(ALLOWED.sub("", text))]


def strings_for_people(path: Path) -> Iterator[tuple[int, str]]:
    """String constants of a module: all in the doors (help texts are docstrings); elsewhere without docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings: set[int] = set()
    if path.relative_to(SOURCE).parts[0] not in {"cli", "service", "api", "web"}:
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                docstrings.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def class_names() -> set[str]:
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                found.add(node.name)
    return found


def types_in_glossary() -> set[str]:
    text = glossary.PAGE.read_text("utf-8")
    section = text.partition("## Types that keep the order")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_vocabularies_equal_the_code() -> None:
    _, section, _ = glossary.split_page()
    assert section == glossary.render(), "docs/glossary.md differs from the code: run `make glossary`"


def test_vocabularies_are_found_at_all() -> None:
    found = {vocabulary.name: vocabulary for vocabulary in glossary.vocabularies()}
    assert {"PhotographState", "FaceState", "Purpose", "Role", "BasisKind"} <= set(found)
    assert ("no-face") in dict(found["PhotographState"].members)
    assert "failure to acquire" in dict(found["PhotographState"].members)["no-face"]


def test_values_of_vocabularies_are_kebab_case() -> None:
    odd = [
        f"{vocabulary.name}: {value}"
        for vocabulary in glossary.vocabularies()
        for value, _ in vocabulary.members
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value)
    ]
    assert odd == []


def test_types_of_the_glossary_are_classes_and_the_chain_is_in_it() -> None:
    classes = class_names()
    assert types_in_glossary() - classes == set()
    assert {name for links in CHAIN for name in links if name in classes} - types_in_glossary() == set()


def test_words_are_in_alphabetical_order_and_once() -> None:
    text = glossary.PAGE.read_text("utf-8").partition("## Words\n")[2].partition("\n## ")[0]
    words = [line.split("|")[1].strip().lower() for line in text.splitlines() if line.startswith("| ")][1:]
    assert words == sorted(set(words))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_say_no_word_that_is_ruled_out(page: Path) -> None:
    excused = RULED_OUT.get(str(page.relative_to(ROOT)), ())
    found = [
        f"{number}: {word}"
        for number, line in enumerate(page.read_text("utf-8").splitlines(), start=1)
        if not (excused and line.startswith(excused))
        for word in said_too_much(line)
    ]
    assert found == []


def test_strings_of_the_code_say_no_word_that_is_ruled_out() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {word}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line, text in strings_for_people(path)
        for word in said_too_much(text)
    ]
    assert found == []


def test_catalogues_and_packs_say_no_word_that_is_ruled_out() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {word}"
        for suffix in ("*.po", "*.cedar", "*.cedarschema", "*.json", "*.html")
        for path in sorted(SOURCE.rglob(suffix))
        if path.name not in DATA
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        for word in said_too_much(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3 matches found", ["matches"]),
        ("a Hit", ["Hit"]),
        ("confidence 0.9", ["confidence"]),
        ("95 % same", ["% same"]),
        ("95 % confidence interval", []),
        ("false non-match rate", []),
        ("a matchbox", []),
        ("score de similarité", ["similarité"]),
    ],
)
def test_the_search_for_words_finds_them(text: str, words: list[str]) -> None:
    assert said_too_much(text) == words
