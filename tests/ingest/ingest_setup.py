"""A workspace with a gallery and people, a folder of small photographs of synthetic people, and shorthand for acts."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpeople
from PIL import Image

from countenance.ingest.path import ingest
from countenance.ingest.report import NOT_WELL, items
from countenance.ingest.values import IngestResult, ItemReport, Progress, Tuning
from countenance.records.identity import AccountKey, SignedRequest
from countenance.records.models import Face, Photograph, Reference
from countenance.records.workspace import Workspace
from countenance.service.acts import perform

PEOPLE = Path(openpeople.__file__).parent / "data" / "curated"
PURPOSE = "missing-person"
QUICK = Tuning(batch_photographs=4, batch_seconds=0.2, shard_items=4)


def shrunk(person: str, kind: str, longest: int) -> Image.Image:
    with Image.open(PEOPLE / person / "assets" / f"{kind}.jpg") as picture:
        picture.draft("RGB", (longest, longest))
        small = picture.convert("RGB")
    small.thumbnail((longest, longest))
    return small


def collage(portraits: dict[str, bytes], *names: str) -> bytes:
    """Several portraits side by side, each 256 px wide."""
    canvas = Image.new("RGB", (256 * len(names), 256), (128, 128, 128))
    for number, name in enumerate(names):
        canvas.paste(Image.open(io.BytesIO(portraits[name])), (256 * number, 0))
    stream = io.BytesIO()
    canvas.save(stream, "JPEG", quality=90)
    return stream.getvalue()


class Desk:
    """A workspace, its operators, and the acts that the tests need."""

    def __init__(self, directory: Path, workspace: Workspace, keys: list[AccountKey]) -> None:
        self.directory = directory
        self.workspace = workspace
        self.keys = keys
        self.photos = directory.parent / "photos"
        self.photos.mkdir(exist_ok=True)
        self.result: IngestResult | None = None
        self.progress: list[Progress] = []

    def sign(self, act: str, key: AccountKey | None = None, **params: Any) -> SignedRequest:
        return (key or self.keys[0]).sign(
            workspace_id=str(self.workspace.settings.id), act=act, params=params, at=self.workspace.clock()
        )

    def do(self, act: str, **params: Any) -> Any:
        return perform(self.workspace, self.sign(act, **params)).record

    def gallery(self, **more: Any) -> None:
        self.do(
            "gallery-add",
            **{
                "name": "people",
                "purposes": [PURPOSE, "victim-identification"],
                "jurisdiction": "CA",
                "notice": "We hold photographs.",
                **more,
            },
        )

    def source(self, **more: Any) -> None:
        self.do(
            "source-add",
            **{
                "name": "archive",
                "gallery": "people",
                "basis": "public-task",
                "purposes": [PURPOSE],
                "jurisdiction": "CA",
                "evidence": "Archives Act, s. 7",
                "permits_unlabelled": True,
                "location": str(self.photos),
                "holder": "The archive",
                "contact": "desk@example.org",
                "notice": "Shown at the door.",
                **more,
            },
        )

    def person(self, label: str, *purposes: str, **more: Any) -> list[str]:
        """A person, with a receipt for each purpose; returns the codes."""
        self.do("person-add", label=label, declared_minor=more.pop("minor", False))
        return self.consent(label, *purposes, **more) if purposes else []

    def consent(self, label: str, *purposes: str, **more: Any) -> list[str]:
        record = self.do(
            "consent-record",
            person=label,
            gallery="people",
            purposes=list(purposes),
            notice_text="I agree.",
            **more,
        )
        return [receipt["receipt"] for receipt in record["receipts"]]

    def put(self, name: str, data: bytes) -> Path:
        path = self.photos / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def manifest(self, text: str) -> str:
        path = self.photos.parent / "manifest.csv"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def ingest(
        self,
        *,
        stop: threading.Event | None = None,
        tuning: Tuning = QUICK,
        progress: Callable[[Progress], None] | None = None,
        key: AccountKey | None = None,
        **params: Any,
    ) -> IngestResult:
        self.progress.clear()
        request = self.sign("ingest", key, **{"source": "archive", "workers": 1, **params})
        self.result = ingest(
            self.workspace, request, progress=progress or self.progress.append, stop=stop, tuning=tuning
        )
        return self.result

    def items(self, *states: Any) -> list[ItemReport]:
        assert self.result is not None
        return list(items(self.workspace, self.result.run, states or NOT_WELL))

    def log_is_sound(self) -> bool:
        with self.workspace.transaction() as (tx, _):
            return not self.workspace.log.verify(tx).findings

    def events(self) -> list[str]:
        with self.workspace.transaction() as (tx, _):
            rows = tx.execute("select leaf from tlog_entry order by position")
        return [str(row[0]) for row in rows]


def live_references() -> list[Reference]:
    return list(
        Reference.objects.filter(ended_at__isnull=True).select_related("face__photograph", "face__person")
    )


def states() -> dict[str, tuple[str, str]]:
    """Path -> (state, reason) of every photograph."""
    return {row.path: (row.state, row.reason) for row in Photograph.objects.all()}


def face_states() -> list[tuple[str, int, str, str]]:
    return sorted(
        (face.photograph.path, face.number, face.state, face.reason)
        for face in Face.objects.select_related("photograph")
    )
