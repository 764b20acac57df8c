"""One picture as a person sees it, cut out of the picture as it is stored.

Turning and colour conversion are applied to what is cut out (a reduced view, the surroundings of a face), not to
the whole: a telephone's 12 Mpx portrait is stored on its side in Display P3, and converting all of it costs more than
finding its faces.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

# EXIF 2.32, tag 0x0112 -> what turns the stored picture into the displayed one.
_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Page:
    """A decoded page.

    `stored`: Pillow image, mode RGB or RGBX, as the file stores it. `orientation`: EXIF 1..8. `transform`: to sRGB, or
    None. All coordinates taken and given are displayed pixels.
    """

    stored: Image.Image
    orientation: int
    transform: ImageCms.ImageCmsTransform | None

    @property
    def width(self) -> int:
        return self.stored.height if self.orientation >= 5 else self.stored.width

    @property
    def height(self) -> int:
        return self.stored.width if self.orientation >= 5 else self.stored.height

    def region(
        self,
        left: int,
        top: int,
        right: int,
        bottom: int,
        *,
        factor: int = 1,
        longest: int | None = None,
    ) -> Image.Image:
        """The displayed rectangle in sRGB, mode RGB, each side divided by `factor` (mean of the pixels), then scaled
        so that the long side has `longest` pixels where that is fewer.

        Sides that `factor` does not divide lose their last few pixels, so that every output pixel is a whole block.
        """
        factor = max(1, min(factor, right - left, bottom - top))
        right -= (right - left) % factor
        bottom -= (bottom - top) % factor
        box = self._stored_box(left, top, right, bottom)
        if factor > 1:
            cut = self.stored.reduce(factor, box)
        elif box == (0, 0, *self.stored.size):
            cut = self.stored
        else:
            cut = self.stored.crop(box)
        if longest is not None and max(cut.size) > longest:
            scale = longest / max(cut.size)
            size = (max(1, round(cut.width * scale)), max(1, round(cut.height * scale)))
            cut = cut.resize(size, Image.Resampling.BILINEAR)
        return self._as_displayed(cut)

    def _as_displayed(self, cut: Image.Image) -> Image.Image:
        if self.orientation in _TURN:
            cut = cut.transpose(_TURN[self.orientation])
        if cut.mode != "RGB":
            cut = cut.convert("RGB")
        if self.transform is not None:
            converted = ImageCms.applyTransform(cut, self.transform)
            cut = cut if converted is None else converted
        return cut

    def _stored_box(self, left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
        width, height = self.stored.size
        if self.orientation >= 5:  # the stored rows run along the displayed x
            left, top, right, bottom = top, left, bottom, right
        if self.orientation in (2, 3, 7, 8):
            left, right = width - right, width - left
        if self.orientation in (3, 4, 6, 7):
            top, bottom = height - bottom, height - top
        return left, top, right, bottom


def to_rgb(image: Image.Image) -> tuple[Image.Image, bytes | None]:
    """A loaded Pillow image of any mode as RGB, and the ICC profile that still applies to it.

    Alpha goes over white, 16 bits to 8, grey and palette to RGB; CMYK by its own profile where it has one.
    """
    profile: bytes | None = image.info.get("icc_profile")
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I", "F"):
        return _from_deep_grey(image).convert("RGB"), None
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        flat = Image.new("RGB", rgba.size, (255, 255, 255))
        flat.paste(rgba, mask=rgba.getchannel("A"))
        return flat, profile if image.mode in ("RGBA", "RGBa") else None
    if image.mode == "RGB":
        return image, profile
    if image.mode in ("CMYK", "LAB", "L") and profile:
        transform = colour_transform(profile, image.mode)
        if transform is not None:
            converted = ImageCms.applyTransform(image, transform)
            if converted is not None:
                return converted, None
    return image.convert("RGB"), None


def _from_deep_grey(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float grey as 8 bits: 16 bits by their upper half, what has no fixed range by its own."""
    values: Any = np.asarray(image)
    if image.mode.startswith("I;16") or (
        image.mode == "I" and values.min() >= 0 and 255 < values.max() <= 65535
    ):
        return Image.fromarray((values.astype(np.uint32) >> 8).astype(np.uint8))
    if values.dtype.kind == "i" and values.min() >= 0 and values.max() <= 255:
        return Image.fromarray(values.astype(np.uint8))
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if values.dtype.kind == "f" and low >= 0.0 and high <= 1.0:
        low, high = 0.0, 1.0
    return Image.fromarray(
        ((finite - low) * (255.0 / max(high - low, 1e-12)) + 0.5).clip(0, 255).astype(np.uint8)
    )


@lru_cache(maxsize=16)
def colour_transform(profile: bytes | None, mode: str = "RGB") -> ImageCms.ImageCmsTransform | None:
    """A transform from `profile` (ICC.1:2022) to sRGB; None where there is none, it is sRGB, or it is broken."""
    if not profile:
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if mode == "RGB" and "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        return ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.PERCEPTUAL,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None  # a broken profile is no reason to lose the photograph
