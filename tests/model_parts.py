"""Small ONNX models with the shapes of the common contracts and random weights: made here, since none can be fetched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def _save(path: Path, model: onnx.ModelProto) -> Path:
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def _model(graph: onnx.GraphProto) -> onnx.ModelProto:
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _tensor(name: str, value: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(value, name)


def recogniser(
    path: Path,
    dimension: int = 256,
    *,
    seed: int = 5,
    batch: int | str = "n",
    side: int = 112,
    flat: bool = False,
) -> Path:
    """(n, 3, 112, 112) -> (n, dimension): pooling, a convolution, ReLU and one matrix. `flat`: whatever it sees."""
    rng = np.random.default_rng(seed)
    cells = (side // 14) ** 2
    weights = [
        _tensor("conv", rng.normal(size=(16, 3, 1, 1)).astype(np.float32)),
        _tensor("bias", rng.normal(scale=50, size=16).astype(np.float32)),
        _tensor("matrix", rng.normal(size=(dimension, 16 * cells)).astype(np.float32) * (0 if flat else 1)),
        _tensor("shift", np.ones(dimension, np.float32)),
    ]
    nodes = [
        helper.make_node("AveragePool", ["input.1"], ["pooled"], kernel_shape=[14, 14], strides=[14, 14]),
        helper.make_node("Conv", ["pooled", "conv", "bias"], ["mixed"]),
        helper.make_node("Relu", ["mixed"], ["bent"]),
        helper.make_node("Flatten", ["bent"], ["flat"]),
        helper.make_node("Gemm", ["flat", "matrix", "shift"], ["683"], transB=1),
    ]
    return _save(
        path,
        _model(
            helper.make_graph(
                nodes,
                "recogniser",
                [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, [batch, 3, side, side])],
                [helper.make_tensor_value_info("683", TensorProto.FLOAT, [batch, dimension])],
                weights,
            )
        ),
    )


DISTANCES = (2.0, 3.0, 4.0, 5.0)
POINTS = tuple(float(value) / 4 for value in range(10))


def scrfd(path: Path, size: int | None = None) -> Path:
    """SCRFD's nine outputs: the first anchor of a cell scores where its pixels are white, the second never."""
    nodes, weights, outputs = [], [], []
    for kind, width in (("score", 1), ("bbox", 4), ("kps", 10)):
        for stride in (8, 16, 32):
            name = f"{kind}_{stride}"
            if kind == "score":
                matrix = np.zeros((2, 3, 1, 1), np.float32)
                matrix[0] = 10.0
                shift = np.array([-20.0, -50.0], np.float32)  # white is about +1 in each colour
            else:
                matrix = np.zeros((2 * width, 3, 1, 1), np.float32)
                shift = np.tile(np.array(DISTANCES if kind == "bbox" else POINTS, np.float32), 2)
            weights += [_tensor(f"{name}_w", matrix), _tensor(f"{name}_b", shift)]
            weights.append(_tensor(f"{name}_s", np.array([-1, width], np.int64)))
            nodes += [
                helper.make_node(
                    "AveragePool",
                    ["input.1"],
                    [f"{name}_p"],
                    kernel_shape=[stride, stride],
                    strides=[stride, stride],
                ),
                helper.make_node("Conv", [f"{name}_p", f"{name}_w", f"{name}_b"], [f"{name}_c"]),
            ]
            last = f"{name}_c"
            if kind == "score":
                nodes.append(helper.make_node("Sigmoid", [last], [f"{name}_g"]))
                last = f"{name}_g"
            nodes += [
                helper.make_node("Transpose", [last], [f"{name}_t"], perm=[0, 2, 3, 1]),
                helper.make_node("Reshape", [f"{name}_t", f"{name}_s"], [name]),
            ]
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [f"n_{name}", width]))
    sides: list[int | str] = [1, 3, *([size, size] if size else ["h", "w"])]
    taken = [helper.make_tensor_value_info("input.1", TensorProto.FLOAT, sides)]
    return _save(path, _model(helper.make_graph(nodes, "scrfd", taken, outputs, weights)))


def changed(path: Path, target: Path, kind: str) -> Path:
    """A model with something in it that must be refused."""
    model = onnx.load(path)
    if kind == "external":
        weight = model.graph.initializer[0]
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        entry = weight.external_data.add()
        entry.key, entry.value = "location", "../../etc/passwd"
    elif kind == "external-inside":
        inner = numpy_helper.from_array(np.zeros(2, np.float32), "secret")
        inner.data_location = TensorProto.EXTERNAL
        inner.external_data.add().key = "location"
        model.graph.node.append(helper.make_node("Constant", [], ["unused"], value=inner))
    elif kind == "custom":
        model.graph.node[2].domain = "com.example"
        model.opset_import.append(helper.make_opsetid("com.example", 1))
    elif kind == "function":
        node = helper.make_node("Relu", ["x"], ["y"])
        opset = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function("local", "Bent", ["x"], ["y"], [node], opset))
    target.write_bytes(model.SerializeToString())
    return target
