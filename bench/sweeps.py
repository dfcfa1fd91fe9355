"""What bench/all plots: kernels against the roofline, time against tokens, threads and FLOPs kept."""

import itertools
import json
import os
import pathlib
import re
import subprocess
import tempfile

import cases
import fetch_models
import measure
import numpy as np
import peers

LENGTHS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
ROWS = (1, 4, 16, 64, 256)
SCALES = (0, 0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.3, 1.6)
PRUNED_LENGTH = 256
# (batch, sequence) of BERT-base on more and more threads.
SPREAD_SHAPES = ((1, 128), (8, 128))


def tokens(args):
    """Time of one sequence of BERT-base against its length, in all engines."""
    bench, model = cases.Bench(args), peers.Model("bert-base")
    for length in LENGTHS:
        yield from bench.case(f"BERT-base 1x{length}", model, "fp32", 1, [cases.random_batch(1, length)])


def threads(args):
    """Time of BERT-base on 1, 2, 4 .. threads, as many as this process may use cores, in all engines."""
    bench, model, cores = cases.Bench(args), peers.Model("bert-base"), len(os.sched_getaffinity(0))
    counts = [count for power in range(cores.bit_length()) if (count := 1 << power) < cores] + [cores]
    for count, (batch, length) in itertools.product(counts, SPREAD_SHAPES):
        title, inputs = f"BERT-base {batch}x{length}", [cases.random_batch(batch, length)]
        yield from bench.case(title, model, "fp32", count, inputs)


def flops_kept(args):
    """Time of BERT-base 1x256 against the FLOPs that token pruning leaves."""
    import skim

    path, layers = fetch_models.fetch("bert-base-cls"), list(range(12))
    pruning = {"method": "ltp", "layers": layers[1:], "thresholds": [1 / PRUNED_LENGTH] * 11}
    plan = skim.Plan(token_pruning=pruning | {"denominator_tokens": PRUNED_LENGTH})
    options = {"kernels": args.kernels}
    dense, pruned = skim.compile(str(path), **options), skim.compile(str(path), plan=plan, **options)
    inputs = cases.random_batch(1, PRUNED_LENGTH)
    for scale in SCALES:
        knobs = {"token_pruning.scale": scale}
        flops = pruned.run(inputs, stats=True, threads=1, knobs=knobs)[1]["flops"]
        functions = {
            "dense": lambda: dense.run(inputs, threads=1),
            "pruned": lambda knobs=knobs: pruned.run(inputs, threads=1, knobs=knobs),
        }
        times = measure.timed_turns(functions, args.seconds, args.rounds)
        middle = {name: float(np.median(values)) for name, values in times.items()}
        yield {
            "scale": scale,
            "flops_kept": flops["executed"] / flops["dense"],
            "time_kept_min": min(times["pruned"]) / min(times["dense"]),
            "time_kept_median": middle["pruned"] / middle["dense"],
            "median_ms": middle["pruned"] * 1e3,
        }


def moved_bytes(kernel, rows):
    """Bytes that a kernel must read and write for `rows` rows; None for kernels that are no products."""
    product = re.match(r"gemm_(int8x3_)?(\d+)x(\d+)(.*)", kernel)
    if product:
        k, n = int(product[2]), int(product[3])
        weight = 3 if product[1] else 4
        return weight * k * n + 4 * rows * (k + n + (n if "residual" in product[4] else 0))
    attention = re.match(r"attention_(\d+)x(\d+)", kernel)
    return 4 * 4 * rows * int(attention[1]) * int(attention[2]) if attention else None


def profile(library, length, folder, runs):
    """Traces of runs of one sequence of `length` tokens on one thread."""
    path = pathlib.Path(folder, "trace.json")
    for _ in range(runs):
        command = [measure.tools() / "skim-run", library, "--threads=1", "--warmup=2", f"--lengths={length}"]
        subprocess.run([*command, f"--profile={path}"], check=True, stdout=subprocess.DEVNULL)
        yield json.loads(path.read_text())


def roofline(args):
    """GFLOP/s and arithmetic intensity of BERT-base's products and attention by rows: each kernel's best call."""
    libraries = []
    with tempfile.TemporaryDirectory(dir=fetch_models.made(fetch_models.cache())) as folder:
        for products in ["fma", "int8x3"] if measure.has_amx() else ["fma"]:
            library = pathlib.Path(folder, f"{products}.so")
            command = [measure.tools() / "skim-opt", fetch_models.fetch("bert-base"), "-o", library]
            subprocess.run([*command, f"--kernels={args.kernels}", f"--fp32-products={products}"], check=True)
            libraries.append(library)
        for length in ROWS:
            best = {}
            runs = (profile(library, length, folder, min(3, args.rounds)) for library in libraries)
            for trace in itertools.chain.from_iterable(runs):
                for event in trace["traceEvents"]:
                    # Kernels of the last layer's first row have another number of rows than the batch.
                    inside = event["ph"] == "X" and 0 <= event["args"].get("layer", -1) < 11
                    if inside and event["dur"] > 0 and event["args"]["flops"]:
                        rate = event["args"]["flops"] / event["dur"] * 1e-3
                        if rate > best.get(event["name"], (0,))[0]:
                            best[event["name"]] = (rate, event["args"]["flops"])
            for kernel, (rate, flops) in sorted(best.items()):
                moved = moved_bytes(kernel, length)
                if moved:
                    yield {"kernel": kernel, "rows": length, "GFLOP/s": rate, "FLOP/byte": flops / moved}
