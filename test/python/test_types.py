"""--dtype=int8 and bf16: exact products, and embeddings beside those of fp32.

Emulated where the processor has no instructions for them: the numbers are the same.
"""

import json

import adaptive_cases
import narrow
import numpy as np
import onnx
import pytest
import skim
from encoder_cases import assert_same_bits, make_batch
from graph_builder import Graph
from onnx import TensorProto, helper

TYPES = ("int8", "bf16")
# This one; one with AVX512-VNNI and AVX512-BF16; one where all is emulated.
PROCESSORS = ("native", "cooperlake", "x86-64-v3")


def save(graph, inputs, outputs, path):
    """A model with inputs and outputs [batch, sequence, width], by name and width."""

    def describe(widths):
        sizes = ["batch_size", "sequence_length"]
        return [helper.make_tensor_value_info(n, TensorProto.FLOAT, [*sizes, w]) for n, w in widths.items()]

    made = helper.make_graph(graph.nodes, "model", describe(inputs), describe(outputs), graph.initializers)
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def linear_model(path, weight, bias):
    """x [batch, sequence, K] times weight, plus bias."""
    graph = Graph(17)
    product = graph.op("MatMul", "x", graph.weight("weight", weight))
    graph.op("Add", product, graph.weight("bias", bias), out=["y"])
    save(graph, {"x": weight.shape[0]}, {"y": weight.shape[1]}, path)


def compile_for(cpu, path, output, dtype):
    """The model for `cpu`, where such code runs here."""
    try:
        return skim.compile(path, output=output, cpu=cpu, dtype=dtype, dtype_fallback="emulate")
    except skim.RunError as error:
        if "this CPU lacks" not in str(error):
            raise
        pytest.skip(str(error))


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("cpu", PROCESSORS)
@pytest.mark.parametrize("depth, width", [(1, 1), (7, 5), (64, 96), (130, 33), (1001, 18)])
def test_products_are_those_of_the_definition(dtype, cpu, depth, width, tool, tmp_path):
    rng = np.random.default_rng(depth)
    weight = rng.normal(size=(depth, width)).astype(np.float32)
    weight[:, 0] = 0
    bias = rng.normal(size=width).astype(np.float32)
    linear_model(tmp_path / "linear.onnx", weight, bias)
    model = compile_for(cpu, tmp_path / "linear.onnx", tmp_path / "linear.so", dtype)
    needs = tool("skim-run", tmp_path / "linear.so", "--describe").stdout
    options = {"tiles": "amx-bf16" in needs} if dtype == "bf16" else {"fused": "fma" in needs}
    for batch, sequence in ((1, 1), (1, 3), (4, 9)):
        x = rng.normal(size=(batch, sequence, depth)).astype(np.float32)
        x[0, 0] = 0
        want = narrow.LINEAR[dtype](x, weight, bias, **options)
        assert_same_bits("y", model.run({"x": x})["y"], want)


def feed_forward_model(path):
    rng = np.random.default_rng(4)
    graph = Graph(17)
    inner = graph.op("MatMul", "x", graph.weight("up", rng.normal(size=(96, 160)).astype(np.float32)))
    outer = graph.op(
        "MatMul", graph.op("Relu", inner), graph.weight("down", rng.normal(size=(160, 96)).astype(np.float32))
    )
    graph.op("Add", outer, "x", out=["y"])
    save(graph, {"x": 96}, {"y": 96}, path)


def test_int8_is_the_same_with_amx(tmp_path):
    """A feed-forward by AMX and by pairs of 16 bits; attention by AMX is bf16."""
    path = tmp_path / "model.onnx"
    feed_forward_model(path)
    emulated = compile_for("skylake-avx512", path, tmp_path / "emulated.so", "int8")
    model = compile_for("native", path, tmp_path / "model.so", "int8")
    for batch, sequence in ((1, 1), (3, 21), (2, 80)):
        x = np.random.default_rng(batch).normal(size=(batch, sequence, 96)).astype(np.float32)
        assert_same_bits("y", model.run({"x": x})["y"], emulated.run({"x": x})["y"])


def test_int8_is_the_same_with_all_vector_instructions_for_it(models, session, tmp_path):
    """A model by AVX512-VNNI and by pairs of 16 bits; the rest is AVX-512 in both."""
    path = models / "bert-cls-17-sdpa.onnx"
    emulated = compile_for("skylake-avx512", path, tmp_path / "emulated.so", "int8")
    model = compile_for("cascadelake", path, tmp_path / "model.so", "int8")
    inputs, _ = make_batch(session(path), 5, 33, "right", seed=2)
    got = model.run(inputs)
    for name, want in emulated.run(inputs).items():
        assert_same_bits(name, got[name], want)


def attention_model(path, weights, heads):
    """x [batch, sequence, H] to attention of its queries, keys and values, each times a weight."""
    graph, width = Graph(17), weights["query"].shape[0]

    def split(name, order):
        made = graph.op("MatMul", "x", graph.weight(name, weights[name]))
        return graph.op("Transpose", graph.op("Reshape", made, graph.ints(0, 0, heads, width // heads)), perm=order)

    scores = graph.op("MatMul", split("query", [0, 2, 1, 3]), split("key", [0, 2, 3, 1]))
    scores = graph.op("Div", scores, graph.f32(np.sqrt(width / heads)))
    mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), split("value", [0, 2, 1, 3]))
    graph.op("Reshape", graph.op("Transpose", mixed, perm=[0, 2, 1, 3]), graph.ints(0, 0, width), out=["y"])
    save(graph, {"x": width}, {"y": width}, path)


def attention_weights(rng, width):
    """Weights that leave states about as large as they are."""
    return {name: rng.normal(size=(width, width)).astype(np.float32) / width**0.5 for name in ("query", "key", "value")}


@pytest.mark.parametrize("heads, head", [(3, 32), (2, 64), (2, 40)])
def test_attention_by_amx_rounds_as_defined(heads, head, tool, tmp_path):
    width = heads * head
    rng = np.random.default_rng(head)
    weights = attention_weights(rng, width)
    attention_model(tmp_path / "attention.onnx", weights, heads)
    model = compile_for("native", tmp_path / "attention.onnx", tmp_path / "attention.so", "bf16")
    if "amx-bf16" not in tool("skim-run", tmp_path / "attention.so", "--describe").stdout:
        pytest.skip("this processor has no AMX")
    for batch, sequence in ((1, 1), (2, 5), (1, 33), (2, 100)):
        x = rng.normal(size=(batch, sequence, width)).astype(np.float32)
        parts = (narrow.linear_bf16(x, weights[name], 0, tiles=True) for name in ("query", "key", "value"))
        want = narrow.attention_bf16(*parts, heads)
        got = model.run({"x": x})["y"]
        # A power next to a tie may be rounded to the other side: 2^-8 of it.
        assert np.abs(got - want).max() < 2e-3
        assert np.mean(np.abs(got - want) > 5e-6) < 0.1


@pytest.mark.parametrize("cpu", ["cascadelake", "skylake-avx512", "haswell"])
@pytest.mark.parametrize("heads, head", [(3, 32), (2, 64), (2, 33)])
def test_attention_of_integers_rounds_as_defined(heads, head, cpu, tmp_path):
    width = heads * head
    rng = np.random.default_rng(head)
    weights = attention_weights(rng, width)
    # A dimension of large keys and one of large values, which the others keep clear of.
    weights["key"][:, 3] *= 30
    weights["value"][:, 5] *= 30
    attention_model(tmp_path / "attention.onnx", weights, heads)
    model = compile_for(cpu, tmp_path / "attention.onnx", tmp_path / "attention.so", "int8")
    for batch, sequence in ((1, 1), (2, 5), (1, 33), (1, 300)):
        x = rng.normal(size=(batch, sequence, width)).astype(np.float32)
        parts = (narrow.linear_int8(x, weights[name], 0) for name in ("query", "key", "value"))
        want = narrow.attention_int8(*parts, heads, looks_up=cpu != "haswell")
        error = np.abs(model.run({"x": x})["y"] - want) / np.abs(want).max(axis=(0, 1))
        # A power next to a tie may be rounded to the other side: 2^-12 of its value, or
        # a 64th of an octave.
        assert error.max() < 1e-3
        assert np.mean(error > 1e-5) < 0.1


def attend(tmp_path, x):
    """One head of attention over x, by integers."""
    weights = {name: np.eye(16, dtype=np.float32) for name in ("query", "key", "value")}
    attention_model(tmp_path / "attention.onnx", weights, 1)
    model = compile_for("cascadelake", tmp_path / "attention.onnx", tmp_path / "attention.so", "int8")
    return model.run({"x": x})["y"]


def test_attention_of_integers_with_zeros_is_the_mean(tmp_path):
    x = np.zeros((1, 7, 16), np.float32)
    assert_same_bits("y", attend(tmp_path, x), x)


def test_attention_of_integers_with_a_row_of_nan_is_nan(tmp_path):
    x = np.random.default_rng(1).normal(size=(2, 7, 16)).astype(np.float32)
    clean = attend(tmp_path, x)
    x[0, 3, 2] = np.nan
    got = attend(tmp_path, x)
    assert np.isnan(got[0]).all()
    assert_same_bits("y", got[1], clean[1])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_is_nan_in_int8(bad, tmp_path):
    rng = np.random.default_rng(3)
    weight, bias = rng.normal(size=(20, 6)).astype(np.float32), np.ones(6, np.float32)
    linear_model(tmp_path / "linear.onnx", weight, bias)
    model = skim.compile(tmp_path / "linear.onnx", dtype="int8", dtype_fallback="emulate")
    x = rng.normal(size=(1, 4, 20)).astype(np.float32)
    want = narrow.linear_int8(x, weight, bias)
    x[0, 2, 7] = bad
    got = model.run({"x": x})["y"]
    assert np.isnan(got[0, 2]).all()
    for row in (0, 1, 3):
        assert_same_bits("y", got[0, row], want[0, row])


@pytest.mark.parametrize("dtype", TYPES)
def test_embeddings_are_close_to_fp32(dtype, large, compiled):
    import fetch_models
    from tokenizers import Tokenizer

    path = large("minilm")
    tokenizer = Tokenizer.from_file(str(large("tokenizer")))
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding()
    large("bbcnews")
    encoded = tokenizer.encode_batch(fetch_models.texts(24))
    ids = np.array([e.ids for e in encoded])
    mask = np.array([e.attention_mask for e in encoded])
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids}
    base = compiled(path).run(inputs)["sentence_embedding"]
    got = compiled(path, dtype=dtype, dtype_fallback="emulate").run(inputs)["sentence_embedding"]
    cosine = (base * got).sum(axis=1) / np.linalg.norm(base, axis=1) / np.linalg.norm(got, axis=1)
    assert cosine.min() >= 0.995, f"expected a cosine of 0.995 for each article, got {cosine}"
    assert not np.array_equal(base, got)


@pytest.mark.parametrize("dtype", TYPES)
def test_batches_and_threads_change_no_bit(dtype, models, compiled, session):
    path = models / "bert-cls-17-sdpa.onnx"
    model = compiled(path, dtype=dtype, dtype_fallback="emulate")
    inputs, mask = make_batch(session(path), 5, 33, "right", seed=2)
    together = model.run(inputs, threads=1)["logits"]
    assert_same_bits("logits", model.run(inputs, threads=2)["logits"], together)
    for row in np.flatnonzero(mask.any(axis=1)):
        alone = model.run(adaptive_cases.one_sequence(inputs, row))["logits"]
        assert_same_bits("logits", alone[0], together[row])


@pytest.mark.parametrize("dtype", TYPES)
def test_plans(dtype, tmp_path):
    """Pruned, skimmed and with exits: off means off, a sequence has its own bits."""
    case = adaptive_cases.Case(6, tmp_path, sections="pbe", compiled=False)
    options = {"dtype": dtype, "dtype_fallback": "emulate"}
    case.model = skim.compile(case.path, plan=case.plan, **options)
    dense = skim.compile(case.path, **options)
    inputs = case.inputs(0, batch=5, length=40, padding="right")
    want = dense.run(inputs)
    off = case.model.run(inputs, knobs=case.off())
    for name, value in want.items():
        assert_same_bits(name, off[name], value)
    assert not case.couples_batches
    adaptive_cases.assert_alone(case, inputs, {})
    _, stats = case.model.run(inputs, stats=True)
    assert stats["flops"]["executed"] - stats["flops"]["overhead"] < stats["flops"]["dense"]


@pytest.mark.parametrize("dtype", TYPES)
def test_what_tools_tell(dtype, tool, models, tmp_path):
    path, library, facts = models / "bert-cls-17-sdpa.onnx", tmp_path / "model.so", tmp_path / "facts.json"
    sizes = {}
    for name in ("fp32", dtype):
        done = tool(
            "skim-opt", path, f"--dtype={name}", "--dtype-fallback=emulate", "-o", library, f"--stats-json={facts}"
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(facts.read_text())
        assert told["dtype"] == name
        sizes[name] = told["weights_bytes"]
        described = tool("skim-run", library, "--describe")
        assert name in described.stdout, described.stdout
    assert sizes[dtype] < sizes["fp32"]


def test_fp32_as_a_fallback_is_fp32(tool, models, tmp_path):
    """x86-64-v3 has neither kind of instructions."""
    path = models / "bert-cls-17-sdpa.onnx"
    common = ["--mcpu=x86-64-v3", "--emit=obj", "-o"]
    assert tool("skim-opt", path, *common, tmp_path / "plain.o").returncode == 0
    for dtype in TYPES:
        done = tool(
            "skim-opt", path, *common, tmp_path / f"{dtype}.o", f"--dtype={dtype}", "--dtype-fallback=fp32", "-v"
        )
        assert done.returncode == 0 and "fp32 instead" in done.stderr, done.stderr
        assert (tmp_path / f"{dtype}.o").read_bytes() == (tmp_path / "plain.o").read_bytes()


@pytest.fixture(scope="module")
def amx(models):
    """Where this machine has what fp32 products by digits need."""
    try:
        skim.compile(models / "bert-cls-17-sdpa.onnx", fp32_products="int8x3")
    except skim.CompileError as error:
        if "has no AMX-INT8" not in str(error):
            raise
        pytest.skip(str(error))


@pytest.mark.parametrize(
    "dtype, needed", [("fp32", {"tile", "int8"}), ("bf16", {"tile", "bf16"}), ("int8", {"tile", "int8", "bf16"})]
)
def test_a_library_needs_the_tiles_that_it_uses(amx, dtype, needed, tool, models, tmp_path):
    """In int8 attention multiplies bf16."""
    skim.compile(models / "bert-cls-17-sdpa.onnx", output=tmp_path / "model.so", dtype=dtype)
    told = tool("skim-run", tmp_path / "model.so", "--describe").stdout
    assert {word[len("amx-") :] for word in told.split() if word.startswith("amx-")} == needed


@pytest.mark.parametrize("depth, width", [(32, 1), (64, 96), (132, 33), (768, 18)])
def test_fp32_by_digits_is_as_defined(amx, depth, width, tmp_path):
    rng = np.random.default_rng(depth)
    weight = rng.normal(size=(depth, width)).astype(np.float32)
    bias = rng.normal(size=width).astype(np.float32)
    linear_model(tmp_path / "linear.onnx", weight, bias)
    model = skim.compile(tmp_path / "linear.onnx", fp32_products="int8x3")
    chain = skim.compile(tmp_path / "linear.onnx", fp32_products="fma")
    for batch, sequence in ((1, 1), (1, 3), (4, 9), (2, 40)):
        x = rng.normal(size=(batch, sequence, depth)).astype(np.float32)
        got = model.run({"x": x})["y"]
        assert_same_bits("y", got, narrow.linear_int8x3(x, weight, bias))
        exact = x.astype(np.float64) @ weight + bias
        errors = [np.square(y - exact).mean() for y in (got, chain.run({"x": x})["y"])]
        assert depth < 768 or errors[0] < errors[1]


def test_fp32_by_digits_in_models(amx, models, compiled, session, tmp_path):
    """As close to ONNX Runtime as multiply-adds are; a sequence has its own bits; with a plan as well."""
    path = models / "bert-cls-17-sdpa.onnx"
    model = compiled(path, fp32_products="int8x3")
    inputs, mask = make_batch(session(path), 5, 33, "right", seed=2)
    together = model.run(inputs, threads=1)["logits"]
    (want,) = session(path).run(["logits"], inputs)
    assert np.abs(together - want)[mask.any(axis=1)].max() < 1e-5
    assert not np.array_equal(together, compiled(path, fp32_products="fma").run(inputs)["logits"])
    assert_same_bits("logits", model.run(inputs, threads=2)["logits"], together)
    for row in np.flatnonzero(mask.any(axis=1)):
        alone = model.run(adaptive_cases.one_sequence(inputs, row))["logits"]
        assert_same_bits("logits", alone[0], together[row])
    case = adaptive_cases.Case(6, tmp_path, sections="pbe", compiled=False)
    case.model = skim.compile(case.path, plan=case.plan, fp32_products="int8x3")
    adaptive_cases.assert_alone(case, case.inputs(0, batch=5, length=40, padding="right"), {})


def test_how_fp32_is_multiplied(amx, tool, models, tmp_path):
    facts = tmp_path / "facts.json"
    for options, how in (
        ([], "int8x3"),
        (["--fp32-products=auto", "--kernels=mlir"], "int8x3"),
        (["--fp32-products=auto", "--mcpu=znver5"], "fma"),
        (["--fp32-products=fma"], "fma"),
        (["--fp32-products=int8x3"], "int8x3"),
    ):
        done = tool(
            "skim-opt",
            models / "bert-cls-17-sdpa.onnx",
            *options,
            "--emit=kernels",
            "-o",
            tmp_path / "kernels.mlir",
            f"--stats-json={facts}",
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(facts.read_text())
        assert (told["dtype"], told["fp32_products"]) == ("fp32", how)
        assert ("gemm_int8x3_" in told["kernels"]) == (how == "int8x3")


def test_refusals(models):
    path = models / "bert-cls-17-sdpa.onnx"
    with pytest.raises(skim.CompileError, match="--fp32-products=int8x3: cpu 'znver5' has no AMX-INT8"):
        skim.compile(path, cpu="znver5", fp32_products="int8x3")
    for dtype, what in (("int8", "has neither AVX512-VNNI nor AVX-VNNI"), ("bf16", "has no AVX512-BF16")):
        with pytest.raises(skim.CompileError, match=f"--dtype={dtype}: cpu 'x86-64-v3' {what}; --dtype-fallback=fp32"):
            skim.compile(path, cpu="x86-64-v3", dtype=dtype)
    with pytest.raises(skim.CompileError, match="--dtype-fallback: expected one of error, fp32, emulate, got 'slow'"):
        skim.compile(path, dtype_fallback="slow")
