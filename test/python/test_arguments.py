"""Arguments of Python's calls that no model is needed to refuse, and paths of every kind."""

import os
import pathlib
import shutil

import numpy as np
import pytest
import skim

MODEL = pathlib.Path(__file__).resolve().parent.parent / "models" / "bert-cls-14-sdpa.onnx"
PRUNING = {"method": "ltp", "layers": [1], "thresholds": [0.001], "denominator_tokens": 128}


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


def test_outputs_are_named_once():
    for names in (["logits", "logits"], ("logits",) * 3):
        with pytest.raises(skim.CompileError, match="^--outputs: expected each name once, got 'logits' again"):
            skim.compile(MODEL, outputs=names)
