"""Both emitters of kernels give the same model: Halide's kernels against ONNX Runtime and, bit by bit, against the
others by multiply-adds, with and without pruning, over batches and threads."""

import numpy as np
import pytest
import skim

PLAN = {
    "version": 1,
    "token_pruning": {"method": "ltp", "layers": [1, 3], "thresholds": [0.02, 0.03], "denominator_tokens": "alive"},
}


def compile_halide(path, **options):
    try:
        return skim.compile(str(path), kernels="halide", **options)
    except skim.CompileError as error:
        if "this build has no Halide" in str(error):
            pytest.skip(str(error))
        raise


def make_inputs(lengths, seed=5):
    random = np.random.default_rng(seed)
    shape = (len(lengths), max(lengths))
    mask = (np.arange(shape[1]) < np.array(lengths)[:, None]).astype(np.int64)
    ids = random.integers(1000, 20000, shape) * mask
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros(shape, np.int64)}


def assert_same_bits(left, right):
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].tobytes() == right[name].tobytes(), name


def test_minilm(large, session):
    path = large("minilm")
    halide = compile_halide(path)
    plain = skim.compile(str(path), kernels="mlir", fp32_products="fma")
    inputs = make_inputs([1, 3, 17, 40])
    result = halide.run(inputs)
    assert_same_bits(result, plain.run(inputs))
    expected = dict(zip(result, session(path).run(list(result), inputs), strict=True))
    tokens = inputs["attention_mask"].astype(bool)
    for name, value in expected.items():
        ours = result[name]
        if value.ndim == 3:
            ours, value = ours[tokens], value[tokens]
        assert np.abs(ours - value).max() <= 2e-5 * np.abs(value).max(), name


def test_pruned_minilm(large):
    path = large("minilm")
    halide = compile_halide(path, plan=PLAN)
    plain = skim.compile(str(path), plan=PLAN, kernels="mlir", fp32_products="fma")
    inputs = make_inputs([5, 30, 64])
    result, statistics = halide.run(inputs, stats=True)
    expected, plain_statistics = plain.run(inputs, stats=True)
    assert_same_bits(result, expected)
    assert statistics["layers"] == plain_statistics["layers"]
    assert statistics["layers"][-1]["tokens_out"] < statistics["tokens"]


def test_batch_and_threads_change_no_bit(large):
    halide = compile_halide(large("minilm"))
    lengths = [2, 9, 31, 33]
    inputs = make_inputs(lengths)
    together = halide.run(inputs, threads=2)
    assert_same_bits(together, halide.run(inputs, threads=1))
    for row, length in enumerate(lengths):
        alone = halide.run({name: value[row : row + 1, :length] for name, value in inputs.items()})
        for name, value in alone.items():
            whole = together[name][row]
            part = whole[:length] if value.ndim == 3 else whole
            assert value[0].tobytes() == part.tobytes(), (name, row)
