"""ModernBERT: the numpy reference, and token pruning with rotary positions and windows against it."""

import pathlib

import modern
import numpy as np
import pytest
from encoder_cases import compare, compare_pruned, make_batch

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
NAMES = ["modernbert-17-sdpa", "modernbert-14-eager", "modernbert-18-dynamo"]


def reference(name):
    return modern.ModernBert(MODELS / f"{name}.onnx", heads=2, window=4)


@pytest.mark.parametrize("name", NAMES)
def test_reference_matches_onnxruntime(name, session):
    peer = session(MODELS / f"{name}.onnx")
    for shape, padding in (((1, 1), "none"), ((3, 20), "right"), ((4, 31), "mixed")):
        inputs, mask = make_batch(peer, *shape, padding)
        states, _, _ = reference(name).run(inputs["input_ids"], mask)
        compare(peer, inputs, mask, {"last_hidden_state": states.astype(np.float32)})


@pytest.mark.parametrize("name", NAMES)
def test_pruned_tokens_leave_the_others_where_they_are(name, session, tmp_path):
    """Positions and windows are those of the whole text, in global and in local layers."""
    thresholds = {0: 0.03, 1: 0.025, 2: 0.03}
    path, shapes = MODELS / f"{name}.onnx", [(1, 6), (3, 33), (2, 40), (5, 27)]
    compare_pruned(path, session(path), reference(name), thresholds, shapes, tmp_path / "pruned.so", restore="hold")
