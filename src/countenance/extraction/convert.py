"""One-time conversion of the carried model files into graphs that ONNX Runtime runs, and runs fast.

Both files come from the OpenCV Zoo with weights quantised in blocks of 8 bits. That saves bytes, not time, and the
recogniser's graph is malformed besides: 29 graph inputs are left-over names of weights, and ONNX Runtime refuses it.
The conversion is arithmetic on weights, done here in NumPy and not left to the runtime's optimiser, so that its
output is the same bytes everywhere: sums run in one fixed order in float64, serialisation is deterministic, and
the manifest pins the SHA-256 of the result.

Operators: https://onnx.ai/onnx/operators/ (DequantizeLinear-21, BatchNormalization-15, PRelu-16).
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from countenance.primitives.errors import IntegrityError
from countenance.primitives.text import N_

if TYPE_CHECKING:
    import onnx

CONVERSION_VERSION = 1
"""Part of every space_id: raise it with any change that alters a converted byte."""

type _Weights = dict[str, npt.NDArray[Any]]

_IR_VERSION = (
    10  # the one that belongs to opset 21; fixed, so that the library's default cannot move the bytes
)


def convert_recogniser(source: bytes) -> bytes:
    """SFace as carried -> the same function in float32, one input `data` (n, 3, 112, 112), n free, output `fc1` (n, 128).

    Batch normalisation is folded into its neighbours, and each PRelu(x, a) becomes relu(x) + (-a) relu(-x), the second
    term by two depthwise 1x1 convolutions: ONNX Runtime's blocked layout (NCHWc) knows convolutions but not PRelu, and
    would leave that layout and come back 27 times. Raises IntegrityError where the file is not the graph we know.
    """
    model, weights = _load(source)
    graph = model.graph
    nodes = _dequantise(list(graph.node), weights)
    nodes = _drop_dropout(nodes)
    nodes = _fold_batch_norm(nodes, weights)
    nodes = _replace_prelu(nodes, weights)
    inputs = [value for value in graph.input if value.name == "data"]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise _unknown("inputs")
    for value in (inputs[0], graph.output[0]):
        value.type.tensor_type.shape.dim[0].dim_param = "n"
    return _save(model, "sface", nodes, weights, inputs)


def convert_detector(source: bytes) -> bytes:
    """YuNet as carried -> the same function in float32, input `input` (1, 3, h, w) with h and w free multiples of 32.

    Raises IntegrityError where the file is not the graph we know.
    """
    model, weights = _load(source)
    graph = model.graph
    nodes = _dequantise(list(graph.node), weights)
    if len(graph.input) != 1 or len(graph.output) != 12:
        raise _unknown("inputs")
    shape = graph.input[0].type.tensor_type.shape
    shape.dim[2].dim_param, shape.dim[3].dim_param = "h", "w"
    for value in graph.output:
        value.type.tensor_type.shape.dim[1].dim_param = f"cells_{value.name.rpartition('_')[2]}"
    return _save(model, "yunet", nodes, weights, [graph.input[0]])


CONVERSIONS: MappingProxyType[str, Callable[[bytes], bytes]] = MappingProxyType(
    {"detector": convert_detector, "recogniser": convert_recogniser}
)
"""Role of a file in its pack -> how it is converted."""


def _unknown(part: str) -> IntegrityError:
    return IntegrityError(
        N_("The model file is not the graph this version converts ({part} differ)."),
        remedy=N_("Install the version of the carrier that the pack's manifest names."),
        part=part,
        code="model-graph",
    )


def _load(source: bytes) -> tuple[onnx.ModelProto, _Weights]:
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        model = onnx.load_model_from_string(source)
    except DecodeError as error:
        raise _unknown("bytes") from error
    if any(tensor.external_data for tensor in model.graph.initializer):
        raise _unknown("external files")
    return model, {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    from onnx import helper

    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _dequantise(nodes: list[onnx.NodeProto], weights: _Weights) -> list[onnx.NodeProto]:
    """Fold each DequantizeLinear of a weight, and a Reshape of its result, into a float32 weight."""
    kept: list[onnx.NodeProto] = []
    for node in nodes:
        if node.op_type == "DequantizeLinear":
            quantised, scale, zero = (weights[name] for name in node.input)
            given = _attributes(node)
            axis, block = int(given.get("axis", 1)), int(given.get("block_size", 0))
            if block:
                length = quantised.shape[axis]
                scale = np.repeat(scale, block, axis=axis).take(range(length), axis=axis)
                zero = np.repeat(zero, block, axis=axis).take(range(length), axis=axis)
            elif scale.ndim:
                raise _unknown("quantisation")
            weights[node.output[0]] = (quantised.astype(np.int32) - zero.astype(np.int32)).astype(
                np.float32
            ) * scale.astype(np.float32)
        elif node.op_type == "Reshape" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]].reshape(weights[node.input[1]])
        else:
            kept.append(node)
    return kept


def _rename(nodes: list[onnx.NodeProto], old: str, new: str) -> None:
    for node in nodes:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new


def _drop_dropout(nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Dropout does nothing outside training; its ratio constant goes with it."""
    gone = [node for node in nodes if node.op_type == "Dropout"]
    kept = [node for node in nodes if node.op_type != "Dropout"]
    ratios = {name for node in gone for name in node.input[1:]}
    for node in gone:
        _rename(kept, node.output[0], node.input[0])
    return [node for node in kept if not (node.op_type == "Constant" and node.output[0] in ratios)]


def _scale_and_shift(node: onnx.NodeProto, weights: _Weights) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """A batch normalisation as y = scale x + shift, per channel, in float64."""
    gamma, beta, mean, variance = (weights[name].astype(np.float64) for name in node.input[1:5])
    scale = gamma / np.sqrt(variance + float(_attributes(node).get("epsilon", 1e-5)))
    return scale, beta - mean * scale


def _fold_batch_norm(nodes: list[onnx.NodeProto], weights: _Weights) -> list[onnx.NodeProto]:
    """Fold each batch normalisation into the convolution or Gemm before it, or the Gemm after it."""
    maker = {name: node for node in nodes for name in node.output}
    kept: list[onnx.NodeProto] = []
    for node in nodes:
        if node.op_type != "BatchNormalization":
            kept.append(node)
            continue
        scale, shift = _scale_and_shift(node, weights)
        before = maker[node.input[0]]
        if before.op_type == "Conv" and len(before.input) == 2:
            weight = weights[before.input[1]].astype(np.float64) * scale[:, None, None, None]
            _set_linear(before, weights, weight, shift)
        elif before.op_type == "Gemm":
            weight = weights[before.input[1]].astype(np.float64) * scale[:, None]
            _set_linear(before, weights, weight, weights[before.input[2]].astype(np.float64) * scale + shift)
        else:
            _fold_forward(node, nodes, weights, scale, shift)
            _rename(nodes, node.output[0], node.input[0])
            continue
        before.output[0] = node.output[0]
    return kept


def _fold_forward(
    node: onnx.NodeProto,
    nodes: list[onnx.NodeProto],
    weights: _Weights,
    scale: npt.NDArray[Any],
    shift: npt.NDArray[Any],
) -> None:
    """Fold a normalisation whose only reader is Flatten -> Gemm into that Gemm."""
    flatten = [reader for reader in nodes if node.output[0] in reader.input]
    if len(flatten) != 1 or flatten[0].op_type != "Flatten":
        raise _unknown("normalisations")
    gemm = next(reader for reader in nodes if flatten[0].output[0] in reader.input)
    weight = weights[gemm.input[1]].astype(np.float64)
    repeats = weight.shape[1] // scale.shape[0]
    # cumsum adds one after the other; np.sum's order depends on the processor, and the hash with it.
    added = np.cumsum(weight * np.repeat(shift, repeats), axis=1)[:, -1]
    bias = weights[gemm.input[2]].astype(np.float64) + added
    _set_linear(gemm, weights, weight * np.repeat(scale, repeats), bias)


def _set_linear(
    node: onnx.NodeProto, weights: _Weights, weight: npt.NDArray[Any], bias: npt.NDArray[Any]
) -> None:
    # Folded values stay float64 until they are written, so that folding twice rounds once.
    names = [f"{node.output[0]}_w", f"{node.output[0]}_b"]
    weights[names[0]], weights[names[1]] = weight, bias
    del node.input[1:]
    node.input.extend(names)


def _replace_prelu(nodes: list[onnx.NodeProto], weights: _Weights) -> list[onnx.NodeProto]:
    from onnx import helper

    out: list[onnx.NodeProto] = []
    for node in nodes:
        if node.op_type != "PRelu":
            out.append(node)
            continue
        x, y = node.input[0], node.output[0]
        slope = weights[node.input[1]].astype(np.float64).reshape(-1, 1, 1, 1)
        weights[f"{y}_minus"], weights[f"{y}_slope"] = np.full_like(slope, -1.0), -slope
        depthwise: dict[str, Any] = {"group": slope.shape[0], "kernel_shape": [1, 1]}
        out += [
            helper.make_node("Relu", [x], [f"{y}_p"]),
            helper.make_node("Conv", [x, f"{y}_minus"], [f"{y}_m"], **depthwise),
            helper.make_node("Relu", [f"{y}_m"], [f"{y}_n"]),
            helper.make_node("Conv", [f"{y}_n", f"{y}_slope"], [f"{y}_q"], **depthwise),
            helper.make_node("Add", [f"{y}_q", f"{y}_p"], [y]),
        ]
    return out


def _save(
    model: onnx.ModelProto,
    name: str,
    nodes: list[onnx.NodeProto],
    weights: _Weights,
    inputs: list[onnx.ValueInfoProto],
) -> bytes:
    """Serialise with only the weights that are read, in the order in which they are read."""
    import onnx
    from onnx import helper, numpy_helper

    used: dict[str, None] = dict.fromkeys(name for node in nodes for name in node.input if name in weights)
    tensors = []
    for key in used:
        value = weights[key]
        stored = value.astype("<f4") if value.dtype.kind == "f" else value
        tensors.append(numpy_helper.from_array(np.ascontiguousarray(stored), key))
    for node in nodes:
        node.doc_string = ""
    graph = helper.make_graph(nodes, name, inputs, list(model.graph.output), tensors)
    made = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 21)],
        producer_name="countenance",
        ir_version=_IR_VERSION,
    )
    made.producer_version = str(CONVERSION_VERSION)
    onnx.checker.check_model(made)
    serialised: bytes = made.SerializeToString(deterministic=True)
    return serialised
