"""What an ONNX file must be before it is run here: weights inside, standard operators only, and a contract we know.

A model file is somebody else's program. ONNX Runtime runs no code of it, but it opens files that external data names and loads
libraries that custom operators need; a pickle is a program outright. Each is refused by its name, before anything is run.
Sources: ONNX IR specification, "External Tensor Data" and "Operator Sets" (https://onnx.ai/onnx/repo-docs/IR.html); Python's
documentation of pickle ("It is possible to construct malicious pickle data which will execute arbitrary code").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from countenance.extraction.align import SIDE
from countenance.primitives.errors import FormatError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    import onnx

MOST_BYTES = 1 << 30
LEAST_DIMENSION, MOST_DIMENSION = 128, 1024

_MAGIC = (
    (b"\x80", N_("a Python pickle")),
    (b"PK\x03\x04", N_("a zip archive, as PyTorch writes its checkpoints (with a pickle inside)")),
    (b"\x89HDF", N_("an HDF5 file, as Keras writes it")),
    (b"GGUF", N_("a GGUF file")),
)
_DOMAINS = frozenset({"", "ai.onnx"})


class DetectorKind(StrEnum):
    """Families of detectors, by what their outputs mean."""

    YUNET = "yunet"  # cls, obj, bbox and kps at strides 8, 16, 32; BGR, 0..255
    SCRFD = "scrfd"  # score, distances and points at strides 8, 16, 32, two anchors a cell; RGB, (x - 127.5) / 128


@dataclass(frozen=True, kw_only=True)
class Contract:
    """What a recogniser takes and gives. `dimension`: of its output. `batch`: whether its batch size is free."""

    dimension: int
    batch: bool


def read_model(data: bytes, file: str) -> onnx.ModelProto:
    """Parse and vet a model. Raises FormatError that names what it holds or is."""
    import onnx
    from google.protobuf.message import DecodeError

    for magic, words in _MAGIC:
        if data.startswith(magic):
            raise FormatError(
                N_("{file} is {what}, not an ONNX model."),
                remedy=N_("Export it to ONNX where it was trained, and bring that file."),
                file=file,
                what=words,
                code="model-not-onnx",
            )
    if len(data) > MOST_BYTES:
        raise FormatError(N_("{file} is larger than 1 GB."), file=file, code="model-too-large")
    try:
        model = onnx.load_model_from_string(data)
    except DecodeError as error:
        raise _not_onnx(file) from error
    if not model.graph.node or not model.opset_import:
        raise _not_onnx(file)
    for tensor in _tensors(model):
        if tensor.external_data or tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise FormatError(
                N_("{file} keeps weights in another file ({tensor}): external data."),
                remedy=N_("Save it in one file: onnx.save(model, path, save_as_external_data=False)."),
                file=file,
                tensor=tensor.name or "-",
                code="model-external-data",
            )
    foreign = sorted(set(_foreign(model)))
    if foreign:
        raise FormatError(
            N_("{file} needs operators that are not of the ONNX standard: {operators}."),
            remedy=N_("Export it with standard operators only."),
            file=file,
            operators=", ".join(foreign[:5]),
            code="model-custom-operator",
        )
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, ValueError, RuntimeError) as error:
        raise FormatError(
            N_("{file} is not a valid ONNX model: {detail}"),
            file=file,
            detail=str(error).splitlines()[0][:200] if str(error) else type(error).__name__,
            code="model-invalid",
        ) from error
    return model


def recogniser_contract(model: onnx.ModelProto, file: str) -> Contract:
    """One float32 input (n, 3, 112, 112), one output (n, d) with d from 128 to 1024. Raises FormatError."""
    inputs = _real_inputs(model)
    if len(inputs) != 1 or len(model.graph.output) != 1:
        raise _unlike(file, N_("it must have one input and one output"))
    taken, given = _shape(inputs[0]), _shape(model.graph.output[0])
    if len(taken) != 4 or taken[1:] != [3, SIDE, SIDE] or not _is_float(inputs[0]):
        raise _unlike(file, N_("its input must be float32 (n, 3, 112, 112)"))
    dimension = given[1] if len(given) == 2 else None
    if dimension is None or not LEAST_DIMENSION <= dimension <= MOST_DIMENSION or dimension % 8:
        raise _unlike(file, N_("its output must be (n, d) with d from 128 to 1024, a multiple of 8"))
    return Contract(dimension=dimension, batch=taken[0] is None)


def detector_kind(model: onnx.ModelProto, file: str) -> DetectorKind:
    """Which family a detector is of, by its outputs. Raises FormatError for one that we do not know."""
    inputs = _real_inputs(model)
    if len(inputs) == 1 and len(_shape(inputs[0])) == 4 and _is_float(inputs[0]):
        names = {output.name for output in model.graph.output}
        if names == {f"{part}_{stride}" for part in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)}:
            return DetectorKind.YUNET
        widths = [_shape(output)[-1] if _shape(output) else None for output in model.graph.output]
        if widths == [1] * 3 + [4] * 3 + [10] * 3:
            return DetectorKind.SCRFD
    raise _unlike(file, N_("its outputs are neither those of YuNet nor those of SCRFD with five points"))


def fixed_size(model: onnx.ModelProto) -> tuple[int, int] | None:
    """(height, width) of a detector whose input is of one size only; None where it is free."""
    shape = _shape(_real_inputs(model)[0])
    return (shape[2], shape[3]) if shape[2] and shape[3] else None


def _not_onnx(file: str) -> FormatError:
    return FormatError(N_("{file} is not an ONNX model."), file=file, code="model-not-onnx")


def _unlike(file: str, what: str) -> FormatError:
    return FormatError(
        N_("{file} is of no contract that this version knows: {what}."),
        remedy=N_("See the page on bringing another model for the contracts there are."),
        file=file,
        what=what,
        code="model-contract",
    )


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in ([attribute.g] if attribute.HasField("g") else []) + list(attribute.graphs):
                yield from _graphs(inner)


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    nodes = [node for function in model.functions for node in function.node]
    for graph in _graphs(model.graph):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
        nodes += list(graph.node)
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors


def _foreign(model: onnx.ModelProto) -> Iterator[str]:
    """Operators of other domains, and functions that a file brings along."""
    for graph in _graphs(model.graph):
        for node in graph.node:
            if node.domain not in _DOMAINS:
                yield f"{node.domain}.{node.op_type}"
    for function in model.functions:
        yield f"{function.domain}.{function.name}"
    for opset in model.opset_import:
        if opset.domain not in _DOMAINS and not opset.domain.startswith("ai.onnx."):
            yield f"{opset.domain}.*"


def _real_inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    weights = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in weights]


def _shape(value: onnx.ValueInfoProto) -> list[int | None]:
    """Sizes; None where one is free."""
    return [
        int(size.dim_value) if size.HasField("dim_value") and size.dim_value > 0 else None
        for size in value.type.tensor_type.shape.dim
    ]


def _is_float(value: onnx.ValueInfoProto) -> bool:
    import onnx

    return bool(value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT)
