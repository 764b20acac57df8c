"""Faces side by side: each at the size at which its eyes are equally far apart."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from countenance.cli.sheet.pair import EYES_APART

_ANY = 0.26  # about what the share of the eyes is, where an older record does not say
_MOST = 2048


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture on a page. `src`: its address. `width`, `height`: CSS pixels at which its eyes are `EYES_APART` apart."""

    src: str
    width: int
    height: int


def shown(jpeg: bytes, eye_share: float, address: str) -> Shown:
    """The picture at its size. Only the header of the JPEG is read."""
    from PIL import Image

    with Image.open(BytesIO(jpeg)) as opened:
        width, height = opened.size
    wide = min(_MOST, round(EYES_APART / (eye_share or _ANY)))
    return Shown(src=address, width=wide, height=min(_MOST, round(wide * height / width)))
