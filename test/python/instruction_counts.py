"""Counts the instructions of a run with callgrind, and compares them with committed counts.

    python test/python/instruction_counts.py [--record]

A run's count is the difference between two processes that run a model once and twice,
so what starts a process and loads a library does not count. Libraries are compiled
for haswell, which valgrind can run, on one thread: counts differ by parts in a thousand.
`--record` writes instruction_counts.json anew.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMMITTED = pathlib.Path(__file__).with_suffix(".json")
sys.path.insert(0, str(ROOT / "test" / "models"))

# Above the first a run has become dearer by too much; below the second the committed count is out of date.
MOST, LEAST = 1.25, 0.8

PLAN = {
    "version": 1,
    "token_pruning": {"method": "ltp", "layers": [0, 1], "thresholds": [0.02, 0.03], "denominator_tokens": "alive"},
}
# Name: (plan or None, made-up inputs). Single rows, some and many, and pruning.
CASES = {
    "dense, 1x1": (None, "--lengths=1"),
    "dense, 1x12": (None, "--lengths=12"),
    "dense, batch": (None, "--lengths=64,9,40"),
    "pruned, batch": (PLAN, "--lengths=64,9,40"),
}


def tools():
    return pathlib.Path(os.environ.get("SKIM_BIN", ROOT / "build" / "bin"))


def write_model(path):
    """An encoder of two layers that is large enough for kernels' loops to count."""
    import build_encoder as encoders

    sizes = encoders.Sizes(vocab=500, hidden=128, layers=2, heads=4, ffn=512)
    built = encoders.build(encoders.random_weights(sizes, seed=3), sizes, encoders.Style(head="cls"))
    encoders.save(built.model, path)


def compile_model(model, plan, library):
    command = [tools() / "skim-opt", model, "-o", library, "--mcpu=haswell", "--kernels=mlir"]
    if plan:
        path = library.with_suffix(".json")
        path.write_text(json.dumps(plan))
        command.append(f"--plan={path}")
    subprocess.run(command, check=True)


def count_process(library, lengths, repeat):
    """Instructions of a process that runs the library `repeat` times."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [tools() / "skim-run", library, "--threads=1", lengths, f"--repeat={repeat}"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {done.returncode}: {done.stderr}")
    return int(found[1])


def count_case(name, folder):
    """Instructions of a run of a case."""
    plan, lengths = CASES[name]
    model, library = folder / "model.onnx", folder / ("pruned.so" if plan else "dense.so")
    if not model.exists():
        write_model(model)
    if not library.exists():
        compile_model(model, plan, library)
    return count_process(library, lengths, 2) - count_process(library, lengths, 1)


def judge(name, count, committed):
    """(whether a count is acceptable, what to say about it)."""
    if name not in committed:
        return False, f"{name}: {count:,} instructions, expected a committed count in {COMMITTED.name}, got none"
    ratio = count / committed[name]
    text = f"{name}: {count:,} instructions, {ratio:.3f} of the committed {committed[name]:,}"
    if ratio > MOST:
        return False, f"{text}, expected at most {MOST}"
    if ratio < LEAST:
        return True, f"{text}: record the better count, see test/python/{pathlib.Path(__file__).name}"
    return True, text


def read_committed():
    return json.loads(COMMITTED.read_text())["counts"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--record", action="store_true", help=f"write {COMMITTED.name}")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = {name: count_case(name, pathlib.Path(folder)) for name in CASES}
    if args.record:
        document = {"what": "instructions of a run, see instruction_counts.py", "counts": counts}
        COMMITTED.write_text(json.dumps(document, indent=2) + "\n")
    judged = [judge(name, count, read_committed()) for name, count in counts.items()]
    print("\n".join(text for _, text in judged))
    return 0 if all(good for good, _ in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
