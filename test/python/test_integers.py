"""Integers beside the floats of a model, against ONNX Runtime: widths, slices, positions."""

import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from onnx import TensorProto, helper, numpy_helper

X = np.arange(6, dtype=np.float32).reshape(2, 3)
KNOWN = [2, 3]
SIZES = [KNOWN, ["batch", 3], ["batch", "sequence"]]


def node(kind, inputs, output="z", **attributes):
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def check(path, nodes, arrays, feeds, sizes, opset=17):
    """All results, bit for bit, of feeds by name of the sizes that the model names."""
    outputs = [name for n in nodes for name in n.output if not any(name in m.input for m in nodes)]
    graph = helper.make_graph(
        nodes,
        "integers",
        [
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), sizes)
            for name, array in feeds.items()
        ],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), path)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    peer = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    results = skim.compile(path).run(feeds)
    for name, expected in zip(outputs, peer.run(outputs, feeds), strict=True):
        np.testing.assert_array_equal(results[name], expected, err_msg=name, strict=True)


# What an operand of the type becomes that was the number of rows, 2.
WIDTHS = {
    "subtraction_below_0_of_uint32": (np.uint32, [node("Sub", "d b")], 5),
    "subtraction_below_0_of_uint8": (np.uint8, [node("Sub", "d b")], 5),
    "product_beyond_int8": (np.int8, [node("Mul", "d b")], 100),
    "product_beyond_int32": (np.int32, [node("Mul", "d b")], 2**31 - 1),
    "quotient_of_a_product_beyond_int32": (np.int32, [node("Mul", "d b", "p"), node("Div", "p b")], 2**30),
    "comparison_of_uint32": (np.uint32, [node("Sub", "d b", "p"), node("Less", "p b")], 5),
    "comparison_of_uint64": (np.uint64, [node("Sub", "d b", "p"), node("Less", "p b")], 5),
    "constant_of_uint64": (np.uint64, [node("Less", "d b")], 2**64 - 1),
    "shape_arithmetic_of_int32": (np.int32, [node("Mul", "d b", "p"), node("Sub", "p d")], 7),
}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("case", WIDTHS)
def test_integers_wrap_at_their_width(case, sizes, tmp_path):
    dtype, nodes, number = WIDTHS[case]
    nodes = [
        node("Shape", "x", "shape"),
        node("Gather", "shape zero", "rows"),
        node("Cast", "rows", "d", to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype))),
        *nodes,
        node("Cast", "z", "wide", to=TensorProto.FLOAT),
        node("Add", "x wide", "y"),
    ]
    check(tmp_path / "m.onnx", nodes, {"zero": np.array([0]), "b": np.array([number], dtype)}, {"x": X}, sizes)


@pytest.mark.parametrize("sizes", SIZES)
def test_casts_to_narrower_integers_wrap(sizes, tmp_path):
    nodes = [node("Shape", "x", "shape"), node("Neg", "shape", "negative")]
    for kind in (TensorProto.UINT8, TensorProto.INT8, TensorProto.UINT32, TensorProto.INT32):
        nodes += [
            node("Add", "negative b", f"sum{kind}"),
            node("Cast", f"sum{kind}", f"narrow{kind}", to=kind),
            node("Cast", f"narrow{kind}", f"y{kind}", to=TensorProto.INT64),
        ]
    check(tmp_path / "m.onnx", nodes, {"b": np.array([-300])}, {"x": X}, sizes)


SLICES = {
    "from_before_the_axis": (-100, -200, -1),
    "from_just_before_the_axis": (-3, -4, -1),
    "from_before_the_axis_to_its_start": (-100, 0, -1),
    "all_of_it": (-1, np.iinfo(np.int64).min, -1),
    "from_behind_the_axis": (100, 0, -2),
    "forwards_from_before_the_axis": (-100, -1, 1),
    "in_long_steps": (0, 100, np.iinfo(np.int64).max),
}


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("case", SLICES)
def test_slices_are_clamped(case, sizes, tmp_path):
    """Of constants, of shapes, of what is known at run time only."""
    arrays = {name: np.array([value]) for name, value in zip("set", SLICES[case], strict=True)}
    arrays |= {"zero": np.array([0]), "numbers": np.arange(1, 3), "one": np.array(1.0, np.float32)}
    nodes = [
        node("Slice", "numbers s e zero t", "constant"),
        node("Shape", "x", "shape"),
        node("Slice", "shape s e zero t", "sizes"),
        node("Slice", "x s e zero t", "some"),
        node("Add", "some one", "y"),
    ]
    check(tmp_path / "m.onnx", nodes, arrays, {"x": X}, sizes)


@pytest.mark.parametrize("rows", [0, 1, 2, 5])
@pytest.mark.parametrize("given", [(-100, -200), (-2, -9), (0, -9), (3, 0)])
def test_slices_backwards_of_any_length(given, rows, tmp_path):
    """Starts and ends as constants, and as what is known at run time only."""
    arrays = {"s": np.array([given[0]]), "e": np.array([given[1]]), "t": np.array([-1]), "zero": np.array([0])}
    x = np.arange(3 * rows, dtype=np.float32).reshape(rows, 3)
    nodes = [
        node("Slice", "x s e zero t", "some"),
        node("Neg", "some", "y"),
        node("ReduceSum", "x", "sum", keepdims=0),
        node("Mul", "sum none", "nothing"),
        node("Cast", "nothing", "offset", to=TensorProto.INT64),
        node("Add", "s offset", "from"),
        node("Slice", "x from e zero t", "others"),
        node("Neg", "others", "w"),
    ]
    arrays["none"] = np.array(0, np.float32)
    check(tmp_path / "m.onnx", nodes, arrays, {"x": x}, ["rows", 3])


@pytest.mark.parametrize("number", [0.0, 5.0])
def test_positions_in_a_scalar(number, tmp_path):
    check(tmp_path / "m.onnx", [node("NonZero", "x")], {}, {"x": np.array(number, np.float32)}, [])


def test_dynamic_quantisation_of_zeros(tmp_path):
    nodes = [helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"])]
    check(tmp_path / "m.onnx", nodes, {}, {"x": np.zeros((2, 3), np.float32)}, ["rows", 3])


@pytest.mark.parametrize("kind", ["ReduceMax", "ReduceMin"])
@pytest.mark.parametrize("dtype", [np.int64, np.int8])
def test_extremes_of_constants(kind, dtype, tmp_path):
    ends = np.iinfo(dtype)
    arrays = {"c": np.array([1, ends.max, ends.min, 2], dtype)}
    check(tmp_path / "m.onnx", [node(kind, "c", "z"), node("Neg", "x", "y")], arrays, {"x": X}, KNOWN)


def test_multiplication_by_a_number_above_the_signed_ones(tmp_path):
    """A splat of unsigned numbers that becomes floats."""
    arrays = {"c": np.full(3, 200, np.uint8)}
    nodes = [node("Cast", "c", "f", to=TensorProto.FLOAT), node("Mul", "x f", "y")]
    check(tmp_path / "m.onnx", nodes, arrays, {"x": X}, ["rows", 3])
