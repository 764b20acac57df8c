"""A recogniser of the ArcFace contract: a permitted sample -> a template.

112 x 112 pixels in, 128 to 1024 values out; order of colours, mean and scale are the pack's. The default pack's is SFace:

Y. Zhong et al., "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", IEEE TIP 30, 2021.
The order is kept by types: `Sample` (an aligned face, nothing computed of it) -> `PermittedSample` (selection found a
live permission for it) -> `Template`. `Recogniser.embed` takes nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from countenance.biometrics.templates import SpaceId, Template, Vector
from countenance.extraction.align import Chip
from countenance.extraction.pack import Preparation
from countenance.extraction.runtime import Runtime, open_session, run


@dataclass(frozen=True, kw_only=True, eq=False)
class Sample:
    """One aligned face. `chip`: uint8 (112, 112, 3), RGB. Not a template, and not to be made one without permission."""

    chip: Chip


@dataclass(frozen=True, kw_only=True, eq=False)
class PermittedSample:
    """A sample of which a template may be made. Made by `selection.permit` alone.

    `by`: key of the permitted label, or None where the rule permits unlabelled faces.
    """

    sample: Sample
    by: str | None


class Recogniser:
    """The pack's recogniser in ONNX Runtime. Not for use by two threads at once."""

    def __init__(
        self,
        model: bytes,
        *,
        centre: Vector,
        mirrored: bool,
        space_id: SpaceId,
        preparation: Preparation | None = None,
        runtime: Runtime = Runtime.CPU,
    ) -> None:
        self._session = open_session(model, runtime)
        self._input = self._session.inputs[0]
        self._preparation = preparation or Preparation()
        self._centre = centre.astype(np.float64)
        self._mirrored = mirrored
        self._space_id = space_id

    def embed(self, permitted: PermittedSample) -> Template:
        """unit(unit(e/|e| + m/|m|) - centre), where m is the embedding of the mirrored sample.

        Faces are embedded one by one: the same photograph gives the same bytes whatever else is in the batch, and
        the pair (face, mirror) reads the weights once. `norm` is the mean of |e| and |m|.
        """
        return self.embed_raw(permitted)[0]

    def embed_raw(self, permitted: PermittedSample) -> tuple[Template, npt.NDArray[np.float64]]:
        """The template of `embed`, and the network's own output that it was made of."""
        raw = self.raw(permitted.sample.chip)
        norms = np.linalg.norm(raw, axis=1)
        direction = (raw / np.maximum(norms, 1e-12)[:, None]).sum(axis=0)
        centred = direction / max(float(np.linalg.norm(direction)), 1e-12) - self._centre
        unit = centred / max(float(np.linalg.norm(centred)), 1e-12)
        template = Template(
            vector=np.ascontiguousarray(unit, dtype=np.float32),
            norm=float(norms.mean()),
            space_id=self._space_id,
        )
        return template, raw

    def raw(self, chip: Chip) -> npt.NDArray[np.float64]:
        """The network's own output, float64 (2 or 1, dimension): the chip's, then its mirror image's."""
        planes = prepare(chip, self._preparation)
        batch = np.concatenate([planes, planes[:, :, :, ::-1]]) if self._mirrored else planes
        name, free = self._input.name, self._input.shape[0] is None
        parts = [batch] if free else [np.ascontiguousarray(one[None]) for one in batch]
        return np.concatenate([run(self._session, {name: part})[0] for part in parts]).astype(np.float64)


def prepare(chip: Chip, preparation: Preparation) -> npt.NDArray[np.float32]:
    """float32 (1, 3, 112, 112): the chip as the recogniser was trained to see it."""
    coloured = chip if preparation.colour == "RGB" else chip[:, :, ::-1]
    planes = np.ascontiguousarray(coloured.transpose(2, 0, 1), dtype=np.float32)[None]
    if preparation.mean == 0.0 and preparation.scale == 1.0:
        return planes
    scaled: npt.NDArray[np.float32] = (planes - np.float32(preparation.mean)) / np.float32(preparation.scale)
    return scaled
