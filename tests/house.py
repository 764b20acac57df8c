"""A workspace as tests want it: founded, with a client and its caseworker, a gallery and a source; and hands to work it.

Nothing here is a mock: acts go through the registry's path, photographs through the extraction workers, templates
through vault and index.
"""

from __future__ import annotations

import atexit
import io
import shutil
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openpeople
import psycopg
from PIL import Image

from countenance.biometrics.vocabulary import Detail, FaceState, PhotographState
from countenance.extraction.pack import load_pack
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PROBE_RULE, FaceExtraction, PhotographExtraction
from countenance.index.head import NewRow, template_part
from countenance.policy.pack import pack_from_files
from countenance.policy.signing import sign_pack
from countenance.primitives.canonical import sha256_hex
from countenance.primitives.clock import ManualClock
from countenance.records import models
from countenance.records.identity import AccountKey
from countenance.records.sealing import CROP_PART
from countenance.records.settings import read_settings, write_settings
from countenance.records.workspace import Workspace
from countenance.registry.founding import FOUNDERS, found
from countenance.search.path import SearchAnswer, search
from countenance.search.values import SearchRequest
from countenance.service.acts import perform
from countenance.vault.vault import Plain

PURPOSE = "missing-person"
START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"


def photograph(person: str, name: str = "studio_portrait") -> bytes:
    """A synthetic person's picture: `photograph("P001", "amateur_selfie")`."""
    return (PEOPLE / person / "assets" / f"{name}.jpg").read_bytes()


@cache
def shared_pool() -> ExtractionPool:
    """One pool of one worker for all houses of this process: a worker holds nothing of a workspace, and starts slowly."""
    pool = ExtractionPool(load_pack(), workers=1)
    atexit.register(pool.close)
    return pool


@dataclass(kw_only=True)
class House:
    """A founded workspace and the keys of its accounts."""

    workspace: Workspace
    clock: ManualClock
    operator: AccountKey
    deputy: AccountKey
    caseworker: AccountKey
    case: str = ""

    def act(self, act: str, key: AccountKey | None = None, /, **params: Any) -> Any:
        """Carry out a signed act and return its record."""
        signer = key or self.operator
        request = signer.sign(workspace_id=self.id, act=act, params=params, at=self.clock())
        return perform(self.workspace, request).record

    @property
    def id(self) -> str:
        return str(self.workspace.settings.id)

    @property
    def pool(self) -> ExtractionPool:
        return shared_pool()

    def account(self, name: str, role: str, client: str | None = "Tracing") -> AccountKey:
        """A new account and its key."""
        key = AccountKey.generate(name)
        added = self.act(
            "account-add", name=name, role=role, client=client, public_key=key.public_bytes().hex()
        )
        if "waits_for" in added:
            self.act("approve", self.deputy, proposal=added["proposal"])
        return key

    def person(self, label: str, **consent: Any) -> str:
        """A person with consent to the gallery's purpose; returns the receipt's code."""
        self.act("person-add", label=label, declared_minor=consent.pop("declared_minor", False))
        record = self.act(
            "consent-record",
            person=label,
            gallery="people",
            purposes=[PURPOSE],
            notice_text="We may look for you among these photographs if you go missing.",
            **consent,
        )
        return str(record["receipts"][0]["receipt"])

    def faces(self, data: bytes) -> tuple[FaceExtraction, ...]:
        """All faces of a picture, with templates."""
        result = self.pool.submit(data, detail=Detail.STANDARD, rule=PROBE_RULE).result()
        assert isinstance(result, PhotographExtraction)
        return result.pages[0].faces

    def enrol(self, receipt: str, data: bytes, *, source: str = "archive", number: int = 0) -> uuid.UUID:
        """Enrol one face of a picture under a receipt, as ingest does; returns the reference's id."""
        face = self.faces(data)[number]
        assert face.template is not None
        held = models.ConsentReceipt.objects.select_related("person", "gallery").get(code=receipt)
        row = models.Source.objects.select_related("basis").get(name=source)
        face_id, reference_id = uuid.uuid4(), uuid.uuid4()
        space = face.template.space_id
        template, crop = self.workspace.vault.seal(
            [
                Plain(record_id=face_id, part=template_part(space), data=face.template.to_bytes()),
                Plain(record_id=face_id, part=CROP_PART, data=face.crop),
            ]
        )
        self.workspace.media.put(f"crop-{face_id.hex}", crop)
        with self.workspace.transaction() as (tx, now):
            permission_class, _ = models.PermissionClass.objects.get_or_create(
                gallery=held.gallery,
                basis_kind=row.basis.kind,
                purposes=frozenset({held.purpose}),
                jurisdiction=row.basis.jurisdiction,
                withheld=False,
            )
            picture, _ = models.Photograph.objects.get_or_create(
                source=row,
                sha256=sha256_hex(data),
                page=0,
                defaults={
                    "basis": row.basis,
                    "path": f"{held.person.label}.jpg",
                    "state": PhotographState.DONE.value,
                    "extraction": "test",
                    "fingerprint": "test",
                    "captured_at": "1998-07",
                    "ingested_at": now,
                    **dict(zip(("width", "height"), _size(data), strict=True)),
                },
            )
            models.Face.objects.create(
                id=face_id,
                photograph=picture,
                number=picture.faces.count(),
                x=face.box.x,
                y=face.box.y,
                width=face.box.width,
                height=face.box.height,
                landmarks=[list(point) for point in face.landmarks.points()],
                detector_score=face.detector_score,
                eye_distance=face.eye_distance,
                norm=face.norm,
                space_id=space,
                person=held.person,
                state=FaceState.ENROLLED.value,
                crop=f"crop-{face_id.hex}",
            )
            models.Reference.objects.create(
                id=reference_id,
                face_id=face_id,
                gallery=held.gallery,
                permission_class=permission_class,
                receipt=held,
                enrolled_at=now,
            )
            self.workspace.index.enrol(
                tx,
                [
                    NewRow(
                        reference_id=str(reference_id),
                        face_id=str(face_id),
                        gallery_id=str(held.gallery_id),
                        class_id=permission_class.pk,
                        space_id=space,
                        dimension=face.template.dimension,
                        norm=face.template.norm,
                        sealed=template,
                    )
                ],
            )
        return reference_id

    def search(
        self,
        *photographs: bytes,
        key: AccountKey | None = None,
        faces: Sequence[int | None] | None = None,
        **fields: Any,
    ) -> SearchAnswer:
        """Search as the caseworker, in the house's case; face 0 of each photograph unless `faces` says otherwise."""
        request = SearchRequest(
            **{
                "case": self.case,
                "gallery": "people",
                "purpose": "",
                "photographs": tuple(photographs),
                "faces": tuple(faces) if faces is not None else (0,) * len(photographs),
                **fields,
            }
        )
        signed = (key or self.caseworker).sign(
            workspace_id=self.id, act="search", params=request.params(), at=self.clock()
        )
        return search(self.workspace, signed, request.photographs, self.pool)

    def vouched(self, files: dict[str, str]) -> dict[str, str]:
        """The founders' signatures under a policy pack."""
        pack = pack_from_files(files)
        keys = zip(FOUNDERS, (self.operator, self.deputy), strict=True)
        return {name: sign_pack(pack, name, key.private).signature.hex() for name, key in keys}

    def events(self) -> list[str]:
        """The events of the log, in order."""
        from countenance.records.database import open_reading
        from countenance.tlog.leaf import parse_leaf

        with open_reading() as tx:
            rows = tx.execute("select leaf from tlog_entry order by position")
        return [parse_leaf(leaf).event for (leaf,) in rows if isinstance(leaf, bytes)]

    def close(self) -> None:
        self.workspace.close()

    def reopen(self) -> None:
        """As a new process finds it; the clock stays this house's."""
        self.workspace = Workspace.open(self.workspace.directory, clock=self.clock)


def _size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size


def two(house: House, act: str, /, **params: Any) -> Any:
    """An act of two operators."""
    proposed = house.act(act, **params)
    return house.act("approve", house.deputy, proposal=proposed["proposal"])


@dataclass(kw_only=True)
class Authority:
    name: str
    commissioner: AccountKey
    inspector: AccountKey


def authority(
    house: House,
    name: str = "Office of the Privacy Commissioner of Canada",
    place: str = "CA",
    short: str = "opc",
) -> Authority:
    """Registered by two operators, with a commissioner and an inspector."""
    two(house, "authority-add", name=name, jurisdiction=place)
    keys = []
    for role in ("commissioner", "inspector"):
        key = AccountKey.generate(f"{short}-{role}")
        two(
            house,
            "account-add",
            name=key.account,
            role=role,
            authority=name,
            public_key=key.public_bytes().hex(),
        )
        keys.append(key)
    return Authority(name=name, commissioner=keys[0], inspector=keys[1])


def _copy_founded(directory: Path, database: str | None) -> None:
    """A founded workspace: founded once by this process for each kind of database, and copied."""
    folder, name = _founded(database and database.replace(f"/{_name_of(database)}?", "/postgres?"))
    shutil.copytree(folder, directory)
    if database is not None:
        copy = _name_of(database)
        with psycopg.connect(database.replace(f"/{copy}?", "/postgres?"), autocommit=True) as connection:
            connection.execute(f"drop database {copy}")
            connection.execute(f"create database {copy} template {name}")
        write_settings(directory, replace(read_settings(directory), database=database))


@cache
def _founded(server: str | None) -> tuple[Path, str]:
    """Folder of the workspace that is copied, and the name of its database on `server`."""
    folder = Path(tempfile.mkdtemp(prefix="countenance-founded-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    name = f"founded_{uuid.uuid4().hex}"
    if server is not None:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"create database {name}")
    found(
        folder / "workspace",
        operator="Archive of Saint-Laurent",
        jurisdiction="CA-ON",
        database=server and server.replace("/postgres?", f"/{name}?"),
        clock=ManualClock(START),
    ).workspace.close()
    return folder / "workspace", name


def _name_of(database: str) -> str:
    """The database's name in its address."""
    return urlsplit(database).path.removeprefix("/")


def found_house(directory: Path, database: str | None) -> House:
    """Found a workspace with the least that a search needs: client, caseworker, gallery, source and case."""
    clock = ManualClock(START)
    _copy_founded(directory, database)
    operator, deputy = (
        AccountKey.read(directory / "accounts" / f"{name}.key") for name in ("operator", "deputy")
    )
    made = House(
        workspace=Workspace.open(directory, clock=clock),
        clock=clock,
        operator=operator,
        deputy=deputy,
        caseworker=operator,
    )
    made.act(
        "client-add",
        name="Tracing",
        jurisdiction="CA",
        purposes=[PURPOSE, "family-tracing"],
        **{"from": "2026-01-01", "until": "2028-01-01"},
    )
    made.caseworker = made.account("carol", "caseworker")
    made.act(
        "gallery-add", name="people", purposes=[PURPOSE], jurisdiction="CA", notice="What we hold, and why."
    )
    made.act(
        "source-add",
        name="archive",
        gallery="people",
        basis="consent",
        purposes=[PURPOSE],
        jurisdiction="CA",
        evidence="Consent forms, binder 7",
        location=str(directory.parent / "photographs"),
        holder="Archive of Saint-Laurent",
        contact="archive@example.org",
        notice="Photographs of members, 1990 to 2010.",
    )
    made.case = made.act(
        "case-open",
        made.caseworker,
        purpose=PURPOSE,
        reference="File 2026-17",
        on_behalf_of="Tracing",
        on_behalf_of_jurisdiction="CA",
    )["case"]
    return made
