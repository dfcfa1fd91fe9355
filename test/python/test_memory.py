"""Memory of runs with plans: at most the dense run's, and the states that are held."""

import build_encoder as encoders
import numpy as np
import plan_cases
import pytest
import run_memory
import skim

MIB = 1 << 20
PAGE = 4096
# Layers as BERT's and MiniLM's: a feed-forward of four widths, heads as wide as a block.
SIZES = encoders.Sizes(vocab=96, hidden=256, layers=4, heads=8, ffn=1024, positions=260)
BLOCK = 32
SHAPES = [(1, 256), (8, 128), (256, 4), (60, 33)]
THREADS = 2
# The plan's own, all is cut, nothing is.
DECISIONS = [
    {},
    {"token_pruning.scale": 1e9, "block_skim.threshold": 2},
    {"token_pruning.scale": 0, "block_skim.threshold": 0, "early_exit.threshold": 0},
]


def sections():
    """Plans of every kind: the name, the model's head, the plan."""
    rng, layers = np.random.default_rng(5), list(range(SIZES.layers))
    blocks = {"layers": layers, "block_size": BLOCK, "threshold": 0.5}
    tensors = plan_cases.block_tensors(rng, blocks, SIZES.heads)

    def pruning(place):
        thresholds = [1 / 256] * len(layers)
        return {"method": "ltp", "layers": layers, "thresholds": thresholds, "denominator_tokens": 256, "place": place}

    def exits(head):
        section = plan_cases.early_exit(rng, SIZES.layers, head=head, criterion="normalised_entropy")
        section |= {"layers": layers[:-1], "threshold": 0.8, "temperature": 1.0}
        return {"early_exit": section, "tensors": plan_cases.exit_tensors(rng, section, SIZES.hidden)}

    yield "prune before the feed-forward", "cls", {"token_pruning": pruning("before_ffn")}
    yield "prune after the layer, hold", "tok", {"token_pruning": pruning("after_layer")}
    yield "blocks", "cls", {"block_skim": blocks, "tensors": tensors}
    yield "blocks, hold", "qa", {"block_skim": blocks, "tensors": tensors}
    yield "blocks, fill", "qa", {"block_skim": blocks, "tensors": tensors, "restore": {"fill": -100}}
    for head in plan_cases.HEADS:
        yield f"exits by {head}", "cls", exits(head)
    pyramid = exits("fastbert")
    pyramid["tensors"] = {**tensors, **pyramid["tensors"]}
    yield "all", "cls", {"token_pruning": pruning("before_ffn"), "block_skim": blocks, **pyramid}


CASES = {name: (head, plan) for name, head, plan in sections()}


@pytest.fixture(scope="module")
def libskim():
    return run_memory.Libskim()


@pytest.fixture(scope="module")
def memory(libskim, tmp_path_factory):
    """memory(head, plan): bytes after a run of each shape, each in a context of its own."""
    folder, cache = tmp_path_factory.mktemp("memory"), {}

    def measure(head, plan):
        if plan is None and head in cache:
            return cache[head]
        model, library = folder / f"{head}.onnx", folder / "model.so"
        style = encoders.Style(head=head, labels=2 if head == "qa" else 3)
        encoders.save(encoders.build(encoders.random_weights(SIZES, 3, labels=style.labels), SIZES, style).model, model)
        skim.compile(model, plan=skim.Plan(**plan) if plan else None, output=library)
        result = {}
        for shape in SHAPES:
            with libskim.context(library) as context:
                runs = []
                for knobs in DECISIONS:
                    known = {name: value for name, value in knobs.items() if plan and name.split(".")[0] in plan}
                    runs.append(libskim.run(context, batch(shape), THREADS, known))
                result[shape] = runs[-1]
                # Buffers are as the tokens at entry, but for flags of the blocks that are left;
                # only a layer that nobody reached takes none.
                assert max(runs) - min(runs) <= 2 * PAGE or "early_exit" in plan, f"{shape}: {runs}"
        if plan is None:
            cache[head] = result
        return result

    return measure


def batch(shape):
    ids = np.random.default_rng(6).integers(3, 90, shape)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}


@pytest.mark.parametrize("name", CASES)
def test_a_plan_takes_no_more_memory_than_the_dense_model(name, memory):
    head, plan = CASES[name]
    dense, got = memory(head, None), memory(head, plan)
    for shape in SHAPES:
        tokens = shape[0] * shape[1]
        held = tokens * SIZES.hidden * 4 if head in ("tok", "qa") and plan.get("restore", "hold") == "hold" else 0
        allowed = dense[shape] + held + THREADS * MIB
        more = f"{got[shape] - dense[shape] - held} bytes more than the dense {dense[shape]} and the {held} held"
        assert got[shape] <= allowed, f"{shape}: {more}"
