"""The vocabularies of the code as tables of docs/glossary.md: `make glossary` writes them, a test compares.

Every StrEnum under src/ is a vocabulary. A table's text is the class's docstring; a row's meaning is the comment
behind the member, or above it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "countenance"
PAGE = ROOT / "docs" / "glossary.md"
BEGIN = "<!-- vocabularies: written by `make glossary` from the code -->"
# A remark to the linter, with its reason: `noqa: S105 - why; ` before the meaning, or behind it.
NOT_FOR_READERS = re.compile(r"#? ?noqa: [A-Z0-9, ]+( - [^;]*)?(; )?")
END = "<!-- end of vocabularies -->"


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """One StrEnum. `module`: dotted, without `countenance.`. `members`: (value, meaning or "")."""

    name: str
    module: str
    text: str
    members: tuple[tuple[str, str], ...]


def vocabularies(source: Path = SOURCE) -> Iterator[Vocabulary]:
    """Every StrEnum under `source`, in the order of modules and lines; private ones are left out."""
    for path in sorted(source.rglob("*.py")):
        text = path.read_text("utf-8")
        module = ".".join(path.relative_to(source).with_suffix("").parts)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and is_str_enum(node):
                yield Vocabulary(
                    name=node.name,
                    module=module,
                    text=" ".join((ast.get_docstring(node) or "").split()),
                    members=tuple(members(node, text.splitlines())),
                )


def is_str_enum(node: ast.ClassDef) -> bool:
    """Whether the class derives from StrEnum by name."""
    return any(ast.unparse(base).rpartition(".")[2] == "StrEnum" for base in node.bases)


def members(node: ast.ClassDef, lines: list[str]) -> Iterator[tuple[str, str]]:
    """Value and meaning of each member."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant):
            last = lines[(statement.end_lineno or statement.lineno) - 1][statement.end_col_offset :]
            above = lines[statement.lineno - 2].strip()
            comment = last.strip() or (above if above.startswith("#") else "")
            meaning = comment.removeprefix("#").strip() if comment.startswith("#") else ""
            yield str(statement.value.value), NOT_FOR_READERS.sub("", meaning).strip()


def render() -> str:
    """The section of the page between its two marks."""
    parts = [BEGIN]
    for vocabulary in vocabularies():
        parts.append(f"### {vocabulary.name}\n\n{vocabulary.text}\n\n*In `{vocabulary.module}`.*\n")
        if any(meaning for _, meaning in vocabulary.members):
            parts.append("| value | meaning |\n|---|---|")
            parts += [
                f"| `{value}` | {meaning.replace('|', chr(92) + '|')} |"
                for value, meaning in vocabulary.members
            ]
        else:
            parts.append(", ".join(f"`{value}`" for value, _ in vocabulary.members))
        parts.append("")
    parts.append(END)
    return "\n".join(parts)


def split_page() -> tuple[str, str, str]:
    """The page before the section, the section with its marks, and the page after."""
    text = PAGE.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    section, end, after = rest.partition(END)
    return before, begin + section + end, after


if __name__ == "__main__":
    head, _, tail = split_page()
    PAGE.write_text(head + render() + tail, "utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {sum(1 for _ in vocabularies())} vocabularies", file=sys.stderr)
