"""The French catalogue: collect the English sentences, compile, and list what is missing.

    python scripts/messages.py update    read every marked sentence of src/ and of click into countenance.po
    python scripts/messages.py compile   write countenance.mo
    python scripts/messages.py missing   list sentences without French (exit code 1 if there are any)

A sentence is marked by `N_("...")` or `_("...")`, or is the first text given to `say` or to a screen's `text`, `title`;
in a template of the web application by `{% say "..." %}`.
click's own sentences are shown to the same people, so they are in the same catalogue.
"""

from __future__ import annotations

import importlib.util
import io
import re
import string
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "countenance"
FOLDER = SOURCE / "locale" / "fr" / "LC_MESSAGES"
PO = FOLDER / "countenance.po"
MO = FOLDER / "countenance.mo"
KEYWORDS = {"N_": None, "_": None, "ngettext": (1, 2), "say": (1,)}
PYTHON = [("**.py", "python")]
TEMPLATE_SENTENCE = re.compile(r'\{%\s*say\s+"([^"]*)"')

# Sentences of click that this program never comes to say: it asks for no password twice and reads no date by a format.
UNSAID = (
    "Error: The two entered values do not match.",
    "{value!r} does not match the format {format}.",
)


def collect() -> Catalog:
    """Every sentence that the code can say, in English."""
    catalog = Catalog(locale="fr", domain="countenance", project="Countenance", fuzzy=False)
    for name, root in (("countenance", SOURCE), ("click", _package("click"))):
        for file, _line, message, _comments, context in extract_from_dir(root, PYTHON, keywords=KEYWORDS):
            if (message if isinstance(message, str) else message[0]) in UNSAID:
                continue
            catalog.add(message, locations=[(f"{name}/{file}", 0)], context=context)
    for page in sorted(SOURCE.rglob("*.html")):
        for sentence in TEMPLATE_SENTENCE.findall(page.read_text("utf-8")):
            catalog.add(sentence, locations=[(f"countenance/{page.relative_to(SOURCE)}", 0)])
    return catalog


def held() -> Catalog:
    """The catalogue as it is kept."""
    if not PO.exists():
        return Catalog(locale="fr", domain="countenance", fuzzy=False)
    with PO.open("rb") as stream:
        return read_po(stream, locale="fr", domain="countenance")


def merged() -> Catalog:
    """What the code says, with the French that is kept; sentences that nobody says any more are dropped."""
    old, new = held(), collect()
    for message in new:
        kept = old.get(message.id) if message.id else None
        if kept is not None and not kept.fuzzy:
            message.string = kept.string
    return new


def compiled(catalog: Catalog) -> bytes:
    """The bytes of the compiled catalogue."""
    stream = io.BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def texts(message: Message) -> list[tuple[str, str]]:
    """English and French of a message, form by form."""
    if isinstance(message.id, (tuple, list)):
        english = list(message.id)
        french = list(message.string) if message.string else ["", ""]
        return [(english[min(form, 1)], text) for form, text in enumerate(french)]
    return [(str(message.id), str(message.string or ""))]


def missing(catalog: Catalog) -> Iterator[str]:
    """Sentences without French, in whole or in one form."""
    for message in catalog:
        if message.id and any(not french for _english, french in texts(message)):
            yield str(message.id if isinstance(message.id, str) else message.id[0])


def fields(template: str) -> set[str]:
    """Names of the fields of a template."""
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name}


def save(catalog: Catalog) -> None:
    """Write the catalogue; its date does not change from run to run, so that an update without news is none."""
    catalog.revision_date = catalog.creation_date = datetime(2026, 1, 1, tzinfo=UTC)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as stream:
        write_po(stream, catalog, sort_output=True, width=110, no_location=True)


def main(arguments: list[str]) -> int:
    """Run one of the three commands."""
    command = arguments[0] if arguments else ""
    if command == "update":
        save(merged())
    if command in {"update", "compile"}:
        MO.write_bytes(compiled(held()))
    if command not in {"update", "compile", "missing"}:
        print(__doc__)
        return 2
    absent = list(missing(merged()))
    for sentence in absent:
        print(f"no French: {sentence}", file=sys.stderr)
    return 1 if absent and command == "missing" else 0


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed")
    return Path(spec.origin).parent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
