"""Ingest over the API: begun by an act, worked at in the searcher, seen in a list, stopped with the searcher."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from api_parts import Api
from house import photograph


def _folder(api: Api) -> Path:
    folder = api.house.workspace.directory.parent / "photographs"
    folder.mkdir()
    return folder


def _finished(api: Api, token: str) -> Any:
    for _ in range(1200):
        (row,) = api.ask("GET", "/records/ingests", token).json["items"]
        if row["state"] == "finished":
            return row
        time.sleep(0.1)
    raise AssertionError(row)


def test_a_source_is_taken_in(api: Api) -> None:
    folder = _folder(api)
    (folder / "a.jpg").write_bytes(photograph("P001"))
    (folder / "b.jpg").write_bytes(b"no picture")
    token = api.token(api.house.operator)
    assert api.ask("GET", "/records/ingests", token).json["items"] == []
    begun = api.act("ingest", token, {"source": "archive", "workers": 1})
    assert begun.status == 200, begun.json
    row = _finished(api, token)
    assert row["run"] == begun.json["record"]["run"]
    assert (row["total"], row["finished"]) == (2, 2)
    assert {each["path"]: each["state"] for each in row["problems"]}["b.jpg"] == "unreadable"
    assert "ingest-finished" in api.house.events()
    assert api.ask("GET", "/records/ingests", api.token(api.house.caseworker)).json["items"] == []


def test_what_cannot_begin_is_told_at_once(api: Api) -> None:
    token = api.token(api.house.operator)
    missing = api.act("ingest", token, {"source": "nothing"})
    assert missing.status == 404
    gone = api.act("ingest", token, {"source": "archive"})
    assert gone.status in {404, 503}, gone.json
    refused = api.act("ingest", api.token(api.house.caseworker), {"source": "archive"})
    assert (refused.status, refused.json["reason"]) == (403, "role-may-not")
