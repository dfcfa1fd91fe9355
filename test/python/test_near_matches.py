"""Graphs that look like what is raised and differ in a detail: as onnxruntime computes them."""

import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from onnx import TensorProto, helper, numpy_helper

F32 = TensorProto.FLOAT
HIDDEN, HEADS = 16, 2
node = helper.make_node


def check(path, nodes, inputs, arrays, opset=17, rtol=1e-4, **options):
    """`inputs`: name to (dimensions, array)."""
    types = {name: helper.np_dtype_to_tensor_dtype(array.dtype) for name, (_, array) in inputs.items()}
    graph = helper.make_graph(
        nodes,
        "near",
        [helper.make_tensor_value_info(name, types[name], dims) for name, (dims, _) in inputs.items()],
        [helper.make_tensor_value_info("y", F32, None)],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), path)
    feed = {name: array for name, (_, array) in inputs.items()}
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    want = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"]).run(None, feed)[0]
    got = skim.compile(path, keep_padding=True, **options).run(feed)["y"]
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * np.abs(want).max())


def check_attention(path, nodes, mask, dims, arrays=()):
    """Attention between the scores `scores` and the filled ones `filled`."""
    rng = np.random.default_rng(0)
    arrays = dict(arrays) | {name: rng.normal(size=(HIDDEN, HIDDEN)).astype(np.float32) * 0.3 for name in "qkv"}
    arrays |= {
        "table": rng.normal(size=(30, HIDDEN)).astype(np.float32),
        "split": np.array([0, 0, HEADS, HIDDEN // HEADS]),
        "join": np.array([0, 0, HIDDEN]),
        "axes": np.array([1, 2]),
        "zero": np.float32(0),
        "low": np.float32(-1e9),
    }
    graph = [node("Gather", ["table", "ids"], ["x"])]
    for name in "qkv":
        perm = [0, 2, 3, 1] if name == "k" else [0, 2, 1, 3]
        graph += [
            node("MatMul", ["x", name], [f"{name}0"]),
            node("Reshape", [f"{name}0", "split"], [f"{name}1"]),
            node("Transpose", [f"{name}1"], [f"{name}2"], perm=perm),
        ]
    graph += [node("MatMul", ["q2", "k2"], ["scores"]), *nodes, node("Softmax", ["filled"], ["p"], axis=-1)]
    graph += [
        node("MatMul", ["p", "v2"], ["c0"]),
        node("Transpose", ["c0"], ["c1"], perm=[0, 2, 1, 3]),
        node("Reshape", ["c1", "join"], ["y"]),
    ]
    ids = rng.integers(0, 30, (mask.shape[0], mask.shape[-1]))
    check(path, graph, {"ids": (["B", "S"], ids), "mask": (dims, mask)}, arrays, rtol=1e-3)


@pytest.mark.parametrize("fill", [0.0, -50.0, -1e4, -65504.0, -1e9])
@pytest.mark.parametrize("form", ["pairs", "scaled", "keys", "bias"])
def test_scores_filled_by_any_number(form, fill, tmp_path):
    """Also for queries that see no key, and sequences without a token."""
    rng = np.random.default_rng(1)
    arrays = {"fill": np.float32(fill), "half": np.float32(0.5), "b": rng.normal(size=(1, 2, 5, 5)).astype(np.float32)}
    if form == "keys":
        mask, dims = np.array([[1, 1, 1, 0, 0], [0, 0, 0, 0, 0]], bool), ["B", "S"]
        nodes = [node("Unsqueeze", ["mask", "axes"], ["m"]), node("Where", ["m", "scores", "fill"], ["filled"])]
    else:
        mask, dims = rng.random((2, 1, 5, 5)) < 0.7, ["B", 1, "S", "S"]
        mask[0, 0, 2] = False
        last = {"pairs": node("Identity", ["f"], ["filled"]), "scaled": node("Mul", ["f", "half"], ["filled"])}
        nodes = [node("Where", ["mask", "scores", "fill"], ["f"])]
        nodes += [last.get(form, node("Add", ["f", "b"], ["filled"]))]
    check_attention(tmp_path / "filled.onnx", nodes, mask, dims, arrays)


@pytest.mark.parametrize("dtype", [bool, np.float32])
def test_attention_of_a_query_without_keys_is_zero(dtype, tmp_path):
    x = np.random.default_rng(2).normal(size=(2, 3, HIDDEN)).astype(np.float32)
    mask = np.ones((2, 1, 3, 3), bool)
    mask[0, 0, 1] = mask[1, 0, 2, :2] = False
    if dtype == np.float32:
        mask = np.where(mask, np.float32(0), np.float32(-np.inf))
    attention = node("Attention", ["x", "x", "x", "mask"], ["y"], q_num_heads=HEADS, kv_num_heads=HEADS)
    inputs = {"x": (["B", "S", HIDDEN], x), "mask": (["B", 1, "S", "S"], mask)}
    check(tmp_path / "attention.onnx", [attention], inputs, {}, opset=23)


def test_zeroed_probabilities_of_a_query_without_keys(tmp_path):
    """As Keras zeroes them, by a condition of its own for each query."""
    rng = np.random.default_rng(3)
    states = rng.normal(size=(2, 5, HIDDEN)).astype(np.float32)
    mask = rng.random((2, 1, 5, 5)) < 0.7
    mask[0, 0, 2] = False
    arrays = {"split": np.array([0, 0, HEADS, HIDDEN // HEADS]), "join": np.array([0, 0, HIDDEN])}
    arrays |= {"zero": np.float32(0), "low": np.float32(-1e9)}
    nodes = [
        node("Reshape", ["x", "split"], ["x1"]),
        node("Transpose", ["x1"], ["q"], perm=[0, 2, 1, 3]),
        node("Transpose", ["x1"], ["k"], perm=[0, 2, 3, 1]),
        node("MatMul", ["q", "k"], ["scores"]),
        node("Where", ["mask", "scores", "low"], ["filled"]),
        node("Softmax", ["filled"], ["p0"], axis=-1),
        node("Where", ["mask", "p0", "zero"], ["p"]),
        node("MatMul", ["p", "q"], ["c0"]),
        node("Transpose", ["c0"], ["c1"], perm=[0, 2, 1, 3]),
        node("Reshape", ["c1", "join"], ["y"]),
    ]
    inputs = {"x": (["B", "S", HIDDEN], states), "mask": (["B", 1, "S", "S"], mask)}
    check(tmp_path / "zeroed.onnx", nodes, inputs, arrays)


@pytest.mark.parametrize("form", ["rows", "columns", "counts"])
def test_means_of_sizes_that_are_the_same(form, tmp_path):
    """As many sequences, positions or columns: which axis it is, its place says."""
    rng = np.random.default_rng(4)
    batch, sequence = (1, 8) if form == "columns" else (8, 5)
    mask = rng.integers(0, 2, (batch, sequence)).astype(np.float32)
    mask[:, 0] = 1
    ids = rng.integers(0, 30, (batch, sequence))
    arrays = {"table": rng.normal(size=(30, 8)).astype(np.float32), "one": np.array([1]), "last": np.array([-1])}
    nodes = [
        node("Gather", ["table", "ids"], ["x"]),
        node("Identity", ["mask"], ["m"]) if form == "columns" else node("Unsqueeze", ["mask", "last"], ["m"]),
        node("Mul", ["x", "m"], ["p"]),
        node("ReduceSum", ["p", "one"], ["s"], keepdims=0),
        node("ReduceSum", ["mask", "one"], ["c"], keepdims=int(form != "counts")),
        node("Div", ["s", "c"], ["y"]),
    ]
    dims = [batch, sequence]
    check(tmp_path / "mean.onnx", nodes, {"ids": (dims, ids), "mask": (dims, mask)}, arrays)


def test_maximum_of_something_larger(tmp_path):
    rng = np.random.default_rng(5)
    arrays = {"table": rng.normal(size=(30, 8)).astype(np.float32), "last": np.array([-1])}
    arrays |= {"low": np.full((2, 1, 1, 1), -1e9, np.float32)}
    nodes = [
        node("Gather", ["table", "ids"], ["x"]),
        node("Unsqueeze", ["mask", "last"], ["m"]),
        node("Where", ["m", "x", "low"], ["w"]),
        node("ReduceMax", ["w"], ["y"], axes=[1], keepdims=0),
    ]
    mask = np.array([[1, 1, 0, 1, 0], [1, 1, 1, 1, 1]], bool)
    inputs = {"ids": (["B", "S"], rng.integers(0, 30, (2, 5))), "mask": (["B", "S"], mask)}
    check(tmp_path / "maximum.onnx", nodes, inputs, arrays)


@pytest.mark.parametrize(
    ("op", "threshold"), [("Greater", 0), ("GreaterOrEqual", 1), ("Less", 1), ("Equal", 0), ("Equal", 1)]
)
@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_masks_that_are_compared(dtype, op, threshold, tmp_path):
    """Fractions and negative numbers among them."""
    mask = np.array([[1, 0, -1, 2, 0], [0, 1, 0, -1, 2]], dtype)
    if dtype == np.float32:
        mask[0, :3] = 0.3, 0.9, -0.2
        threshold /= 2
    nodes = [
        node("Unsqueeze", ["mask", "axes"], ["m"]),
        node(op, ["m", "threshold"], ["c"]),
        node("Where", ["c", "zero", "low"], ["a"]),
        node("Add", ["scores", "a"], ["filled"]),
    ]
    check_attention(tmp_path / "compared.onnx", nodes, mask, ["B", "S"], {"threshold": np.array(threshold, dtype)})


@pytest.mark.parametrize("dims", [[], ["B"]])
def test_ids_that_a_choice_gives_another_shape(dims, tmp_path):
    """Counted from the end where they are negative, with an axis more."""
    arrays = {"table": np.random.default_rng(6).normal(size=(5, 4)).astype(np.float32)}
    arrays |= {"zero": np.array([[0]]), "five": np.array([5])}
    nodes = [
        node("Less", ["ids", "zero"], ["negative"]),
        node("Add", ["ids", "five"], ["moved"]),
        node("Where", ["negative", "moved", "ids"], ["at"]),
        node("Gather", ["table", "at"], ["y"]),
    ]
    ids = np.array([-2, 1, 4]) if dims else np.array(-2)
    check(tmp_path / "counted.onnx", nodes, {"ids": (dims, ids)}, arrays)
