"""Arguments of Python's calls that no model is needed to refuse, and paths of every kind."""

import json
import os
import pathlib
import shutil

import numpy as np
import pytest
import skim

MODEL = pathlib.Path(__file__).resolve().parent.parent / "models" / "bert-cls-14-sdpa.onnx"
PRUNING = {"method": "ltp", "layers": [1], "thresholds": [0.001], "denominator_tokens": 128}
KNOB = "token_pruning.scale"


@pytest.fixture(scope="module")
def model():
    return skim.compile(MODEL, plan={"version": 1, "token_pruning": PRUNING})


def inputs():
    return {name: np.ones((1, 3), np.int64) for name in ("input_ids", "attention_mask")} | {
        "token_type_ids": np.zeros((1, 3), np.int64)
    }


def test_paths_need_not_be_unicode(tmp_path):
    folder = tmp_path / os.fsdecode(b"n\xff")
    folder.mkdir()
    shutil.copy(MODEL, folder / "model.onnx")
    exit_ = {"layers": [0], "output": "logits", "head": "linear", "criterion": "entropy", "threshold": 0.2}
    tensors = {
        "early_exit.0.classifier.weight": np.zeros((3, 36), np.float32),
        "early_exit.0.classifier.bias": np.zeros(3, np.float32),
    }
    plan = skim.Plan(early_exit=exit_, tensors=tensors)
    plan.save(folder / "plan.json")
    for path in (folder / "plan.json", os.fsencode(folder / "plan.json")):
        made = skim.compile(folder / "model.onnx", plan=path, output=folder / "model.so")
        assert list(made.knobs) == ["early_exit.threshold.0"]
    with pytest.raises(skim.CompileError, match=r"absent\.json: cannot open the plan"):
        skim.compile(MODEL, plan=folder / "absent.json")


def test_temporary_folders_need_not_be_unicode(tmp_path, monkeypatch):
    folder = tmp_path / os.fsdecode(b"t\xff")
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.chdir(folder)
    skim.Plan(token_pruning=PRUNING).check()
    skim.compile(MODEL, plan=skim.Plan(token_pruning=PRUNING))
    skim.compile(MODEL, plan={"version": 1, "token_pruning": PRUNING})


@pytest.mark.parametrize("name", ["cpu", "dtype", "kernels", "dtype_fallback", "fp32_products"])
def test_options_are_text(name):
    for value, found in ((None, "NoneType"), (5, "int"), ("\udcff", r"'\\udcff'")):
        with pytest.raises(skim.CompileError, match=rf"^{name}: expected text, got {found}$"):
            skim.compile(MODEL, **{name: value})


def test_outputs_are_text():
    with pytest.raises(skim.CompileError, match="^outputs: expected text, got int"):
        skim.compile(MODEL, outputs=["logits", 5])


def test_outputs_are_named_once():
    for names in (["logits", "logits"], ("logits",) * 3):
        with pytest.raises(skim.CompileError, match="^--outputs: expected each name once, got 'logits' again"):
            skim.compile(MODEL, outputs=names)


def test_empty_values_are_none():
    for name, message in (
        ("plan", "^plan: expected a path, got ''"),
        ("cpu", "^--mcpu: expected native or .*, got ''"),
    ):
        with pytest.raises(skim.CompileError, match=message):
            skim.compile(MODEL, **{name: ""})


def test_paths_do_not_end_early(model, tmp_path):
    for use, error in (
        (lambda: skim.load(f"{model.path}\0junk"), skim.RunError),
        (lambda: skim.compile(f"{MODEL}\0junk"), skim.CompileError),
        (lambda: skim.compile(MODEL, output=f"{tmp_path}/x.so\0junk"), skim.CompileError),
        (lambda: skim.compile(MODEL, plan=f"{tmp_path}/x.json\0junk"), skim.CompileError),
    ):
        with pytest.raises(error, match=r"expected a path, got '.*\\x00junk'"):
            use()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("threads", [0, -1, 1025, 1 << 31, 1 << 40])
def test_threads_have_two_bounds(threads, model):
    with pytest.raises(skim.RunError, match=f"^threads: expected 1 to 1024, got {threads}$"):
        model.run(inputs(), threads=threads)


def test_as_many_threads_as_the_runtime_takes(model):
    model.run(inputs(), threads=1024)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        pytest.param(1 << 1024, skim.KnobValueError, "expected a finite number, got one that is too large", id="huge"),
        ("abc", skim.KnobValueError, "expected a finite number, got 'abc'"),
        (float("nan"), skim.KnobValueError, "expected a finite value of at least 0, got nan"),
        (None, TypeError, "expected a number, got NoneType"),
        ([1], TypeError, "expected a number, got list"),
    ],
)
def test_values_of_knobs_are_named(value, error, message, model):
    for use in (
        lambda: model.knobs.__setitem__(KNOB, value),
        lambda: model.run(inputs(), knobs={KNOB: value}),
    ):
        with pytest.raises(error, match=f"^knob '{KNOB}': {message}$"):
            use()
    assert model.knobs[KNOB] == 1


@pytest.mark.parametrize("temperature", [1e-300, 1e-46])
def test_temperature_is_not_zero_in_fp32(temperature, tmp_path):
    plan = skim.Plan(
        early_exit={
            **{"layers": [0], "output": "logits", "head": "linear", "criterion": "entropy", "threshold": 0.2},
            "temperature": temperature,
        }
    )
    with pytest.raises(skim.CompileError, match=r"early_exit\.temperature: expected a finite number above 0 in fp32"):
        plan.check()
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan.to_dict()))
    with pytest.raises(skim.CompileError, match=r"plan\.json: early_exit\.temperature: expected"):
        skim.compile(MODEL, plan=path)
