"""Ops of com.microsoft that ONNX Runtime's optimiser and quantisers write, against ONNX Runtime."""

import pathlib

import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from encoder_cases import assert_close, compare, make_batch
from onnx import TensorProto, helper, numpy_helper

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
ELEMENTS = {np.float32: TensorProto.FLOAT, np.int32: TensorProto.INT32, np.int64: TensorProto.INT64}
B, S, T, P, H, D = 2, 5, 7, 3, 2, 4
WIDE = H * D
rng = np.random.default_rng(7)


def floats(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def ids(limit, *shape):
    return rng.integers(0, limit, shape).astype(np.int32)


MASK = np.array([[1, 1, 1, 1, 1], [1, 0, 1, 1, 0]], np.int32)
LENGTHS = np.array([5, 2], np.int32)
X = ("x", floats(B, S, WIDE))
QKV = [("q", floats(B, S, WIDE)), ("k", floats(B, T, WIDE)), ("v", floats(B, T, 3 * H))]
SAME = [(name, floats(B, S, WIDE)) for name in "qkv"]
NONE = None
WEIGHTS = [("w", floats(6, 3 * WIDE)), ("c", floats(3 * WIDE))]
STATES = ("x", floats(B, S, 6))
TABLES = [("word", floats(9, 6)), ("position", floats(8, 6)), ("segment", floats(2, 6))]
NORM = [("gamma", floats(6)), ("beta", floats(6))]
COS = [("cos", floats(9, D // 2)), ("sin", floats(9, D // 2))]
CONSTANTS = {"w", "c", "word", "position", "segment", "gamma", "beta", "cos", "sin"}
# Op, inputs in order, attributes, number or names of outputs.
CASES = {
    "gelu": ("Gelu", [X], {}, 1),
    "bias_gelu": ("BiasGelu", [X, ("c", floats(WIDE))], {}, 1),
    "fast_gelu": ("FastGelu", [X, ("c", floats(WIDE))], {}, 1),
    "fast_gelu_without_bias": ("FastGelu", [X], {}, 1),
    "quick_gelu": ("QuickGelu", [X], dict(alpha=1.25), 1),
    "gemm": ("FusedGemm", [("x", floats(5, 6)), ("w", floats(6, 3)), ("c", floats(3))], dict(activation="Tanh"), 1),
    "gemm_scaled": (
        "FusedGemm",
        [("x", floats(6, 5)), ("w", floats(3, 6)), ("c", floats(3))],
        dict(activation="LeakyRelu", activation_alpha=0.3, alpha=0.5, beta=2.0, transA=1, transB=1),
        1,
    ),
    "product": ("FusedMatMul", [("a", floats(2, 3, 4, 5)), ("b", floats(2, 3, 6, 5))], dict(transB=1, alpha=0.3), 1),
    "product_of_moved": (
        "FusedMatMul",
        [("a", floats(4, 2, 3, 5)), ("b", floats(2, 3, 4, 6))],
        dict(transBatchA=1, transA=1, alpha=-1.5),
        1,
    ),
    "product_with_weights": ("FusedMatMul", [X, ("w", floats(5, WIDE))], dict(transB=1, alpha=0.7), 1),
    "skip_norm": ("SkipLayerNormalization", [STATES, ("r", floats(B, S, 6)), *NORM, ("c", floats(6))], {}, 4),
    "skip_norm_of_one": ("SkipLayerNormalization", [STATES, ("r", floats(1, S, 6)), NORM[0]], dict(epsilon=0.1), 1),
    "skip_rms_norm": (
        "SkipSimplifiedLayerNormalization",
        [STATES, ("r", floats(B, S, 6)), NORM[0], ("c", floats(6))],
        {},
        ("y", "", "", "sum"),
    ),
    "embedding": (
        "EmbedLayerNormalization",
        [("ids", ids(9, B, S)), ("types", ids(2, B, S)), *TABLES, *NORM, ("mask", MASK)],
        {},
        2,
    ),
    "embedding_at_positions": (
        "EmbedLayerNormalization",
        [("ids", ids(9, B, S)), NONE, *TABLES[:2], NONE, *NORM, NONE, ("at", ids(8, B, S))],
        dict(epsilon=0.01),
        ("y", "", "sum"),
    ),
    "attention": ("Attention", [STATES, *WEIGHTS], dict(num_heads=H), 1),
    "attention_masked": ("Attention", [STATES, *WEIGHTS, ("m", MASK)], dict(num_heads=H, scale=0.3), 1),
    "attention_counted": (
        "Attention",
        [STATES, *WEIGHTS, ("n", LENGTHS)],
        dict(num_heads=H, mask_filter_value=-50.0),
        1,
    ),
    "attention_of_pairs": (
        "Attention",
        [STATES, *WEIGHTS, ("m", ids(2, B, S, S)), NONE, ("bias", floats(B, H, S, S))],
        dict(num_heads=H),
        1,
    ),
    "attention_causal": ("Attention", [STATES, *WEIGHTS, ("m", MASK)], dict(num_heads=H, unidirectional=1), 1),
    "attention_with_a_past": (
        "Attention",
        [STATES, *WEIGHTS, NONE, ("past", floats(2, B, H, P, D))],
        dict(num_heads=H, unidirectional=1),
        2,
    ),
    "attention_of_sizes": (
        "Attention",
        [STATES, ("w", floats(6, 2 * WIDE + 3 * H)), ("c", floats(2 * WIDE + 3 * H))],
        dict(num_heads=H, qkv_hidden_sizes=[WIDE, WIDE, 3 * H]),
        1,
    ),
    "heads": ("MultiHeadAttention", QKV, dict(num_heads=H), 1),
    "heads_with_biases": (
        "MultiHeadAttention",
        [*SAME, ("c", floats(3 * WIDE)), ("m", MASK), ("bias", floats(1, H, S, S))],
        dict(num_heads=H, scale=0.2),
        1,
    ),
    "heads_counted": ("MultiHeadAttention", [*SAME, NONE, ("n", LENGTHS)], dict(num_heads=H, unidirectional=1), 1),
    "heads_apart": (
        "MultiHeadAttention",
        [X, ("k", floats(B, H, T, D)), ("v", floats(B, H, T, D)), ("c", floats(3 * WIDE))],
        dict(num_heads=H),
        1,
    ),
    "heads_with_a_past": (
        "MultiHeadAttention",
        [*SAME, NONE, NONE, NONE, ("pk", floats(B, H, P, D)), ("pv", floats(B, H, P, D))],
        dict(num_heads=H),
        3,
    ),
    "rotary": ("RotaryEmbedding", [X, ("at", ids(9, B, S).astype(np.int64)), *COS], {}, 1),
    "rotary_from": (
        "RotaryEmbedding",
        [("x", floats(B, H, S, D)), ("at", np.array([2], np.int64)), *COS],
        dict(interleaved=1),
        1,
    ),
}


def save(path, op, inputs, attributes, outputs):
    """A model of one node; its inputs have symbolic batch and sequence sizes."""
    names = {B: "batch", S: "sequence", T: "keys", P: "past"}
    graph_inputs, initialisers = [], []
    for name, array in filter(None, inputs):
        if name in CONSTANTS or array.dtype in (np.uint8, np.int8):
            initialisers.append(numpy_helper.from_array(array, name))
            continue
        dims = [names.get(size, size) if axis in (0, 1) else size for axis, size in enumerate(array.shape)]
        graph_inputs.append(helper.make_tensor_value_info(name, ELEMENTS[array.dtype.type], dims))
    if isinstance(outputs, int):
        outputs = [f"y{i}" for i in range(outputs)]
    names = [entry[0] if entry else "" for entry in inputs]
    counted = outputs[1:2] if "mask" in names else []
    results = [
        helper.make_tensor_value_info(name, TensorProto.INT32 if name in counted else TensorProto.FLOAT, None)
        for name in filter(None, outputs)
    ]
    node = helper.make_node(op, names, outputs, domain="com.microsoft", **attributes)
    graph = helper.make_graph([node], "g", graph_inputs, results, initialisers)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    return {name: array for name, array in filter(None, inputs) if name in {i.name for i in graph_inputs}}


@pytest.mark.parametrize("name", CASES)
def test_op(name, tmp_path):
    path = tmp_path / "op.onnx"
    op, inputs, attributes, outputs = CASES[name]
    feed = save(path, op, inputs, attributes, outputs)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    actual = skim.compile(path, keep_padding=True).run(feed)
    for output, expected in zip(session.get_outputs(), session.run(None, feed), strict=True):
        assert_close(output.name, actual[output.name], expected)


def pack(numbers, bits):
    """Rows of numbers of a few bits, from the lowest bits of whole bytes on."""
    each = 8 // bits
    padded = np.pad(numbers, ((0, 0), (0, -numbers.shape[1] % each))).reshape(len(numbers), -1, each)
    return (padded.astype(np.uint32) << (np.arange(each) * bits)).sum(-1).astype(np.uint8)


@pytest.mark.parametrize("kind", ["int4", "uint4", "bytes", "bytes_with_zeros", "eight_bits"])
def test_rows_of_a_quantised_table(kind, tmp_path):
    """The rows are (numbers - zero) * scale, in blocks of 16 of a row."""
    path = tmp_path / "table.onnx"
    rows, columns, size = 9, 32, 16
    bits = 8 if kind == "eight_bits" else 4
    low, high = (-8, 8) if kind == "int4" else (0, 1 << bits)
    numbers = rng.integers(low, high, (rows, columns))
    scales = floats(rows, columns // size)
    zeros = rng.integers(low, high, (rows, columns // size))
    if kind in ("bytes", "int4"):
        zeros[:] = 0 if kind == "int4" else 8
    initialisers = [numpy_helper.from_array(scales, "scales")]
    names = ["table", "i", "scales"]
    if "4" in kind:
        element = TensorProto.INT4 if kind == "int4" else TensorProto.UINT4
        initialisers.append(helper.make_tensor("table", element, numbers.shape, numbers.ravel()))
        if kind == "uint4":
            initialisers.append(helper.make_tensor("zeros", element, zeros.shape, zeros.ravel()))
    else:
        initialisers.append(numpy_helper.from_array(pack(numbers, bits), "table"))
        if kind != "bytes":
            initialisers.append(numpy_helper.from_array(pack(zeros, bits), "zeros"))
    if len(initialisers) == 3:
        names.append("zeros")
    node = helper.make_node(
        "GatherBlockQuantized", names, ["y"], domain="com.microsoft", block_size=size, bits=bits, quantize_axis=1
    )
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("i", TensorProto.INT64, ["batch", "sequence"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initialisers,
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)
    where = rng.integers(0, rows, (2, 3))
    table = ((numbers - zeros.repeat(size, 1)) * scales.repeat(size, 1)).astype(np.float32)
    np.testing.assert_array_equal(skim.compile(path).run({"i": where})["y"], table[where])
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(session.run(None, {"i": where})[0], table[where], rtol=1e-6)


@pytest.mark.parametrize("quant_type", [0, 1])
def test_weights_of_a_table_of_numbers(quant_type, tmp_path):
    path = tmp_path / "bnb4.onnx"
    depth, columns, size = 32, 6, 16
    packed = rng.integers(0, 256, depth * columns // 2).astype(np.uint8)
    scales = np.abs(floats(depth * columns // size))
    feed = save(
        path,
        "MatMulBnb4",
        [("x", floats(2, 5, depth)), ("packed", packed), ("absmax", scales)],
        dict(K=depth, N=columns, block_size=size, quant_type=quant_type),
        1,
    )
    model = onnx.load(path)
    model.graph.initializer.append(numpy_helper.from_array(scales, "absmax"))
    del model.graph.input[1]
    onnx.save(model, path)
    del feed["absmax"]
    expected = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, feed)[0]
    assert_close("y0", skim.compile(path).run(feed)["y0"], expected)


def test_four_bits_in_a_graph_of_onnx(tmp_path):
    """Weights of INT4 behind DequantizeLinear, with scales for blocks of rows; kept in a file of their own."""
    path = tmp_path / "blocks.onnx"
    numbers, scales = rng.integers(-8, 8, (32, 6)), floats(2, 6)
    graph = helper.make_graph(
        [
            helper.make_node("DequantizeLinear", ["w", "s"], ["f"], axis=0, block_size=16),
            helper.make_node("MatMul", ["x", "f"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "sequence", 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            helper.make_tensor("w", TensorProto.INT4, numbers.shape, numbers.ravel()),
            numpy_helper.from_array(scales, "s"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    x = floats(2, 3, 32)
    assert_close("y", skim.compile(path).run({"x": x})["y"], x @ (numbers * scales.repeat(16, 0)).astype(np.float32))


# Families that ONNX Runtime's own optimiser fuses in different ways.
OPTIMISED = [
    "bert-17-sdpa",
    "bert-cls-20-dynamo",
    "albert-cls-14-sdpa",
    "deberta-v2-cls-14-eager",
    "distilbert-cls-17-sdpa",
    "gpt2-17-sdpa",
    "modernbert-17-sdpa",
    "mpnet-14-eager",
    "qwen3-17-sdpa",
    "roformer-14-eager",
    "sentence-17-eager",
    "t5-17-sdpa",
    "xlm-17-eager",
]


@pytest.mark.parametrize("name", OPTIMISED)
def test_model_that_onnx_runtime_optimised(name, tool, tmp_path):
    """All is raised that is raised of the model itself, and the numbers are the same."""
    source, path = MODELS / f"{name}.onnx", tmp_path / "optimised.onnx"
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(path)
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    assert any(node.domain == "com.microsoft" for node in onnx.load(path).graph.node)
    attentions = []
    for model in (source, path):
        process = tool("skim-opt", model, "--emit=packed")
        assert process.returncode == 0, process.stderr
        attentions.append(process.stdout.count("= skim.attention"))
        assert "skim.ragged" in process.stdout or "skim.pack" in process.stdout
    assert attentions[0] == attentions[1] > 0
    inputs, mask = make_batch(session, 3, 20, "right", pad=1 if name.startswith("mpnet") else 0)
    compare(session, inputs, mask, skim.compile(path).run(inputs))


def fused_encoder(path, counts, layers=2, hidden=24, heads=3):
    """An encoder as ONNX Runtime's transformer optimiser writes BERT, its mask as it is or counted."""
    initialisers, nodes = [], []

    def constant(name, *shape):
        initialisers.append(numpy_helper.from_array((0.3 * floats(*shape)).astype(np.float32), name))
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, output, name=output[0], domain="com.microsoft", **attributes))
        return output[0]

    tables = [constant(name, size, hidden) for name, size in (("word", 90), ("position", 64), ("segment", 2))]
    norm = [constant("g", hidden), constant("b", hidden)]
    x = node("EmbedLayerNormalization", ["ids", "types", *tables, *norm, "mask"], ["e", "count"])
    for i in range(layers):
        w = [constant(f"qkv{i}", hidden, 3 * hidden), constant(f"qkvb{i}", 3 * hidden)]
        a = node("Attention", [x, *w, "count" if counts else "mask"], [f"a{i}"], num_heads=heads)
        nodes.append(helper.make_node("MatMul", [a, constant(f"o{i}", hidden, hidden)], [f"p{i}"]))
        x = node("SkipLayerNormalization", [f"p{i}", x, *norm, constant(f"ob{i}", hidden)], [f"n{i}"])
        nodes.append(helper.make_node("MatMul", [x, constant(f"f{i}", hidden, 48)], [f"h{i}"]))
        h = node("BiasGelu", [f"h{i}", constant(f"fb{i}", 48)], [f"u{i}"])
        nodes.append(helper.make_node("MatMul", [h, constant(f"d{i}", 48, hidden)], [f"v{i}"]))
        out = "y" if i == layers - 1 else f"x{i}"
        x = node("SkipLayerNormalization", [f"v{i}", x, *norm, constant(f"db{i}", hidden)], [out])
    shape = ["batch", "sequence"]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name in ("ids", "types", "mask")],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [*shape, hidden])],
        initialisers,
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), path)


@pytest.mark.parametrize("counts", [False, True])
def test_encoder_of_fused_ops(counts, tool, tmp_path):
    """Every op is raised and padding is removed, plans cut tokens; a counted mask means padding on the right."""
    path = tmp_path / "fused.onnx"
    fused_encoder(path, counts)
    process = tool("skim-opt", path, "-o", tmp_path / "fused.so", "-v")
    assert process.returncode == 0, process.stderr
    assert "attention 2, embed 1, linear 12, norm 5" in process.stderr
    assert "padding removed at entry" in process.stderr
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    mask = (np.arange(11) < np.array([11, 4, 7])[:, None]).astype(np.int32)
    feed = {"ids": ids(90, 3, 11), "types": ids(2, 3, 11), "mask": mask}
    model = skim.load(tmp_path / "fused.so")
    outputs, statistics = model.run(feed, stats=True)
    assert statistics["tokens"] == mask.sum()
    compare(session, feed, mask, outputs)
    plan = {
        "version": 1,
        "token_pruning": {"method": "ltp", "layers": [0], "thresholds": [0.1], "denominator_tokens": "alive"},
    }
    _, statistics = skim.compile(path, plan=plan).run(feed, stats=True)
    assert statistics["layers"][1]["tokens_in"] < mask.sum()
