"""Models in float16: computed in fp32, so nearer to the model that was converted than ONNX Runtime's."""

import pathlib

import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from encoder_cases import make_batch
from onnxruntime.transformers.float16 import convert_float_to_float16

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
NAMES = ["bert-17-sdpa", "bert-cls-18-dynamo", "sentence-17-eager", "modernbert-18-dynamo", "t5-17-sdpa"]


@pytest.mark.parametrize("wide", [True, False], ids=["float32", "float16"])
@pytest.mark.parametrize("name", NAMES)
def test_half_models_are_raised_and_exact_but_for_weights(name, wide, tmp_path, tool):
    """With inputs and outputs in fp32, or outputs in float16."""
    source, path = MODELS / f"{name}.onnx", tmp_path / "half.onnx"
    onnx.save(convert_float_to_float16(onnx.load(source), keep_io_types=wide), path)
    exact, peer = (onnxruntime.InferenceSession(p, providers=["CPUExecutionProvider"]) for p in (source, path))
    model = skim.compile(path)
    inputs, mask = make_batch(exact, 4, 30, "right")
    outputs, stats = model.run(inputs, stats=True)
    assert stats["tokens"] == mask.sum()
    for info, want, half in zip(exact.get_outputs(), exact.run(None, inputs), peer.run(None, inputs), strict=True):
        got = outputs[info.name]
        assert got.dtype == half.dtype == (np.float32 if wide else np.float16)
        if want.ndim == 3:
            got, half, want = (array[mask != 0] for array in (got, half, want))
        # What weights of 11 bits change, which models may enlarge.
        allowed = max(2e-3 * np.abs(want).max(), 1.1 * np.abs(half - want).max())
        assert np.abs(got - want).max() <= allowed
    process = tool("skim-opt", path, "--emit=skim", "-o", tmp_path / "skim.mlir", "-v")
    assert process.returncode == 0, process.stderr
    left = "none" if wide else str(len(exact.get_outputs()))
    assert f"left unraised: {left}\n" in process.stderr


def test_half_inputs(tmp_path):
    """An input in float16 is taken as it is."""
    helper = onnx.helper
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "half",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT16, ["rows", 300])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT16, ["rows", 5])],
        [onnx.numpy_helper.from_array(np.random.default_rng(0).standard_normal((300, 5)).astype(np.float16), "w")],
    )
    path = tmp_path / "half.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    x = np.random.default_rng(1).standard_normal((7, 300)).astype(np.float16)
    w = onnx.numpy_helper.to_array(graph.initializer[0]).astype(np.float64)
    expected = (x.astype(np.float64) @ w).astype(np.float16)
    got = skim.compile(path).run({"x": x})["y"]
    # Rounded once, at the end.
    np.testing.assert_allclose(got.astype(np.float64), expected.astype(np.float64), rtol=1e-3, atol=1e-4)
