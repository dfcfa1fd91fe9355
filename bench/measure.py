"""What the benchmarks share: paired timing, tables, facts about the machine."""

import json
import os
import pathlib
import platform
import statistics
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def machine():
    """CPU, cores this process may use, load before the run, and versions."""
    model = platform.processor()
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    import onnxruntime

    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
    }


def pairs(ours, theirs, seconds, least=5, pause=0.0):
    """Times two functions turn by turn until `seconds` have passed; two lists of seconds.

    The order within a pair changes each time. `pause` lets the other side's threads
    stop spinning before the next measurement.
    """
    times = ([], [])
    functions = (ours, theirs)
    for function in functions:
        function()
    end = time.perf_counter() + seconds
    while len(times[0]) < least or time.perf_counter() < end:
        for side in (0, 1) if len(times[0]) % 2 == 0 else (1, 0):
            time.sleep(pause)
            start = time.perf_counter()
            functions[side]()
            times[side].append(time.perf_counter() - start)
    return times


def turns(functions, rounds, pause=0.0):
    """Times functions, a dict by name, `rounds` times each in turns; lists of seconds by name.

    Each turn begins with another one, so that none always follows the same.
    """
    times = {name: [] for name in functions}
    names = list(functions)
    for function in functions.values():
        function()
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            time.sleep(pause)
            start = time.perf_counter()
            functions[name]()
            times[name].append(time.perf_counter() - start)
    return times


def summary(ours, theirs):
    """Min and median of both sides in ms, and how many times faster ours is."""
    least, middle = (min(ours), min(theirs)), (statistics.median(ours), statistics.median(theirs))
    return {
        "runs": len(ours),
        "skim_min_ms": least[0] * 1e3,
        "skim_median_ms": middle[0] * 1e3,
        "onnxruntime_min_ms": least[1] * 1e3,
        "onnxruntime_median_ms": middle[1] * 1e3,
        "speedup_min": least[1] / least[0],
        "speedup_median": middle[1] / middle[0],
    }


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
            widths = [max(map(len, pair)) for pair in zip(row, cells, strict=True)]
            print(line(row, widths))
            print(line(["-" * w for w in widths], widths))
        print(line(cells, widths), flush=True)
        done.append(row)
    print()
    if path:
        pathlib.Path(path).write_text(json.dumps({"title": title, "machine": facts, "rows": done}, indent=1) + "\n")
