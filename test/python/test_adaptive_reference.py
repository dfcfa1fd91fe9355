"""The numpy reference of adaptive inference: hand-made cases, ONNX operators, masks in ONNX Runtime."""

import adaptive
import block_predictor
import build_encoder as encoders
import build_masked
import encoder
import exit_heads
import numpy as np
import onnx
import onnxruntime
import plan_cases
import pytest
from encoder_cases import PADDINGS, make_mask
from onnx import TensorProto, helper, numpy_helper

SIZES = encoders.Sizes(vocab=96, hidden=24, layers=3, heads=3, ffn=40, positions=80)
RNG = np.random.default_rng


def make_model(sizes=SIZES, seed=0):
    return encoder.Encoder(encoders.random_weights(sizes, seed), sizes.heads, sizes.eps)


def make_inputs(batch, length, padding="none", seed=0):
    rng = RNG([seed, batch, length])
    ids = rng.integers(3, 90, (batch, length))
    types = np.zeros_like(ids)
    types[:, length // 3 :] = 1
    return {"input_ids": ids, "attention_mask": make_mask(batch, length, padding, rng), "token_type_ids": types}


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def operators(nodes, weights, name, shape, result):
    """A session of a few ONNX nodes: the peer of the reference's arithmetic."""
    graph = helper.make_graph(
        nodes,
        "peer",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(result, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, key) for key, value in weights.items()],
    )
    return session(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))


# Without a plan.


@pytest.mark.parametrize("padding", PADDINGS)
def test_no_plan_is_the_dense_reference(padding):
    model, inputs = make_model(), make_inputs(4, 13, padding)
    result = adaptive.Adaptive(model, "pooler").run(inputs)
    states = model.states(*inputs.values())
    np.testing.assert_allclose(result.outputs["last_hidden_state"], states, atol=1e-12)
    pooled = model.pooled(states, inputs["attention_mask"])
    np.testing.assert_allclose(result.outputs["pooler_output"], pooled, atol=1e-12)
    flops = result.statistics["flops"]
    assert flops["executed"] == flops["dense"] <= flops["padded"] and flops["overhead"] == 0
    assert result.decisions == 0


def test_flops_of_one_sequence_by_hand():
    d, f, n = 24, 40, 5
    layer = 2 * 4 * d * d * n + 4 * n * n * d + 2 * 2 * d * f * n
    inputs = make_inputs(1, n)
    flops = adaptive.Adaptive(make_model(), "tok").run(inputs).statistics["flops"]
    assert flops["dense"] == 3 * layer + n * 2 * d * 3
    narrow = 2 * d * d * (2 * n + 1) + 4 * n * d + 2 * d * d + 4 * d * f
    flops = adaptive.Adaptive(make_model(), "cls").run(inputs).statistics["flops"]
    assert flops["dense"] == flops["executed"] == 2 * layer + narrow + 2 * (d * d + d * 3)


# Token pruning by hand: attention is given, not computed.


def given(begin, weights, section, knobs=None, ids=None):
    """_Run.prune of one sequence with given probabilities [heads, S, S]."""
    begin = np.asarray([begin], bool)
    inputs = {"input_ids": np.full(begin.shape, 7), "attention_mask": begin.astype(np.int64)}
    sizes = encoders.Sizes(vocab=96, hidden=4, layers=2, heads=len(weights), ffn=4)
    run = adaptive._Run(adaptive.Adaptive(make_model(sizes), plan={"token_pruning": section}), inputs, knobs or {})
    return run.prune(section["layers"][0], section, begin, np.asarray([weights], float))[0].tolist(), run


def ltp(threshold, denominator, **more):
    section = {"method": "ltp", "layers": [0], "thresholds": [threshold], "denominator_tokens": denominator}
    return section | more


# Two heads, three tokens; column sums 2.0, 1.4, 2.6 of a mass of 6.
GIVEN = [
    [[0.5, 0.2, 0.3], [0.2, 0.3, 0.5], [0.3, 0.2, 0.5]],
    [[0.4, 0.3, 0.3], [0.3, 0.2, 0.5], [0.3, 0.2, 0.5]],
]


@pytest.mark.parametrize(
    ("section", "knobs", "kept"),
    [
        (ltp(0.1, 10, protect=[]), {}, [True, False, True]),  # shares .1, .07, .13; .1 is not below .1
        (ltp(0.0701, 10), {}, [True, False, True]),
        (ltp(0.0699, 10), {}, [True, True, True]),
        (ltp(0.11, 10, protect=[]), {}, [False, False, True]),
        (ltp(0.11, 10, protect=[1]), {}, [False, True, True]),
        (ltp(0.11, 10), {}, [True, False, True]),  # the default protects token 0
        (ltp(0.2, 10, protect=[]), {}, [False, False, True]),  # all below: the best stays
        (ltp(0.2, "alive", protect=[]), {}, [True, True, True]),  # shares .333, .233, .433
        (ltp(0.3, "alive", protect=[]), {}, [True, False, True]),
        (ltp(0.11, 10, protect=[]), {"token_pruning.scale": 0.5}, [True, True, True]),
        (ltp(0.11, 10, protect=[]), {"token_pruning.scale": 0.7}, [True, False, True]),
        (ltp(0.11, 10, protect=[]), {"token_pruning.scale": 0}, [True, True, True]),
        (ltp(0.0, 1000000, protect=[]), {}, [False, False, True]),  # the floor of 1e-5 cuts all but one
        (ltp(0.2, 10, protect=[9]), {}, [False, False, True]),  # beyond the end: ignored
    ],
)
def test_pruning_by_hand(section, knobs, kept):
    # .1 in binary is not exact: a hair's breadth on the keeping side.
    section = section | {"thresholds": [value - 1e-12 for value in section["thresholds"]]}
    assert given([1, 1, 1], GIVEN, section, knobs)[0] == kept


def test_pruning_counts_protected_tokens_without_padding():
    weights = np.zeros((2, 4, 4))
    weights[:, 1:, 1:] = GIVEN
    kept, _ = given([0, 1, 1, 1], weights, ltp(0.2, 10, protect=[0]))
    assert kept == [False, True, False, False]


def test_ties_keep_the_first():
    even = np.full((2, 3, 3), 1 / 3)
    kept, run = given([1, 1, 1], even, ltp(0.5, 3, protect=[]))
    assert kept == [True, False, False]
    assert run.near == 1 and run.closest == 0


# Blocks.


def test_predictor_against_onnx_operators():
    rng, heads, size = RNG(3), 5, 12
    tensors = plan_cases.block_tensors(rng, {"layers": [2], "block_size": size}, heads)
    nodes, last = [], "block"
    for i in (1, 2):
        names = [f"bn{i}.{n}" for n in ("weight", "bias", "running_mean", "running_var")]
        nodes += [
            helper.make_node("Conv", [last, f"conv{i}.weight", f"conv{i}.bias"], [f"c{i}"], pads=[1, 1, 1, 1]),
            helper.make_node("BatchNormalization", [f"c{i}", *names], [f"b{i}"], epsilon=1e-5),
            helper.make_node("Relu", [f"b{i}"], [f"r{i}"]),
            helper.make_node("AveragePool", [f"r{i}"], [f"p{i}"], kernel_shape=[2, 2], strides=[2, 2]),
        ]
        last = f"p{i}"
    nodes += [
        helper.make_node("Flatten", [last], ["flat"]),
        helper.make_node("Gemm", ["flat", "fc.weight", "fc.bias"], ["z"], transB=1),
        helper.make_node("Softmax", ["z"], ["p"], axis=1),
    ]
    weights = {key.removeprefix("block_skim.2."): value for key, value in tensors.items()}
    peer = operators(nodes, weights, "block", [4, heads, size, size], "p")
    blocks = rng.random((4, heads, size, size), np.float32)
    expected = peer.run(None, {"block": blocks})[0][:, 1]
    predictor = block_predictor.BlockPredictor(tensors, 2)
    np.testing.assert_allclose([predictor.probability(block.astype(float)) for block in blocks], expected, atol=1e-5)
    assert np.ptp(expected) > 0.01


def test_predictor_flops_by_hand():
    # 12 heads, blocks of 32: the published predictor.
    assert block_predictor.flops(12, 32) == 2 * (9 * 144 * 1024 + 9 * 144 * 256 + 2 * 768)


class Fixed:
    """A predictor whose probabilities are given by the blocks' lengths."""

    def __init__(self, values):
        self.values = iter(values)

    def __call__(self, tensors, layer):
        return self

    def probability(self, block):
        return next(self.values)


def skimmed(monkeypatch, section, masks, values, kept=None, types=None):
    monkeypatch.setattr(block_predictor, "BlockPredictor", Fixed(values))
    begin = np.asarray(masks, bool)
    inputs = {"input_ids": np.full(begin.shape, 7), "attention_mask": begin.astype(np.int64)}
    if types is not None:
        inputs["token_type_ids"] = np.asarray(types)
    section = {"layers": [0], "block_size": 4, "threshold": 0.5, "protect": []} | section
    sizes = encoders.Sizes(vocab=96, hidden=4, layers=2, heads=2, ffn=4)
    run = adaptive._Run(adaptive.Adaptive(make_model(sizes), plan={"block_skim": section}), inputs, {})
    kept = begin if kept is None else np.asarray(kept, bool)
    weights = np.zeros((*begin.shape[:1], 2, begin.shape[1], begin.shape[1]))
    return run.skim(0, section, begin, kept, weights).astype(int).tolist()


def test_blocks_by_hand(monkeypatch):
    ten = [[1] * 10]
    assert skimmed(monkeypatch, {}, ten, [0.5, 0.4, 0.6]) == [[1] * 4 + [0] * 4 + [1] * 2]
    assert skimmed(monkeypatch, {"protect": [5, 40]}, ten, [0.1, 0.1, 0.1]) == [[0] * 4 + [1] * 4 + [0] * 2]
    # Blocks count tokens, not positions.
    holes = [[1, 1, 0, 1, 1, 1, 1, 0, 1, 1]]
    assert skimmed(monkeypatch, {}, holes, [0.9, 0.1]) == [[1, 1, 0, 1, 1, 0, 0, 0, 0, 0]]
    # All below: the best stays, the first at a tie.
    assert skimmed(monkeypatch, {}, ten, [0.2, 0.3, 0.3]) == [[0] * 4 + [1] * 4 + [0] * 2]


def test_segments_are_protected(monkeypatch):
    types = [[0, 0, 1, 1, 1, 1, 1, 1, 2, 2]]
    section = {"protect_segments": [0, 2]}
    assert skimmed(monkeypatch, section, [[1] * 10], [0.1] * 3, types=types) == [[1] * 4 + [0] * 4 + [1] * 2]


def test_a_block_that_pruning_emptied_cannot_be_the_last(monkeypatch):
    kept = [[0] * 4 + [1, 0, 0, 0] + [0, 1]]
    assert skimmed(monkeypatch, {}, [[1] * 10], [0.4, 0.2, 0.3], kept) == [[0] * 9 + [1]]
    # A token that pruning cut protects its block by index nonetheless.
    section = {"protect": [6]}
    assert skimmed(monkeypatch, section, [[1] * 10], [0.4, 0.2, 0.3], kept) == [[0] * 4 + [1] + [0] * 5]


def test_batch_align_keeps_as_many_as_the_most(monkeypatch):
    masks = [[1] * 8 + [0] * 4, [1] * 12, [0] * 12]
    values = [0.4, 0.3, 0.6, 0.2, 0.7]
    aligned = skimmed(monkeypatch, {"batch_align": "max"}, masks, values)
    assert aligned == [[1] * 8 + [0] * 4, [1] * 4 + [0] * 4 + [1] * 4, [0] * 12]
    alone = skimmed(monkeypatch, {}, masks, values)
    assert alone == [[1] * 4 + [0] * 8, [1] * 4 + [0] * 4 + [1] * 4, [0] * 12]


# Exits.


@pytest.mark.parametrize(
    ("kind", "logits", "threshold", "temperature", "leaves"),
    [
        ("entropy", [0, 0], 0.7, 1, True),  # ln 2 = .693
        ("entropy", [0, 0], 0.69, 1, False),
        ("normalised_entropy", [0, 0, 0], 1.0001, 1, True),
        ("normalised_entropy", [0, 0, 0], 0.9999, 1, False),
        ("entropy", [1000, 0], 0.01, 1, True),  # no 0 * log 0
        ("entropy", [1000, 0], 0, 1, False),  # 0 never leaves
        ("max_probability", [np.log(3), 0], 0.74999, 1, True),
        ("max_probability", [np.log(3), 0], 0.75001, 1, False),
        ("max_probability", [2 * np.log(3), 0], 0.75001, 2, False),
        ("max_probability", [2 * np.log(3), 0], 0.74999, 2, True),
        ("max_probability", [1000, 0], 2, 1, False),
    ],
)
def test_criteria_by_hand(kind, logits, threshold, temperature, leaves):
    decided, _ = exit_heads.Criterion(kind).decide(np.array(logits, float), threshold, temperature)
    assert decided == leaves


def test_patience_by_hand():
    exits = [[1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 3, 1], [0, 9, 1]]
    decisions = {}
    for threshold in (0, 1, 2, 3):
        criterion = exit_heads.Criterion("patience")
        decisions[threshold] = [criterion.decide(np.array(z, float), threshold, 1)[0] for z in exits]
    assert decisions[0] == [False] * 5
    assert decisions[1].index(True) == 2  # equal to the one before, the lowest class at a tie
    assert decisions[2].index(True) == 3
    assert decisions[3].index(True) == 4


def test_fastbert_head_against_onnx_operators():
    rng, width, n = RNG(5), 24, 7
    section = {"head": "fastbert", "layers": [1]}
    tensors = plan_cases.exit_tensors(rng, section, width)
    nodes = []

    def op(kind, inputs, out, **attributes):
        nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def linear(name, value):
        return op("Gemm", [value, f"{name}.weight", f"{name}.bias"], name, transB=1)

    narrow = op("Tanh", [linear("narrow", "rows")], "narrow_tanh")
    parts = {name: op("Reshape", [linear(name, narrow), "shape"], f"{name}_r") for name in ("query", "key", "value")}
    query = op("Transpose", [parts["query"]], "q_t", perm=[1, 0, 2])
    key = op("Transpose", [parts["key"]], "k_t", perm=[1, 2, 0])
    value = op("Transpose", [parts["value"]], "v_t", perm=[1, 0, 2])
    scores = op("Mul", [op("MatMul", [query, key], "scores"), "scale"], "scaled")
    context = op("MatMul", [op("Softmax", [scores], "soft", axis=-1), value], "context")
    flat = op("Reshape", [op("Transpose", [context], "c_t", perm=[1, 0, 2]), "flat"], "flat_out")
    first = op("Gather", [linear("mix", flat), "zero"], "first", axis=0)
    op("Identity", [linear("classifier", op("Tanh", [linear("hidden", first)], "hidden_tanh"))], "z")
    weights = {key.removeprefix("early_exit.1."): tensor for key, tensor in tensors.items()}
    weights |= {"shape": np.array([n, 2, 64]), "flat": np.array([n, 128]), "zero": np.array([0])}
    weights["scale"] = np.float32(64**-0.5)
    rows = rng.standard_normal((n, width)).astype(np.float32)
    expected = operators(nodes, weights, "rows", [n, width], "z").run(None, {"rows": rows})[0][0]
    heads = exit_heads.ExitHeads(section, tensors, width)
    # Dead rows, before and between, must not matter.
    alive = np.array([0, 1, 1, 0, 1, 1, 1, 1, 1], bool)
    spread = rng.standard_normal((9, width))
    spread[alive] = rows
    np.testing.assert_allclose(heads.logits(1, spread, alive, []), expected, atol=1e-5)
    assert heads.flops(1, n) == 2 * (n * (24 * 128 + 2 * 128 * 128 + 256) + 3 * 128 * 128 + 128 * 3)


def test_simple_heads_by_hand():
    rng, width = RNG(6), 8
    rows, alive = rng.standard_normal((5, width)), np.array([0, 1, 0, 1, 1], bool)
    for head in ("linear", "pooler", "mean_linear", "scalar_mix"):
        section = {"head": head, "layers": [1]}
        tensors = plan_cases.exit_tensors(rng, section, width)
        heads = exit_heads.ExitHeads(section, tensors, width)
        weight, bias = (tensors[f"early_exit.1.classifier.{kind}"].astype(float) for kind in ("weight", "bias"))
        pooled = [heads.pooled(rows, alive), heads.pooled(rows[::-1], alive[::-1])] if head == "scalar_mix" else []
        state = rows[1]
        if head == "mean_linear":
            state = (rows[1] + rows[3] + rows[4]) / 3
        if head == "pooler":
            matrix = tensors["early_exit.1.pooler.weight"].astype(float)
            state = np.tanh(matrix @ rows[1] + tensors["early_exit.1.pooler.bias"])
        if head == "scalar_mix":
            matrix, offset = (tensors[f"early_exit.pooler.{kind}"].astype(float) for kind in ("weight", "bias"))
            one, two = np.tanh(matrix @ rows[1] + offset), np.tanh(matrix @ rows[4] + offset)
            state = tensors["early_exit.1.mix"][0] * one + tensors["early_exit.1.mix"][1] * two
        np.testing.assert_allclose(heads.logits(1, rows, alive, pooled), weight @ state + bias)


# Whole plans.


def random_case(seed, sections, head):
    rng = RNG([seed, 11])
    plan, tensors = plan_cases.random_plan(rng, SIZES.layers, SIZES.heads, SIZES.hidden, 20, sections)
    return make_model(seed=seed % 5), plan, tensors, make_inputs(4, 20, PADDINGS[seed % 5], seed)


@pytest.mark.parametrize("sections", ["p", "b", "e", "pb", "pbe"])
def test_knobs_off_are_dense(sections):
    for seed in range(6):
        model, plan, tensors, inputs = random_case(seed, sections, "cls")
        plan.pop("restore", None)
        off = {}
        if "p" in sections:
            off["token_pruning.scale"] = 0
        if "b" in sections:
            off["block_skim.threshold"] = 0
            plan["block_skim"].pop("batch_align", None)
        if "e" in sections:
            off["early_exit.threshold"] = 2 if plan["early_exit"]["criterion"] == "max_probability" else 0
        result = adaptive.Adaptive(model, "cls", plan, tensors).run(inputs, off)
        dense = adaptive.Adaptive(model, "cls").run(inputs)
        np.testing.assert_array_equal(result.outputs["logits"], dense.outputs["logits"])
        assert (result.exit_layer == 2).all()
        np.testing.assert_array_equal(result.last_layer, np.where(inputs["attention_mask"] != 0, 2, -1))


@pytest.mark.parametrize("sections", ["p", "b", "pb", "e", "pe", "be", "pbe"])
def test_survivors_do_not_see_who_is_gone(sections):
    """Run again on the survivors alone: the rest of the network gives the same."""
    cut = left = 0
    for seed in range(20):
        model, plan, tensors, inputs = random_case(seed, sections, "none")
        result = adaptive.Adaptive(model, "cls" if "e" in sections else "none", plan, tensors).run(inputs)
        for before, after in zip(result.attended[1:], result.survivors, strict=False):
            np.testing.assert_array_equal(before, after)
        for b, row in enumerate(result.survivors):
            assert not np.any(row & ~(inputs["attention_mask"] != 0)), b
        alive = [int(s.sum()) for s in result.survivors]
        counts = [row["tokens_out"] for row in result.statistics["layers"]]
        assert counts == alive and counts == sorted(counts, reverse=True)
        cut += result.statistics["tokens"] - counts[-1]
        left += int((result.exit_layer < 2).sum())
        flops = result.statistics["flops"]
        assert 0 <= flops["overhead"] <= flops["executed"]
    assert cut > 20
    assert "e" not in sections or left > 5


def test_last_state_of_a_token_that_is_cut_before_the_ffn_is_the_layers_input():
    model, inputs = make_model(), make_inputs(2, 12)
    section = ltp(0.09, 12, protect=[0])
    embedded = adaptive._Run(adaptive.Adaptive(model), inputs, {})
    embedded.embed()
    one_layer = encoders.Sizes(**{**vars(SIZES), "layers": 1})
    first = adaptive.Adaptive(make_model(one_layer)).run(inputs).states
    for place, want in (("before_ffn", embedded.states), ("after_layer", first)):
        result = adaptive.Adaptive(model, plan={"token_pruning": section | {"place": place}}).run(inputs)
        gone = result.attended[0] & ~result.survivors[0]
        assert gone.any()
        np.testing.assert_allclose(result.outputs["last_hidden_state"][gone], want[gone], atol=1e-12)
        filled = {"token_pruning": section | {"place": place}, "restore": {"fill": -100.0}}
        result = adaptive.Adaptive(model, plan=filled).run(inputs)
        assert (result.outputs["last_hidden_state"][gone] == -100).all()


@pytest.mark.parametrize("denominator", [20, "alive"])
@pytest.mark.parametrize("place", ["before_ffn", "after_layer"])
def test_masks_in_onnxruntime_agree(denominator, place):
    """Learned token pruning by masks in an ONNX graph: the same survivors, the same states."""
    cut = 0
    for seed in range(8):
        rng = RNG([seed, 3])
        typical = 0.1 if denominator == "alive" else 1 / 20
        section = ltp(0, denominator, place=place)
        section["layers"] = [0, 1, 2]
        section["thresholds"] = [float(typical * rng.uniform(0.5, 1)) for _ in range(3)]
        weights = encoders.random_weights(SIZES, seed)
        peer = session(build_masked.build(weights, section, SIZES).model)
        inputs = make_inputs(5, 20, PADDINGS[seed % 5], seed)
        states, alive = peer.run(None, inputs)
        model = encoder.Encoder(weights, SIZES.heads, SIZES.eps)
        result = adaptive.Adaptive(model, plan={"token_pruning": section}).run(inputs)
        assert result.near == 0
        np.testing.assert_array_equal(result.survivors[-1], alive != 0)
        live = result.attended[-1] if place == "after_layer" else result.survivors[-1]
        np.testing.assert_allclose(result.states[live], states[live], atol=2e-5 * np.abs(states).max())
        cut += int(inputs["attention_mask"].sum() - alive.sum())
    assert cut > 50


def test_graph_of_masks_is_valid():
    built = build_masked.build(encoders.random_weights(SIZES), ltp(0.1, 10), SIZES)
    onnx.checker.check_model(built.model, full_check=True)
    with pytest.raises(ValueError, match=r"expected protect \[0\] or \[\]"):
        build_masked.build(encoders.random_weights(SIZES), ltp(0.1, 10, protect=[3]), SIZES)
