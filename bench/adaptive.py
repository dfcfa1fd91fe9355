"""Saved FLOPs against saved time: models with plans beside the dense model, turn by turn.

    bench/adaptive [--threads 1] [--rounds 5] [--only bert,minilm] [--sizes 1,8] [--write]

BERT-base in shape (random weights, 256 tokens, batches of 1 and 8) and MiniLM on BBC
News articles as they come. Token pruning at three quarters, half and a quarter of the
FLOPs, blocks at a third, exits at half, and pruning with exits. Knobs are set so that
the FLOPs are about those; what they are is measured.

f: FLOPs executed / dense, t: time / dense time, both over all batches, predictors and
heads in both. f / t is 1 where saved FLOPs are saved time. ONNX Runtime runs beside it,
dense and with the pruning at half the FLOPs as masks in the graph. `--write` puts JSON
and Markdown into bench/results.
"""

import argparse
import json
import pathlib
import statistics
import tempfile

import build_encoder as encoders
import build_masked
import fetch_models
import measure
import numpy as np
import onnxruntime
import plan_cases
import skim

RESULTS = measure.ROOT / "bench" / "results"
BLOCK = 32
STEPS = 10


class Setup:
    """A model with the sizes, weights and inputs that it is measured with."""

    def __init__(self, name, path, sizes, style, weights, batches, kinds):
        self.name, self.path, self.sizes, self.style = name, path, sizes, style
        self.weights, self.batches, self.kinds = weights, batches, kinds


def bert(size, count):
    """BERT-base with a classifier, `count` sequences of 256 random tokens, `size` at a time."""
    path = fetch_models.fetch("bert-base-cls")
    rng = np.random.default_rng(0)
    batches = []
    for _ in range(max(1, count // size)):
        ids = rng.integers(1000, 30000, (size, 256))
        batches.append({"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)})
    kinds = ("prune 75%", "prune 50%", "prune 25%", "blocks 33%", "exits 50%", "pyramid 30%")
    name, sizes = f"BERT-base {size}x256", encoders.BERT_BASE
    return Setup(name, path, sizes, fetch_models.CLS_STYLE, fetch_models.bert_base_weights, batches, kinds)


def minilm(size, count):
    """MiniLM and articles, `size` at a time."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(fetch_models.fetch("tokenizer")))
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding()
    texts = fetch_models.texts(count)
    batches = []
    for first in range(0, count, size):
        encoded = tokenizer.encode_batch(texts[first : first + size])
        ids, mask = (np.array([getattr(e, key) for e in encoded]) for key in ("ids", "attention_mask"))
        batches.append({"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})
    kinds = ("prune 75%", "prune 50%", "prune 25%", "blocks 33%")
    path, style = fetch_models.fetch("minilm"), fetch_models.MINILM_STYLE
    name = f"MiniLM, {count} articles by {size}"
    return Setup(name, path, encoders.MINILM, style, fetch_models.minilm_weights, batches, kinds)


def make_plan(kind, sizes):
    """The plan of a kind of case: "prune", "blocks", "exits" or "pyramid"."""
    rng, layers = np.random.default_rng(1), list(range(sizes.layers))
    length = 512 if sizes is encoders.MINILM else 256
    pruning = {
        "method": "ltp",
        "layers": layers[1:],
        "thresholds": [1 / length] * (sizes.layers - 1),
        "denominator_tokens": length,
    }
    blocks = {"layers": layers, "block_size": BLOCK, "threshold": 0.5}
    head = "fastbert" if kind == "pyramid" else "linear"
    exits = plan_cases.early_exit(rng, sizes.layers, head=head, criterion="normalised_entropy")
    exits |= {"layers": layers[:-1], "threshold": 0.5}
    exits.pop("temperature", None)
    if kind == "prune":
        return skim.Plan(token_pruning=pruning)
    if kind == "blocks":
        return skim.Plan(block_skim=blocks, tensors=plan_cases.block_tensors(rng, blocks, sizes.heads))
    tensors = plan_cases.exit_tensors(rng, exits, sizes.hidden)
    return skim.Plan(token_pruning=pruning if kind == "pyramid" else None, early_exit=exits, tensors=tensors)


def share(model, batches, knobs):
    """FLOPs executed / dense over batches."""
    totals = np.zeros(2)
    for inputs in batches:
        flops = model.run(inputs, stats=True, knobs=knobs)[1]["flops"]
        totals += [flops["executed"], flops["dense"]]
    return totals[0] / totals[1]


def bisect(measured, low, high, target):
    """The place where a falling function is closest to `target`; places on a scale of powers."""
    tried = {}
    for _ in range(STEPS):
        middle = (low * high) ** 0.5
        tried[middle] = measured(middle)
        if abs(tried[middle] - target) < 0.01 * target:
            break
        low, high = (middle, high) if tried[middle] > target else (low, middle)
    return min(tried, key=lambda place: abs(tried[place] - target))


def tune(kind, model, batches, target):
    """Knobs at which about `target` of the FLOPs are left."""
    if kind == "prune":
        name, low, high = "token_pruning.scale", 1e-3, 10
    elif kind == "blocks":
        name, low, high = "block_skim.threshold", 0.05, 1
    else:
        name, low, high = "early_exit.threshold", 1e-3, 1
    knobs = {}
    if kind == "pyramid":
        # Half of what is to go goes by pruning, with exits off.
        half = 1 - (1 - target) * 0.5
        off = {"early_exit.threshold": 0}
        scale = bisect(lambda v: share(model, batches, off | {"token_pruning.scale": v}), 1e-3, 10, half)
        knobs["token_pruning.scale"] = scale
    return knobs | {name: bisect(lambda v: share(model, batches, knobs | {name: v}), low, high, target)}


def session(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def masked_session(setup, plan, scale, threads):
    """The pruning of a plan as masks in an ONNX graph."""
    section = dict(plan.data["token_pruning"])
    section["thresholds"] = [value * scale for value in section["thresholds"]]
    built = build_masked.build(setup.weights(), section, setup.sizes, setup.style)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "masked.onnx")
        encoders.save(built.model, path)
        return session(path, threads)


def measure_setup(setup, threads, rounds, few):
    """A row for each kind of case, and one for each of ONNX Runtime's."""
    dense = skim.compile(setup.path)
    models, knobs = {}, {}
    for case in setup.kinds:
        kind, goal = case.split()
        if kind not in models:
            plan = make_plan(kind, setup.sizes)
            models[kind] = (skim.compile(setup.path, plan=plan), plan)
        knobs[case] = tune(kind, models[kind][0], setup.batches[:few], float(goal.rstrip("%")) / 100)
    peer = session(setup.path, threads)
    middle = knobs["prune 50%"]["token_pruning.scale"]
    masked = masked_session(setup, models["prune"][1], middle, threads)
    totals = {}
    for inputs in setup.batches:
        runs = {"dense": lambda inputs=inputs: dense.run(inputs, threads=threads)}
        for case in setup.kinds:
            model = models[case.split()[0]][0]
            runs[case] = lambda inputs=inputs, model=model, case=case: model.run(
                inputs, threads=threads, knobs=knobs[case]
            )
        runs["ONNX Runtime, dense"] = lambda inputs=inputs: peer.run(None, inputs)
        runs["ONNX Runtime, masks (prune 50%)"] = lambda inputs=inputs: masked.run(None, inputs)
        for case, times in measure.turns(runs, rounds, pause=0.02 if threads > 1 else 0.0).items():
            best, middle = totals.get(case, (0.0, 0.0))
            totals[case] = (best + min(times), middle + statistics.median(times))
    rows = []
    for case, (best, middle) in totals.items():
        row = {"model": setup.name, "threads": threads, "case": case}
        row |= {"min_ms": best * 1e3, "median_ms": middle * 1e3}
        t = [best / totals["dense"][0], middle / totals["dense"][1]]
        row |= {"f": "", "t_min": t[0], "t_median": t[1], "f_over_t_min": "", "f_over_t_median": ""}
        row |= {"overhead": "", "exit_layer": "", "adaptive_time": ""}
        if case in knobs:
            model = models[case.split()[0]][0]
            row |= facts(model, setup.batches, knobs[case], threads)
            row |= {"f_over_t_min": row["f"] / t[0], "f_over_t_median": row["f"] / t[1]}
        rows.append(row)
    return rows, {case: value for case, value in knobs.items()}


def facts(model, batches, knobs, threads):
    """f, predictors' and heads' part of the dense FLOPs, mean exit, part of time that is adaptive."""
    executed = dense = overhead = 0
    exits, total = [], {}
    for inputs in batches:
        stats = model.run(inputs, stats=True, knobs=knobs, threads=threads)[1]
        flops = stats["flops"]
        executed, dense = executed + flops["executed"], dense + flops["dense"]
        overhead += flops["overhead"]
        exits += stats["exit_layer"]
        for name, value in stats["seconds"].items():
            total[name] = total.get(name, 0.0) + value
    return {
        "f": executed / dense,
        "overhead": overhead / dense,
        "exit_layer": float(np.mean(exits)),
        "adaptive_time": total["adaptive"] / total["total"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", default="1", help="thread counts, separated by commas")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each batch in each case")
    parser.add_argument("--only", default="bert,minilm")
    parser.add_argument("--sizes", default="1,8", help="batch sizes, separated by commas")
    parser.add_argument("--sequences", type=int, default=8, help="sequences of BERT-base")
    parser.add_argument("--articles", type=int, default=32)
    parser.add_argument("--write", action="store_true", help="write bench/results/adaptive.{json,md}")
    args = parser.parse_args()
    machine, makers = measure.machine(), {"bert": (bert, args.sequences), "minilm": (minilm, args.articles)}
    chosen = args.only.split(",")
    if not set(chosen) <= set(makers):
        parser.error(f"--only: expected some of {', '.join(makers)}, got {args.only}")
    rows, knobs = [], {}
    for name in chosen:
        maker, count = makers[name]
        for size in map(int, args.sizes.split(",")):
            setup = maker(size, count)
            for threads in map(int, args.threads.split(",")):
                # Batches of 8 are tuned on one, single sequences on all.
                few = 1 if size > 1 else len(setup.batches)
                part, knobs[setup.name] = measure_setup(setup, threads, args.rounds, few)
                rows += part
                print(measure.table(part) + "\n", flush=True)
    if args.write:
        RESULTS.mkdir(exist_ok=True)
        document = {"title": "adaptive", "machine": machine, "knobs": knobs, "rows": rows}
        (RESULTS / "adaptive.json").write_text(json.dumps(document, indent=1) + "\n")
        (RESULTS / "adaptive.md").write_text(as_markdown(machine, rows))


def as_markdown(machine, rows):
    lines = ["# Adaptive inference: saved FLOPs against saved time", ""]
    lines += ["Written by `bench/adaptive --write`; " + ", ".join(f"{k} {v}" for k, v in machine.items()) + ".", ""]
    lines += ["f: FLOPs executed / dense. t: time / dense time. `overhead`: predictors' and heads' FLOPs / dense,"]
    lines += ["in f too. `adaptive_time`: part of the run's time that they and the cuts take, in t too.", ""]
    return "\n".join(lines) + measure.table(rows) + "\n"


if __name__ == "__main__":
    main()
