"""Ops on quantised tensors, as ONNX Runtime's static quantiser and optimiser write them."""

import pathlib

import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from encoder_cases import make_batch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
ELEMENTS = {np.uint8: TensorProto.UINT8, np.int8: TensorProto.INT8, np.bool_: TensorProto.BOOL}
rng = np.random.default_rng(11)


def numbers(kind, *shape):
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max + 1, shape).astype(kind)


def scale(value, name):
    return (name, np.array(value, np.float32))


def tensor(name, kind, shape, unit=0.02, zero=None):
    """A tensor, its scale and its zero point."""
    middle = 128 if kind is np.uint8 else -3
    return [(name, numbers(kind, *shape)), scale(unit, name + "_s"), (name + "_z", np.array(zero or middle, kind))]


def result(kind, unit=0.03):
    return [scale(unit, "y_s"), ("y_z", np.array(5, kind))]


def listed(name, kind, shape, count):
    """A tensor with a scale and a zero point for each index of an axis."""
    return [
        (name, numbers(kind, *shape)),
        (name + "_s", rng.uniform(0.01, 0.03, count).astype(np.float32)),
        (name + "_z", np.zeros(count, kind)),
    ]


def bias(count):
    return ("c", rng.integers(-3000, 3000, count).astype(np.int32))


UINT, INT = np.uint8, np.int8
IMAGE, STATES = (2, 3, 8, 9), (2, 5, 6)
X, Y = tensor("x", UINT, STATES), result(UINT)
# Op, inputs in order, attributes; those of the domain com.microsoft but for three. What is named w or c is constant.
CASES = {
    "product": ("QLinearMatMul", [*X, *tensor("w", INT, (6, 4), zero=1), *Y], {}),
    "product_by_columns": ("QLinearMatMul", [*X, *listed("w", INT, (6, 4), 4), *Y], {}),
    "product_of_states": (
        "QLinearMatMul",
        [*tensor("a", INT, STATES), *tensor("b", INT, (2, 6, 3)), *result(INT, 0.2)],
        {},
    ),
    "convolution": (
        "QLinearConv",
        [*tensor("x", UINT, IMAGE), *listed("w", INT, (4, 3, 3, 3), 4), *result(UINT, 0.2), bias(4)],
        dict(pads=[1, 0, 1, 2], strides=[2, 1]),
    ),
    "convolution_in_groups": (
        "QLinearConv",
        [*tensor("x", UINT, (2, 4, 7)), *tensor("w", UINT, (6, 2, 3)), *result(UINT, 0.2)],
        dict(group=2, auto_pad="SAME_UPPER"),
    ),
    "convolution_of_integers": (
        "ConvInteger",
        [X[0], ("w", numbers(UINT, 4, 5, 3)), ("x_z", np.array(7, UINT)), ("w_z", np.array(100, UINT))],
        dict(pads=[1, 1]),
    ),
    "gemm": (
        "QGemm",
        [*tensor("x", UINT, (5, 6)), *listed("w", INT, (4, 6), 4), bias(4), *Y],
        dict(alpha=0.5, transB=1),
    ),
    "gemm_to_floats": ("QGemm", [*tensor("x", UINT, (6, 5)), *tensor("w", INT, (6, 4))], dict(transA=1)),
    "add": ("QLinearAdd", [*X, *tensor("b", UINT, (5, 6), unit=0.05), *Y], {}),
    "multiply": ("QLinearMul", [*tensor("x", INT, STATES), *tensor("b", INT, (2, 1, 6)), *result(INT)], {}),
    "sigmoid": ("QLinearSigmoid", [*X, *result(UINT, 1 / 256)], {}),
    "leaky_relu": ("QLinearLeakyRelu", [*X, *Y], dict(alpha=0.25)),
    "softmax": ("QLinearSoftmax", [*X, *result(UINT, 1 / 256)], dict(axis=1, opset=13)),
    "softmax_of_the_last": ("QLinearSoftmax", [*X, *result(UINT, 1 / 256)], dict(axis=2, opset=11)),
    "concat": (
        "QLinearConcat",
        [*Y, *X, *tensor("b", UINT, (2, 5, 3), unit=0.05)],
        dict(axis=2),
    ),
    "average_pool": (
        "QLinearAveragePool",
        [*tensor("x", UINT, IMAGE), *Y],
        dict(kernel_shape=[2, 3], strides=[2, 1], pads=[0, 1, 0, 1]),
    ),
    "global_average_pool": ("QLinearGlobalAveragePool", [*tensor("x", UINT, (4, 9, 3, 2)), *Y], dict(channels_last=0)),
    "where": (
        "QLinearWhere",
        [("k", rng.integers(0, 2, (5, 6)).astype(np.bool_)), *X, *tensor("b", UINT, (1, 6)), *Y],
        {},
    ),
}


def save(path, op, inputs, attributes):
    """A model of one node."""
    domain = "" if op in ("QLinearMatMul", "QLinearConv", "ConvInteger") else "com.microsoft"
    fed = {name: array for name, array in inputs if len(name) == 1 and name not in "wc"}
    last = inputs[-1][1] if op != "QLinearConcat" else inputs[1][1]
    kind = ELEMENTS.get(last.dtype.type, TensorProto.UINT8)
    if op == "QLinearConv":
        kind = ELEMENTS[inputs[7][1].dtype.type]
    kind = (
        TensorProto.INT32 if op == "ConvInteger" else TensorProto.FLOAT if len(inputs) == 6 and op == "QGemm" else kind
    )
    graph = helper.make_graph(
        [helper.make_node(op, [name for name, _ in inputs], ["y"], domain=domain, name="n", **attributes)],
        "g",
        [helper.make_tensor_value_info(name, ELEMENTS[array.dtype.type], array.shape) for name, array in fed.items()],
        [helper.make_tensor_value_info("y", kind, None)],
        [numpy_helper.from_array(array, name) for name, array in inputs if name not in fed],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return fed


@pytest.mark.parametrize("name", CASES)
def test_op(name, tmp_path):
    """One step where a number lies between two, which rounding of sums decides; ONNX Runtime's softmax has a table."""
    path = tmp_path / "op.onnx"
    op, inputs, attributes = CASES[name]
    feed = save(path, op, inputs, attributes)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    got, want = skim.compile(path).run(feed)["y"], session.run(None, feed)[0]
    assert got.dtype == want.dtype and got.shape == want.shape
    if op == "ConvInteger":
        np.testing.assert_array_equal(got, want)
    elif got.dtype == np.float32:
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)
    else:
        steps = np.abs(got.astype(int) - want.astype(int))
        assert steps.max() <= 1 and steps.mean() < (0.2 if "oftmax" in op else 0.05)
        assert len(np.unique(want)) > 8


class Batches(quantization.CalibrationDataReader):
    """Random ids to calibrate by."""

    def __init__(self, path):
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.batches = iter([make_batch(session, 2, 24, "none")[0] for _ in range(3)])

    def get_next(self):
        return next(self.batches, None)


FORMS = {
    "products": dict(quant_format=quantization.QuantFormat.QDQ, op_types_to_quantize=["MatMul"]),
    "by_column": dict(
        quant_format=quantization.QuantFormat.QDQ,
        op_types_to_quantize=["MatMul", "Add"],
        per_channel=True,
        activation_type=quantization.QuantType.QInt8,
    ),
    "integers": dict(quant_format=quantization.QuantFormat.QOperator, op_types_to_quantize=["MatMul"]),
    "everything": dict(quant_format=quantization.QuantFormat.QDQ),
}


@pytest.mark.parametrize("optimised", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_static_quantisation_is_kept_by_default(form, optimised, tool, tmp_path):
    """Layers multiply integers, rounded by the scales of calibration; each step of 8 bits that falls
    another way moves the result no further than ONNX Runtime's own optimiser does."""
    source, path, better = MODELS / "bert-17-sdpa.onnx", tmp_path / "static.onnx", tmp_path / "better.onnx"
    quantization.quantize_static(source, path, Batches(source), **FORMS[form])
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(better)
    peer = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    if optimised:
        path = better
    raised = tool("skim-opt", path, "--emit=skim").stdout
    assert raised.count("input_scale = ") >= 6
    inputs, _ = make_batch(peer, 3, 20, "none")
    want, got = peer.run(None, inputs)[0], next(iter(skim.compile(path).run(inputs).values()))
    assert np.abs(got - want).max() <= 0.1 * np.abs(want).max()
    assert np.abs(got - want).mean() <= 0.01 * np.abs(want).max()
