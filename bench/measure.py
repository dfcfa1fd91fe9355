"""What the benchmarks share: paired timing, tables, facts about the machine."""

import json
import os
import pathlib
import platform
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def cpu_facts():
    """What the system tells of the first CPU, by key."""
    cpu = {}
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            key, _, value = (part.strip() for part in line.partition(":"))
            cpu.setdefault(key, value)
    return cpu


def has_amx():
    """Whether this CPU has what fp32 products by digits need."""
    return "amx_int8" in cpu_facts().get("flags", "").split()


def results_folder():
    """Where results are kept: those of CPUs with AMX, whose types are other products, by themselves."""
    folder = ROOT / "bench" / "results"
    return folder / "amx" if has_amx() else folder


def machine():
    """CPU, cores this process may use, load before the run, and versions."""
    cpu = cpu_facts()
    import onnxruntime

    numbers = [f"{key} {cpu[key]}" for key in ("cpu family", "model") if key in cpu]
    flags = set(cpu.get("flags", "").split())
    vectors = [
        name for name in ("amx_int8", "avx512_bf16", "avx512_vnni", "avx512f", "avx2", "avx", "sse2") if name in flags
    ]
    return {
        "cpu": " ".join(
            [cpu.get("model name", platform.machine()), *(["(" + ", ".join(numbers) + ")"] * bool(numbers))]
        ),
        "vectors": " ".join(vectors) or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
    }


def turns(functions, rounds, pause=0.0, warm=False):
    """Times functions, a dict by name, `rounds` times each in turns; lists of seconds by name.

    Each turn begins with another one, so that none always follows the same. All run once
    before, unless they are `warm`.
    """
    times = {name: [] for name in functions}
    names = list(functions)
    for function in functions.values() if not warm else ():
        function()
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            time.sleep(pause)
            start = time.perf_counter()
            functions[name]()
            times[name].append(time.perf_counter() - start)
    return times


def timed_turns(functions, seconds, rounds=1000, least=3, pause=0.0):
    """`turns` with as many rounds as fill about `seconds`, at least `least` but at most `rounds`."""
    start = time.perf_counter()
    for function in functions.values():
        function()
    once = time.perf_counter() - start
    return turns(functions, min(rounds, max(least, int(seconds / once))), pause, warm=True)


def tools():
    """The folder of skim's programs."""
    return pathlib.Path(os.environ.get("SKIM_BIN", ROOT / "build" / "bin"))


def caches():
    """Sizes of the first core's caches by name, as the kernel tells them."""
    found = {}
    for index in sorted(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((index / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found[f"L{level}"] = size
    return found


def read_bandwidth(size=1 << 30):
    """Bytes a second that one core reads from memory far beyond the caches, as one stream."""
    import numpy as np

    numbers = np.ones(size // 8, np.int64)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        numbers.max()
        best = max(best, numbers.nbytes / (time.perf_counter() - start))
    return best


def text(value):
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def line(cells, widths):
    return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"


def table(rows):
    """Rows, dicts with equal keys, as a Markdown table."""
    lines = [list(rows[0]), *([text(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(line(cells, widths) for cells in lines)


# Of columns whose first cell is not their longest.
LEAST_WIDTHS = {"model": 18, "batch": 6, "quantised": 16, "skim": 12}


def report(title, facts, rows, path):
    """Prints rows (dicts with equal keys) as a Markdown table, each as soon as it is measured.

    Where a path is given, writes everything as JSON, too.
    """
    print(f"# {title}\n")
    print(", ".join(f"{key} {value}" for key, value in facts.items()) + "\n")
    done, widths = [], []
    for row in rows:
        cells = [text(value) for value in row.values()]
        if not done:
            least = [max(len(key), LEAST_WIDTHS.get(key, 0)) for key in row]
            widths = [max(width, len(cell)) for width, cell in zip(least, cells, strict=True)]
            print(line(row, widths))
            print(line(["-" * w for w in widths], widths))
        print(line(cells, widths), flush=True)
        done.append(row)
    print()
    if path:
        pathlib.Path(path).write_text(json.dumps({"title": title, "machine": facts, "rows": done}, indent=1) + "\n")
