"""skim.calibrate over the numpy reference: it reaches its goals, and always in the same way."""

import json

import adaptive
import build_encoder as encoders
import encoder
import numpy as np
import plan_cases
import pytest
import skim
from encoder_cases import make_mask

SIZES = encoders.Sizes(vocab=96, hidden=16, layers=4, heads=2, ffn=24, positions=40)


class Reference:
    """The reference behind the face of a compiled model."""

    def __init__(self, plan, head="cls", outputs=None):
        model = encoder.Encoder(encoders.random_weights(SIZES, 3), SIZES.heads, SIZES.eps)
        self.adaptive = adaptive.Adaptive(model, head, plan.data, plan.tensors, outputs)
        self.knobs = self.adaptive.defaults()
        ids = skim.Tensor("input_ids", np.dtype("int64"), ("batch", "sequence"))
        self.inputs, self.runs = [ids], 0
        shapes = {"logits": ("batch", 3) if head == "cls" else ("batch", "sequence", 3)}
        self.outputs = [
            skim.Tensor(o.name, np.dtype("float32"), shapes.get(o.name, ("batch", "sequence")))
            for o in self.adaptive.outputs
        ]

    def run(self, inputs, stats=False, knobs=None):
        self.runs += 1
        result = self.adaptive.run(inputs, knobs)
        return result.outputs, result.statistics


def batches(count=2, size=4, length=14):
    found = []
    for seed in range(count):
        rng = np.random.default_rng([seed, 5])
        ids = rng.integers(3, 90, (size, length))
        mask = make_mask(size, length, "right", rng)
        mask[:, :6] = 1
        found.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    return found


def make_plan(sections, **more):
    rng = np.random.default_rng(2)
    parts, tensors = {}, {}
    if "p" in sections:
        parts["token_pruning"] = {
            "method": "ltp",
            "layers": [0, 1, 2],
            "thresholds": [0.01, 0.02, 0.03],
            "denominator_tokens": "alive",
        }
    if "b" in sections:
        parts["block_skim"] = {"layers": [0, 1], "block_size": 4, "threshold": 0.1}
        tensors |= plan_cases.block_tensors(rng, parts["block_skim"], SIZES.heads)
    if "e" in sections:
        parts["early_exit"] = {"layers": [0, 1, 2], "output": "logits", "head": "linear", **more}
        tensors |= plan_cases.exit_tensors(rng, parts["early_exit"], SIZES.hidden)
    return skim.Plan(**parts, tensors=tensors)


EXITS = {
    "entropy": dict(criterion="entropy", threshold=0.1),
    "normalised_entropy": dict(criterion="normalised_entropy", threshold=0.1),
    "max_probability": dict(criterion="max_probability", threshold=0.9),
    "patience": dict(criterion="patience", threshold=1),
}


def check(plan, data, result):
    """The plan does what the curve says of the chosen setting."""
    row = next(row for row in result.curve if row["chosen"])
    again = Reference(result.plan)
    executed = dense = 0
    for batch in data:
        flops = again.run(batch)[1]["flops"]
        executed, dense = executed + flops["executed"], dense + flops["dense"]
    assert executed / dense == pytest.approx(row["flops"], abs=1e-9)
    assert sum(r["chosen"] for r in result.curve) == 1
    return row


@pytest.mark.parametrize(("sections", "target"), [("p", 0.8), ("p", 0.5), ("b", 0.85), ("b", 0.75)])
def test_flops_are_reached(sections, target):
    plan, data = make_plan(sections), batches()
    result = skim.calibrate(Reference(plan), plan, data, target_flops=target, progress=False)
    row = check(plan, data, result)
    # Just below the goal: steps are as large as a few tokens or blocks.
    assert target - (0.06 if sections == "p" else 0.15) < row["flops"] <= target
    assert all(set(row) == set(other) for other in result.curve)


@pytest.mark.parametrize("criterion", EXITS)
def test_exits_are_calibrated(criterion):
    plan, data = make_plan("e", **EXITS[criterion]), batches()
    result = skim.calibrate(Reference(plan), plan, data, target_flops=0.9, progress=False)
    row = check(plan, data, result)
    assert row["flops"] <= 0.9
    section = result.plan.data["early_exit"]
    assert section["threshold"] == row["early_exit.threshold"]
    if criterion == "patience":
        assert type(section["threshold"]) is int and section["threshold"] >= 1


def test_agreement_is_reached_with_fewest_flops():
    plan, data = make_plan("p"), batches()
    flops = []
    for goal in (1.0, 0.8):
        result = skim.calibrate(Reference(plan), plan, data, agreement=goal, progress=False)
        row = check(plan, data, result)
        assert row["agreement"] >= goal
        flops.append(row["flops"])
        best = [r["flops"] for r in result.curve if r["agreement"] >= goal]
        assert row["flops"] == min(best)
    assert flops[1] <= flops[0] < 1


@pytest.mark.parametrize("sections", ["pe", "pb", "pbe"])
def test_sections_together(sections):
    plan, data = make_plan(sections, **EXITS["normalised_entropy"]), batches(1)
    model = Reference(plan)
    result = skim.calibrate(model, plan, data, target_flops=0.6, progress=False)
    row = check(plan, data, result)
    assert row["flops"] <= 0.6
    alone = skim.calibrate(Reference(make_plan("p")), make_plan("p"), data, target_flops=0.6, progress=False)
    alone = next(r for r in alone.curve if r["chosen"])
    if sections == "pe":
        # A section more does not make it worse, but for the exits' heads.
        assert row["agreement"] >= alone["agreement"] - 0.1
    assert result.plan.tensors.keys() == plan.tensors.keys()
    assert model.runs <= 150 * len(data)


def test_the_same_arguments_give_the_same_plan():
    plan, data = make_plan("pe", **EXITS["entropy"]), batches(3, 2)
    results = [
        skim.calibrate(Reference(plan), plan, data, target_flops=0.7, samples=2, seed=7, progress=False)
        for _ in range(2)
    ]
    assert results[0].plan == results[1].plan and results[0].curve == results[1].curve
    assert results[0].curve[0].keys() >= {"flops", "agreement", "chosen"}
    check(plan, data, results[0])


def test_thresholds_layer_by_layer(monkeypatch):
    plan, data = make_plan("p"), batches(1)
    with pytest.raises(skim.RunError, match="per_layer: expected an ONNX file to compile, got a compiled model"):
        skim.calibrate(Reference(plan), plan, data, target_flops=0.6, per_layer=True, progress=False)
    exits = make_plan("e", **EXITS["entropy"])
    with pytest.raises(skim.RunError, match="per_layer: expected a plan with token_pruning"):
        skim.calibrate("model.onnx", exits, data, target_flops=0.6, per_layer=True, progress=False)
    made = []

    def compile(path, plan):
        made.append((path, plan))
        return Reference(plan)

    monkeypatch.setattr("skim._calibrate.compile", compile)
    result = skim.calibrate("model.onnx", plan, data, target_flops=0.6, per_layer=True, progress=False)
    assert len(made) == 4 and {path for path, _ in made} == {"model.onnx"}
    row = check(plan, data, result)
    assert {r["shape"] for r in result.curve} == {"given", "even", "linear", "square"}
    assert row["agreement"] == max(r["agreement"] for r in result.curve if r["flops"] <= 0.6)
    alone = skim.calibrate("model.onnx", plan, data, target_flops=0.6, progress=False)
    assert "shape" not in alone.curve[0]


def test_labels_give_accuracy():
    plan, data = make_plan("p"), batches()
    dense = [Reference(plan).run(batch, knobs={"token_pruning.scale": 0})[0]["logits"].argmax(1) for batch in data]
    labels = np.concatenate(dense)
    labels[::4] = (labels[::4] + 1) % 3  # the dense model is right in three of four
    result = skim.calibrate(Reference(plan), plan, data, agreement=0.9, labels=labels, progress=False)
    row = check(plan, data, result)
    assert row["accuracy"] >= 0.9 * 6 / 8
    split = np.split(labels, 2)
    again = skim.calibrate(Reference(plan), plan, data, agreement=0.9, labels=split, progress=False)
    assert again.plan == result.plan
    with pytest.raises(skim.RunError, match="labels: expected 8, one a sequence, got 7"):
        skim.calibrate(Reference(plan), plan, data, agreement=0.9, labels=labels[1:], progress=False)


@pytest.mark.parametrize("head", ["tok", "qa", "none"])
def test_sequence_outputs(head):
    plan, data = make_plan("p"), batches(2)
    result = skim.calibrate(Reference(plan, head), plan, data, target_flops=0.7, progress=False)
    row = next(row for row in result.curve if row["chosen"])
    assert row["flops"] <= 0.7 and 0 < row["agreement"] <= 1
    if head == "qa":
        with pytest.raises(skim.RunError, match="labels: expected one output of class logits"):
            skim.calibrate(Reference(plan, head), plan, data, agreement=0.9, labels=np.zeros(8), progress=False)


def test_the_curve(tmp_path):
    plan, data = make_plan("p"), batches()
    curve = skim.calibrate(Reference(plan), plan, data, target_flops=0.5, progress=False).curve
    assert [row["flops"] for row in curve] == sorted((row["flops"] for row in curve), reverse=True)
    assert curve[0]["token_pruning.scale"] == 0 and curve[0]["agreement"] == 1
    text = curve.to_json(tmp_path / "curve.json")
    assert json.loads(text) == list(curve) == json.loads((tmp_path / "curve.json").read_text())
    best = curve.pareto()
    assert 0 < len(best) <= len(curve)
    for row in best:
        assert not any(o["flops"] < row["flops"] and o["agreement"] >= row["agreement"] for o in curve if o is not row)
    row = {"flops": 0.5, "agreement": 0.9}
    equal = skim.Curve([row | {"chosen": False}, row | {"chosen": True}])
    assert list(equal.pareto()) == [row | {"chosen": True}]
    lines = curve.to_markdown().splitlines()
    assert len(lines) == len(curve) + 2 and lines[0].startswith("| flops | agreement |")
    assert skim.Curve().to_markdown() == ""


def test_the_plot(tmp_path):
    pytest.importorskip("matplotlib")
    plan = make_plan("p")
    curve = skim.calibrate(Reference(plan), plan, batches(1), target_flops=0.5, progress=False).curve
    curve.plot(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_progress_is_shown(capsys):
    plan = make_plan("p")
    skim.calibrate(Reference(plan), plan, batches(1), target_flops=0.5)
    assert "calibrate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "expected one of target_flops and agreement"),
        ({"target_flops": 0.5, "agreement": 0.9}, "expected one of target_flops and agreement"),
        ({"target_flops": 0}, "target_flops: expected a number above 0 and at most 1, got 0"),
        ({"agreement": 1.5}, "agreement: expected a number above 0 and at most 1, got 1.5"),
        ({"target_flops": 0.01}, r"target_flops 0\.01: expected some setting that reaches it, the closest has flops"),
        ({"target_flops": 0.5, "outputs": ["x"]}, "output 'x': expected one of logits"),
        ({"target_flops": 0.5, "samples": 0}, "samples: expected at least 1, got 0"),
    ],
)
def test_bad_arguments(arguments, message):
    plan = make_plan("p")
    with pytest.raises(skim.RunError, match=message):
        skim.calibrate(Reference(plan), plan, batches(2), progress=False, **arguments)


def test_plans_and_models_must_fit():
    plan = make_plan("p")
    with pytest.raises(skim.RunError, match=r"knob 'token_pruning\.scale': the model has none"):
        skim.calibrate(Reference(skim.Plan()), plan, batches(1), target_flops=0.5, progress=False)
    with pytest.raises(skim.RunError, match="plan: expected token_pruning, block_skim or early_exit, got none"):
        skim.calibrate(Reference(skim.Plan()), skim.Plan(), batches(1), target_flops=0.5, progress=False)
    with pytest.raises(skim.RunError, match="inputs: expected at least one batch, got none"):
        skim.calibrate(Reference(plan), plan, [], target_flops=0.5, progress=False)
