"""Random models under random plans: compiled, and in the numpy reference."""

import adaptive
import build_encoder as encoders
import encoder
import numpy as np
import plan_cases
import skim
from encoder_cases import PADDINGS, TOLERANCE, assert_same_bits, make_mask

SECTIONS = ("p", "b", "e", "pb", "pe", "be", "pbe")
HEADS = ("none", "pooler", "mean", "mean_l2", "cls", "tok", "qa")
VOCAB, LENGTH = 90, 48


class Case:
    """Case number `seed`: a model, a plan, and what both make of inputs."""

    def __init__(self, seed, folder, sections=None, head=None, compiled=True):
        rng = np.random.default_rng([seed, 77])
        self.seed = seed
        self.sections = sections or SECTIONS[seed % len(SECTIONS)]
        heads = int(rng.choice([2, 3, 4, 5, 7]))
        self.sizes = encoders.Sizes(
            vocab=VOCAB + 6,
            hidden=heads * int(rng.choice([2, 4, 6, 8, 12])),
            layers=int(rng.integers(2, 7)),
            heads=heads,
            ffn=int(rng.choice([17, 32, 40, 65])),
            positions=LENGTH + 4,
        )
        chosen = head or str(rng.choice(HEADS))
        self.head = "cls" if "e" in self.sections else chosen
        data, tensors = plan_cases.random_plan(
            rng, self.sizes.layers, heads, self.sizes.hidden, int(rng.integers(10, 40)), self.sections
        )
        self.plan = skim.Plan.from_dict(data)
        self.plan.tensors = tensors
        style = encoders.Style(opset=17, head=self.head, labels=2 if self.head == "qa" else 3)
        built = encoders.build(encoders.random_weights(self.sizes, seed, labels=style.labels), self.sizes, style)
        self.path = folder / f"case{seed}.onnx"
        encoders.save(built.model, self.path)
        self.model = skim.compile(self.path, plan=self.plan) if compiled else None
        network = encoder.Encoder(built.weights, heads, self.sizes.eps)
        self.reference = adaptive.Adaptive(network, self.head, self.plan.data, tensors)

    def __repr__(self):
        return f"case {self.seed} ({self.sections}, {self.head}, {self.sizes}, {self.plan.data})"

    def inputs(self, number, batch=None, length=None, padding=None):
        """Batch `number` of the case; one in three has a row without tokens."""
        rng = np.random.default_rng([self.seed, number, 78])
        batch = int(rng.integers(1, 6)) if batch is None else batch
        length = int(rng.integers(1, LENGTH + 1)) if length is None else length
        padding = PADDINGS[int(rng.integers(len(PADDINGS)))] if padding is None else padding
        mask = make_mask(batch, length, padding, rng)
        if number % 3 == 2 and batch > 1:
            mask[int(rng.integers(batch))] = 0
        ids = rng.integers(3, VOCAB, (batch, length))
        types = (np.arange(length) >= length // 3).astype(np.int64) * np.ones((batch, 1), np.int64)
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}

    def knobs(self, number):
        """The plan's own values first, then others: weaker, stronger, off in parts."""
        if number == 0:
            return {}
        rng = np.random.default_rng([self.seed, number, 79])
        knobs = {}
        if "p" in self.sections:
            knobs["token_pruning.scale"] = float(rng.choice([0, 0.5, 0.8, 1.3, 3]))
        if "b" in self.sections:
            knobs["block_skim.threshold"] = float(rng.choice([0, 0.4, 0.5, 0.6, 1]))
        if "e" in self.sections:
            criterion = self.plan.data["early_exit"]["criterion"]
            values = [0, 1, 2] if criterion == "patience" else [0, 0.3, 0.5, 0.7, 0.9]
            layers = self.plan.data["early_exit"]["layers"]
            name = f"early_exit.threshold.{layers[0]}" if rng.random() < 0.3 else "early_exit.threshold"
            knobs[name] = float(rng.choice(values))
        return knobs

    def off(self):
        """Knobs that leave nothing out."""
        knobs = {}
        if "p" in self.sections:
            knobs["token_pruning.scale"] = 0
        if "b" in self.sections:
            knobs["block_skim.threshold"] = 0
        if "e" in self.sections:
            knobs["early_exit.threshold"] = 2 if self.plan.data["early_exit"]["criterion"] == "max_probability" else 0
        return knobs

    @property
    def couples_batches(self):
        return self.plan.data.get("block_skim", {}).get("batch_align") == "max"


def assert_statistics(actual, expected, where):
    for key in ("tokens", "padded_tokens", "layers", "exit_layer", "last_layer", "flops"):
        assert actual[key] == expected[key], f"{key}: expected {expected[key]}, got {actual[key]}; {where}"
    seconds = actual["seconds"]
    assert set(seconds) == {"total", "embed", "gemm", "attention", "norm", "adaptive", "other"}, where
    assert all(value >= 0 for value in seconds.values()), where


def assert_outputs(case, inputs, outputs, result, where):
    """Within tolerance where both define numbers, exactly the fill value elsewhere."""
    token = inputs["attention_mask"] != 0
    restore = case.plan.data.get("restore", "hold")
    for output in case.reference.outputs:
        got, want = outputs[output.name], result.outputs[output.name]
        assert got.shape == want.shape, f"{output.name}: expected {want.shape}, got {got.shape}; {where}"
        assert np.isfinite(got).all(), f"{output.name}: not finite; {where}"
        if output.reads == "tokens":
            kept = token if restore == "hold" else result.survivors[-1]
            fill = 0.0 if restore == "hold" else np.float32(restore["fill"])
            assert (got[~kept] == fill).all(), f"{output.name}: expected {fill} where no token is; {where}"
        else:
            kept = token.any(axis=1)
        if kept.any():
            worst = np.abs(got[kept].astype(np.float64) - want[kept]).max()
            allowed = TOLERANCE * np.abs(want[kept]).max()
            assert worst <= allowed, f"{output.name}: differs by {worst:.2e}, allowed {allowed:.2e}; {where}"


def check(case, inputs, knobs, threads=None):
    """Compares one run with the reference; gives the reference's result."""
    result = case.reference.run(inputs, knobs)
    outputs, statistics = case.model.run(inputs, stats=True, knobs=knobs, threads=threads)
    if result.near:
        return result  # within 1e-6 of a threshold: counted by the caller, not compared
    where = f"{case}, knobs {knobs}, closest decision {result.closest:.1e}"
    assert_statistics(statistics, result.statistics, where)
    assert_outputs(case, inputs, outputs, result, where)
    return result


def one_sequence(inputs, row):
    """A sequence by itself, without its padding."""
    token = inputs["attention_mask"][row] != 0
    return {name: np.ascontiguousarray(value[row : row + 1, token]) for name, value in inputs.items()}


def assert_alone(case, inputs, knobs):
    """Each sequence gives the same bits alone, unpadded, as in its batch. Positions must be
    the same, so the padding is on the right."""
    outputs = case.model.run(inputs, knobs=knobs)
    for row in range(len(inputs["input_ids"])):
        token = inputs["attention_mask"][row] != 0
        if not token.any():
            continue
        alone = case.model.run(one_sequence(inputs, row), knobs=knobs)
        for output in case.reference.outputs:
            together = outputs[output.name][row]
            got = alone[output.name][0]
            assert_same_bits(output.name, got, together[token] if output.reads == "tokens" else together)
