"""A run of the demonstration, and pages read as a browser reads them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

LANGUAGES = ("en", "fr")
PROGRAM = str(
    Path(sys.executable).with_name("countenance")
)  # as it is installed: its exit code is part of it
VOID = {"br", "hr", "img", "link", "meta", "input", "wbr"}


@dataclass(frozen=True, kw_only=True)
class Run:
    language: str
    folder: Path
    exit_code: int
    document: dict[str, Any]

    def result(self, name: str) -> dict[str, Any]:
        (step,) = (step for step in self.document["steps"] if step["step"] == name)
        return dict(step["result"])

    @property
    def page(self) -> str:
        return (self.folder / "demo.html").read_text("utf-8")


@dataclass
class Element:
    name: str
    attributes: dict[str, str]


@dataclass
class Page(HTMLParser):
    """Elements in order, the text that people see, and the style."""

    source: str
    elements: list[Element] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    style: str = ""
    faults: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.source)
        self.close()
        self.faults += [f"never closed: {name}" for name in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.faults += [f"twice in {tag}: {name}" for name in set(names) if names.count(name) > 1]
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"closed out of turn: {tag}")

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.style += data
        else:
            self.seen.append(data)

    @property
    def text(self) -> str:
        return "".join(self.seen)

    def all(self, *names: str) -> list[Element]:
        return [element for element in self.elements if element.name in names]
