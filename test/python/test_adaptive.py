"""Compiled models with plans against the numpy reference: survivors, exits, outputs, statistics, FLOPs.

SKIM_ADAPTIVE_PLANS sets how many random plans are compiled (default 14; each takes
seconds), SKIM_ADAPTIVE_RUNS how many batches each of them runs (default 12).
"""

import concurrent.futures
import os

import adaptive
import adaptive_cases as cases
import build_encoder as encoders
import build_masked
import encoder
import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from conftest import MODELS
from encoder_cases import assert_same_bits

PLANS = int(os.environ.get("SKIM_ADAPTIVE_PLANS", 14))
RUNS = int(os.environ.get("SKIM_ADAPTIVE_RUNS", 12))
TALLY = {"runs": 0, "decisions": 0, "runs with a score within 1e-6 of its threshold": 0, "cut": 0, "left": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("adaptive")


@pytest.fixture(scope="module")
def case(folder):
    """case(seed, ...): made and compiled once."""
    cache = {}

    def get(seed, **options):
        key = (seed, tuple(sorted(options.items())))
        if key not in cache:
            cache[key] = cases.Case(seed, folder, **options)
        return cache[key]

    return get


@pytest.fixture(scope="module", autouse=True)
def tally():
    yield
    print("\nadaptive:", ", ".join(f"{value} {name}" for name, value in TALLY.items()))


@pytest.mark.parametrize("seed", range(PLANS))
def test_random_plan(seed, case):
    one = case(seed)
    for number in range(RUNS):
        result = cases.check(one, one.inputs(number), one.knobs(number % 4))
        TALLY["runs"] += 1
        TALLY["decisions"] += result.decisions
        TALLY["runs with a score within 1e-6 of its threshold"] += result.near > 0
        TALLY["cut"] += result.statistics["tokens"] - int(sum(s.sum() for s in result.survivors[-1:]))
        TALLY["left"] += int((result.exit_layer < one.sizes.layers - 1).sum())


def test_plans_do_something():
    """Behind the random plans: they did cut and leave."""
    if TALLY["runs"] == 0:
        pytest.skip("no random plan has run")
    assert TALLY["decisions"] > 20 * TALLY["runs"]
    assert TALLY["cut"] > TALLY["runs"] and TALLY["left"] > 0
    assert TALLY["runs with a score within 1e-6 of its threshold"] <= 0.05 * TALLY["runs"] + 2


@pytest.mark.parametrize("seed", range(min(PLANS, 7)))
def test_off_is_bitwise_dense(seed, case):
    one = case(seed)
    dense = skim.compile(one.path)
    for number in range(3):
        inputs = one.inputs(number)
        token = inputs["attention_mask"] != 0
        expected = dense.run(inputs)
        for name, value in one.model.run(inputs, knobs=one.off()).items():
            if value.shape[:2] == token.shape and one.plan.data.get("restore", "hold") != "hold":
                assert_same_bits(name, value[token], expected[name][token])
            else:
                assert_same_bits(name, value, expected[name])


@pytest.mark.parametrize("seed", range(min(PLANS, 14)))
def test_results_depend_on_neither_batch_nor_padding_nor_threads(seed, case):
    one = case(seed)
    if one.couples_batches:
        pytest.skip("batch_align max couples a batch by definition")
    for number in range(2):
        inputs, knobs = one.inputs(number, batch=4, padding="right"), one.knobs(number)
        cases.assert_alone(one, inputs, knobs)
        results = [one.model.run(inputs, knobs=knobs, threads=threads) for threads in (1, 2, 3)]
        for other in results[1:]:
            for name, value in results[0].items():
                assert_same_bits(name, other[name], value)


@pytest.mark.parametrize("seed", range(min(PLANS, 7)))
def test_everything_is_cut_or_leaves_at_once(seed, case):
    one = case(seed)
    knobs = {}
    if "p" in one.sections:
        knobs["token_pruning.scale"] = 1e9
    if "b" in one.sections:
        knobs["block_skim.threshold"] = 2
    if "e" in one.sections:
        criterion = one.plan.data["early_exit"]["criterion"]
        knobs["early_exit.threshold"] = {"max_probability": 0, "patience": 1}.get(criterion, 100)
    for number in range(3):
        cases.check(one, one.inputs(number), knobs)


@pytest.mark.parametrize("seed", range(min(PLANS, 7)))
def test_odd_batches(seed, case):
    one = case(seed)
    for number, (batch, length) in enumerate([(1, 1), (5, 1), (3, 2)]):
        cases.check(one, one.inputs(number, batch, length, "none"), {})
    for shape in ((0, 7), (3, 0), (0, 0)):
        inputs = {name: np.zeros(shape, np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
        outputs, statistics = one.model.run(inputs, stats=True)
        for output in one.reference.outputs:
            value = outputs[output.name]
            assert value.shape[0] == shape[0] and np.isfinite(value).all()
            assert output.reads != "tokens" or value.shape[1] == shape[1]
        assert statistics["tokens"] == 0 and len(statistics["exit_layer"]) == shape[0]
    inputs = one.inputs(0, 3, 9, "none")
    inputs["attention_mask"][:] = 0
    cases.check(one, inputs, {})


@pytest.mark.parametrize("denominator", [30, "alive"])
def test_masks_in_onnxruntime_agree(denominator, folder):
    """Pruning by masks inside an ONNX graph leaves the same survivors with the same states."""
    sizes = encoders.Sizes(vocab=96, hidden=40, layers=4, heads=5, ffn=65, positions=64)
    weights, cut = encoders.random_weights(sizes, 9), 0
    typical = 1 / 15 if denominator == "alive" else 1 / 30
    section = {
        "method": "ltp",
        "layers": [0, 1, 2, 3],
        "thresholds": [0.6 * typical, 0.7 * typical, 0.8 * typical, 0.9 * typical],
        "denominator_tokens": denominator,
    }
    masked = build_masked.build(weights, section, sizes).model.SerializeToString()
    peer = onnxruntime.InferenceSession(masked, providers=["CPUExecutionProvider"])
    path = folder / f"masks-{denominator}.onnx"
    encoders.save(encoders.build(weights, sizes, encoders.Style()).model, path)
    model = skim.compile(path, plan={"version": 1, "token_pruning": section, "restore": {"fill": -100}})
    for seed in range(10):
        rng = np.random.default_rng([seed, 80])
        mask = cases.make_mask(4, 30, "mixed", rng)
        ids = rng.integers(3, 90, mask.shape)
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        states, alive = peer.run(None, inputs)
        live = alive != 0
        got = model.run(inputs)["last_hidden_state"]
        np.testing.assert_array_equal((got != -100).any(axis=-1), live)
        assert np.abs(got[live] - states[live]).max() <= cases.TOLERANCE * np.abs(states[live]).max()
        cut += int(mask.sum() - live.sum())
    assert cut > 100


@pytest.mark.parametrize("name", ["xlm-17-eager.onnx", "bert-tok-14-sdpa.onnx"])
def test_fill_behind_ops_that_change_it(name, folder):
    """A product with the mask, a softmax over classes: the fill is what the output shows, not what they get."""
    proto = onnx.load(MODELS / name)
    output = proto.graph.output[0].name
    if "tok" in name:
        proto.graph.node.append(onnx.helper.make_node("Softmax", [output], ["tags"], axis=2, name="tags"))
        proto.graph.output[0].name = output = "tags"
    onnx.save(proto, folder / name)
    section = {"method": "ltp", "layers": [0, 1], "thresholds": [0.9, 0.9], "denominator_tokens": "alive"}
    plan = {"version": 1, "token_pruning": section}
    held = skim.compile(folder / name, plan=plan)
    filled = skim.compile(folder / name, plan=plan | {"restore": {"fill": -7.5}})
    mask = cases.make_mask(4, 30, "mixed", np.random.default_rng(81))
    ids = np.random.default_rng(82).integers(3, 90, mask.shape)
    given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    inputs = {entry.name: given[entry.name] for entry in proto.graph.input}
    states, statistics = held.run(inputs, stats=True)
    got = filled.run(inputs)[output]
    live = (got != -7.5).any(axis=-1)
    assert (got[~live] == -7.5).all()
    assert live.sum() == statistics["layers"][-1]["tokens_out"] < mask.sum()
    assert not live[mask == 0].any()
    np.testing.assert_array_equal(got[live], states[output][live])


def test_minilm_on_articles(large):
    """A published model and real texts: survivors, vectors and statistics are the reference's."""
    tokenizers = pytest.importorskip("tokenizers")
    import fetch_models

    path, files = large("minilm"), large("tokenizer")
    tokenizer = tokenizers.Tokenizer.from_file(str(files))
    tokenizer.enable_truncation(96)
    tokenizer.enable_padding()
    large("bbcnews")
    encoded = tokenizer.encode_batch([fetch_models.texts(1)[0], "A short text.", fetch_models.texts(2)[1][:200]])
    ids, mask = (np.array([getattr(e, key) for e in encoded]) for key in ("ids", "attention_mask"))
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    section = {
        "method": "ltp",
        "layers": [1, 2, 3, 4, 5],
        "thresholds": [0.002, 0.003, 0.003, 0.003, 0.003],
        "denominator_tokens": 128,
    }
    plan = {"version": 1, "token_pruning": section}
    outputs, statistics = skim.compile(path, plan=plan).run(inputs, stats=True)
    network = encoder.Encoder(fetch_models.minilm_weights(), 12)
    result = adaptive.Adaptive(network, "mean_l2", plan).run(inputs)
    assert result.near == 0, f"closest decision {result.closest:.1e}"
    cases.assert_statistics(statistics, result.statistics, "MiniLM")
    assert statistics["layers"][-1]["tokens_out"] < 0.8 * statistics["tokens"]
    for name, want in result.outputs.items():
        assert np.abs(outputs[name] - want).max() <= cases.TOLERANCE * np.abs(want).max(), name


def test_concurrent_runs(case):
    """Many threads, one model, knobs of their own."""
    one = case(6)
    jobs = [(one.inputs(number), one.knobs(number % 4)) for number in range(12)]
    expected = [one.model.run(inputs, knobs=knobs) for inputs, knobs in jobs]

    def work(index):
        inputs, knobs = jobs[index % len(jobs)]
        outputs, statistics = one.model.run(inputs, stats=True, knobs=knobs)
        return index % len(jobs), outputs, statistics["tokens"]

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        for index, outputs, tokens in pool.map(work, range(120)):
            assert tokens == jobs[index][0]["attention_mask"].sum()
            for name, value in outputs.items():
                assert_same_bits(name, value, expected[index][name])


def test_knobs_of_the_model(case):
    one = case(6)
    layers = one.plan.data["early_exit"]["layers"]
    names = ["token_pruning.scale", "block_skim.threshold", *(f"early_exit.threshold.{layer}" for layer in layers)]
    assert list(one.model.knobs) == names
    defaults = one.reference.defaults()
    for name in names:
        assert one.model.knobs[name] == pytest.approx(defaults[name], rel=1e-6)
    for value in (-1, float("nan"), float("inf")):
        with pytest.raises(skim.RunError, match=r"token_pruning\.scale"):
            one.model.knobs["token_pruning.scale"] = value


@pytest.mark.parametrize("kind", ["dict", "file", "text path"])
def test_plans_in_every_form_give_the_same(kind, case, folder, monkeypatch):
    one = case(6)
    one.plan.save(folder / "form.json")
    monkeypatch.chdir(folder)
    plan = {"dict": one.plan.to_dict("form.safetensors"), "file": folder / "form.json", "text path": "form.json"}[kind]
    model = skim.compile(one.path, plan=plan)
    inputs = one.inputs(0)
    for name, value in model.run(inputs).items():
        assert_same_bits(name, value, one.model.run(inputs)[name])


BAD = {
    "unknown field": (lambda plan: plan.update(token_prunin={}), r"token_prunin"),
    "layer": (lambda plan: plan["token_pruning"]["layers"].__setitem__(-1, 99), r"token_pruning\.layers\[\d\]"),
    "layer of blocks": (lambda plan: plan["block_skim"]["layers"].append(99), r"block_skim\.layers\[\d\]: .*got 99"),
    "layer of an exit": (lambda plan: plan["early_exit"]["layers"].append(99), r"early_exit\.layers\[\d\]: .*got 99"),
    "count": (lambda plan: plan["token_pruning"]["thresholds"].append(0.1), r"token_pruning\.thresholds"),
    "negative": (lambda plan: plan["token_pruning"]["thresholds"].__setitem__(0, -0.1), r"thresholds\[0\]"),
    "head": (lambda plan: plan["early_exit"].update(head="deep"), r"early_exit\.head.*deep"),
    "block size": (lambda plan: plan["block_skim"].update(block_size=6), r"block_skim\.block_size"),
    "output": (lambda plan: plan["early_exit"].update(output="logitz"), r"early_exit\.output.*logitz"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_plans_name_the_field(kind, case, tmp_path):
    change, message = BAD[kind]
    one = case(6, compiled=False)
    plan = one.plan.copy()
    change(plan.data)
    with pytest.raises(skim.CompileError, match=rf"plan: .*{message}"):
        skim.compile(one.path, plan=plan, output=tmp_path / "bad.so")
    assert not list(tmp_path.iterdir())


def test_missing_and_misshapen_tensors(case):
    one = case(6, compiled=False)
    name = next(name for name in one.plan.tensors if name.endswith("classifier.weight"))
    plan = one.plan.copy()
    del plan.tensors[name]
    with pytest.raises(skim.CompileError, match=rf"expected tensor '{name}' of shape .*, got none"):
        skim.compile(one.path, plan=plan)
    plan.tensors[name] = one.plan.tensors[name][:, 1:]
    with pytest.raises(skim.CompileError, match=rf"expected tensor '{name}' of shape \[3, \d+\].*, got \[3, \d+\]"):
        skim.compile(one.path, plan=plan)


def test_a_plan_checks_itself(case):
    one = case(6, compiled=False)
    one.plan.check()
    plan = one.plan.copy()
    plan.data["block_skim"]["threshold"] = -1
    with pytest.raises(skim.CompileError, match=r"^plan: block_skim\.threshold: expected"):
        plan.check()
