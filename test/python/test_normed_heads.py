"""Qwen3 and Gemma 3: the numpy reference, and token pruning with normalised heads, causal attention
and windows against it."""

import pathlib

import normed_heads
import numpy as np
import pytest
import skim
from encoder_cases import compare, compare_pruned, make_batch

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
REFERENCES = {
    "qwen3-17-sdpa": lambda path: normed_heads.qwen3(path, heads=4, key_heads=2, layers=3),
    "gemma3-18-dynamo": lambda path: normed_heads.gemma3(path, heads=3, key_heads=1, windows=[4, 4, None]),
}


@pytest.fixture(params=REFERENCES)
def case(request, session):
    """A model's path, its session and its reference."""
    path = MODELS / f"{request.param}.onnx"
    return path, session(path), REFERENCES[request.param](path)


def test_reference_matches_onnxruntime(case):
    _, peer, reference = case
    for shape, padding in (((1, 1), "none"), ((3, 20), "right"), ((4, 31), "mixed")):
        inputs, mask = make_batch(peer, *shape, padding)
        states, _, _ = reference.run(inputs["input_ids"], mask)
        compare(peer, inputs, mask, {"last_hidden_state": states.astype(np.float32)})


def test_pruned_tokens_leave_the_others_where_they_are(case, tmp_path):
    """Positions, what is causal and windows are those of the whole text."""
    path, peer, reference = case
    thresholds, shapes = {0: 0.03, 1: 0.025, 2: 0.03}, [(1, 6), (3, 33), (2, 40), (5, 27)]
    compare_pruned(path, peer, reference, thresholds, shapes, tmp_path / "pruned.so", restore="hold")


def test_flops_count_the_pairs_that_windows_leave(case):
    path, peer, reference = case
    inputs, mask = make_batch(peer, 3, 29, "mixed")
    _, stats = skim.compile(path).run(inputs, stats=True)

    def flops(lengths):
        total = 0
        for form, (query, *others) in zip(reference.layers, reference.matrices, strict=True):
            for n in lengths:
                ahead = np.arange(n)[:, None] - np.arange(n)[None, :]
                pairs = np.count_nonzero((ahead <= form.left) & (-ahead <= form.right))
                total += n * 2 * sum(matrix.size for matrix in (query, *others)) + pairs * 4 * query.shape[1]
        return total

    lengths = mask.sum(axis=1)
    assert stats["flops"] == {
        "executed": flops(lengths),
        "dense": flops(lengths),
        "padded": flops([29] * 3),
        "overhead": 0,
    }
