"""What a person waits for, in the real Chromium: first paint and weight of every page, and a search from the button to the candidates.

    python benchmarks/web/paint.py [--people 1000000] [--folder DIR] [--searches 12] [--prepare]

The workspace is filled with generated people (benchmarks/erasing/filling.py; `--folder` keeps it, or takes it from there) and
served by `countenance serve`. `--prepare` fills, adds accounts, gives the candidates of the probe their pictures, and ends: what is
measured afterwards is measured alone.

1. `first_paint_ms`: First Contentful Paint (W3C Paint Timing) of every page, the browser's cache off; the longest of `--times`.
   Target: 1,000 on loopback.
2. `kilobytes`: what came over the wire for each page besides pictures, headers included. Target: 100.
3. `search`: from the press of the button (the moment of the click's event) to the first paint of the page with candidates, and until
   the last of their pictures has come. Target: 1,000 ms at 1M people.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent / "erasing"))
sys.path.insert(0, str(Path(__file__).parent))

from filling import fill
from load import PICTURE, enter, serving

from countenance.acting.path import APPROVE
from countenance.primitives.clock import ManualClock
from countenance.primitives.errors import ConflictError
from countenance.records import models
from countenance.records.identity import AccountKey
from countenance.records.sealing import CROP_PART
from countenance.records.workspace import Workspace
from countenance.service.acts import perform
from countenance.vault.vault import Plain
from countenance.web.keyring import Keyring
from countenance.web.wings import OPERATOR, OVERSIGHT, REQUESTS

FILLED_AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PUBLIC = ("/", "/register", "/transparency", "/ask", "/follow", "/login")
WEIGHT = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(each => each.initiatorType !== "img").reduce((sum, each) => sum + each.transferSize, 0)"""
PAINT = """performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? -1"""
PRESSED = """addEventListener("click", event =>
    sessionStorage.setItem("pressed", performance.timeOrigin + event.timeStamp), {capture: true})"""
SINCE = """moment => performance.timeOrigin + moment - Number(sessionStorage.getItem("pressed"))"""
LOADED = """performance.getEntriesByType("navigation")[0].loadEventEnd"""


def staff(workspace: Workspace, founders: list[AccountKey]) -> tuple[str, str, str]:
    """Sessions of an operator and of a caseworker, and the caseworker's case."""

    def act(key: AccountKey, name: str, /, **params: Any) -> Any:
        signed = key.sign(
            workspace_id=str(workspace.settings.id), act=name, params=params, at=workspace.clock()
        )
        return perform(workspace, signed).record

    with suppress(ConflictError):
        act(founders[0], "client-add", name="Tracing", jurisdiction="CA", purposes=["missing-person"])
    worker = AccountKey.generate(f"worker-{os.getpid()}")
    public = worker.public_bytes().hex()
    asked = act(
        founders[0],
        "account-add",
        name=worker.account,
        role="caseworker",
        client="Tracing",
        public_key=public,
    )
    if "proposal" in asked:
        act(founders[1], APPROVE, proposal=asked["proposal"])
    case = act(
        worker,
        "case-open",
        purpose="missing-person",
        reference="Bench",
        on_behalf_of="Bench",
        on_behalf_of_jurisdiction="CA",
        searches=1000,
    )["case"]
    keyring = Keyring.of(workspace.directory)
    return enter(workspace, keyring, founders[0]), enter(workspace, keyring, worker), str(case)


def furnish(workspace: Workspace) -> int:
    """A picture for every candidate that has none: of a million people most were filled without one."""
    stream = io.BytesIO()
    Image.open(PICTURE).convert("RGB").resize((240, 300)).save(stream, "JPEG", quality=88)
    faces = list(
        models.Face.objects.filter(
            pk__in=models.Candidate.objects.values_list("face", flat=True).distinct()
        ).only("pk", "crop")
    )
    for face in faces:
        (sealed,) = workspace.vault.seal([Plain(record_id=face.pk, part=CROP_PART, data=stream.getvalue())])
        workspace.media.put_many([(f"shown-{face.pk.hex}", sealed)])
        models.Face.objects.filter(pk=face.pk).update(crop=f"shown-{face.pk.hex}")
    return len(faces)


def page_of(browser: Any, address: str, session: str) -> Any:
    """A page of a new browser whose cache is off, of whoever has this session."""
    context = browser.new_context(locale="en-CA", viewport={"width": 1100, "height": 800})
    context.set_default_timeout(120_000)
    if session:
        url = address.replace("http:", "https:")
        context.add_cookies([{"name": "__Host-session", "value": session, "url": url, "secure": True}])
    page = context.new_page()
    context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    return page


def _until(page: Any, condition: str) -> None:
    """Wait until the page says so. Playwright's own waiting asks by `eval`, which the pages' policy refuses."""
    while not page.evaluate(condition):
        page.wait_for_timeout(5)


def look(page: Any, address: str, paths: list[str], times: int) -> dict[str, dict[str, float]]:
    """First paint (the longest) and weight of each address."""
    found = {}
    for path in paths:
        paints = []
        for _ in range(times):
            page.goto(address + path)
            _until(page, f"({PAINT}) >= 0")
            paints.append(page.evaluate(PAINT))
        found[path] = {
            "first_paint_ms": round(max(paints)),
            "kilobytes": round(page.evaluate(WEIGHT) / 1000, 1),
        }
    return found


def search(page: Any, address: str, case: str) -> dict[str, float]:
    """One search, as somebody presses the button."""
    page.goto(f"{address}/cases/{case}")
    page.evaluate(PRESSED)
    page.locator("#photographs").set_input_files(PICTURE)
    page.locator("form[enctype] button").click()
    page.wait_for_url("**/searches/*")
    _until(page, f"({PAINT}) >= 0 && {LOADED} > 0")
    return {
        "candidates_ms": page.evaluate(SINCE, page.evaluate(PAINT)),
        "pictures_ms": page.evaluate(SINCE, page.evaluate(LOADED)),
        "kilobytes": page.evaluate(WEIGHT) / 1000,
        "candidates": page.locator("ol.strip.tall li").count(),
    }


def measure(address: str, sessions: tuple[str, str, str], searches: int, times: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    operator, worker, case = sessions
    wings = [
        f"{wing.path}/{shelf.name}" for wing in (REQUESTS, OVERSIGHT, OPERATOR) for shelf in wing.shelves
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = page_of(browser, address, worker)
        page.context.set_default_timeout(300_000)  # the first search opens what is sealed
        searched = [search(page, address, case) for _ in range(searches + 1)][1:]  # the first one warms up
        print(f"searched {len(searched)} times", file=sys.stderr)
        pages = look(page, address, ["/cases", "/cases/new", f"/cases/{case}", "/account"], times)
        pages |= look(page_of(browser, address, operator), address, wings, times)
        pages |= look(page_of(browser, address, ""), address, list(PUBLIC), times)
        browser.close()
    slow = sorted(pages, key=lambda path: -pages[path]["first_paint_ms"])[:5]
    heavy = sorted(pages, key=lambda path: -pages[path]["kilobytes"])[:3]
    return {
        "search": {
            name: {
                "p50": round(statistics.median(each[name] for each in searched)),
                "longest": round(max(each[name] for each in searched)),
            }
            for name in searched[0]
        }
        if searched
        else {},
        "pages": len(pages),
        "first_paint_ms": {
            "p50": statistics.median(each["first_paint_ms"] for each in pages.values()),
            **{path: pages[path]["first_paint_ms"] for path in slow},
        },
        "kilobytes": {path: pages[path]["kilobytes"] for path in heavy},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keep the filled workspace here, or take it from here")
    parser.add_argument("--searches", type=int, default=12)
    parser.add_argument("--times", type=int, default=3, help="visits of each page")
    parser.add_argument("--prepare", action="store_true", help="fill and furnish, measure nothing")
    options = parser.parse_args()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this thread
    with tempfile.TemporaryDirectory() as scratch:
        directory = (options.folder or Path(scratch)) / "workspace"
        if not directory.exists():
            fill(directory, options.people, 0, crops=0, clock=ManualClock(FILLED_AT), searchable=True)
        workspace = Workspace.open(directory)
        founders = [AccountKey.read(next(directory.rglob(f"{name}.key"))) for name in ("operator", "deputy")]
        sessions = staff(workspace, founders)
        with serving(directory) as address:
            if options.prepare or options.folder is None:
                measure(address, sessions, searches=0, times=1)
                furnished = furnish(workspace)
                print(json.dumps({"candidates_with_a_picture_now": furnished}))
            if not options.prepare:
                found = measure(address, sessions, options.searches, options.times)
                people = models.Person.objects.count()
                load = round(os.getloadavg()[0], 1)
                print(json.dumps({"people": people, "load": load, **found}))
        workspace.close()


if __name__ == "__main__":
    main()
