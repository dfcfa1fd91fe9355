"""What `--emit=skim` shows: encoder layers are raised whole, nothing is left behind."""

import pathlib
import re

import pytest
from test_onnx_models import MAIN, NAMES

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
# Operations on states that must not be left over once a graph is raised.
STATE_OPERATIONS = re.compile(
    r"onnx\.(MatMul|Gemm|Softmax|Erf|Gelu|Tanh|LayerNormalization|ReduceMean|ReduceL2|Sqrt|Pow|IsNaN|Relu|Div)\b"
)
LAYERS = {"distilbert-cls": 2}


def emitted(tool, path, stage="skim"):
    process = tool("skim-opt", path, f"--emit={stage}")
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.parametrize("name", MAIN + ["sentence-14-sdpa", "sentence-17-eager", "bert-cls-18-dynamo"])
def test_small_models_are_raised(name, tool):
    text = emitted(tool, MODELS / f"{name}.onnx")
    left = sorted(set(STATE_OPERATIONS.findall(text)))
    assert not left, f"left unraised: {left}"
    layers = LAYERS.get(name.rsplit("-", 2)[0], 3)
    assert len(re.findall(r"\bskim\.attention\b", text)) == layers


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_unraised(name, tool, tmp_path):
    process = tool("skim-opt", MODELS / f"{name}.onnx", "--emit=packed", "-o", tmp_path / "packed.mlir", "-v")
    assert process.returncode == 0, process.stderr
    # Tokens times the mask, whatever numbers that holds; columns of groups of channels.
    family = name.split("-")[0]
    left = {"deberta": "2\n", "xlm": "4\n", "squeezebert": "16\n"}.get(family, "none")
    assert f"left unraised: {left}" in process.stderr
    assert "padding removed at entry" in process.stderr or "nomask" in name


@pytest.mark.parametrize(("name", "layers"), [("published", 3), ("minilm", 6)])
def test_large_models_are_raised(name, layers, tool, large):
    text = emitted(tool, large(name))
    assert not STATE_OPERATIONS.search(text)
    assert len(re.findall(r"\bskim\.attention\b", text)) == layers
    # About ten operations a layer, and a few for embedding, mask and outputs.
    operations = len(re.findall(r"= \"?skim\.\w+", text))
    assert operations <= 11 * layers + 12, f"{operations} skim operations for {layers} layers"


def test_weights_are_not_printed_as_text(tool):
    assert len(emitted(tool, MODELS / "bert-14-sdpa.onnx")) < 400_000
