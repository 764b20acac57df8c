"""Steps 1 to 3: a workspace, a source with its basis, and ten people, eight of whom agree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from countenance.cli.demo import cast, texts
from countenance.cli.demo.stage import Stage, Step, begin
from countenance.cli.language import _, say, spoken
from countenance.cli.screen import Screen
from countenance.cli.sheet.words import purpose_words
from countenance.primitives.canonical import Json
from countenance.primitives.text import N_
from countenance.records.identity import AccountKey
from countenance.registry.founding import found

GALLERY, SOURCE, CASEWORKER = "portraits", "albums", "carol"
CLIENT = N_("Tracing Service")
PURPOSE = "missing-person"
OTHER_PURPOSE = "family-tracing"  # the client may, the gallery may not
PLACE = "CA-ON"


def make_workspace(folder: Path, people: Path, screen: Screen) -> tuple[Stage, Step]:
    """Step 1."""
    begin(screen, "workspace")
    founding = found(folder / "workspace", operator=_(N_("City Archive")), jurisdiction=PLACE)
    caseworker = AccountKey.generate(CASEWORKER)
    caseworker.write(founding.workspace.directory / "accounts")
    stage = Stage(
        folder=folder,
        workspace=founding.workspace,
        operator=AccountKey.read(founding.key_files[0]),
        caseworker=caseworker,
        cast=cast.lay_out(people, folder),
        screen=screen,
    )
    vkey = stage.workspace.log.vkey
    screen.facts([(N_("Folder"), str(folder)), (N_("Key of the log"), vkey)], indent=4)
    names = sorted(path.stem for path in founding.key_files)
    return stage, Step(
        name="workspace",
        promises={"two-operators": len(set(names)) == 2},
        result={"folder": str(folder), "accounts": [*names], "log_key": vkey},
    )


def register(stage: Stage) -> Step:
    """Step 2."""
    stage.begin("collection")
    client = stage.act(
        stage.operator, "client-add", name=_(CLIENT), jurisdiction="CA", purposes=[PURPOSE, OTHER_PURPOSE]
    )
    stage.act(
        stage.operator,
        "account-add",
        name=CASEWORKER,
        role="caseworker",
        client=_(CLIENT),
        public_key=stage.caseworker.public_bytes().hex(),
    )
    notice = _(texts.NOTICE)
    stage.act(
        stage.operator, "gallery-add", name=GALLERY, purposes=[PURPOSE], jurisdiction="CA", notice=notice
    )
    source = stage.act(
        stage.operator,
        "source-add",
        name=SOURCE,
        gallery=GALLERY,
        basis="consent",
        purposes=[PURPOSE],
        jurisdiction=PLACE,
        evidence=_(texts.EVIDENCE),
        location=str(stage.cast.photographs),
        holder=_(N_("City Archive")),
        contact="archive@example.org",
        notice=notice,
    )
    made, licence = _fields(source.record), _fields(client.record)
    stage.screen.facts(
        [
            (N_("Source"), made["source"]),
            (
                N_("Basis"),
                say(N_("{basis}; evidence: {evidence}"), basis=_(N_("consent")), evidence=made["evidence"]),
            ),
            (N_("Purposes"), purpose_words(PURPOSE)),
            (N_("Jurisdiction"), made["jurisdiction"]),
            (
                N_("Client"),
                say(
                    N_("{client}, licensed for: {purposes}"),
                    client=_(CLIENT),
                    purposes=f"{purpose_words(PURPOSE)}, {purpose_words(OTHER_PURPOSE)}",
                ),
            ),
        ],
        indent=4,
    )
    return Step(
        name="collection",
        promises={
            "source-live": made["state"] == "live" and bool(made["notice"]) and bool(made["purposes"]),
            "client-licensed": licence["state"] == "active",
        },
        result={"source": made, "client": licence},
    )


def record_consents(stage: Stage) -> tuple[dict[str, str], Step]:
    """Step 3. Returns receipt codes by person."""
    stage.begin("consent")
    receipts: dict[str, str] = {}
    for person in cast.PEOPLE:
        stage.act(stage.operator, "person-add", label=person)
        if person == cast.NEVER:
            continue
        given = stage.act(
            stage.operator,
            "consent-record",
            person=person,
            gallery=GALLERY,
            purposes=[PURPOSE],
            notice_text=_(texts.AGREED),
            language=spoken().value,
        )
        (receipt,) = _listed(_fields(given.record)["receipts"])
        receipts[person] = str(_fields(receipt)["receipt"])
    stage.act(stage.operator, "consent-withdraw", receipt=receipts[cast.WITHDREW])
    rows = _listed(_fields(stage.act(stage.operator, "records-read", listing="persons").record)["persons"])
    held = [_fields(receipt) for row in rows for receipt in _listed(_fields(row)["receipts"])]
    live = [receipt for receipt in held if receipt["withdrawn_at"] is None]
    stage.screen.facts(
        [
            (N_("With consent"), list(cast.CONSENTING)),
            (N_("Withdrawn"), cast.WITHDREW),
            (N_("Never given"), cast.NEVER),
            (N_("A receipt"), f"{cast.LEAVES}: {receipts[cast.LEAVES]}"),
        ],
        indent=4,
    )
    return receipts, Step(
        name="consent",
        promises={"eight-receipts": len(live) == 8, "one-withdrawn": len(held) - len(live) == 1},
        result={"open": len(live), "withdrawn": len(held) - len(live), "persons": len(rows)},
    )


def _fields(value: Json) -> dict[str, Json]:
    assert isinstance(value, Mapping)
    return dict(value)


def _listed(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value
