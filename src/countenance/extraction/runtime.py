"""What runs a model: ONNX Runtime on the CPU; on request OpenVINO, or ONNX Runtime on a GPU. From bytes whose hash was checked.

`COUNTENANCE_RUNTIME` chooses. OpenVINO's own package is used, not `onnxruntime-openvino`: that one replaces the files of
`onnxruntime`, and no extra can take a package away. For the same reason CUDA needs `onnxruntime-gpu` installed in the place of
`onnxruntime`. A template does not depend on the runtime beyond rounding (a test holds them against one another).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from countenance.primitives.errors import IntegrityError, UnavailableError, UsageError
from countenance.primitives.text import N_

RUNTIME_VARIABLE = "COUNTENANCE_RUNTIME"


class Runtime(StrEnum):
    """What runs the models."""

    CPU = "cpu"  # ONNX Runtime
    OPENVINO = "openvino"  # OpenVINO on the CPU; install countenance[openvino]
    CUDA = "cuda"  # ONNX Runtime on a GPU; install onnxruntime-gpu in the place of onnxruntime


@dataclass(frozen=True, kw_only=True)
class Input:
    """A model's input. `shape`: None where a size is free."""

    name: str
    shape: tuple[int | None, ...]


class Session(Protocol):
    """A model that is loaded."""

    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]

    def run(self, given: dict[str, npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]]:
        """All outputs, in the graph's order."""


def chosen_runtime() -> Runtime:
    """The runtime that the environment names; else the CPU. Raises UsageError for a word we do not know."""
    named = os.environ.get(RUNTIME_VARIABLE, "") or Runtime.CPU.value
    try:
        return Runtime(named)
    except ValueError as error:
        raise UsageError(
            N_("{variable} is {named}; known are {known}."),
            code="runtime-unknown",
            variable=RUNTIME_VARIABLE,
            named=named,
            known=", ".join(Runtime),
        ) from error


def open_session(model: bytes, runtime: Runtime = Runtime.CPU) -> Session:
    """A session over a model's bytes. Raises IntegrityError where the runtime refuses them, UnavailableError where it is not
    installed or has no device.

    One thread: both cores are kept busy by workers, and the order of additions, so the bytes of a template,
    does not depend on the number of cores.
    """
    return _OpenVino(model) if runtime is Runtime.OPENVINO else _Onnx(model, runtime)


def run(session: Session, inputs: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    """All outputs, in the graph's order. Raises MemoryError where the runtime could not allocate."""
    try:
        return list(session.run(inputs))
    except Exception as error:
        text = str(error).lower()
        if "alloc" in text or "memory" in text:
            raise MemoryError from error
        raise


class _Onnx:
    """ONNX Runtime, on the CPU or on a GPU."""

    def __init__(self, model: bytes, runtime: Runtime) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        provider = "CUDAExecutionProvider" if runtime is Runtime.CUDA else "CPUExecutionProvider"
        if provider not in onnxruntime.get_available_providers():
            raise _not_here(runtime)
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=[provider])
        except Exception as error:  # the runtime's exception types are not public
            raise _refused(f"ONNX Runtime {onnxruntime.__version__}", error) from error
        if provider not in self._session.get_providers():  # it falls back to the CPU in silence
            raise _not_here(runtime)
        self.inputs = tuple(
            Input(
                name=value.name,
                shape=tuple(size if isinstance(size, int) and size > 0 else None for size in value.shape),
            )
            for value in self._session.get_inputs()
        )
        self.outputs = tuple(value.name for value in self._session.get_outputs())

    def run(self, given: dict[str, npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]]:
        return list(self._session.run(None, given))


class _OpenVino:
    """OpenVINO on the CPU, in float32: its own choice may be bfloat16, which moves templates by 1e-4."""

    def __init__(self, model: bytes) -> None:
        try:
            import openvino
        except ImportError as error:
            raise _not_here(Runtime.OPENVINO) from error
        core = openvino.Core()
        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "1", "NUM_STREAMS": "1"}
        try:
            read = core.read_model(model)
            self._compiled = core.compile_model(read, "CPU", settings)
        except Exception as error:  # as above
            raise _refused("OpenVINO", error) from error
        self.inputs = tuple(
            Input(
                name=value.get_any_name(),
                shape=tuple(
                    None if size.is_dynamic else int(size.get_length()) for size in value.partial_shape
                ),
            )
            for value in self._compiled.inputs
        )
        # OpenVINO gives a tensor several names, in no order; the graph's own are in the file, in the order of the outputs.
        import onnx

        self.outputs = tuple(value.name for value in onnx.load_model_from_string(model).graph.output)

    def run(self, given: dict[str, npt.NDArray[Any]]) -> Sequence[npt.NDArray[Any]]:
        found = self._compiled(given)
        return [np.array(found[place]) for place in range(len(self.outputs))]


def _refused(runtime: str, error: Exception) -> IntegrityError:
    return IntegrityError(
        N_("{runtime} does not accept the model file: {detail}"),
        remedy=N_("Run `countenance models verify`; reinstall the pack if it fails."),
        runtime=runtime,
        detail=type(error).__name__,
        code="model-session",
    )


def _not_here(runtime: Runtime) -> UnavailableError:
    return UnavailableError(
        N_("The runtime {runtime} is not available here."),
        remedy=N_("Install it, or unset COUNTENANCE_RUNTIME; the page on bringing another model says how."),
        runtime=runtime.value,
        code="runtime-missing",
    )
