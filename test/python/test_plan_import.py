"""skim.plan.from_*: plans of state dicts with exactly the authors' names and shapes."""

import json
import math

import numpy as np
import pytest
import skim
from safetensors.numpy import save_file

WIDTH, HEADS, LAYERS = 24, 3, 4


class Weights(dict):
    """A state dict in the making, with random values."""

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)

    def add(self, name, *shape):
        self[name] = self.rng.standard_normal(shape).astype(np.float32)

    def linear(self, name, outer, inner):
        self.add(f"{name}.weight", outer, inner)
        self.add(f"{name}.bias", outer)


def assert_tensors(plan, expected):
    """Exactly these tensors: name -> array."""
    assert sorted(plan.tensors) == sorted(expected)
    for name, value in expected.items():
        assert plan.tensors[name].dtype == np.float32
        np.testing.assert_array_equal(plan.tensors[name], value, err_msg=name)


class Torch:
    """What the importers use of a PyTorch tensor."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def float(self):
        return Torch(self.array.astype(np.float32))

    def numpy(self):
        return self.array


# LTP.

LTP_CONFIG = {
    "model_type": "ltp",
    "prune_mode": "absolute_threshold",
    "final_token_threshold": 0.01,
    "num_hidden_layers": 4,
}


def ltp_state(prefix="ibert.", deltas=(0, 0.001, -0.002, 0.0005), shape=()):
    state = Weights()
    state.linear(f"{prefix}encoder.layer.0.attention.self.query", WIDTH, WIDTH)
    state.linear("classifier.dense", WIDTH, WIDTH)
    for layer, delta in enumerate(deltas):
        key = f"{prefix}encoder.layer.{layer}.attention.self.pruner.keep_threshold"
        state[key] = np.full(shape, delta, np.float32)
    return state


@pytest.mark.parametrize("prefix", ["ibert.", "module.ibert.", ""])
@pytest.mark.parametrize("shape", [(), (1,)])
def test_ltp_thresholds(prefix, shape):
    plan = skim.plan.from_ltp(ltp_state(prefix, shape=shape), LTP_CONFIG)
    section = plan.data["token_pruning"]
    assert section["layers"] == [1, 2, 3]
    # base i/L, not (i + 1)/L, plus the learned part.
    np.testing.assert_allclose(section["thresholds"], [0.0025 + 0.001, 0.005 - 0.002, 0.0075 + 0.0005], rtol=1e-5)
    assert section["method"] == "ltp" and section["denominator_tokens"] == 128
    assert section["place"] == "before_ffn" and section["protect"] == [0]
    assert plan.tensors == {} and "block_skim" not in plan.data


def test_ltp_thresholds_of_nought_and_below():
    plan = skim.plan.from_ltp(ltp_state(deltas=(0, -0.0025, -0.1, 0)), LTP_CONFIG | {"final_token_threshold": 0.01})
    # Layer 1's sum may be a rounding above or below 0; layer 2's is below and has the floor alone.
    thresholds = dict(zip(*(plan.data["token_pruning"][key] for key in ("layers", "thresholds")), strict=True))
    assert thresholds.get(1, 0) == pytest.approx(0, abs=1e-9)
    assert thresholds[2] == 0 and thresholds[3] == pytest.approx(0.0075)
    exact = skim.plan.from_ltp(ltp_state(deltas=(0, 0, 0, 0.5)), LTP_CONFIG | {"final_token_threshold": 0})
    assert exact.data["token_pruning"]["layers"] == [3]


def test_ltp_settings():
    plan = skim.plan.from_ltp(
        ltp_state(), LTP_CONFIG, denominator_tokens=256, place="after_layer", protect=(0, 1)
    ).data["token_pruning"]
    assert (plan["denominator_tokens"], plan["place"], plan["protect"]) == (256, "after_layer", [0, 1])
    normed = skim.plan.from_ltp(ltp_state(), LTP_CONFIG | {"scoring_mode": "mean_norm"})
    assert normed.data["token_pruning"]["denominator_tokens"] == "alive"


def test_ltp_warns_of_a_threshold_in_layer_0():
    with pytest.warns(UserWarning, match="layer 0 has a threshold"):
        plan = skim.plan.from_ltp(ltp_state(deltas=(0.1, 0, 0, 0)), LTP_CONFIG)
    assert plan.data["token_pruning"]["layers"] == [1, 2, 3]


@pytest.mark.parametrize(
    ("change", "config", "message"),
    [
        ({"remove": 2}, {}, r"key 'ibert\.encoder\.layer\.2\.attention\.self\.pruner\.keep_threshold'"),
        ({}, {"num_hidden_layers": 6}, r"key 'ibert\.encoder\.layer\.4\..*keep_threshold'"),
        ({"shape": (2,)}, {}, r"keep_threshold': expected one number, got shape 2"),
        ({}, {"final_token_threshold": None}, r"config 'final_token_threshold': expected a number, got none"),
        ({}, {"final_token_threshold": "x"}, r"config 'final_token_threshold': expected a number, got 'x'"),
        ({}, {"prune_mode": "topk"}, r"config 'prune_mode': expected 'absolute_threshold', got 'topk'"),
    ],
)
def test_ltp_errors(change, config, message):
    state = ltp_state(shape=change.get("shape", ()))
    if "remove" in change:
        del state[f"ibert.encoder.layer.{change['remove']}.attention.self.pruner.keep_threshold"]
    with pytest.raises(skim.CompileError, match=rf"^from_ltp: .*{message}"):
        skim.plan.from_ltp(state, LTP_CONFIG | config)


# Block-Skim.

PREDICTORS = {
    "bert": "bert.encoder.layer.{}.attention.self.skim_predictor.",
    "albert": "albert.encoder.skim_predictors.{}.",
    "distilbert": "distilbert.transformer.skim_predictors.{}.",
}
BLOCK_NAMES = ["conv1", "bn1", "conv2", "bn2"]


def blockskim_state(family="bert", size=8, layers=LAYERS, prefix=""):
    state = Weights()
    state.linear("qa_outputs", 2, WIDTH)
    for layer in range(layers):
        base = prefix + PREDICTORS[family].format(layer)
        for name in ("conv1", "conv2"):
            state.add(f"{base}{name}.weight", HEADS, HEADS, 3, 3)
            state.add(f"{base}{name}.bias", HEADS)
        for name in ("bn1", "bn2"):
            for kind in ("weight", "bias", "running_mean", "running_var"):
                state.add(f"{base}{name}.{kind}", HEADS)
            state[f"{base}{name}.num_batches_tracked"] = np.array(1000, np.int64)
        state.add(f"{base}conv3.weight", 1, HEADS, 1, 1)
        state.add(f"{base}conv3.bias", 1)
        state.linear(f"{base}fc", 2, HEADS * size * size // 16)
    return state


def blockskim_tensors(state, family, layers, prefix=""):
    return {
        f"block_skim.{layer}.{name}": state[prefix + PREDICTORS[family].format(layer) + name]
        for layer in layers
        for name in [
            *(f"{part}.{kind}" for part in ("conv1", "conv2", "fc") for kind in ("weight", "bias")),
            *(f"{n}.{kind}" for n in ("bn1", "bn2") for kind in ("weight", "bias", "running_mean", "running_var")),
        ]
    }


@pytest.mark.parametrize("family", PREDICTORS)
@pytest.mark.parametrize("prefix", ["", "module."])
def test_blockskim(family, prefix):
    state = blockskim_state(family, prefix=prefix)
    plan = skim.plan.from_blockskim(state, {"block_size": 8, "num_attention_heads": HEADS})
    assert plan.data["block_skim"] == {
        "layers": [0, 1, 2, 3],
        "block_size": 8,
        "threshold": 0.001,
        "batch_align": "none",
        "protect": [0],
        "protect_segments": [],
    }
    assert plan.data["restore"] == {"fill": -100.0}
    assert_tensors(plan, blockskim_tensors(state, family, range(LAYERS), prefix))


def test_blockskim_settings():
    state = blockskim_state(size=12)
    for augment in ([1, 3], "1,3"):
        plan = skim.plan.from_blockskim(state, {"augment_layers": augment, "skim_threshold": 0.25})
        assert plan.data["block_skim"]["layers"] == [1, 3]
        assert plan.data["block_skim"]["block_size"] == 12  # by the shape of fc
        assert plan.data["block_skim"]["threshold"] == 0.25
        assert_tensors(plan, blockskim_tensors(state, "bert", [1, 3]))
    plan = skim.plan.from_blockskim(
        state, threshold=0.5, batch_align="max", protect=(), protect_segments=[0], restore="hold"
    )
    section = plan.data["block_skim"]
    assert (section["threshold"], section["batch_align"]) == (0.5, "max")
    assert (section["protect"], section["protect_segments"], plan.data["restore"]) == ([], [0], "hold")


@pytest.mark.parametrize(
    ("remove", "config", "message"),
    [
        ("bn2.running_var", {}, r"key 'bert\.encoder\.layer\.2\..*\.bn2\.running_var': expected it in the state dict"),
        ("conv1.weight", {}, r"key 'bert\.encoder\.layer\.2\.attention\.self\.skim_predictor\.conv1\.weight'"),
        (None, {"augment_layers": [1, 7]}, r"key 'bert\.encoder\.layer\.7\..*conv1\.weight'"),
        (None, {"block_size": 32}, r"layer\.0\..*fc\.weight': expected shape 2x192, got 2x12"),
    ],
)
def test_blockskim_errors(remove, config, message):
    state = blockskim_state()
    if remove:
        del state[PREDICTORS["bert"].format(2) + remove]
    with pytest.raises(skim.CompileError, match=rf"^from_blockskim: .*{message}"):
        skim.plan.from_blockskim(state, config)


def test_blockskim_without_predictors():
    with pytest.raises(skim.CompileError, match=r"skim_predictor\.conv1\.weight'.*got 1 others \(qa_outputs\.bias\)"):
        skim.plan.from_blockskim({"qa_outputs.bias": np.zeros(2, np.float32)})


# FastBERT.

STUDENT = {
    "output_layer_0": "narrow",
    "self_atten.linear_layers.0": "query",
    "self_atten.linear_layers.1": "key",
    "self_atten.linear_layers.2": "value",
    "self_atten.final_linear": "mix",
    "output_layer_1": "hidden",
    "output_layer_2": "classifier",
}


def fastbert_state(prefix="", classes=5):
    state = Weights()
    state.linear(f"{'kernel.' if prefix else ''}encoder.transformer.0.self_attn.final_linear", WIDTH, WIDTH)
    for layer in range(LAYERS):
        base = f"{prefix}classifiers.{layer}."
        state.linear(f"{base}output_layer_0", 128, WIDTH)
        for i in range(3):
            state.linear(f"{base}self_atten.linear_layers.{i}", 128, 128)
        state.linear(f"{base}self_atten.final_linear", 128, 128)
        state.linear(f"{base}output_layer_1", 128, 128)
        state.linear(f"{base}output_layer_2", classes, 128)
    return state


@pytest.mark.parametrize("prefix", ["", "kernel.", "module."])
def test_fastbert(prefix):
    state = fastbert_state(prefix)
    plan = skim.plan.from_fastbert(state, {"layers_num": LAYERS, "speed": 0.3})
    assert plan.data["early_exit"] == {
        "layers": [0, 1, 2],
        "output": "logits",
        "head": "fastbert",
        "criterion": "normalised_entropy",
        "threshold": 0.3,
    }
    expected = {
        f"early_exit.{layer}.{ours}.{kind}": state[f"{prefix}classifiers.{layer}.{theirs}.{kind}"]
        for layer in range(3)
        for theirs, ours in STUDENT.items()
        for kind in ("weight", "bias")
    }
    assert_tensors(plan, expected)
    assert skim.plan.from_fastbert(state).data["early_exit"]["threshold"] == 0.5


def test_fastbert_errors():
    state = fastbert_state()
    del state["classifiers.1.self_atten.linear_layers.2.bias"]
    with pytest.raises(
        skim.CompileError, match=r"^from_fastbert: key 'classifiers\.1\.self_atten\.linear_layers\.2\.b"
    ):
        skim.plan.from_fastbert(state)
    assert skim.plan.from_fastbert(state, layers=[0, 2]).data["early_exit"]["layers"] == [0, 2]
    with pytest.raises(skim.CompileError, match=r"layers: expected some of \[0, 1, 2\], got 3"):
        skim.plan.from_fastbert(state, layers=[0, 3])
    with pytest.raises(skim.CompileError, match=r"config 'pooling': expected 'first', got 'mean'"):
        skim.plan.from_fastbert(fastbert_state(), {"pooling": "mean"})
    other = {"graph.layer_classifiers.branch_classifier_0.dense_narrow.weight": np.zeros((128, 8), np.float32)}
    with pytest.raises(skim.CompileError, match=r"BitVoyage/FastBERT have no tanh"):
        skim.plan.from_fastbert(other)


# DeeBERT.


def deebert_state(family="bert", classes=3):
    state = Weights()
    state.linear("classifier", classes, WIDTH)
    for layer in range(LAYERS):
        state.linear(f"{family}.encoder.highway.{layer}.pooler.dense", WIDTH, WIDTH)
        state.linear(f"{family}.encoder.highway.{layer}.classifier", classes, WIDTH)
    return state


@pytest.mark.parametrize("family", ["bert", "roberta", "module.bert"])
def test_deebert(family):
    state = deebert_state(family)
    plan = skim.plan.from_deebert(state, {"num_hidden_layers": LAYERS}, threshold=[0.1, 0.2, 0.3, 0.4])
    section = plan.data["early_exit"]
    assert section["layers"] == [0, 1, 2]  # the last off-ramp is not trained
    assert (section["head"], section["criterion"]) == ("pooler", "entropy")
    assert section["threshold"] == [0.1, 0.2, 0.3]
    names = {"pooler.dense": "pooler", "classifier": "classifier"}
    expected = {
        f"early_exit.{layer}.{ours}.{kind}": state[f"{family}.encoder.highway.{layer}.{theirs}.{kind}"]
        for layer in range(3)
        for theirs, ours in names.items()
        for kind in ("weight", "bias")
    }
    assert_tensors(plan, expected)


def test_deebert_thresholds():
    state = deebert_state()
    assert skim.plan.from_deebert(state, {"early_exit_entropy": 0.4}).data["early_exit"]["threshold"] == 0.4
    assert skim.plan.from_deebert(state, {"early_exit_entropy": [-1] * 4}).data["early_exit"]["threshold"] == [0.0] * 3
    assert skim.plan.from_deebert(state, threshold=[0.5, 0.6], layers=[0, 2]).data["early_exit"]["threshold"] == [
        0.5,
        0.6,
    ]
    with pytest.raises(skim.CompileError, match=r"threshold: expected one number or 3 \(one an exit\), got 2"):
        skim.plan.from_deebert(state, threshold=[0.1, 0.2])
    del state["bert.encoder.highway.0.pooler.dense.bias"]
    with pytest.raises(skim.CompileError, match=r"^from_deebert: key 'bert\.encoder\.highway\.0\.pooler\.dense\.bias'"):
        skim.plan.from_deebert(state)


# PABEE.


@pytest.mark.parametrize("pooler", ["bert.pooler.dense", "albert.pooler"])
def test_pabee(pooler):
    state = Weights()
    state.linear(pooler, WIDTH, WIDTH)
    for layer in range(LAYERS):
        state.linear(f"classifiers.{layer}", 2, WIDTH)
    plan = skim.plan.from_pabee(state, {"num_hidden_layers": LAYERS, "patience": 2})
    section = plan.data["early_exit"]
    assert section["layers"] == [0, 1, 2]
    assert (section["head"], section["criterion"], section["threshold"]) == ("pooler", "patience", 2)
    expected = {}
    for layer in range(3):
        for kind in ("weight", "bias"):
            expected[f"early_exit.{layer}.pooler.{kind}"] = state[f"{pooler}.{kind}"]
            expected[f"early_exit.{layer}.classifier.{kind}"] = state[f"classifiers.{layer}.{kind}"]
    assert_tensors(plan, expected)
    assert skim.plan.from_pabee(state, patience=0).data["early_exit"]["threshold"] == 0
    assert skim.plan.from_pabee(state).data["early_exit"]["threshold"] == 6
    del state[f"{pooler}.weight"]
    with pytest.raises(skim.CompileError, match=r"^from_pabee: key 'bert\.pooler\.dense\.weight'"):
        skim.plan.from_pabee(state)


def test_regressions_are_refused():
    state = Weights()
    state.linear("bert.pooler.dense", WIDTH, WIDTH)
    for layer in range(2):
        state.linear(f"classifiers.{layer}", 1, WIDTH)
    with pytest.raises(skim.CompileError, match="expected at least 2 classes, got 1"):
        skim.plan.from_pabee(state)
    with pytest.raises(skim.CompileError, match="expected at least 2 classes, got 1"):
        skim.plan.from_deebert(deebert_state(classes=1))


# The Right Tool for the Job.


def sledgehammer_state(indices=(0, 1, 3), layers=LAYERS, classes=4):
    state = Weights()
    for layer in range(layers):
        state.linear(f"bert_model.encoder.layer.{layer}.output.dense", WIDTH, WIDTH)
    state.linear("bert_model.pooler.dense", WIDTH, WIDTH)
    for number, layer in enumerate(indices):
        state.add(f"_sum_weights.{number}", layer + 1)
        state.linear(f"_classification_layers.{number}", classes, WIDTH)
    return state


@pytest.mark.parametrize("indices", ["0_1_3", [0, 1, 3]])
def test_sledgehammer(indices):
    state = sledgehammer_state()
    config = {"layer_indices": indices, "scaling_temperature": "1.1_1.3_0.9", "add_previous_layer_logits": False}
    plan = skim.plan.from_sledgehammer(state, config, threshold=0.8)
    assert plan.data["early_exit"] == {
        "layers": [0, 1],
        "output": "logits",
        "head": "scalar_mix",
        "criterion": "max_probability",
        "threshold": 0.8,
        "temperature": [1.1, 1.3],
    }
    expected = {f"early_exit.pooler.{kind}": state[f"bert_model.pooler.dense.{kind}"] for kind in ("weight", "bias")}
    for number, layer in enumerate((0, 1)):
        expected[f"early_exit.{layer}.mix"] = plan.tensors[f"early_exit.{layer}.mix"]
        weights = state[f"_sum_weights.{number}"]
        np.testing.assert_allclose(
            plan.tensors[f"early_exit.{layer}.mix"], weights / math.sqrt((weights**2).sum()), rtol=1e-6
        )
        for kind in ("weight", "bias"):
            expected[f"early_exit.{layer}.classifier.{kind}"] = state[f"_classification_layers.{number}.{kind}"]
    assert_tensors(plan, expected)


def test_sledgehammer_without_an_exit_behind_the_last_layer():
    plan = skim.plan.from_sledgehammer(sledgehammer_state((0, 2)), {"layer_indices": "0_2"}, temperatures=2.0)
    assert plan.data["early_exit"]["layers"] == [0, 2]
    assert plan.data["early_exit"]["temperature"] == 2.0 and plan.data["early_exit"]["threshold"] == 0.9
    plan = skim.plan.from_sledgehammer(sledgehammer_state((0, 2)), {"layer_indices": "0_2"}, temperatures="1.5_2.5")
    assert plan.data["early_exit"]["temperature"] == [1.5, 2.5]


def test_sledgehammer_errors():
    with pytest.raises(skim.CompileError, match=r"config 'layer_indices': expected the layers of the exits"):
        skim.plan.from_sledgehammer(sledgehammer_state())
    config = {"layer_indices": "0_1_3"}
    with pytest.raises(skim.CompileError, match=r"config 'add_previous_layer_logits': expected False, got True"):
        skim.plan.from_sledgehammer(sledgehammer_state(), config | {"add_previous_layer_logits": True})
    with pytest.raises(skim.CompileError, match=r"temperatures: expected 3, one for each of layer_indices, got 2"):
        skim.plan.from_sledgehammer(sledgehammer_state(), config, temperatures="1_2")
    state = sledgehammer_state()
    state["_sum_weights.1"] = np.ones(3, np.float32)
    with pytest.raises(skim.CompileError, match=r"key '_sum_weights\.1': expected shape 2, got 3"):
        skim.plan.from_sledgehammer(state, config)
    del state["_sum_weights.1"]
    with pytest.raises(skim.CompileError, match=r"^from_sledgehammer: key '_sum_weights\.1': expected it"):
        skim.plan.from_sledgehammer(state, config)


# Where state dicts and configurations come from.


def test_files(tmp_path):
    state = deebert_state()
    want = skim.plan.from_deebert(state, {"early_exit_entropy": 0.25})
    (tmp_path / "config.json").write_text(json.dumps({"early_exit_entropy": 0.25}))
    save_file(dict(state), tmp_path / "model.safetensors")
    np.savez(tmp_path / "model.npz", **state)
    for name in ("model.safetensors", "model.npz"):
        assert skim.plan.from_deebert(tmp_path / name, tmp_path / "config.json") == want
        assert skim.plan.from_deebert(str(tmp_path / name), str(tmp_path / "config.json")) == want


def test_tensors_of_pytorch_and_half_precision():
    state = deebert_state()
    want = skim.plan.from_deebert(state)
    assert skim.plan.from_deebert({name: Torch(value) for name, value in state.items()}) == want
    half = {name: value.astype(np.float16) for name, value in state.items()}
    plan = skim.plan.from_deebert(half)
    np.testing.assert_array_equal(
        plan.tensors["early_exit.0.pooler.weight"], half["bert.encoder.highway.0.pooler.dense.weight"]
    )


def test_bad_files(tmp_path):
    for name in ("absent.safetensors", "absent.npz"):
        with pytest.raises(skim.CompileError, match=rf"from_deebert: .*{name}: .*[Nn]o such file"):
            skim.plan.from_deebert(tmp_path / name)
    with pytest.raises(skim.CompileError, match=r"expected a file that ends in \.safetensors"):
        skim.plan.from_deebert(tmp_path / "model.ckpt")
    (tmp_path / "cut.safetensors").write_bytes(b"\x40\x00\x00\x00\x00\x00\x00\x00{")
    with pytest.raises(skim.CompileError, match=r"cut\.safetensors"):
        skim.plan.from_deebert(tmp_path / "cut.safetensors")
    (tmp_path / "bad.json").write_text("[1")
    with pytest.raises(skim.CompileError, match=r"bad\.json"):
        skim.plan.from_deebert(deebert_state(), tmp_path / "bad.json")
    with pytest.raises(skim.CompileError, match="expected a state dict or a file, got int"):
        skim.plan.from_deebert(5)


def test_files_of_pytorch_need_torch(tmp_path):
    try:
        import torch  # noqa: F401
    except ImportError:
        (tmp_path / "model.bin").write_bytes(b"")
        with pytest.raises(skim.CompileError, match="need the package torch"):
            skim.plan.from_deebert(tmp_path / "model.bin")
        return
    state = deebert_state()
    torch.save({name: torch.from_numpy(value) for name, value in state.items()}, tmp_path / "model.pt")
    assert skim.plan.from_deebert(tmp_path / "model.pt") == skim.plan.from_deebert(state)
