"""DeBERTa: the numpy reference, and token pruning with disentangled positions against it."""

import pathlib

import disentangled
import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from encoder_cases import PADDINGS, compare, compare_pruned, make_batch
from onnx import helper, numpy_helper

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


def zero_hidden_probabilities(source, path):
    """As transformers 4.30 wrote it: what is hidden before the softmax becomes 0 behind it."""
    model = onnx.load(source)
    made = {output: node for node in model.graph.node for output in node.output}
    zero = numpy_helper.from_array(np.zeros((), np.float32), "no_probability")
    model.graph.initializer.append(zero)
    for node in list(model.graph.node):
        filled = made.get(node.input[0]) if node.op_type == "Softmax" else None
        if filled is None:
            continue
        assert filled.op_type == "Where"
        given, node.output[0] = node.output[0], node.output[0] + "_kept"
        # The scores are the second choice of a condition that is true for what is seen, or the last.
        hides = made.get(filled.input[1]) is None or made[filled.input[1]].op_type == "Constant"
        choices = [zero.name, node.output[0]] if hides else [node.output[0], zero.name]
        where = helper.make_node("Where", [filled.input[0], *choices], [given], name=given)
        model.graph.node.insert(list(model.graph.node).index(node) + 1, where)
    onnx.save(model, path)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("keep_padding", [False, True])
def test_hidden_probabilities_become_zeros(keep_padding, padding, tool, tmp_path):
    path = tmp_path / "zeroed.onnx"
    zero_hidden_probabilities(MODELS / f"{NAMES[0]}.onnx", path)
    process = tool("skim-opt", path, "--emit=skim")
    assert process.stdout.count("empty_keys = #skim<empty_keys zero>") == 2, process.stderr
    model = skim.compile(path, keep_padding=keep_padding)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for shape in [(1, 5), (4, 37)]:
        inputs, mask = make_batch(session, *shape, padding)
        compare(session, inputs, mask, model.run(inputs), everywhere=keep_padding)
