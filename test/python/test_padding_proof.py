"""What follows an encoder may see every position: then padding must stay, or the results would be others."""

import build_encoder as encoders
import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from encoder_cases import assert_close
from onnx import TensorProto, helper, numpy_helper

BATCH, LENGTH = 3, 12
SIZES = encoders.Sizes(vocab=96, hidden=24, layers=1, heads=4, ffn=40, positions=LENGTH)
HEADS, JOINED = np.array([0, 0, 4, 6]), np.array([0, -1])
RANDOM = np.random.default_rng(0)
MATRICES = {
    "positions": RANDOM.standard_normal((LENGTH, 5), dtype=np.float32),
    "columns": RANDOM.standard_normal((SIZES.hidden, 1), dtype=np.float32),
    "square": RANDOM.standard_normal((SIZES.hidden, SIZES.hidden), dtype=np.float32),
    "of_six": 1 + RANDOM.standard_normal(6, dtype=np.float32),
    "of_length": 1 + RANDOM.standard_normal(LENGTH, dtype=np.float32),
    "heads": HEADS,
    "joined": JOINED,
    "second": np.array([1]),
    "fourth": np.array(4),
}


def op(kind, inputs, output, **attributes):
    return helper.make_node(kind, inputs.split(), [output], **attributes)


SCORES = [op("MatMul", "states columns", "column"), op("Reshape", "column joined", "scores")]
# What makes `y` of the last states, of `embedded` ones or of the input `other`.
ENDS = {
    "sum_of_tanh_of_heads": [
        op("Reshape", "states heads", "a"),
        op("Tanh", "a", "b"),
        op("ReduceSum", "b second", "y", keepdims=0),
    ],
    "mean_of_sigmoid_of_heads": [
        op("Reshape", "states heads", "a"),
        op("Sigmoid", "a", "b"),
        op("ReduceMean", "b", "y", axes=[1], keepdims=0),
    ],
    "max_of_relu_behind_an_axis": [
        op("Unsqueeze", "states second", "a"),
        op("Relu", "a", "b"),
        op("ReduceMax", "b", "y", axes=[2], keepdims=0),
    ],
    "position_of_norms_of_heads": [
        op("Reshape", "states heads", "a"),
        op("LayerNormalization", "a of_six of_six", "b", axis=-1),
        op("Gather", "b fourth", "y", axis=1),
    ],
    "layer_of_positions": [op("Transpose", "states", "a", perm=[0, 2, 1]), op("MatMul", "a positions", "y")],
    "layer_of_scores": [*SCORES, op("MatMul", "scores positions", "y")],
    "norm_of_scores": [*SCORES, op("LayerNormalization", "scores of_length of_length", "y", axis=-1)],
    "mean_before_attention": [op("ReduceMean", "embedded", "y", axes=[1], keepdims=0)],
    "max_before_attention": [op("ReduceMax", "embedded", "y", axes=[1], keepdims=0)],
    "mean_of_an_input": [op("ReduceMean", "other", "y", axes=[1], keepdims=0)],
    "sum_of_sigmoid_of_an_input": [op("Sigmoid", "other", "a"), op("ReduceSum", "a second", "y", keepdims=0)],
    "max_of_a_layer_of_an_input": [
        op("MatMul", "other square", "a"),
        op("ReduceMax", "a", "y", axes=[1], keepdims=0),
    ],
}


def build(end, path):
    """An encoder of a known length, and what makes another output of its states."""
    model = encoders.build(encoders.random_weights(SIZES, seed=1), SIZES, encoders.Style(sequence=LENGTH)).model
    graph = model.graph
    norms = [i for i, node in enumerate(graph.node) if node.op_type == "LayerNormalization"]
    names = {"states": graph.node[norms[-1]].output[0], "embedded": graph.node[norms[0]].output[0]}
    # Right behind the embedding, or behind everything.
    place = norms[0] + 1 if end.endswith("before_attention") else len(graph.node)
    for node in reversed(ENDS[end]):
        graph.node.insert(place, node)
        used = [names.get(name, name) for name in node.input]
        del graph.node[place].input[:]
        graph.node[place].input.extend(used)
    used = {name for node in ENDS[end] for name in node.input}
    graph.initializer.extend(numpy_helper.from_array(array, name) for name, array in MATRICES.items() if name in used)
    if "other" in used:
        shape = [graph.input[0].type.tensor_type.shape.dim[0].dim_param, LENGTH, SIZES.hidden]
        graph.input.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, shape))
    graph.output.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, None))
    onnx.save(model, path)


@pytest.mark.parametrize("end", ENDS)
def test_every_position_is_seen(end, tmp_path):
    path = tmp_path / "model.onnx"
    build(end, path)
    peer = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(2)
    mask = (np.arange(LENGTH) < np.array([[LENGTH], [7], [3]])).astype(np.int64)
    inputs = {
        "input_ids": rng.integers(1, SIZES.vocab, (BATCH, LENGTH)),
        "attention_mask": mask,
        "token_type_ids": np.zeros((BATCH, LENGTH), np.int64),
        "other": rng.standard_normal((BATCH, LENGTH, SIZES.hidden), dtype=np.float32),
    }
    inputs = {each.name: inputs[each.name] for each in peer.get_inputs()}
    assert_close("y", skim.compile(path).run(inputs)["y"], peer.run(["y"], inputs)[0])
