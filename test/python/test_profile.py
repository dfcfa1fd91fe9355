"""skim-run --profile: the tables, and the trace for chrome://tracing."""

import json
import re

import pytest
from conftest import MODELS

PRUNING = {"version": 1, "token_pruning": {"method": "ltp", "layers": [0, 1], "thresholds": [0.02, 0.03]}}
PRUNING["token_pruning"]["denominator_tokens"] = "alive"
BATCH = ("--lengths=24,7,31", "--threads=2")


@pytest.fixture(scope="module")
def library(tool, tmp_path_factory):
    """A classifier that prunes tokens in its first two layers."""
    folder = tmp_path_factory.mktemp("profile")
    (folder / "plan.json").write_text(json.dumps(PRUNING))
    path = folder / "model.so"
    done = tool("skim-opt", MODELS / "bert-cls-17-sdpa.onnx", "-o", path, f"--plan={folder / 'plan.json'}")
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def profiled(tool, library):
    """(printed text, trace, statistics) of one run."""
    trace, stats = library.with_name("trace.json"), library.with_name("stats.json")
    done = tool("skim-run", library, *BATCH, f"--profile={trace}", f"--stats={stats}")
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(trace.read_text()), json.loads(stats.read_text())


def events(trace):
    return [event for event in trace["traceEvents"] if event["ph"] == "X"]


def test_trace_events_lie_within_the_run(profiled):
    _, trace, _ = profiled
    run, *parts = events(trace)
    assert run["name"] == "run" and run["ts"] == 0 and len(parts) > 20
    threads = {e["tid"]: e["args"]["name"] for e in trace["traceEvents"] if e["name"] == "thread_name"}
    assert threads == {0: "calling thread", 1: "worker 1"}
    for event in parts:
        assert event["pid"] == 1 and event["tid"] in threads
        assert event["dur"] >= 0 and 0 <= event["ts"] <= event["ts"] + event["dur"] <= run["dur"] * 1.000001, event
    for thread in threads:
        ordered = sorted((e["ts"], e["ts"] + e["dur"]) for e in parts if e["tid"] == thread)
        for (_, end), (begin, _) in zip(ordered, ordered[1:], strict=False):
            assert end <= begin + 1e-3, "events of one thread overlap"


def test_trace_has_the_flops_and_the_rows(profiled):
    _, trace, stats = profiled
    run, *parts = events(trace)
    executed = stats["flops"]["executed"]
    assert run["args"]["flops"] == executed == sum(event["args"]["flops"] for event in parts)
    # Rows of a layer's feed-forward (its first product with a GELU) are those the statistics tell.
    for number, layer in enumerate(stats["layers"][:-1]):
        rows = {e["args"]["rows"] for e in parts if e["args"]["layer"] == number and "gelu" in e["name"]}
        assert rows == {layer["tokens_ffn"]}
    assert stats["layers"][0]["tokens_ffn"] < stats["tokens"], "expected the plan to cut something"


def test_trace_names_what_ran(profiled):
    _, trace, _ = profiled
    _, *parts = events(trace)
    names = {(event["name"], event["args"]["layer"]) for event in parts}
    assert {("pack", -1), ("prune", 0), ("prune", 1)} <= names
    kinds = {event["cat"] for event in parts}
    assert kinds == {"embed", "gemm", "attention", "norm", "adaptive", "other"}
    # What rounds or splits states is of this kind too, and has no FLOPs.
    product = next(event for event in parts if event["cat"] == "gemm" and event["dur"] > 0 and event["args"]["flops"])
    rate = product["args"]["flops"] / product["dur"] * 1e-3
    assert product["args"]["GFLOP/s"] == pytest.approx(rate)


def test_tables_add_up(profiled):
    text, _, stats = profiled
    run = re.match(r"run +([\d.]+) ms, ([\d.]+) GFLOP, [\d.]+ GFLOP/s, [\d.]+% of peak\n", text)
    assert run, text
    assert float(run[2]) == pytest.approx(stats["flops"]["executed"] * 1e-9, abs=1e-3)
    assert re.search(r"^peak +[\d.]+ GFLOP/s: .* 2 threads, measured now$", text, re.M), text
    kernels, layers = text.split("\n\n")[1:]
    for table, pattern in ((kernels, r"^\S"), (layers, r"^(?:layer \d|outside)")):
        lines = [line for line in table.splitlines()[1:] if re.match(pattern, line)]
        assert len(lines) >= 4
        times = [float(re.search(r" +\d+ +([\d.]+) +[\d.]+%", line)[1]) for line in lines]
        assert sum(times) == pytest.approx(float(run[1]), abs=1e-3 * len(lines))
    order = re.findall(r"^layer (\d)", layers, re.M)
    assert order == ["0", "1", "2"]


def test_without_a_file_only_the_tables(tool, library, tmp_path):
    done = tool("skim-run", library, "--profile", *BATCH, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("run ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["missing/trace.json", "."])
def test_a_trace_that_cannot_be_written_is_an_error(place, tool, library, tmp_path):
    target, outputs = tmp_path / place, tmp_path / "out.npz"
    done = tool("skim-run", library, *BATCH, f"--profile={target}", f"--outputs={outputs}")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"skim-run: error: cannot write '{target}': ")
    assert list(tmp_path.iterdir()) == []
