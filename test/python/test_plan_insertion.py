"""Plans of all sections go into every test model, and the result verifies."""

import json
import re

import build_encoder as encoders
import numpy as np
import onnx
import pytest
import skim
from conftest import MODELS
from plan_cases import CRITERIA, HEADS, block_skim, block_tensors, early_exit, exit_tensors, random_plan, token_pruning
from safetensors.numpy import save_file

ALL = sorted(path.name for path in MODELS.glob("*.onnx"))
CLASSIFIERS = [name for name in ALL if "-cls-" in name]


class Facts:
    """What a plan must fit, read off the packed form."""

    def __init__(self, tool, model):
        text = tool("skim-opt", MODELS / model, "--emit=packed").stdout
        self.heads = [int(n) for n in re.findall(r"skim\.attention.*[{ ]heads = (\d+)", text)]
        self.widths = [int(n) for n in re.findall(r"skim\.attention.*-> !skim\.ragged<(\d+)xf32>", text)]
        signature = re.search(r"func.func @main\(.*", text).group()
        self.segments = "token_type" in signature
        logits = re.search(r"tensor<(?:\?|\d+)x(\d+)xf32> \{[^}]*onnx.name = \"logits\"", signature)
        self.classes = int(logits.group(1)) if logits else None
        self.padded = "skim.pack like" in text and "attention_mask" in signature

    @property
    def layers(self):
        return len(self.heads)


def save(folder, plan, tensors):
    if tensors:
        save_file(tensors, folder / "plan.safetensors")
        plan = {**plan, "tensors": "plan.safetensors"}
    (folder / "plan.json").write_text(json.dumps(plan))
    return folder / "plan.json"


def planned(tool, model, path):
    done = tool("skim-opt", MODELS / model, f"--plan={path}", "--emit=planned", "-v")
    assert done.returncode == 0, f"{model}: {done.stderr.strip().splitlines()[-1]}; {path.read_text()}"
    return done


def counted(text, op):
    return len(re.findall(rf"= skim\.{op}\b", text))


@pytest.mark.parametrize("model", CLASSIFIERS)
@pytest.mark.parametrize("head", HEADS)
def test_all_sections_go_into_classifiers(tool, tmp_path, model, head):
    facts = Facts(tool, model)
    if facts.padded or facts.layers < 2:
        pytest.skip("padding is kept, or one layer only")
    for number, criterion in enumerate(CRITERIA):
        rng = np.random.default_rng([number, len(model)])
        skim = block_skim(rng, facts.layers, facts.segments)
        leave = early_exit(rng, facts.layers, classes=facts.classes, head=head, criterion=criterion)
        prune = token_pruning(rng, facts.layers, 20)
        tensors = block_tensors(rng, skim, facts.heads[0]) | exit_tensors(rng, leave, facts.widths[0], facts.classes)
        plan = {"version": 1, "token_pruning": prune, "block_skim": skim, "early_exit": leave}
        text = planned(tool, model, save(tmp_path, plan, tensors)).stdout
        assert counted(text, "prune") == len(prune["layers"])
        assert counted(text, "skip_blocks") == counted(text, "block_scores") == len(skim["layers"])
        assert counted(text, "early_exit") == len(leave["layers"])
        heads = counted(text, "attention") - facts.layers
        assert heads == (len(leave["layers"]) if head == "fastbert" else 0)
        assert counted(text, "weighted_sum") == (len(leave["layers"]) if head == "scalar_mix" else 0)


@pytest.mark.parametrize("model", ALL)
def test_random_plans_go_into_every_model(tool, tmp_path, model):
    facts = Facts(tool, model)
    if facts.padded or facts.layers == 0:
        pytest.skip("padding is kept, or no attention is raised")
    for seed in range(7):
        sections = ("p", "b", "pb", "e", "pe", "be", "pbe")[seed]
        if facts.classes is None or facts.layers < 2:
            sections = sections.replace("e", "") or "p"
        plan, tensors = random_plan(
            np.random.default_rng(seed),
            facts.layers,
            facts.heads[0],
            facts.widths[0],
            20,
            sections,
            segments=facts.segments,
            classes=facts.classes or 3,
        )
        planned(tool, model, save(tmp_path, plan, tensors))


def test_says_what_was_put_in(tool, tmp_path):
    rng = np.random.default_rng(5)
    skim = {"layers": [1], "block_size": 4, "threshold": 0.5}
    prune = {"method": "ltp", "layers": [0, 2], "thresholds": [0.1, 0.1], "denominator_tokens": 16}
    tensors = block_tensors(rng, skim, 4) | {"early_exit.0.mix": np.zeros(1, np.float32)}
    path = save(tmp_path, {"version": 1, "token_pruning": prune, "block_skim": skim}, tensors)
    lines = planned(tool, "bert-14-sdpa.onnx", path).stderr.splitlines()
    line = next(line for line in lines if line.startswith("planned"))
    assert "tokens pruned in 2 layers; blocks skipped in 1 layer; states of dropped tokens held for 1 output" in line
    assert lines[lines.index(line) + 1].endswith("plan.safetensors: tensor 'early_exit.0.mix' is not used")


def test_other_outputs_of_each_token_hold_what_is_dropped(tmp_path):
    """An activation of heads works on each token apart: it is that of the states which are held."""
    sizes = encoders.Sizes(vocab=96, hidden=24, layers=2, heads=4, ffn=40, positions=80)
    model = encoders.build(encoders.random_weights(sizes, seed=3), sizes, encoders.Style()).model
    states = model.graph.output[0].name
    model.graph.node.append(onnx.helper.make_node("Reshape", [states, "heads"], ["a"]))
    model.graph.node.append(onnx.helper.make_node("Tanh", ["a"], ["of_heads"]))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([0, 0, 4, 6]), "heads"))
    model.graph.output.append(onnx.helper.make_tensor_value_info("of_heads", onnx.TensorProto.FLOAT, None))
    onnx.save(model, tmp_path / "model.onnx")
    pruning = dict(method="ltp", layers=[0, 1], thresholds=[0.04, 0.05], denominator_tokens="alive")
    compiled = skim.compile(tmp_path / "model.onnx", plan=dict(version=1, token_pruning=pruning))
    rng = np.random.default_rng(4)
    mask = (np.arange(30) < np.array([[30], [17]])).astype(np.int64)
    inputs = dict(input_ids=rng.integers(1, 96, (2, 30)), attention_mask=mask, token_type_ids=0 * mask)
    outputs, stats = compiled.run(inputs, stats=True)
    assert stats["layers"][-1]["tokens_out"] < stats["tokens"]
    expected = np.tanh(outputs[states].reshape(2, 30, 4, 6))
    np.testing.assert_allclose(outputs["of_heads"], expected, rtol=0, atol=1e-6)


def test_padding_that_is_kept_is_an_error(tool, tmp_path):
    prune = {"method": "ltp", "layers": [0], "thresholds": [0.1], "denominator_tokens": 16}
    path = save(tmp_path, {"version": 1, "token_pruning": prune}, {})
    done = tool("skim-opt", MODELS / "bert-14-sdpa.onnx", f"--plan={path}", "--keep-padding", "--emit=planned")
    assert done.returncode == 1
    assert done.stderr == f"skim-opt: error: --keep-padding: expected no plan beside it, got {path}\n"


def test_messages_of_the_command_name_file_and_field(tool, tmp_path):
    prune = {"method": "ltp", "layers": [0, 9], "thresholds": [0.1, 0.1], "denominator_tokens": 16}
    path = save(tmp_path, {"version": 1, "token_pruning": prune}, {})
    done = tool("skim-opt", MODELS / "bert-14-sdpa.onnx", f"--plan={path}", "-o", tmp_path / "m.so")
    assert done.returncode == 1
    assert done.stderr == f"skim-opt: error: {path}: token_pruning.layers[1]: expected a layer from 0 to 2, got 9\n"
    assert not (tmp_path / "m.so").exists()
