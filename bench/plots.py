"""PNG plots of what bench/all measured."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter


def _plain(axis, places=None, **scale):
    """A logarithmic axis with numbers as people write them, at `places` where they are given."""
    getattr(axis.axes, f"set_{axis.axis_name}scale")("log", **scale)
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
    if places:
        axis.set_ticks(sorted(set(places)))


def _save(figure, path, title, machine):
    figure.axes[0].set_title(f"{title}\n{machine}", fontsize=10)
    figure.axes[0].grid(True, which="both", alpha=0.25)
    figure.axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def roofline(rows, limits, path, title, machine):
    """Kernels under the lower of the two limits that were measured in the same run."""
    figure, axes = plt.subplots(figsize=(8, 5))
    peak, bandwidth = limits["peak_GFLOP/s"], limits["read_GB/s"]
    reach = np.geomspace(min(row["FLOP/byte"] for row in rows) / 2, max(row["FLOP/byte"] for row in rows) * 2, 200)
    axes.plot(
        reach,
        np.minimum(100, 100 * reach * bandwidth / peak),
        "k-",
        label=f"limit: memory ({bandwidth:.0f} GB/s), multiply-adds",
    )
    for kernel in dict.fromkeys(row["kernel"] for row in rows):
        points = [row for row in rows if row["kernel"] == kernel]
        shares = [100 * row["GFLOP/s"] / peak for row in points]
        name = "_".join(kernel.split("_q0")[0].split("_")[:4])
        axes.plot([row["FLOP/byte"] for row in points], shares, "o-", markersize=4, label=name)
    _plain(axes.xaxis)
    _plain(axes.yaxis)
    axes.set(xlabel="FLOP per byte moved", ylabel=f"% of the multiply-add peak ({peak:.0f} GFLOP/s)")
    _save(figure, path, title, machine)


def tokens(rows, path, title, machine):
    figure, axes = plt.subplots(figsize=(8, 5))
    for engine in dict.fromkeys(row["engine"] for row in rows):
        points = [row for row in rows if row["engine"] == engine and "missing" not in row]
        if points:
            axes.plot([p["tokens"] for p in points], [p["median_ms"] for p in points], "o-", markersize=4, label=engine)
    _plain(axes.xaxis, [row["tokens"] for row in rows if "missing" not in row], base=2)
    _plain(axes.yaxis, base=2)
    axes.set(xlabel="tokens", ylabel="ms, median")
    _save(figure, path, title, machine)


def threads(rows, path, title, machine):
    """How many times as fast each engine is as the first one on one thread, by threads and case."""
    figure, axes = plt.subplots(figsize=(8, 5))
    rows = [row for row in rows if "missing" not in row]
    marks = dict(zip(dict.fromkeys(row["case"] for row in rows), ("o-", "s--", "^:"), strict=False))
    colors = {engine: f"C{index}" for index, engine in enumerate(dict.fromkeys(row["engine"] for row in rows))}
    for case, engine in dict.fromkeys((row["case"], row["engine"]) for row in rows):
        one = next(r for r in rows if (r["case"], r["threads"]) == (case, 1))["median_ms"]
        points = [row for row in rows if (row["case"], row["engine"]) == (case, engine)]
        places, speeds = [p["threads"] for p in points], [one / p["median_ms"] for p in points]
        axes.plot(places, speeds, marks[case], color=colors[engine], markersize=4, label=f"{engine}, {case}")
    counts = sorted({row["threads"] for row in rows})
    axes.plot(counts, counts, "k:", linewidth=1, label="ideal")
    _plain(axes.xaxis, counts, base=2)
    _plain(axes.yaxis, base=2)
    axes.set(xlabel="threads", ylabel=f"times {rows[0]['engine']}'s speed on one thread, medians")
    _save(figure, path, title, machine)


def flops_kept(rows, path, title, machine):
    figure, axes = plt.subplots(figsize=(6, 5))
    kept = [row["flops_kept"] for row in rows]
    axes.plot([0, 1], [0, 1], "k--", linewidth=1, label="saved FLOPs = saved time")
    axes.plot(kept, [row["time_kept_median"] for row in rows], "o-", label="median")
    axes.plot(kept, [row["time_kept_min"] for row in rows], "x", label="min")
    axes.set(xlabel="FLOPs executed / dense", ylabel="time / dense time", xlim=0, ylim=0)
    _save(figure, path, title, machine)
