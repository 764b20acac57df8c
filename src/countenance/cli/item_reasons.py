"""Why a file or a face was not taken in, in sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from countenance.cli.language import Language, _, spoken
from countenance.primitives.text import N_

if TYPE_CHECKING:
    from countenance.cli.door import Door
    from countenance.ingest.values import ItemReport

REASONS = {
    # a file
    "link": N_("A link to a folder, out of the source, or to nothing. Put the file itself into the source."),
    "not-a-file": N_("A pipe, a socket or a device, no file."),
    "not-readable": N_("The system does not let us read it. Look at its permissions."),
    "missing": N_("It was listed, and was not there when it was its turn."),
    # what is no photograph
    "empty": N_("The file has no bytes."),
    "not-a-picture": N_("By its first bytes it is no picture of a known format."),
    "vector": N_("A drawing (SVG), no photograph."),
    "document": N_("A document (PDF). Take its pictures out first."),
    "truncated": N_("The file ends before the picture does. Copy it again from where it came."),
    "damaged": N_("It begins like a picture and goes on as nonsense."),
    "too-many-bytes": N_("Larger than the workspace allows (workspace.toml)."),
    "too-many-pixels": N_("More pixels than the workspace allows (workspace.toml)."),
    "too-many-pages": N_("More pages than the workspace allows (workspace.toml)."),
    "heic-not-installed": N_("HEIC needs an extra: pip install 'countenance[heic]'."),
    # our side
    "worker-killed": N_("The process that looked at it was killed. Try it again."),
    "timeout": N_("It took too long. Try it again."),
    "memory": N_("It took more memory than there is. Try it again."),
    "internal": N_("A defect of ours. Please report it."),
    # a face
    "which-face": N_(
        "A person is named and several faces are there. Say which in the manifest: face_box, as left, top, width, "
        "height; --json lists each face with its box. Then ingest again."
    ),
    "no-such-face": N_("No face was found where face_box points. Correct it and ingest again."),
    "label-conflict": N_("Two persons are named for one face. Correct the manifest and ingest again."),
    "no-basis": N_("Neither the source nor a person has a live basis for the face."),
    "erased": N_(
        "It was erased, and nobody has agreed to it since. A consent given from now on would count."
    ),
    "low-quality": N_("The face is too small or too poor to be enrolled."),
}
"""By reason: the words of `ItemReason`, `UnreadableReason`, `FailureReason` and `FaceReason`."""


def show_reasons(door: Door, listed: Iterable[ItemReport]) -> None:
    """One sentence for each reason in the list; those of policy come from the rules in force."""
    codes: dict[str, str] = {}
    for item in listed:
        if item.reason:
            codes.setdefault(item.reason, "")
        for face in item.faces:
            if face.reason == item.reason or not item.reason:
                codes[face.reason] = face.rule or codes.get(face.reason, "")
    pairs = [(code, _sentence(door, code, rule)) for code, rule in sorted(codes.items())]
    told = [(code, sentence) for code, sentence in pairs if sentence]
    if told:
        door.screen.title(N_("What the reasons mean"))
        door.screen.facts(told)


def _sentence(door: Door, code: str, rule: str) -> str:
    if code in REASONS:
        return _(REASONS[code])
    book = door.workspace().policy().book
    if rule not in {each.id for each in book.all_rules}:
        return ""  # of an earlier pack: no sentence is better than a wrong one
    return book.explain(rule, "fr" if spoken() is Language.FR else "en")
