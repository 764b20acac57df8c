"""docs/requirements.md is whole, and names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"
STATES = {"done", "part", "open"}
NAMED_TEST = re.compile(r"`(tests/[^`]+)`")


def rows() -> dict[str, tuple[str, str]]:
    found = {}
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        if re.fullmatch(r"R\d+", cells[0]):
            assert len(cells) == 4, line
            assert cells[0] not in found, line
            found[cells[0]] = (cells[2], cells[3])
    return found


def missing_test(name: str) -> bool:
    path, _, test = name.partition("::")
    if not test or not (ROOT / path).is_file():
        return True
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    steps = test.partition("[")[0].split("::")
    body: list[ast.stmt] = tree.body
    for step in steps:
        within = [
            node
            for node in body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == step
        ]
        if not within:
            return True
        body = within[0].body
    return False


def test_every_requirement_has_one_row_and_a_state() -> None:
    assert list(rows()) == [f"R{number}" for number in range(1, 33)]
    assert {state for state, _ in rows().values()} <= STATES


def test_a_state_beyond_open_names_tests() -> None:
    assert [
        name for name, (state, tests) in rows().items() if (state != "open") != bool(NAMED_TEST.search(tests))
    ] == []


def test_named_tests_exist() -> None:
    names = NAMED_TEST.findall(PAGE.read_text("utf-8"))
    assert names
    assert [name for name in names if missing_test(name)] == []


def test_a_test_that_does_not_exist_is_seen() -> None:
    here = "tests/house/test_requirements.py"
    assert missing_test(f"{here}::test_of_something_else")
    assert missing_test("tests/house/test_nowhere.py::test_x")
    assert missing_test(here)
    assert not missing_test(f"{here}::test_named_tests_exist")
