"""`countenance erase`: what would go, erasing it, how far it has come, and the certificate."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import click

from countenance.cli.acts import given, moment, pass_door
from countenance.cli.door import Door
from countenance.cli.language import _, say
from countenance.cli.parts import Command, option
from countenance.cli.screen import Column
from countenance.cli.table import TABLE
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.files import write_atomically
from countenance.primitives.text import N_

SCOPES = ("person", "photograph", "face", "source", "gallery", "client", "jurisdiction")
_RULES = ("documented", "stated", "precautionary")
_POLL_SECONDS = 0.5

STORES = {
    "photographs": N_("Records of photographs"),
    "faces": N_("Faces"),
    "crops": N_("Pictures of faces"),
    "templates": N_("Templates"),
    "index": N_("References in the index"),
    "consents": N_("Consents"),
    "persons": N_("Persons"),
    "residency-claims": N_("Claims of residency"),
    "candidate-lists": N_("Entries in candidate lists"),
    "reviews": N_("Reviews of candidates"),
    "probes": N_("Probes"),
    "cases": N_("Cases"),
    "requests": N_("Requests of persons"),
    "ingest-ledger": N_("Lines of the ingest ledger"),
    "vault-keys": N_("Keys"),
    "log-payloads": N_("Details of log entries"),
    "backups": N_("Backups made so far"),
    "exports": N_("Exports made so far"),
    "originals": N_("Photographs that stay with their holder"),
}
"""What each store is called before people."""

STEPS = {
    "started": N_("begun"),
    "unfindable": N_("in no answer; keys still to be destroyed"),
    "keys-destroyed": N_("unreadable; bytes still to go"),
    "bytes-gone": N_("gone; not in the log yet"),
    "done": N_("done"),
}


@click.command(
    "erase",
    cls=Command,
    summary=TABLE["erase"][1],
    text=N_(
        "--plan counts, store by store, what would go. --confirm does it: first it is in no answer any more, then its "
        "keys are destroyed, then its bytes, and then the log says so. A crash in between is finished at the next start; "
        "until then it is called incomplete. A source, gallery, client or place takes two persons. What was erased does "
        "not come back by another ingest or out of a backup."
    ),
    examples=(
        "countenance erase --person P017 --plan",
        "countenance erase --person P017 --confirm --ground 'request Q-12'",
        "countenance erase --jurisdiction CA-BC --rule stated --plan",
        "countenance erase --status",
        "countenance erase --certificate E-7K3M-9QXA-1B2C --out erasure.json",
    ),
)
@option("--plan", "planned", is_flag=True, help=N_("Only count what would go."))
@option("--confirm", "confirmed", is_flag=True, help=N_("Erase it."))
@option("--status", is_flag=True, help=N_("List erasures and how far they have come."))
@option("--certificate", metavar="ERASURE", help=N_("Show the certificate of an erasure that is done."))
@option("--person", metavar="PERSON", help=N_("Everything of one person."))
@option("--photograph", metavar="ID", help=N_("One photograph with all its faces."))
@option("--face", metavar="ID", help=N_("One face in one photograph."))
@option("--source", metavar="SOURCE", help=N_("All photographs of a source, which is withdrawn."))
@option("--gallery", metavar="GALLERY", help=N_("All photographs of a gallery, which is suspended."))
@option("--client", metavar="CLIENT", help=N_("A client's probes, candidate lists and cases."))
@option("--jurisdiction", metavar="PLACE", help=N_("The people of a place (ISO 3166)."))
@option(
    "--rule",
    metavar="RULE",
    type=click.Choice(_RULES),
    help=N_("Who counts as resident: documented, stated or precautionary. Else precautionary."),
)
@option("--ground", metavar="TEXT", help=N_("The request or order it rests on; no names."))
@option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help=N_("Write the signed certificate there.")
)
@pass_door
def erase(
    door: Door,
    /,
    planned: bool,
    confirmed: bool,
    status: bool,
    certificate: str | None,
    rule: str | None,
    ground: str | None,
    out: Path | None,
    **scopes: str | None,
) -> None:
    """Erase."""
    if sum((planned, confirmed, status, certificate is not None)) != 1:
        raise UsageError(
            N_("Say what is to be done."),
            remedy=N_("Give one of --plan, --confirm, --status, --certificate."),
            code="erase-what",
        )
    if status:
        _show_status(door)
    elif certificate is not None:
        _show_certificate(door, certificate, out)
    else:
        chosen = [(name, value) for name, value in scopes.items() if value is not None]
        if len(chosen) != 1:
            raise UsageError(
                N_("Name one thing to erase."),
                remedy=N_("Give one of: {known}."),
                code="erase-scope",
                known=", ".join(f"--{name}" for name in SCOPES),
            )
        params = given(scope=chosen[0][0], target=chosen[0][1], rule=rule)
        if planned:
            _show_plan(door, params)
        elif not ground:
            raise UsageError(
                N_("An erasure rests on something."),
                remedy=N_("Give --ground: the request's or order's number, and no name."),
                code="erase-ground",
            )
        else:
            _confirm(door, {**params, "ground": ground}, out)


def _show_plan(door: Door, params: Mapping[str, Json]) -> None:
    record = door.perform("erase-plan", dict(params)).record
    assert isinstance(record, Mapping)
    screen = door.screen
    if screen.json:
        screen.document(dict(record))
        return
    _stores(door, record["stores"])
    grades = record["grades"]
    if isinstance(grades, Mapping) and grades:
        screen.text(N_("How residency is known:"))
        names = {
            "document": N_("by a document"),
            "declared": N_("by a declaration"),
            "source": N_("by the source alone"),
        }
        screen.facts([(names[grade], number) for grade, number in grades.items()])
        screen.text(N_("Of {count} more it is in doubt."), count=record["uncertain"])
    screen.text(
        N_("Backups made before stay readable to whoever holds their keys, until {until}."),
        until=moment(str(record["backups_until"])),
    )
    if record["two_persons"]:
        screen.text(N_("This takes two persons."))
    screen.text(N_("Nothing was changed. To erase it, give --confirm and --ground."))


def _confirm(door: Door, params: dict[str, Json], out: Path | None) -> None:
    result = door.perform("erase", params)
    record = result.record
    assert isinstance(record, Mapping)
    screen = door.screen
    if "proposal" in record:
        if screen.json:
            screen.document(dict(record))
            return
        screen.text(
            N_("This takes two persons. It waits for the second under {code}."), code=record["proposal"]
        )
        screen.line(f"  countenance approve {record['proposal']} --as " + _(N_("ACCOUNT")))
        return
    code = str(record["erasure"])
    if not screen.json:
        screen.text(N_("In no answer any more. Destroying keys and bytes."))
    _wait(door, code)
    _show_certificate(door, code, out)


def _wait(door: Door, code: str) -> None:
    """Until it is done: by the searcher, or here. Raises UnavailableError where it stays incomplete."""
    if door.opened is not None:
        from countenance.records.erasing.certificate import certificate_of
        from countenance.records.erasing.steps import finish

        finish(door.opened)
        certificate_of(door.opened, code)
        return
    while next(row["state"] for row in door.read("erasures") if row["erasure"] == code) != "done":
        time.sleep(_POLL_SECONDS)


def _show_status(door: Door) -> None:
    rows = door.read("erasures")
    if door.screen.json:
        door.screen.document({"erasures": rows})
        return
    door.screen.table(
        [
            Column(title=N_("Erasure")),
            Column(title=N_("Of")),
            Column(title=N_("Begun")),
            Column(title=N_("State")),
        ],
        [
            (row["erasure"], row["scope"], moment(str(row["started_at"])), _(STEPS[str(row["state"])]))
            for row in rows
        ],
        empty=N_("Nothing was erased here."),
    )


def _show_certificate(door: Door, code: str, out: Path | None) -> None:
    from countenance.records.erasing.certificate import certificate_file, certificate_of

    workspace = door.workspace()
    certificate = certificate_of(workspace, code)
    if out is not None:
        write_atomically(out, certificate_file(workspace, certificate).encode())
    document = certificate.document
    screen = door.screen
    if screen.json:
        screen.document({**document, "file": str(out) if out else None, "log_entry": certificate.entry})
        return
    screen.text(N_("Erasure {erasure} is done."), bold=True, erasure=code)
    screen.facts(
        [
            (N_("Rests on"), document["ground"]),
            (N_("In no answer since"), moment(str(document["unfindable"]))),
            (N_("Keys destroyed"), moment(str(document["keys_destroyed"]))),
            (N_("Bytes gone"), moment(str(document["bytes_gone"]))),
        ]
    )
    stores = document["stores"]
    assert isinstance(stores, list)
    _stores(door, {row["store"]: row["count"] for row in stores})
    for line in sentences(document):
        screen.paragraph(line)
    if out is not None:
        screen.text(
            N_("The signed certificate is in {path}. It verifies offline with: countenance log verify."),
            path=str(out),
        )


def sentences(document: Mapping[str, Json]) -> list[str]:
    """What a certificate does not reach, in the language spoken now."""
    from countenance.records.erasing.certificate import CAVEATS

    words = {"until": moment(str(document["backups_until"])), "day": str(document["bytes_gone"])[:10]}
    caveats = document["caveats"]
    assert isinstance(caveats, list)
    return [say(CAVEATS[str(name)], **words) for name in caveats]


def _stores(door: Door, stores: Json) -> None:
    assert isinstance(stores, Mapping)
    door.screen.table(
        [Column(title=N_("Store")), Column(title=N_("Count"), right=True)],
        [(_(STORES[name]), number) for name, number in stores.items()],
        empty=N_("Nothing."),
    )
