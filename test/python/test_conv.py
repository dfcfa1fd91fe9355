"""Convolutions against ONNX Runtime, at sizes that are known and that are not."""

import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from encoder_cases import assert_close
from onnx import TensorProto, helper, numpy_helper

# Input, weights, dynamic dimensions, attributes.
CASES = {
    "plain": ((2, 3, 9), (4, 3, 3), (), {}),
    "strides": ((2, 3, 9), (4, 3, 3), (0, 2), dict(pads=[1, 1], strides=[2])),
    "groups": ((2, 4, 9), (6, 2, 3), (0, 2), dict(group=2, pads=[2, 0], dilations=[2])),
    "each_channel": ((2, 5, 11), (5, 1, 4), (0, 2), dict(group=5, pads=[2, 1])),
    "each_channel_of_an_image": (
        (2, 3, 7, 8),
        (3, 1, 3, 2),
        (0, 2, 3),
        dict(group=3, pads=[1, 0, 0, 2], strides=[2, 1], dilations=[1, 2]),
    ),
    "each_channel_by_many": ((1, 3, 150), (3, 1, 130), (2,), dict(group=3)),
    "positions": ((2, 3, 9), (4, 3, 1), (0, 2), {}),
    "positions_of_groups": ((2, 4, 9), (8, 1, 1), (0, 2), dict(group=4)),
    "positions_of_wide_groups": ((2, 64, 9), (48, 32, 1), (0, 2), dict(group=2)),
    "patches": ((2, 3, 8, 12), (7, 3, 4, 4), (0,), dict(strides=[4, 4])),
    "patches_of_any_size": ((2, 3, 8, 12), (7, 3, 4, 4), (0, 2, 3), dict(strides=[4, 4])),
    "patches_and_a_rest": ((2, 3, 8, 13), (7, 3, 4, 4), (0,), dict(strides=[4, 4])),
    "windows": ((2, 16, 11), (5, 16, 3), (0, 2), dict(pads=[1, 1], strides=[2])),
    "windows_without_pads": ((2, 17, 13), (40, 17, 4), (0, 2), dict(strides=[3], dilations=[2])),
    "windows_and_a_rest": ((2, 16, 9), (5, 16, 2), (0,), dict(strides=[2])),
    "windows_of_an_image": ((2, 16, 7, 9), (5, 16, 3, 2), (0,), dict(pads=[1, 0, 2, 1], strides=[2, 1])),
    "windows_of_any_image": ((2, 16, 7, 9), (5, 16, 3, 3), (0, 2, 3), dict(pads=[1, 1, 1, 1], strides=[2, 2])),
    "windows_of_groups": ((2, 48, 11), (32, 24, 3), (0, 2), dict(group=2, pads=[1, 1], strides=[2])),
    "windows_of_groups_of_an_image": ((2, 32, 6, 7), (32, 16, 3, 3), (0, 2), dict(group=2, pads=[1, 1, 1, 1])),
    "many_positions": ((2, 16, 50), (5, 16, 20), (0, 2), dict(pads=[3, 4], strides=[3], dilations=[2])),
    "many_positions_of_groups": ((2, 48, 13), (32, 24, 18), (0, 2), dict(group=2, pads=[9, 9])),
    "many_positions_of_known_length": ((2, 48, 13), (32, 24, 18), (), dict(group=2, pads=[9, 9])),
    "same_upper": ((1, 3, 7, 8), (4, 3, 3, 3), (0,), dict(auto_pad="SAME_UPPER", strides=[2, 2])),
    "same_lower": ((1, 3, 7, 8), (4, 3, 4, 4), (0, 2, 3), dict(auto_pad="SAME_LOWER")),
    "valid": ((1, 3, 7, 8), (4, 3, 4, 4), (0, 2, 3), dict(auto_pad="VALID")),
    "three_dimensions": ((1, 2, 4, 5, 6), (3, 2, 2, 2, 2), (0,), dict(pads=[1, 0, 1, 0, 1, 0])),
}


def build(path, shape, weights, dynamic, attributes, bias):
    """A model of one Conv, and of a product without which it would be refused: no encoder."""
    rng = np.random.default_rng(0)
    arrays = {"w": rng.standard_normal(weights), "b": rng.standard_normal(weights[0])}
    names = ["w", "b"] if bias else ["w"]
    dims = [f"d{i}" if i in dynamic else extent for i, extent in enumerate(shape)]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", *names], ["y"], **attributes),
            helper.make_node("Flatten", ["x"], ["rows"]),
            helper.make_node("Transpose", ["rows"], ["columns"]),
            helper.make_node("MatMul", ["rows", "columns"], ["scores"]),
        ],
        "conv",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("y", "scores")],
        [numpy_helper.from_array(arrays[name].astype(np.float32), name) for name in names],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("name", CASES)
def test_matches_onnxruntime(name, bias, tmp_path):
    shape, _, dynamic, _ = CASES[name]
    peer, model = build(tmp_path / "conv.onnx", *CASES[name], bias), skim.compile(tmp_path / "conv.onnx")
    for more in (0, 1) if dynamic else (0,):
        x = [extent + more * (i in dynamic) for i, extent in enumerate(shape)]
        x = np.random.default_rng(more).standard_normal(x).astype(np.float32)
        assert_close("y", model.run({"x": x})["y"], peer.run(None, {"x": x})[0])


@pytest.mark.parametrize("length", [0, 2, 3])
@pytest.mark.parametrize("channels, window", [(3, 4), (16, 4), (16, 20)])
def test_too_short_an_input_is_refused(channels, window, length, tmp_path):
    """By loops, by windows side by side, by windows that are gathered."""
    pads = dict(pads=[0, window - 4])
    build(tmp_path / "conv.onnx", (1, channels, 5), (4, channels, window), (2,), pads, bias=False)
    message = rf"'y' \(Conv\).* the window's {window} positions, got {length + window - 4}"
    with pytest.raises(skim.RunError, match=message):
        skim.compile(tmp_path / "conv.onnx").run({"x": np.zeros((1, channels, length), np.float32)})
