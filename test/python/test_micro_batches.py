"""Large batches in parts: the same bits, statistics and errors as in one."""

import pathlib
import re

import adaptive_cases as cases
import numpy as np
import pytest
import skim
from encoder_cases import assert_same_bits, make_batch
from test_onnx_models import padding_id

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
# 1600 positions: four parts of 512 at most for one thread, one part for four.
BATCH, LENGTH = 40, 40
PARTS, WHOLE = 1, 4
NAMES = (
    "bert-17-sdpa",
    "bert-qa-14-sdpa",
    "bert-cls-int32-14-sdpa",
    "roberta-cls-17-sdpa",
    "mpnet-14-eager",
    "modernbert-18-dynamo",
    "roformer-14-eager",
    "eurobert-17-sdpa",
    "qwen3-17-sdpa",
    "gemma3-18-dynamo",
    "t5-17-sdpa",
    "sentence-18-dynamo",
    "gpt2-17-sdpa",
    "deberta-v2-cls-14-eager",
)
TIMELESS = ("tokens", "padded_tokens", "layers", "exit_layer", "last_layer", "flops")


def assert_same_run(one, other):
    """Outputs, and statistics but for seconds."""
    for name, value in one[0].items():
        assert_same_bits(name, other[0][name], value)
    for key in TIMELESS:
        assert one[1][key] == other[1][key], key


@pytest.mark.parametrize(
    ("name", "keep_padding"), [(name, False) for name in NAMES] + [("bert-17-sdpa", True), ("mpnet-14-eager", True)]
)
def test_parts_are_the_whole(name, keep_padding, compiled, session):
    path = MODELS / f"{name}.onnx"
    model = compiled(path, keep_padding=keep_padding)
    inputs, _ = make_batch(session(path), BATCH, LENGTH, "mixed", pad=padding_id(name))
    runs = [model.run(inputs, stats=True, threads=threads) for threads in (PARTS, WHOLE)]
    assert_same_run(*runs)
    # The batch did leave its sequences apart.
    few = {key: value[11:13] for key, value in inputs.items()}
    for output, value in model.run(few).items():
        assert_same_bits(output, value, runs[0][0][output][11:13])


@pytest.mark.parametrize("seed", [0, 3, 4, 5, 6])
def test_parts_are_the_whole_with_every_plan(seed, tmp_path):
    case = cases.Case(seed, tmp_path)
    for number in range(3):
        inputs, knobs = case.inputs(number, batch=BATCH, length=LENGTH), case.knobs(number)
        runs = [case.model.run(inputs, stats=True, knobs=knobs, threads=threads) for threads in (PARTS, WHOLE)]
        assert_same_run(*runs)
        cases.check(case, inputs, knobs, threads=PARTS)


def calls_of_attention(tool, library, shape, threads):
    """How often a layer's attention ran, by skim-run's profile."""
    done = tool("skim-run", library, "--profile", f"--threads={threads}", f"--random-batch={shape}")
    assert done.returncode == 0, done.stderr
    return int(re.search(r"^attention_\S+ +attention +(\d+)", done.stdout, re.MULTILINE)[1])


def test_a_part_is_as_large_as_the_threads_need(tool, tmp_path):
    library = tmp_path / "model.so"
    assert tool("skim-opt", MODELS / "bert-17-sdpa.onnx", "-o", library).returncode == 0
    layers = calls_of_attention(tool, library, "12x40", 1)
    parts = {("40x40", 1): 4, ("40x40", 4): 1, ("30x40", 2): 2, ("3x64", 1): 1}
    assert {run: calls_of_attention(tool, library, *run) for run in parts} == {
        run: count * layers for run, count in parts.items()
    }


def test_batch_align_max_runs_as_a_whole(tmp_path):
    case = next(c for c in (cases.Case(s, tmp_path, "b", compiled=False) for s in range(99)) if c.couples_batches)
    case.model = skim.compile(case.path, plan=case.plan)
    cases.check(case, case.inputs(0, batch=BATCH, length=LENGTH), {}, threads=PARTS)


def test_errors_name_the_place_in_the_batch(compiled, session):
    path = MODELS / "bert-17-sdpa.onnx"
    inputs, _ = make_batch(session(path), BATCH, LENGTH, "none")
    inputs["input_ids"][37, 5] = 10**9
    messages = []
    for threads in (PARTS, WHOLE):
        with pytest.raises(skim.RunError) as raised:
            compiled(path).run(inputs, threads=threads)
        messages.append(str(raised.value))
    assert messages[0] == messages[1] and "1000000000" in messages[0]
    inputs["input_ids"][37, 5] = 7
    assert np.isfinite(compiled(path).run(inputs, threads=PARTS)["last_hidden_state"]).all()
