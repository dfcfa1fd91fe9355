"""Compares constant folding with ONNX's reference evaluator.

fold_reference.py model MODEL.onnx    writes a model of many nodes on constants
fold_reference.py compare MODEL.onnx FOLDED.mlir
                                      compares the constants that are left
"""

import re
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

RNG = np.random.default_rng(7)


def floats(*shape, dtype=np.float32):
    return RNG.normal(size=shape).astype(dtype)


def ints(*shape, low=-9, high=10, dtype=np.int64):
    return RNG.integers(low, high, size=shape).astype(dtype)


def bools(*shape):
    return RNG.integers(0, 2, size=shape).astype(bool)


# Every result has more than 64 bytes and different elements: a resource.
CASES = []


def case(op, *inputs, **attributes):
    CASES.append((op, inputs, attributes))


for binary in ("Add", "Sub", "Mul", "Div"):
    case(binary, floats(3, 1, 8), floats(4, 1))
    case(binary, ints(5, 8, low=-90, high=90), ints(8, low=1))
    case(binary, ints(9, 9, dtype=np.int32), ints(9, 1, low=1, dtype=np.int32))
case("Sub", ints(80, low=0, high=9, dtype=np.uint8), ints(1, low=0, high=9, dtype=np.uint8))
case("Mul", floats(40, dtype=np.float16), floats(1, dtype=np.float16))
case("Pow", floats(24), np.array(2, np.float32))
case("Pow", ints(12), np.array(3, np.int64))
case("Mod", ints(30), np.array(4, np.int64))
case("Mod", ints(30), np.array(-4, np.int64))
case("Mod", ints(30), np.array(-4, np.int64), fmod=1)
case("Min", ints(4, 8), ints(8))
case("Max", floats(4, 8), floats(8), floats(1))
case("Clip", floats(40), np.array(-0.5, np.float32), np.array(0.5, np.float32))
for unary in ("Neg", "Abs", "Sign", "Floor", "Ceil", "Round", "Exp", "Sigmoid", "Tanh", "Relu", "Reciprocal"):
    case(unary, floats(31))
case("Neg", ints(31, dtype=np.int32))
case("Abs", ints(31))
case("Sqrt", np.abs(floats(31)))
case("Log", np.abs(floats(31)))
case("Sin", floats(31, dtype=np.float64))
for comparison in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"):
    case(comparison, ints(9, 9, low=0, high=3), ints(9, low=0, high=3))
case("Less", floats(80), np.array(0, np.float32))
for junction in ("And", "Or", "Xor"):
    case(junction, bools(9, 9), bools(9))
case("Not", bools(80))
case("IsNaN", np.where(bools(80), np.float32(np.nan), np.float32(1)))
case("Where", bools(5, 1, 9), floats(4, 1), floats(9))
CASTS = [np.float32, np.float16, np.float64, np.int64, np.int32, np.int8, np.uint8]
for source in CASTS:
    for target in CASTS:
        if source is not target:
            positive = np.uint8 in (source, target)
            case(
                "Cast",
                ints(90, low=0 if positive else -99, high=99).astype(source),
                to=helper.np_dtype_to_tensor_dtype(np.dtype(target)),
            )
case("Cast", np.round(floats(70)), to=TensorProto.BOOL)
case("Cast", bools(70), to=TensorProto.FLOAT)
case("Cast", floats(90) * 1e-6, to=TensorProto.FLOAT16)
case(
    "DequantizeLinear",
    ints(6, 7, low=0, high=255, dtype=np.uint8),
    np.abs(floats(7)),
    ints(7, low=0, high=255, dtype=np.uint8),
    axis=1,
)
case("DequantizeLinear", ints(6, 7, dtype=np.int8), np.array(0.25, np.float32))
case("Transpose", floats(5, 6, 7), perm=[2, 0, 1])
case("Transpose", floats(67, 45))
case("Reshape", floats(4, 9), np.array([2, -1], np.int64))
case("Unsqueeze", floats(4, 9), np.array([0, -1], np.int64))
case("Squeeze", floats(4, 1, 9), np.array([1], np.int64))
case("Flatten", floats(4, 3, 9), axis=2)
case(
    "Slice",
    ints(9, 11),
    np.array([1, -1], np.int64),
    np.array([100, -100], np.int64),
    np.array([0, 1], np.int64),
    np.array([2, -3], np.int64),
)
case("Slice", floats(9, 11), np.array([-4], np.int64), np.array([-1], np.int64), np.array([1], np.int64))
case("Concat", floats(2, 3, 4), floats(2, 1, 4), floats(2, 5, 4), axis=1)
case("Expand", ints(3, 1), np.array([2, 1, 4], np.int64))
case("Tile", ints(2, 3), np.array([3, 2], np.int64))
case("Trilu", floats(3, 5, 6), np.array(1, np.int64), upper=1)
case("Trilu", floats(5, 6), np.array(-1, np.int64), upper=0)
case("Gather", ints(5, 6), np.array([[0, -1], [3, 2]], np.int64), axis=1)
case("Gather", ints(5, 6), np.array([4, -5, 1], np.int32), axis=0)
case("GatherElements", ints(5, 6), ints(5, 4, low=-6, high=6), axis=1)
case("GatherND", ints(5, 6, 4), np.array([[0, 1], [4, -1], [2, 5]], np.int64))
case("Range", np.array(3, np.int64), np.array(90, np.int64), np.array(4, np.int64))
case("Range", np.array(0, np.float32), np.array(5, np.float32), np.array(0.25, np.float32))
case("CumSum", ints(4, 9), np.array(1, np.int64), exclusive=1, reverse=1)
case("CumSum", ints(4, 9), np.array(0, np.int64))
# Whole numbers, whose sums are exact in any order.
for dtype in (np.float32, np.float64, np.int64, np.int32):
    case("MatMul", ints(5, 7, dtype=dtype), ints(7, 6, dtype=dtype))
case("MatMul", ints(2, 1, 3, 4, dtype=np.float32), ints(5, 4, 2, dtype=np.float32))
case("MatMul", ints(7, dtype=np.float32), ints(3, 7, 11, dtype=np.float32))
case("MatMul", ints(9, 4, 7, dtype=np.float16), ints(7, dtype=np.float16))
for reduction in ("ReduceSum", "ReduceProd", "ReduceMin", "ReduceMax"):
    case(reduction, ints(4, 9, 3), np.array([0, -1], np.int64), keepdims=0)
case("ReduceMean", floats(20, 9), np.array([1], np.int64), keepdims=1)
case("LayerNormalization", floats(4, 9), floats(9), floats(9), epsilon=1e-7)
case("LayerNormalization", floats(2, 3, 8), floats(3, 8), axis=1)


def make_model():
    nodes, initialisers, outputs = [], [], []
    for i, (op, inputs, attributes) in enumerate(CASES):
        names = []
        for k, value in enumerate(inputs):
            names.append(f"c{i}.{k}")
            initialisers.append(numpy_helper.from_array(value, names[-1]))
        nodes.append(helper.make_node(op, names, [f"y{i}"], name=f"{op}_{i}", **attributes))
    values = reference(nodes, initialisers)
    for i, value in enumerate(values):
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        outputs.append(helper.make_tensor_value_info(f"y{i}", kind, value.shape))
    graph = helper.make_graph(nodes, "fold", [], outputs, initialisers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def reference(nodes, initialisers):
    outputs = [helper.make_empty_tensor_value_info(n.output[0]) for n in nodes]
    graph = helper.make_graph(nodes, "fold", [], outputs, initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return ReferenceEvaluator(model).run(None, {})


def read_folded(path):
    """The returned constants' bytes, in order."""
    with open(path) as file:
        text = file.read()
    blobs = dict(re.findall(r'^\s+"?([^"\s]+)"?: "0x([0-9A-F]+)"', text, re.M))
    keys = dict(re.findall(r'(%\w+) = onnx\.Constant dense_resource<"?([^">]+)"?>', text))
    left = set(re.findall(r"onnx\.(\w+)", text)) - {"Constant", "None", "name", "dims"}
    assert not left, f"not folded: {sorted(left)}"
    returned = re.search(r"^\s+return ([^:]+) :", text, re.M).group(1).split(", ")
    # The first four bytes of a blob are its alignment.
    return [bytes.fromhex(blobs[keys[value]])[4:] for value in returned]


def compare(model, folded):
    model = onnx.load(model)
    expected = reference(model.graph.node, model.graph.initializer)
    found = read_folded(folded)
    assert len(expected) == len(found), f"expected {len(expected)} results, got {len(found)}"
    for (op, _, _), want, got in zip(CASES, expected, found, strict=True):
        got = np.frombuffer(got, want.dtype).reshape(want.shape)
        if want.dtype.kind == "f":
            # Functions may differ in the last place, arithmetic may not.
            exact = op not in ("Exp", "Log", "Sigmoid", "Tanh", "Sin", "Pow", "ReduceMean", "Sqrt")
            norm = op == "LayerNormalization"
            tolerance = {"rtol": 0 if exact and not norm else 3e-7, "atol": 1e-6 if norm else 0}
            np.testing.assert_allclose(got, want, **tolerance, err_msg=op)
        else:
            np.testing.assert_array_equal(got, want, err_msg=op)
    print(f"{len(found)} results agree")


if __name__ == "__main__":
    if sys.argv[1] == "model":
        onnx.save(make_model(), sys.argv[2])
    else:
        compare(sys.argv[2], sys.argv[3])
