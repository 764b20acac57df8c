"""ONNX Runtime as we use it: one thread, from bytes whose hash was checked, on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    import onnxruntime


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """A session over a model's bytes. Raises IntegrityError where the runtime refuses them.

    One thread: both cores are kept busy by workers, and the order of additions, so the bytes of a template,
    does not depend on the number of cores.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exception types are not public
        raise IntegrityError(
            N_("ONNX Runtime {version} does not accept the model file: {detail}"),
            remedy=N_("Run `countenance models verify`; reinstall the pack if it fails."),
            version=onnxruntime.__version__,
            detail=type(error).__name__,
            code="model-session",
        ) from error


def run(session: onnxruntime.InferenceSession, inputs: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """All outputs, in the graph's order. Raises MemoryError where the runtime could not allocate."""
    try:
        return list(session.run(None, inputs))
    except Exception as error:
        text = str(error).lower()
        if "alloc" in text or "memory" in text:
            raise MemoryError from error
        raise
