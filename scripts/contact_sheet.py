"""Every page of the application in both languages, by day and by night: `python scripts/contact_sheet.py [FOLDER]`.

Writes docs/figures/pages/DESK.webp, one strip for each page, and docs/contact-sheet.md. With FOLDER the pictures are left there
at full size, to be looked at. The people are synthetic (openpeople); the pages are those of a workspace of the tests, in Debian's
chromium. Made anew by hand when pages have changed: nobody's eyes are saved by a test that only compares bytes.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
for folder in ("tests", "tests/review", "tests/extraction", "tests/web"):
    sys.path.insert(0, str(ROOT / folder))
OUT = ROOT / "docs" / "figures" / "pages"
PAGE = ROOT / "docs" / "contact-sheet.md"
WIDE = 270  # pixels of one picture on a strip
TALL = 420  # what is longer is cut off below
VARIANTS = tuple((lang, scheme) for lang in ("en", "fr") for scheme in ("light", "dark"))
TITLES = {
    "public": "For everybody, without an account",
    "case": "Case desk",
    "review": "Review desk",
    "requests": "Request desk",
    "oversight": "Oversight",
    "operator": "Operator",
}


@dataclass(kw_only=True)
class Sheet:
    """Pictures as they come: desk -> page -> variant -> PNG. `keep`: where they are left at full size, or None."""

    keep: Path | None
    taken: dict[str, dict[str, dict[tuple[str, str], bytes]]] = field(default_factory=dict)

    def take(self, page: Any, lang: str, desk: str, name: str) -> None:
        """The page as it stands, by day and by night."""
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            data = page.screenshot(full_page=True)
            self.taken.setdefault(desk, {}).setdefault(name, {})[lang, scheme] = data
            if self.keep is not None:
                (self.keep / f"{desk}-{name}-{lang}-{scheme}.png").write_bytes(data)

    def write(self) -> None:
        """The strips, and the page of the documentation that shows them."""
        OUT.mkdir(parents=True, exist_ok=True)
        lines = [
            "# Contact sheet\n",
            "Every page: English and French, by day and by night. The people are synthetic.\n",
            "Made by `python scripts/contact_sheet.py`.\n",
        ]
        for desk, pages in self.taken.items():
            lines.append(f"## {TITLES[desk]}\n")
            (OUT / f"{desk}.webp").write_bytes(_strips(pages))
            lines.append(f"![{TITLES[desk]}: {', '.join(pages)}](figures/pages/{desk}.webp)\n")
        PAGE.write_text("\n".join(lines), encoding="utf-8")


def _strips(pages: dict[str, dict[tuple[str, str], bytes]]) -> bytes:
    from PIL import Image, ImageDraw

    rows = []
    for name, taken in pages.items():
        shots = [
            Image.open(io.BytesIO(taken[variant])).convert("RGB") for variant in VARIANTS if variant in taken
        ]
        small = [
            one.resize((WIDE, round(one.height * WIDE / one.width)), Image.Resampling.LANCZOS)
            for one in shots
        ]
        tall = min(TALL, max(one.height for one in small))
        row = Image.new("RGB", ((WIDE + 8) * len(VARIANTS), tall + 26), "#8a8a86")
        ImageDraw.Draw(row).text((6, 6), name, fill="white")
        for place, one in enumerate(small):
            row.paste(one.crop((0, 0, WIDE, min(tall, one.height))), (place * (WIDE + 8) + 4, 22))
        rows.append(row)
    # Two columns: a strip may not be taller than WebP allows (16,383 pixels), and is looked at more easily.
    left, right = rows[: (len(rows) + 1) // 2], rows[(len(rows) + 1) // 2 :]
    height = max(sum(row.height for row in column) for column in (left, right))
    sheet = Image.new("RGB", (rows[0].width * (2 if right else 1), height), "#8a8a86")
    for column, x in ((left, 0), (right, rows[0].width)):
        y = 0
        for row in column:
            sheet.paste(row, (x, y))
            y += row.height
    stream = io.BytesIO()
    sheet.save(stream, "WEBP", quality=62, method=6)
    return stream.getvalue()


@contextmanager
def running(folder: Path) -> Iterator[tuple[Any, Any, str]]:
    """A workspace with people, reviewers and an authority; its searcher; the application. Yields house, desk, address."""
    house_of, desks = import_module("house"), import_module("review_desk")
    from countenance.service.server import SearcherServer
    from countenance.web.serving import listen
    from countenance.web.site import application

    house = house_of.found_house(folder / "workspace", None)
    desk = desks.desk_of(house, people=3)
    house.office = house_of.authority(house)
    server = listen(application(house.workspace.directory, clock=house.clock), "127.0.0.1", 0)
    searcher = SearcherServer(house.workspace.directory, clock=house.clock)
    threads = [threading.Thread(target=searcher.run), threading.Thread(target=server.run, daemon=True)]
    for thread in threads:
        thread.start()
    try:
        if not searcher.ready.wait(60):
            raise SystemExit("the searcher does not start")
        yield house, desk, f"http://localhost:{server.effective_port}"
    finally:
        server.close()
        searcher.stop()
        threads[0].join(60)
        house.close()


@dataclass(kw_only=True)
class Walk:
    """One language, from desk to desk."""

    sheet: Sheet
    house: Any
    desk: Any
    address: str
    browser: Any
    lang: str

    def open(self, key: Any = None) -> Any:
        """A page of a new browser, of whoever has this key."""
        visitor = import_module("web_parts").Visitor(house=self.house)
        context = self.browser.new_context(
            locale="fr-CA" if self.lang == "fr" else "en-CA", viewport={"width": 1100, "height": 760}
        )
        context.set_default_timeout(60_000)
        if key is not None:
            held = visitor.enter(key).client.cookies["__Host-session"].value
            url = self.address.replace("http:", "https:")
            context.add_cookies([{"name": "__Host-session", "value": held, "url": url, "secure": True}])
        return context.new_page()

    def shoot(self, page: Any, desk: str, *paths: str) -> None:
        """Each address, under the name of its last part."""
        for path in paths:
            page.goto(self.address + path)
            name = path.strip("/").replace("/", "-") or "home"
            self.sheet.take(page, self.lang, desk, name.replace(self.house.case, "CASE"))

    def public(self) -> None:
        from countenance.web.entering.link import invite
        from countenance.web.site import site

        page = self.open()
        self.shoot(page, "public", "/", "/register", "/transparency", "/follow", "/login", "/nowhere", "/ask")
        page.locator("#name").fill("Anne Roy")
        page.locator("#contact").fill("1 rue du Port")
        page.locator("main button").click()
        self.sheet.take(page, self.lang, "public", "asked")
        number, secret = page.locator("code.secret").all_inner_texts()
        page.goto(self.address + "/follow")
        page.locator("#number").fill(number)
        page.locator("#secret").fill(secret)
        page.locator("main button").last.click()
        self.sheet.take(page, self.lang, "public", "followed")
        page.goto(f"{self.address}/welcome/{invite(site().keyring, self.house.deputy, self.house.clock())}")
        self.sheet.take(page, self.lang, "public", "welcome")

    def case(self) -> None:
        photograph = import_module("house").photograph
        page, code = self.open(self.house.caseworker), self.house.case
        self.shoot(page, "case", "/", "/cases", "/cases/new", f"/cases/{code}")
        self._search(page, photograph("P001", "emotions_sheet"))
        self.sheet.take(page, self.lang, "case", "which")
        page.goto(f"{self.address}/cases/{code}")
        self._search(page, photograph("P001", "amateur_selfie"))
        page.wait_for_url("**/searches/*")
        self.sheet.take(page, self.lang, "case", "candidates")
        page.locator("ol.strip a").first.click()
        self.sheet.take(page, self.lang, "case", "compare")
        page.locator("#whole").click()
        page.locator("#scene").wait_for()
        self.sheet.take(page, self.lang, "case", "photograph")
        page.locator("details.own summary").click()
        self.sheet.take(page, self.lang, "case", "own-verdict")
        page.locator('input[name=verdict][value="+1"]').check()
        page.locator("details.own button").click()
        self.sheet.take(page, self.lang, "case", "own-verdict-sealed")
        self.shoot(page, "case", f"/cases/{code}", f"/cases/{code}/report")
        page.goto(f"{self.address}/confirm")
        self.sheet.take(page, self.lang, "case", "confirm")

    def _search(self, page: Any, data: bytes) -> None:
        page.locator("#photographs").set_input_files(
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}
        )
        page.locator("form[enctype] button").click()

    def review(self) -> None:
        page = self.open(self.desk.reviewers["ada" if self.lang == "en" else "bob"])
        self.shoot(page, "review", "/review")
        page.locator('form[action="/review/next"] button').click()
        page.wait_for_url("**/review/pair/*")
        self.sheet.take(page, self.lang, "review", "pair-veiled")
        page.locator("#veil").uncheck()
        page.locator(".keys summary").click()
        self.sheet.take(page, self.lang, "review", "pair")
        page.locator('input[name=verdict][value="0"]').check()
        page.locator('form[action^="/review/pair/"] button').click()
        supervisor = self.open(self.desk.supervisor)
        supervisor.goto(self.address + "/review")
        self.sheet.take(supervisor, self.lang, "review", "supervisor")

    def wing(self, name: str, key: Any, *more: str) -> None:
        """Every shelf, the first thing of each, and the acts that are named."""
        from countenance.web.wings import WINGS

        wing = next(each for each in WINGS if each.name == name)
        page = self.open(key)
        for shelf in wing.shelves:
            page.goto(f"{self.address}{wing.path}/{shelf.name}")
            self.sheet.take(page, self.lang, name, shelf.name)
            first = page.locator("tbody th a").first
            if first.count() and shelf.columns:
                first.click()
                page.wait_for_load_state()
                self.sheet.take(page, self.lang, name, f"{shelf.name}-one")
        for act in more:
            page.goto(f"{self.address}{wing.path}/act/{act}")
            self.sheet.take(page, self.lang, name, act.partition("?")[0])
        if name == "oversight":
            page.goto(f"{self.address}{wing.path}/act/order-preview")
            page.locator("#f-kind").select_option("cease-offering")
            page.locator("#f-client").fill("Tracing")
            page.locator("main form button").first.click()
            page.wait_for_load_state()
            self.sheet.take(page, self.lang, name, "order-previewed")


def prepare(house: Any) -> None:
    """Something on each shelf: photographs at the holder's, an ingest with a file that fails, a request, a lock, a sample."""
    photograph = import_module("house").photograph
    folder = house.workspace.directory.parent / "photographs"
    folder.mkdir(exist_ok=True)
    for person in ("P001", "P002", "P003"):
        (folder / f"{person}.jpg").write_bytes(photograph(person))
    (folder / "cut-off.jpg").write_bytes(photograph("P004")[:2000])
    opened = {
        "kind": "access",
        "pointer": "receipt",
        "value": "R-0000-0000",
        "name": "Anne",
        "contact": "anne@example.org",
    }
    for act, params in (
        ("request-open", opened),
        ("lock-set", {"kind": "export", "gallery": "people", "reason": "a complaint"}),
        ("hold-place", {"scope": "gallery", "name": "people", "authority": "Court", "reason": "T-1"}),
    ):
        with suppress(Exception):
            house.act(act, **params)


def main() -> int:
    """Walk through all desks in both languages, and write the sheet."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright keeps an event loop in this thread
    keep = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    sheet = Sheet(keep=keep)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (house, desk, address):
        prepare(house)
        from countenance.web.site import site

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            for lang in ("en", "fr"):
                walk = Walk(sheet=sheet, house=house, desk=desk, address=address, browser=browser, lang=lang)
                site().asking._seen.clear()  # noqa: SLF001 - the same address asks again and again
                walk.public()
                walk.case()
                walk.review()
                walk.wing("requests", house.operator, "request-open", "request-verify", "request-search")
                walk.wing("oversight", house.office.commissioner, "lock-set", "inquiry-open", "log-prove")
                walk.wing(
                    "operator",
                    house.operator,
                    "ingest?source=archive",
                    "policy-try",
                    "account-add",
                    "gallery-add",
                    "erase-plan",
                )
                print(f"{lang}: {sum(map(len, sheet.taken.values()))} pages")
            browser.close()
    sheet.write()
    size = sum(path.stat().st_size for path in OUT.glob("*.webp"))
    print(f"{OUT}: {size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
