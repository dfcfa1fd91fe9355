"""DeBERTa: the numpy reference, and token pruning with disentangled positions against it."""

import pathlib

import disentangled
import numpy as np
import pytest
from encoder_cases import compare, compare_pruned, make_batch

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
NAMES = ["deberta-v2-cls-14-eager", "deberta-v2-cls-18-dynamo"]


def reference(name):
    return disentangled.Classifier(MODELS / f"{name}.onnx", heads=4, size=16, farthest=264)


@pytest.mark.parametrize("name", NAMES)
def test_reference_matches_onnxruntime(name, session):
    peer = session(MODELS / f"{name}.onnx")
    for shape, padding in (((1, 1), "none"), ((3, 20), "right"), ((4, 131), "mixed")):
        inputs, mask = make_batch(peer, *shape, padding)
        logits, _, _ = reference(name).run(inputs["input_ids"], mask)
        compare(peer, inputs, mask, {"logits": logits.astype(np.float32)})


@pytest.mark.parametrize("name", NAMES)
def test_pruned_tokens_leave_the_others_where_they_are(name, session, tmp_path):
    """Distances are those of the whole text, whatever was taken out between two tokens."""
    thresholds = {0: 0.03, 1: 0.025}
    path, shapes = MODELS / f"{name}.onnx", [(1, 6), (3, 33), (2, 60), (5, 27)]
    compare_pruned(path, session(path), reference(name), thresholds, shapes, tmp_path / "pruned.so")
