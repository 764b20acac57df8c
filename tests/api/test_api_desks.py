"""What a person does at a desk a program does over the API: the acts and lists of the pages are compared with the routes."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from countenance.policy.questions import Act
from countenance.web.desks import WINGS

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "src" / "countenance" / "web"
PATHS = set(json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))["paths"])
COMMAND = re.compile(r"countenance [a-z]+")


def _asked_by_pages() -> Iterator[tuple[str, str]]:
    """(act, listing or "") of each call by which a page has something done or read."""
    for path in sorted((PAGES / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            words = [_word(each) for each in node.args]
            if node.func.attr == "read" and words and words[0]:
                yield (words[1] if len(words) > 1 else "records-read"), words[0]
            elif node.func.attr in {"perform", "perform_with", "record"} and words and words[0] in set(Act):
                yield words[0], ""


def _word(node: ast.expr) -> str:
    """A literal text, or the value of `Act.X` and `Act.X.value`."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    text = ast.unparse(node).removesuffix(".value")
    name = text.removeprefix("Act.")
    return Act[name].value if text.startswith("Act.") and name in Act.__members__ else ""


def _asked_at_desks() -> Iterator[tuple[str, str]]:
    for wing in WINGS:
        for shelf in wing.shelves:
            yield shelf.act.value, shelf.listing
            yield from ((act.value, "") for act in (*shelf.acts, *(act for act, _ in shelf.row_acts)))


def _route(act: str, listing: str) -> str | None:
    """The path by which a program asks the same, or None."""
    from countenance.api.acts import ELSEWHERE, LISTS  # after Django is set up

    known = Act(act)
    if known in LISTS:
        return f"/api/v1/{LISTS[known]}/{listing}"
    if known is Act.REQUEST_READ:
        return "/api/v1/requests"
    if known is Act.REQUEST_SEARCH:
        return "/api/v1/requests/search"
    if known in ELSEWHERE:
        assert COMMAND.search(ELSEWHERE[known]), act  # it says which command it is instead
        return None
    return f"/api/v1/acts/{act}"


def test_every_act_and_list_of_the_desks_has_a_route() -> None:
    asked = {*_asked_by_pages(), *_asked_at_desks()}
    assert ("case-open", "") in asked
    assert ("records-read", "cases") in asked
    assert len(asked) > 100
    routes = {route for each in asked if (route := _route(*each)) is not None}
    assert routes - PATHS == set()
    assert {"/api/v1/searches", "/api/v1/acts/approve", "/api/v1/requests/keep-out"} <= PATHS


def test_what_has_no_route_of_its_own_is_not_at_a_desk_either() -> None:
    from countenance.api.acts import ELSEWHERE

    asked = {Act(act) for act, _ in {*_asked_by_pages(), *_asked_at_desks()}}
    assert asked & set(ELSEWHERE) <= {Act.REQUEST_READ, Act.REQUEST_SEARCH, Act.BACKUP, Act.BACKUP_VERIFY}
