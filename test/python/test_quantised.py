"""Models that a quantiser has been over: exact by default, by the library's own int8 on request."""

import pathlib

import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from encoder_cases import compare, make_batch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
NAMES = ["bert-17-sdpa", "sentence-17-eager", "modernbert-17-sdpa"]


def integer_product(path, left, right, depth, zeros):
    """y = (a - za) (w - zw) over any number of rows; w holds the extremes of its type."""
    rng = np.random.default_rng(depth)
    types = {np.uint8: TensorProto.UINT8, np.int8: TensorProto.INT8}
    info = np.iinfo(right)
    w = rng.integers(info.min, info.max + 1, (depth, 7)).astype(right)
    w[:, 0], w[:, 1] = info.max, info.min
    names = ["a", "w"]
    arrays = {"w": w}
    if zeros:
        arrays |= {"za": np.array(17, left), "zw": rng.integers(info.min, info.max + 1, 7).astype(right)}
        names += ["za", "zw"]
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", names, ["y"])],
        "product",
        [helper.make_tensor_value_info("a", types[left], ["batch", 3, depth])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, None)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return arrays


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("types", [(np.uint8, np.int8), (np.uint8, np.uint8), (np.int8, np.int8)])
@pytest.mark.parametrize("depth", [1, 255, 256, 257, 700])
def test_products_of_integers_are_exact(depth, types, zeros, tmp_path):
    arrays = integer_product(tmp_path / "product.onnx", *types, depth, zeros)
    model = skim.compile(tmp_path / "product.onnx")
    info = np.iinfo(types[0])
    a = np.random.default_rng(1).integers(info.min, info.max + 1, (2, 3, depth)).astype(types[0])
    a[0, 0], a[0, 1] = info.max, info.min
    za = arrays["za"].astype(np.int64) if zeros else 0
    zw = arrays["zw"].astype(np.int64) if zeros else 0
    expected = (a.astype(np.int64) - za) @ (arrays["w"].astype(np.int64) - zw)
    np.testing.assert_array_equal(model.run({"a": a})["y"], expected.astype(np.int32))


def cosines(a, b):
    return (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))


@pytest.fixture(params=[(name, wide) for name in NAMES for wide in (False, True)], ids=str)
def quantised(request, tmp_path):
    """A model, and the same after ONNX Runtime's dynamic quantiser, by tensor or by column."""
    name, by_column = request.param
    source, path = MODELS / f"{name}.onnx", tmp_path / "quantised.onnx"
    options = dict(per_channel=True, weight_type=quantization.QuantType.QInt8) if by_column else {}
    quantization.quantize_dynamic(source, path, **options)
    assert any(node.op_type == "MatMulInteger" for node in onnx.load(path).graph.node)
    return source, path


def test_dynamic_quantisation_is_kept_by_default(quantised, tool, tmp_path):
    """A number that rounds the other way changes a step of 8 bits, no more."""
    _, path = quantised
    for options, says in (((), True), (("--dtype=int8",), False)):
        process = tool("skim-opt", path, "-v", "--emit=onnx", "-o", tmp_path / "onnx.mlir", *options)
        assert process.returncode == 0, process.stderr
        assert ("quantised by the range of all tokens" in process.stderr) == says
    raised = tool("skim-opt", path, "--emit=skim").stdout
    assert "onnx.MatMulInteger" not in raised and "onnx.DynamicQuantizeLinear" not in raised
    peer = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    model = skim.compile(path)
    inputs, _ = make_batch(peer, 3, 20, "none")
    want, got = peer.run(None, inputs)[0], next(iter(model.run(inputs).values()))
    assert np.abs(got - want).max() <= 0.05 * np.abs(want).max()
    assert cosines(got, want).min() > 0.9995


@pytest.mark.parametrize("by_column", [False, True])
@pytest.mark.parametrize("right", [np.int8, np.uint8])
def test_layers_round_as_the_model_says(right, by_column, tmp_path):
    """Two layers of one input, which the range of all rows rounds, padding or not."""
    rng = np.random.default_rng(3)
    count, info = (9 if by_column else 1), np.iinfo(right)
    shape = (9,) if by_column else ()
    arrays, nodes = {}, [helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])]
    for name in "ab":
        arrays[f"{name}_w"] = rng.integers(info.min, info.max + 1, (21, 9)).astype(right)
        arrays[f"{name}_s"] = rng.uniform(0.001, 0.01, count).astype(np.float32).reshape(shape)
        arrays[f"{name}_z"] = rng.integers(info.min, info.max + 1, count).astype(right).reshape(shape)
        arrays[f"{name}_b"] = rng.normal(size=9).astype(np.float32)
        nodes += [
            helper.make_node("MatMulInteger", ["q", f"{name}_w", "z", f"{name}_z"], [f"{name}_i"]),
            helper.make_node("Cast", [f"{name}_i"], [f"{name}_f"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["s", f"{name}_s"], [f"{name}_t"]),
            helper.make_node("Mul", [f"{name}_f", f"{name}_t"], [f"{name}_m"]),
            helper.make_node("Add", [f"{name}_m", f"{name}_b"], [f"{name}_y"]),
        ]
    graph = helper.make_graph(
        nodes,
        "layers",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "sequence", 21])],
        [helper.make_tensor_value_info(f"{name}_y", TensorProto.FLOAT, None) for name in "ab"],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    path = tmp_path / "layers.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    model = skim.compile(path)
    peer = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for rows in (1, 7, 40):
        for low, high in ((-3, 5), (0.5, 2), (-2, -1), (0, 0)):
            x = rng.uniform(low, high, (2, rows, 21)).astype(np.float32)
            scale = np.float32((max(x.max(), 0) - min(x.min(), 0)) / np.float32(255)) or np.float32(1)
            zero = np.rint(np.clip(-np.minimum(x.min(), 0) / scale, 0, 255))
            numbers = np.clip(np.rint(x / scale) + zero, 0, 255) - zero
            got = model.run({"x": x})
            for name, from_peer in zip("ab", peer.run(None, {"x": x}), strict=True):
                matrix = arrays[f"{name}_w"].astype(np.int64) - arrays[f"{name}_z"].astype(np.int64)
                want = numbers.astype(np.int64) @ matrix * (scale * arrays[f"{name}_s"]) + arrays[f"{name}_b"]
                np.testing.assert_allclose(got[f"{name}_y"], want, rtol=1e-5, atol=1e-5)
                np.testing.assert_allclose(got[f"{name}_y"], from_peer, rtol=1e-5, atol=1e-5)


def test_plans_cut_quantised_models(tmp_path):
    """Scales are of the tokens then, so that padding goes, and what is cut is in no range."""
    source, path = MODELS / "bert-cls-17-sdpa.onnx", tmp_path / "quantised.onnx"
    quantization.quantize_dynamic(source, path)
    pruning = {"method": "ltp", "layers": [0, 1], "denominator_tokens": "alive"}
    peer = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs, mask = make_batch(peer, 3, 24, "right")
    for thresholds in ([0.0, 0.0], [0.02, 0.05]):
        plan = {"version": 1, "token_pruning": pruning | {"thresholds": thresholds}}
        model, exact = (skim.compile(model, plan=plan) for model in (path, source))
        (got, stats), (want, wanted) = model.run(inputs, stats=True), exact.run(inputs, stats=True)
        assert stats["tokens"] == mask.sum()
        kept, expected = (s["flops"]["executed"] / s["flops"]["dense"] for s in (stats, wanted))
        assert abs(kept - expected) < 0.15 and (kept < 0.9) == (thresholds[0] > 0)
        assert cosines(*(next(iter(y.values())) for y in (got, want))).min() > 0.98
        # A sequence alone has no padding: without cuts it is what the model says.
        if not thresholds[0]:
            alone = {name: value[:1, : mask[0].sum()] for name, value in inputs.items()}
            single = next(iter(model.run(alone).values()))
            assert cosines(single, peer.run(None, alone)[0]).min() > 0.9995


def test_own_types_round_once(quantised, tmp_path):
    """Padding goes, tokens do not see each other's range, and results are as near to the model's
    that was quantised as those of the quantised one."""
    source, path = quantised
    exact = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    peer = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    model = skim.compile(path, dtype="int8", output=tmp_path / "int8.so")
    inputs, mask = make_batch(peer, 4, 30, "right")
    token = mask != 0
    want, kept = (session.run(None, inputs)[0][token] for session in (exact, peer))
    outputs, stats = model.run(inputs, stats=True)
    got = next(iter(outputs.values()))
    assert stats["tokens"] == mask.sum()
    assert cosines(got[token], want).mean() > min(0.999, cosines(kept, want).mean() - 0.001)
    for row in range(4):
        alone = {name: value[row : row + 1, : mask[row].sum()] for name, value in inputs.items()}
        single = next(iter(model.run(alone).values()))[0]
        assert single.tobytes() == got[row, : mask[row].sum()].tobytes()


def test_rounded_activations_go_too(tmp_path, tool):
    """QuantizeLinear and DequantizeLinear around a layer, as static quantisers write them."""
    rng = np.random.default_rng(0)
    arrays = {
        "w": rng.integers(-127, 128, (8, 6)).astype(np.int8),
        "ws": np.array(0.01, np.float32),
        "wz": np.array(0, np.int8),
        "s": np.array(0.02, np.float32),
        "z": np.array(128, np.uint8),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["r"]),
        helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["m"]),
        helper.make_node("MatMul", ["r", "m"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "rounded",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "sequence", 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    path = tmp_path / "rounded.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    x = rng.uniform(-2.5, 2.5, (2, 3, 8)).astype(np.float32)
    matrix = arrays["w"] * 0.01
    rounded = np.clip(np.rint(x / np.float32(0.02)), -128, 127) * 0.02
    np.testing.assert_allclose(skim.compile(path).run({"x": x})["y"], rounded @ matrix, atol=1e-5)
    np.testing.assert_allclose(skim.compile(path, dtype="int8").run({"x": x})["y"], x @ matrix, atol=0.08)
    text = tool("skim-opt", path, "--dtype=int8", "--emit=skim").stdout
    assert "QuantizeLinear" not in text


class Batches(quantization.CalibrationDataReader):
    """What a static quantiser measures ranges of."""

    def __init__(self, rng, shape):
        self.left = iter([{"x": rng.normal(size=shape).astype(np.float32)} for _ in range(4)])

    def get_next(self):
        return next(self.left, None)


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("form", [quantization.QuantFormat.QDQ, quantization.QuantFormat.QOperator])
@pytest.mark.parametrize("activation", ["Relu", "HardSwish"])
def test_activations_that_a_quantiser_leaves_out(activation, form, signed, tmp_path):
    """Relu before a range that begins at 0, Clip before one from 0 to 6: rounding does it, they go."""
    rng = np.random.default_rng(2)
    arrays = {name: rng.normal(size=(32, 32)).astype(np.float32) * 0.3 for name in ("v", "w")}
    arrays |= {"b": rng.normal(size=32).astype(np.float32)}
    arrays |= {name: np.array(number, np.float32) for name, number in (("zero", 0), ("three", 3), ("six", 6))}
    nodes = [helper.make_node("MatMul", ["x", "v"], ["m"], "m"), helper.make_node("Add", ["m", "b"], ["a"], "a")]
    if activation == "Relu":
        nodes += [helper.make_node("Relu", ["a"], ["r"], "r")]
    else:
        nodes += [
            helper.make_node("Add", ["a", "three"], ["c"], "c"),
            helper.make_node("Clip", ["c", "zero", "six"], ["d"], "d"),
            helper.make_node("Mul", ["a", "d"], ["r"], "r"),
        ]
    graph = helper.make_graph(
        [*nodes, helper.make_node("MatMul", ["r", "w"], ["y"], "y")],
        "layers",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "sequence", 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", "sequence", 32])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    source, path = tmp_path / "layers.onnx", tmp_path / "quantised.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), source)
    kind = quantization.QuantType.QInt8 if signed else quantization.QuantType.QUInt8
    reader = Batches(rng, (2, 50, 32))
    quantization.quantize_static(source, path, reader, quant_format=form, activation_type=kind)
    assert not {"Relu", "Clip"} & {node.op_type for node in onnx.load(path).graph.node}
    x = rng.normal(size=(2, 7, 32)).astype(np.float32)
    exact, peer = (
        onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
        for file in (source, path)
    )
    largest = np.abs(exact).max()
    assert np.abs(skim.compile(path).run({"x": x})["y"] - peer).max() <= 0.02 * largest
    for dtype in ("int8", "bf16"):
        model = skim.compile(path, dtype=dtype, dtype_fallback="emulate")
        assert np.abs(model.run({"x": x})["y"] - exact).max() <= 0.06 * largest


def test_one_scale_for_an_axis_that_is_not_there(tmp_path):
    """A list of one scale holds for the tensor, whatever axis it names."""
    path = tmp_path / "vector.onnx"
    arrays = {"s": np.array([0.5], np.float32), "z": np.array([3], np.uint8)}
    graph = helper.make_graph(
        [
            helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
            helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
        ],
        "vector",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    x = np.array([-9, -0.3, 0.2, 7, 900], np.float32)
    np.testing.assert_array_equal(skim.compile(path).run({"x": x})["y"], [-1.5, -0.5, 0, 7, 126])


def few_bits(path, depth, columns, size, bits, zeros, half):
    """A product with weights of a few bits, a scale for each block of the inner dimension."""
    rng = np.random.default_rng([depth, columns, size, bits])
    blocks = -(-depth // size)
    number, kind = (np.float16, TensorProto.FLOAT16) if half else (np.float32, TensorProto.FLOAT)
    arrays = {
        "w": rng.integers(0, 256, (columns, blocks, size * bits // 8)).astype(np.uint8),
        "s": rng.uniform(0.01, 0.1, columns * blocks).astype(number),
    }
    if zeros:
        arrays["z"] = rng.integers(0, 256, columns * -(-blocks * bits // 8)).astype(np.uint8)
    attributes = dict(domain="com.microsoft", K=depth, N=columns, bits=bits, block_size=size)
    graph = helper.make_graph(
        [helper.make_node("MatMulNBits", ["x", *arrays], ["y"], **attributes)],
        "product",
        [helper.make_tensor_value_info("x", kind, ["batch", "sequence", depth])],
        [helper.make_tensor_value_info("y", kind, ["batch", "sequence", columns])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]), number


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("sizes", [(64, 5, 32, 4), (96, 7, 32, 4), (100, 6, 32, 4), (128, 6, 16, 8), (64, 8, 16, 2)])
def test_weights_of_few_bits(sizes, zeros, half, tmp_path):
    peer, number = few_bits(tmp_path / "bits.onnx", *sizes, zeros, half)
    x = np.random.default_rng(3).standard_normal((2, 3, sizes[0])).astype(number)
    want, got = peer.run(None, {"x": x})[0], skim.compile(tmp_path / "bits.onnx").run({"x": x})["y"]
    tolerance = 2e-3 if half else 2e-6
    assert np.abs(got.astype(np.float64) - want).max() <= tolerance * np.abs(want).max()


def with_few_bits(source, path, size=16):
    """The model with MatMulNBits of 4 bits for each product by constant weights."""
    model = onnx.load(source)
    stored = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "MatMul" or stored.get(node.input[1], np.zeros(())).ndim != 2:
            continue
        depth, columns = stored[node.input[1]].shape
        blocks = -(-depth // size)
        padded = np.zeros((columns, blocks * size), np.float32)
        padded[:, :depth] = stored[node.input[1]].T
        cut = padded.reshape(columns, blocks, size)
        scales = np.abs(cut).max(axis=-1) / 7 + np.float32(1e-9)
        steps = np.clip(np.rint(cut / scales[..., None]) + 8, 0, 15).astype(np.uint8)
        name = node.input[1]
        packed = steps[..., ::2] | steps[..., 1::2] << 4
        model.graph.initializer.append(numpy_helper.from_array(packed, f"{name}_bits"))
        model.graph.initializer.append(numpy_helper.from_array(scales.reshape(-1), f"{name}_scales"))
        node.op_type, node.domain = "MatMulNBits", "com.microsoft"
        node.input[1] = f"{name}_bits"
        node.input.append(f"{name}_scales")
        node.attribute.extend(
            helper.make_attribute(key, value)
            for key, value in dict(K=depth, N=columns, bits=4, block_size=size).items()
        )
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    onnx.save(model, path)


def test_a_model_with_weights_of_four_bits(tmp_path):
    """Raised and packed, and as ONNX Runtime computes it."""
    path = tmp_path / "bits.onnx"
    with_few_bits(MODELS / "bert-17-sdpa.onnx", path)
    assert sum(node.op_type == "MatMulNBits" for node in onnx.load(path).graph.node) == 18
    peer = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs, mask = make_batch(peer, 3, 20, "right")
    outputs, stats = skim.compile(path).run(inputs, stats=True)
    assert stats["tokens"] == mask.sum()
    compare(peer, inputs, mask, outputs)


def test_shares_of_a_peak_are_of_that_of_integers(tool, tmp_path):
    if "avx512_vnni" not in pathlib.Path("/proc/cpuinfo").read_text():
        pytest.skip("needs AVX512-VNNI")
    quantization.quantize_dynamic(MODELS / f"{NAMES[0]}.onnx", tmp_path / "quantised.onnx")
    skim.compile(tmp_path / "quantised.onnx", output=tmp_path / "quantised.so")
    done = tool("skim-run", tmp_path / "quantised.so", "--profile", "--random-batch=2x16")
    assert done.returncode == 0 and "gemm_uint8_" in done.stdout
    assert "AVX-512 int8 dot products" in done.stdout
