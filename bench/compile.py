"""What compiling costs, and what a compiled library costs: time, memory, size.

    bench/compile [--models bert-base,minilm] [--repeat 3] [--json FILE]

The compiler and every run are child processes, so that their peaks are their own.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import fetch_models
import measure
import onnx

MIB = 1 << 20

# Runs in a child: loads a library, runs batches of given lengths, prints what it took.
PROBE = """
import json, resource, statistics, sys, time
import numpy as np
import skim

def status(key):
    with open("/proc/self/status") as lines:
        return next(int(l.split()[1]) * 1024 for l in lines if l.startswith(key + ":"))

library, width, lengths, vocab = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), 30000
start = time.perf_counter()
model = skim.load(library)
load = time.perf_counter() - start
mask = (np.arange(width) < np.array(lengths)[:, None]).astype(np.int64)
ids = np.random.default_rng(0).integers(1000, vocab, mask.shape)
values = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
inputs = {i.name: values[i.name] for i in model.inputs}
before = status("RssAnon")
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
start = time.thread_time()
outputs = model.run(inputs, threads=1)
first = time.thread_time() - start
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
after = status("RssAnon")
later = []
for _ in range(5 if "later" in sys.argv else 0):
    start = time.thread_time()
    model.run(inputs, threads=1)
    later.append(time.thread_time() - start)
size = sum(o.nbytes for o in outputs.values())
later = statistics.median(later) if later else 0
print(json.dumps({"load": load, "grown": after - before, "outputs": size,
                  "first": first, "later": later, "faults": faults}))
"""


# Runs in a child: a process's peak begins with that of the one which starts it, so this one stays small.
LAUNCH = """
import json, os, subprocess, sys, time
start = time.perf_counter()
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), time.perf_counter() - start, usage.ru_maxrss * 1024]))
"""


def compile_once(path, library, tool, options):
    """Seconds, peak resident bytes of one compilation."""
    command = [sys.executable, "-c", LAUNCH, str(tool), str(path), "-o", str(library), *options]
    code, seconds, peak = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    if code != 0:
        raise SystemExit(f"skim-opt {path}: exit code {code}")
    return seconds, peak


def probe(library, width, lengths, *options):
    command = [sys.executable, "-c", PROBE, str(library), str(width), json.dumps(lengths), *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def model_bytes(path):
    """The bytes of a model with its external data, and those of its weights."""
    data = path.with_name(path.name + ".data")
    graph = onnx.load(path, load_external_data=False).graph
    weights = 0
    for tensor in graph.initializer:
        count = 1
        for size in tensor.dims:
            count *= size
        weights += count * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    return path.stat().st_size + (data.stat().st_size if data.exists() else 0), weights


def compiling(name, folder, tool, repeat, options):
    path, library = fetch_models.fetch(name), folder / f"{name}.so"
    total, weights = model_bytes(path)
    runs = [compile_once(path, library, tool, options) for _ in range(repeat)]
    loads = [probe(library, 8, [8])["load"] for _ in range(max(3, repeat))]
    size = library.stat().st_size
    return library, {
        "model": name,
        "model_MiB": total / MIB,
        "compile_min_s": min(t for t, _ in runs),
        "compile_median_s": statistics.median(t for t, _ in runs),
        "peak_MiB": max(m for _, m in runs) / MIB,
        "peak_of_model": max(m for _, m in runs) / total,
        "library_MiB": size / MIB,
        "beyond_1.02_weights_MiB": (size - 1.02 * weights) / MIB,
        "load_min_ms": min(loads) * 1e3,
        "load_median_ms": statistics.median(loads) * 1e3,
    }


def starting(name, library, repeat):
    """A fresh process's first run of 1x128 against its later ones; the file is in the page cache.

    In CPU time of the thread that runs: those of numpy's BLAS spin for a while after they were made.
    """
    runs = [probe(library, 128, [128], "later") for _ in range(repeat)]
    middle = {key: statistics.median(run[key] for run in runs) for key in ("load", "first", "later", "faults")}
    return {
        "model": name,
        "load_ms": middle["load"] * 1e3,
        "first_run_ms": middle["first"] * 1e3,
        "later_runs_ms": middle["later"] * 1e3,
        "first_of_later": statistics.median(run["first"] / run["later"] for run in runs),
        "first_faults": middle["faults"],
    }


# (width, lengths): the same tokens with and without padding, and more and more tokens.
RUNS = [
    (16, [16]),
    (128, [128]),
    (128, [128] * 8),
    (512, [128] * 8),
    (512, [512, 512]),
    (512, [512] * 8),
    (512, [64] * 64),
]


def running(name, library):
    for width, lengths in RUNS:
        grown = probe(library, width, lengths)
        tokens = sum(lengths)
        yield {
            "model": name,
            "batch": f"{len(lengths)}x{width}",
            "tokens": tokens,
            "positions": len(lengths) * width,
            "grown_MiB": grown["grown"] / MIB,
            "outputs_MiB": grown["outputs"] / MIB,
            "KiB_per_token": (grown["grown"] - grown["outputs"]) / 1024 / tokens,
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="published,minilm,bert-base,bert-base-external")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--option", action="append", default=[], help="passed on to skim-opt")
    parser.add_argument("--json", help="write the numbers to this file, to FILE-start.json and FILE-run.json")
    args = parser.parse_args()
    tool = pathlib.Path(os.environ.get("SKIM_BIN", measure.ROOT / "build" / "bin")) / "skim-opt"
    facts, libraries = measure.machine(), {}
    with tempfile.TemporaryDirectory(dir=fetch_models.made(fetch_models.cache())) as folder:

        def compiled():
            for name in args.models.split(","):
                libraries[name], row = compiling(name, pathlib.Path(folder), tool, args.repeat, args.option)
                yield row

        measure.report("compile and load", facts, compiled(), args.json)
        starts = (starting(name, library, args.repeat) for name, library in libraries.items())
        measure.report("first run", facts, starts, args.json and args.json.removesuffix(".json") + "-start.json")
        runs = (row for name, library in libraries.items() for row in running(name, library))
        measure.report("memory of a run", facts, runs, args.json and args.json.removesuffix(".json") + "-run.json")


if __name__ == "__main__":
    main()
