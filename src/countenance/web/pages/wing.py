"""Pages of a desk: its shelves, one thing, one act, and what came of it. Each a plain form; each answer says what, or why not."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path

from countenance.acting.form import Form
from countenance.acting.path import APPROVE, ActResult
from countenance.api.tokens import STEP_UP
from countenance.policy.purposes import Role
from countenance.policy.questions import Act
from countenance.primitives.canonical import Json, sha256_hex
from countenance.primitives.errors import CountenanceError
from countenance.service.acts import FORMS
from countenance.web.desk import Desk, confirmed, desk_of, signed_in
from countenance.web.failures import Failure, failure_of
from countenance.web.fields import label_of, read, shown, told
from countenance.web.pages.newcomer import key_for, link_for
from countenance.web.table import Picture
from countenance.web.titles import ACT_HINTS, TITLES
from countenance.web.wings import WINGS
from countenance.web.wings.doing import (
    CANNOT_BE_UNDONE,
    FOLLOWS,
    LEAVES_NOTHING,
    LEFT_OUT,
    MADE_HERE,
    NEXT,
    SUGGESTED,
    WITH_PICTURE,
    acts_of,
    first_steps,
)
from countenance.web.wings.shelf import Shelf, Wing

MOST_ROWS = 50
MOST_BUTTONS = 6
MOST_KNOWN = 200
_PICTURES = frozenset({"picture", "probe", "crop"})


@signed_in
def shelf(request: HttpRequest, wing: str, name: str = "") -> HttpResponse:
    """One list of a desk, fifty rows at a time."""
    held = _wing(wing)
    chosen = _shelf(held, name)
    start, find = _number(request.GET.get("from", "")), request.GET.get("find", "").strip()
    here, count, failure = _page(desk_of(request), chosen, find, start)
    page = {
        "wing": held,
        "shelf": chosen,
        "rows": [
            {"key": row.get(chosen.key), "cells": [told(each, row.get(each)) for each in chosen.columns]}
            for row in here
        ],
        "single": _told(request, here[0]) if here and not chosen.columns else None,
        "columns": [label_of(each) for each in chosen.columns],
        "count": count,
        "start": start,
        "find": find,
        "moving": any(_moves(row) for row in here),
        "earlier": max(0, start - MOST_ROWS) if start else None,
        "later": start + MOST_ROWS if start + MOST_ROWS < count else None,
        "acts": [(act.value, TITLES[act]) for act in chosen.acts],
        "stop": _stop(request, held),
        "steps": first_steps(here[0]) if here and chosen.name == "status" else [],
        "failure": failure,
    }
    return render(request, "web/shelf.html", page, status=failure.status if failure else 200)


@signed_in
def thing(request: HttpRequest, wing: str, name: str, key: str) -> HttpResponse:
    """One row with all that its list tells of it, and what may be done to it."""
    held = _wing(wing)
    chosen = _shelf(held, name)
    rows, _, failure = _page(desk_of(request), chosen, key, None)
    row = next((each for each in rows if str(each.get(chosen.key)) == key), None)
    if row is None and failure is None:
        raise Http404
    page = {
        "wing": held,
        "shelf": chosen,
        "key": key,
        "moving": row is not None and _moves(row),
        "told": _told(request, row) if row is not None else None,
        **_offered(chosen, row),
        "value": key if row is None else row.get(chosen.row_field, key),
        "approvable": chosen.name == "proposals",
        "failure": failure,
    }
    return render(request, "web/thing.html", page, status=failure.status if failure else 200)


def _offered(chosen: Shelf, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """What may be done to the row. Of many acts the usual next one is a button, the others a list."""
    offered = [(act.value, TITLES[act], param) for act, param in chosen.row_acts]
    usual = NEXT.get(str(row.get("state"))) if row is not None and chosen.act is Act.REQUEST_READ else None
    few = len(offered) <= MOST_BUTTONS
    first = offered if few else [each for each in offered if each[0] == usual]
    return {"first": first, "others": [each for each in offered if each not in first], "next": usual}


@signed_in
def act(request: HttpRequest, wing: str, name: str) -> HttpResponse:
    """One act: its fields, and when they are sent, what came of it. What cannot be undone asks for a fresh second factor."""
    held = _wing(wing)
    if name == APPROVE:
        return confirmed(_approve)(request, held)
    if name not in {each.value for each in acts_of(held)}:
        raise Http404
    chosen = Act(name)
    if chosen in STEP_UP or chosen in CANNOT_BE_UNDONE:
        return confirmed(_act)(request, held, chosen)
    return _act(request, held, chosen)


def _moves(row: Mapping[str, Any]) -> bool:
    """Whether a row changes by itself while it is looked at: an ingest that runs."""
    return row.get("state") == "under-way"


def _act(request: HttpRequest, wing: Wing, chosen: Act) -> HttpResponse:
    failure = None
    if request.method == "POST":
        try:
            params = read(_form(chosen), request)
            key = key_for(chosen, params)
            if key is not None:
                params["public_key"] = key.public_bytes().hex()
            result = _perform(request, chosen, params)
            link = "" if key is None else link_for(request, key)
            return _done(request, wing, chosen.value, params, result.record, result.log_entry, link)
        except CountenanceError as error:
            failure = failure_of(error)
    typed = request.POST if request.method == "POST" else request.GET
    page = {
        "wing": wing,
        "act": chosen.value,
        "title": TITLES[chosen],
        "hint": ACT_HINTS.get(chosen, ""),
        "fields": shown(
            _form(chosen), typed, picture=WITH_PICTURE.get(chosen, ""), known=_known(request, chosen)
        ),
        "danger": chosen in CANNOT_BE_UNDONE,
        "failure": failure,
    }
    return render(request, "web/act.html", page, status=failure.status if failure else 200)


def _form(chosen: Act) -> Form:
    """What a page asks for: all but what is for whoever stands at the machine, and nothing that it can make itself."""
    left_out, made = LEFT_OUT.get(chosen, frozenset()), MADE_HERE.get(chosen, frozenset())
    return tuple(
        replace(each, required=False) if each.name in made else each
        for each in FORMS[chosen]
        if each.name not in left_out
    )


def _known(request: HttpRequest, chosen: Act) -> dict[str, tuple[str, ...]]:
    """Names on record for the fields that want one, as far as the member may read them."""
    desk = desk_of(request)
    found: dict[str, tuple[str, ...]] = {}
    for name in {each.name for each in _form(chosen)} & SUGGESTED.keys():
        listing, column = SUGGESTED[name]
        try:
            rows = desk.record(Act.RECORDS_READ, {"listing": listing, "most": MOST_KNOWN})[listing]
        except CountenanceError:
            continue
        found[name] = tuple(str(row[column]) for row in rows[:MOST_KNOWN] if row.get(column))
    return found


def _perform(request: HttpRequest, chosen: Act, params: dict[str, Json]) -> ActResult:
    """The act, with its picture where it has one. The picture stays in memory, and serves this alone."""
    name = WITH_PICTURE.get(chosen)
    if name is None or (name not in request.FILES and _may_be_left_out(chosen, name)):
        return desk_of(request).perform(chosen.value, params)
    content = b"".join(file.read() for file in request.FILES.getlist(name)[:1])
    return desk_of(request).perform_with(chosen.value, {**params, name: sha256_hex(content)}, content)


def _may_be_left_out(chosen: Act, name: str) -> bool:
    return any(each.name == name and not each.required for each in FORMS[chosen])


def _approve(request: HttpRequest, wing: Wing) -> HttpResponse:
    """The second person's signature under what the page of the proposal shows."""
    if request.method != "POST":
        raise Http404
    params: dict[str, Json] = {"proposal": request.POST.get("proposal", "")}
    result = desk_of(request).perform(APPROVE, params)
    return _done(request, wing, result.act, params, result.record, result.log_entry)


def _done(
    request: HttpRequest,
    wing: Wing,
    name: str,
    params: Mapping[str, Json],
    record: Json,
    entry: int | None,
    link: str = "",
) -> HttpResponse:
    found = dict(record) if isinstance(record, Mapping) else {}
    chosen = Act(name)
    after = FOLLOWS.get(chosen)
    fields = {each.name for each in FORMS[after]} if after is not None else set()
    page = {
        "wing": wing,
        "title": TITLES.get(chosen, chosen.value),
        "waits": found.get("proposal") if found.get("waits_for") == "second-person" else None,
        "told": _told(request, found),
        "entry": entry,
        "under_way": _moves(found),
        "back": _back(wing, chosen, params),
        "link": link,
        "owner": params.get("name", ""),
        "after": (after.value, TITLES[after]) if after is not None else None,
        "given": [
            (each, value) for each, value in params.items() if each in fields and isinstance(value, str)
        ],
    }
    return render(request, "web/done.html", page)


def _back(wing: Wing, chosen: Act, params: Mapping[str, Json]) -> list[tuple[str, str]]:
    """Where one may go on: the thing that the act was about, and the list where it began; addresses and titles."""
    for shelf in reversed(wing.shelves):  # of requests the list that holds the closed ones too
        param = dict(shelf.row_acts).get(chosen, "")
        if param and not shelf.row_field and params.get(param) and chosen not in LEAVES_NOTHING:
            key = str(params[param])
            return [(f"{wing.path}/{shelf.name}/{quote(key, safe='')}", key), _list_of(wing, shelf)]
    found = next((each for each in wing.shelves if chosen in (*each.acts, *dict(each.row_acts))), None)
    return [_list_of(wing, found)] if found is not None else []


def _list_of(wing: Wing, shelf: Shelf) -> tuple[str, str]:
    return f"{wing.path}/{shelf.name}", shelf.title


@signed_in
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """A picture that an answer laid on this session's table."""
    desk = desk_of(request)
    laid = desk.find(name)
    if not isinstance(laid, Picture) or not desk.may_show(laid.epoch):
        raise Http404
    return HttpResponse(laid.jpeg, content_type="image/jpeg")


@signed_in
def file(request: HttpRequest, name: str) -> HttpResponse:
    """A file that an answer laid on this session's table: a proof or a statement, which verifies without us."""
    desk = desk_of(request)
    text = desk.find(name)
    if not isinstance(text, str):
        raise Http404
    kind = "json" if text.lstrip().startswith("{") else "proof"
    response = HttpResponse(
        text, content_type="application/json" if kind == "json" else "text/plain; charset=utf-8"
    )
    response.headers["Content-Disposition"] = f'attachment; filename="countenance.{kind}"'
    return response


@dataclass(frozen=True, kw_only=True)
class Told:
    """A value of a record as a page shows it: one of a text, a picture or a file (their names on the table), named values,
    or rows.
    """

    name: str = ""
    text: str = ""
    picture: str = ""
    file: str = ""
    named: list[Told] = field(default_factory=list)
    rows: list[Told] = field(default_factory=list)


def _told(request: HttpRequest, record: Any, name: str = "") -> Told:
    """`record` for the page; pictures go to the table of the session, and are asked for one by one."""
    label = label_of(name) if name else ""
    if isinstance(record, Mapping):
        shown_ones = {each: value for each, value in record.items() if value not in (None, "", [], {})}
        return Told(
            name=label, named=[_told(request, value, str(each)) for each, value in shown_ones.items()]
        )
    if isinstance(record, list | tuple):
        if all(not isinstance(each, Mapping | list | tuple) for each in record):
            return Told(name=label, text=told(name, record))
        return Told(name=label, rows=[_told(request, each) for each in record])
    desk = desk_of(request)
    if name == "file" and isinstance(record, str) and "\n" in record:
        return Told(name=label, file=desk.lay(record, len(record)))
    if name in _PICTURES and isinstance(record, str):
        try:
            laid = Picture(jpeg=base64.b64decode(record, validate=True), epoch=desk.epoch)
        except (binascii.Error, ValueError):
            return Told(name=label, text=record)
        return Told(name=label, picture=desk.lay(laid, laid.size))
    return Told(name=label, text=told(name, record))


def _stop(request: HttpRequest, wing: Wing) -> str:
    """The act behind the one red control: a lock, or for an authority the preview of an order; none on other desks."""
    if wing.name != "oversight":
        return ""
    role = desk_of(request).member.account.role
    stops = {Role.OPERATOR: Act.LOCK_SET, Role.COMMISSIONER: Act.ORDER_PREVIEW}
    return str(stops.get(Role(role), ""))


def _page(
    desk: Desk, chosen: Shelf, find: str, start: int | None
) -> tuple[list[dict[str, Any]], int, Failure | None]:
    """The rows of one page, how many there are in all, or the failure to be shown in their place. Without `start` as many as may
    hold the one that is called `find`.
    """
    try:
        record = desk.record(chosen.act.value, chosen.asked(find, start or 0, MOST_ROWS))
    except CountenanceError as error:
        return [], 0, failure_of(error)
    rows = list(record.get(chosen.listing, []))
    if chosen.long or start is None:
        return rows, int(record.get("count", len(rows))), None
    return rows[start : start + MOST_ROWS], len(rows), None


def addresses() -> list[URLPattern]:
    """Those of every desk that is made of shelves."""
    return [
        path(f"{each.name}{rest}", view, {"wing": each.name})
        for each in WINGS
        for rest, view in (
            ("", shelf),
            ("/act/<str:name>", act),
            ("/<str:name>", shelf),
            ("/<str:name>/<str:key>", thing),
        )
    ]


def _wing(name: str) -> Wing:
    found = next((each for each in WINGS if each.name == name), None)
    if found is None:
        raise Http404
    return found


def _shelf(wing: Wing, name: str) -> Shelf:
    found = wing.shelf(name)
    if found is None:
        raise Http404
    return found


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
