"""Saved FLOPs against saved time: models with plans beside the dense model, turn by turn.

    bench/adaptive [--threads 1] [--rounds 5] [--only bert,minilm,classifier] [--sizes 1,8] [--write]

BERT-base in shape (random weights, 256 tokens, batches of 1 and 8) and MiniLM on BBC
News articles as they come. Token pruning at three quarters, half and a quarter of the
FLOPs, blocks at a third, exits at half, and pruning with exits. Knobs are set once a
model so that the FLOPs of some sequences are about those; what they are is measured.
`classifier` is BERT-base with a classifier, which reads one row of its last layer,
beside the same encoder with all states as its output.

f: FLOPs executed / dense, t: time / dense time, both over all batches, predictors and
heads in both. f / t is 1 where saved FLOPs are saved time. The peers run beside it, dense
(the encoder with all states as its output), and ONNX Runtime with the pruning at half the
FLOPs as masks in the graph. `--write` puts JSON and Markdown into bench/results, after
each model.
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
import peers
import plan_cases
import skim
from tqdm import tqdm

BLOCK = 32
STEPS = 10
TOLERANCE = 0.03
TUNED = 4  # sequences


class Setup:
    """A model with the sizes, weights and inputs that it is measured with."""

    def __init__(self, name, encoder, path, sizes, style, weights, batches, kinds):
        self.name, self.encoder, self.path, self.sizes, self.style = name, encoder, path, sizes, style
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
    return Setup(name, "bert-base", path, sizes, fetch_models.CLS_STYLE, fetch_models.bert_base_weights, batches, kinds)


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
    return Setup(name, "minilm", path, encoders.MINILM, style, fetch_models.minilm_weights, batches, kinds)


def make_plan(kind, sizes):
    """The plan of a kind of case: "prune", "blocks", "exits" or "pyramid"."""
    rng, layers = np.random.default_rng(1), list(range(sizes.layers))
    length = 512 if sizes is encoders.MINILM else 256
    # The mean score is 1 / length whatever is left, so that equal thresholds cut about the same share in every layer.
    pruning = {
        "method": "ltp",
        "layers": layers,
        "thresholds": [1 / length] * sizes.layers,
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
        if abs(tried[middle] - target) < TOLERANCE * target:
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


def masked_session(setup, plan, scale, threads):
    """The pruning of a plan as masks in an ONNX graph."""
    section = dict(plan.data["token_pruning"])
    section["thresholds"] = [value * scale for value in section["thresholds"]]
    built = build_masked.build(setup.weights(), section, setup.sizes, setup.style)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "masked.onnx")
        encoders.save(built.model, path)
        return peers.session(path, threads)


def dense_peers(setup, threads):
    """Functions of inputs by the names of the peers, dense; what is not there is said and left out."""
    wanted = list(peers.PEERS)
    engines, missing = peers.make(peers.Model(setup.encoder), "fp32", threads, wanted, "auto")
    for name, why in missing.items():
        print(f"{setup.name}: no row for {name}: {why}", flush=True)
    return {f"{name}, dense": engine.run for name, engine in engines.items()}


class Models:
    """A setup's models, compiled and tuned once for all batch sizes and thread counts."""

    def __init__(self, setup):
        self.dense = skim.compile(setup.path)
        self.by_kind, self.knobs = {}, {}
        singles = [{name: value[:1] for name, value in inputs.items()} for inputs in setup.batches]
        for case in tqdm(setup.kinds, desc=f"{setup.name}: knobs", leave=False):
            kind, goal = case.split()
            if kind not in self.by_kind:
                plan = make_plan(kind, setup.sizes)
                self.by_kind[kind] = (skim.compile(setup.path, plan=plan), plan)
            self.knobs[case] = tune(kind, self.by_kind[kind][0], singles[:TUNED], float(goal.rstrip("%")) / 100)

    def of(self, case):
        return self.by_kind[case.split()[0]][0]


def functions_of(setup, models, threads):
    """What is measured: functions of inputs by the name of the case."""
    runs = {"dense": lambda inputs: models.dense.run(inputs, threads=threads)}
    for case in setup.kinds:
        runs[case] = lambda inputs, case=case: models.of(case).run(inputs, threads=threads, knobs=models.knobs[case])
    runs |= dense_peers(setup, threads)
    if "prune 50%" in models.knobs:
        scale = models.knobs["prune 50%"]["token_pruning.scale"]
        masked = masked_session(setup, models.by_kind["prune"][1], scale, threads)
        runs["ONNX Runtime, masks (prune 50%)"] = lambda inputs: masked.run(None, inputs)
    return runs


def timed(setup, runs, rounds, threads):
    """Sums over the batches of the least and the median seconds, by case."""
    totals = {case: np.zeros(2) for case in runs}
    for inputs in tqdm(setup.batches, desc=setup.name, leave=False):
        bound = {case: lambda run=run, inputs=inputs: run(inputs) for case, run in runs.items()}
        for case, times in measure.turns(bound, rounds, pause=0.02 if threads > 1 else 0.0).items():
            totals[case] += [min(times), statistics.median(times)]
    return totals


def measure_setup(setup, models, threads, rounds):
    """A row for each kind of case, and one for each of the peers'."""
    totals = timed(setup, functions_of(setup, models, threads), rounds, threads)
    rows = []
    for case, (best, middle) in totals.items():
        row = {"model": setup.name, "threads": threads, "case": case}
        row |= {"min_ms": best * 1e3, "median_ms": middle * 1e3}
        t = totals[case] / totals["dense"]
        row |= {"f": "", "t_min": float(t[0]), "t_median": float(t[1]), "f_over_t_min": "", "f_over_t_median": ""}
        row |= {"overhead": "", "exit_layer": "", "adaptive_time": ""}
        if case in models.knobs:
            row |= facts(models.of(case), setup.batches, models.knobs[case], threads)
            row |= {"f_over_t_min": row["f"] / row["t_min"], "f_over_t_median": row["f"] / row["t_median"]}
        rows.append(row)
    return rows


def classifier(size, count, threads, rounds):
    """Rows of BERT-base whose output is a classifier's, and of the same encoder with all states as its output."""
    setup = bert(size, count)
    narrow, whole = skim.compile(setup.path), skim.compile(fetch_models.fetch("bert-base"))
    models = {"all states": whole, "classifier": narrow}
    runs = {case: lambda inputs, model=model: model.run(inputs, threads=threads) for case, model in models.items()}
    totals, rows, executed = timed(setup, runs, rounds, threads), [], {}
    for case, model in models.items():
        flops = [model.run(inputs, stats=True, threads=threads)[1]["flops"]["executed"] for inputs in setup.batches]
        executed[case] = sum(flops)
        f, t = executed[case] / executed["all states"], totals[case] / totals["all states"]
        row = {"model": setup.name, "threads": threads, "output": case}
        row |= {"min_ms": totals[case][0] * 1e3, "median_ms": totals[case][1] * 1e3, "f": f}
        row |= {"t_min": float(t[0]), "t_median": float(t[1])}
        rows.append(row | {"f_over_t_min": f / float(t[0]), "f_over_t_median": f / float(t[1])})
    return rows


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
    parser.add_argument("--only", default="bert,minilm,classifier")
    parser.add_argument("--sizes", default="1,8", help="batch sizes, separated by commas")
    parser.add_argument(
        "--sequences", type=int, default=4, help="sequences of BERT-base, or one batch where that is more"
    )
    parser.add_argument("--articles", type=int, default=16)
    parser.add_argument("--write", action="store_true", help="write bench/results/adaptive.{json,md}")
    args = parser.parse_args()
    makers = {"bert": (bert, args.sequences), "minilm": (minilm, args.articles)}
    chosen = args.only.split(",")
    if not set(chosen) <= {*makers, "classifier"}:
        parser.error(f"--only: expected some of {', '.join(makers)}, classifier, got {args.only}")
    report = Report(args.write)
    for name in chosen:
        models = None
        for size in map(int, args.sizes.split(",")):
            for threads in map(int, args.threads.split(",")):
                if name == "classifier":
                    report.add(classifier(size, args.sequences, threads, args.rounds))
                    continue
                maker, count = makers[name]
                setup = maker(size, count)
                models = models or Models(setup)
                report.add(measure_setup(setup, models, threads, args.rounds), models.knobs)


class Report:
    """Tables as they come, printed and kept."""

    def __init__(self, write):
        self.machine, self.write = measure.machine() | measure.caches() | peers.versions(), write
        self.tables, self.knobs = [], {}

    def add(self, rows, knobs=None):
        self.tables.append(rows)
        if knobs:
            self.knobs[rows[0]["model"]] = knobs
        print(measure.table(rows) + "\n", flush=True)
        if not self.write:
            return
        folder = measure.results_folder()
        folder.mkdir(parents=True, exist_ok=True)
        document = {"title": "adaptive", "machine": self.machine, "knobs": self.knobs, "tables": self.tables}
        (folder / "adaptive.json").write_text(json.dumps(document, indent=1) + "\n")
        (folder / "adaptive.md").write_text(self.as_markdown())

    def as_markdown(self):
        facts = ", ".join(f"{key} {value}" for key, value in self.machine.items())
        lines = ["# Adaptive inference: saved FLOPs against saved time", ""]
        lines += [f"Written by `bench/adaptive --write`; {facts}.", ""]
        lines += ["f: FLOPs executed / dense. t: time / dense time. `overhead`: predictors' and heads' FLOPs / dense,"]
        lines += ["in f too. `adaptive_time`: part of the run's time that they and the cuts take, in t too.", ""]
        return "\n".join(lines) + "\n\n".join(measure.table(rows) for rows in self.tables) + "\n"


if __name__ == "__main__":
    main()
