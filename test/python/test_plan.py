"""skim.Plan: building, files, round trips, joining."""

import json
import pathlib
import stat
import typing

import numpy as np
import plan_cases
import pytest
import skim
from safetensors.numpy import load_file

PRUNING = {"method": "ltp", "layers": [1, 2], "thresholds": [0.001, 0.002], "denominator_tokens": 128}
EXIT = {"layers": [0], "output": "logits", "head": "linear", "criterion": "entropy", "threshold": 0.2}


def exits():
    rng = np.random.default_rng(0)
    return skim.Plan(early_exit=EXIT, tensors=plan_cases.exit_tensors(rng, EXIT, 8))


def test_a_plan_is_its_document():
    plan = skim.Plan(token_pruning=PRUNING, restore={"fill": -100.0})
    assert plan.to_dict() == {"version": 1, "token_pruning": PRUNING, "restore": {"fill": -100.0}}
    assert json.loads(plan.to_json()) == plan.to_dict()
    assert skim.Plan.from_json(plan.to_json()) == plan == skim.Plan.from_dict(plan.to_dict())
    # A copy: what was given does not change with the plan.
    plan.data["token_pruning"]["layers"].append(3)
    assert PRUNING["layers"] == [1, 2]
    assert skim.Plan().to_dict() == {"version": 1}
    assert "token_pruning in layers [1, 2, 3]" in repr(plan) and "empty" in repr(skim.Plan())


def test_numbers_of_numpy_become_json():
    section = PRUNING | {"layers": np.array([1, 2]), "thresholds": (np.float32(0.5), np.float64(0.25))}
    section["denominator_tokens"] = np.int64(64)
    plan = skim.Plan(token_pruning=section)
    assert plan.data["token_pruning"] == PRUNING | {"thresholds": [0.5, 0.25], "denominator_tokens": 64}
    assert type(plan.data["token_pruning"]["layers"][0]) is int


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), r"^plan: token_pruning\.thresholds\[1\]: expected a finite number, got nan"),
        (np.float32("inf"), r"^plan: token_pruning\.thresholds\[1\]: expected a finite number, got inf"),
        (1j, r"^plan: token_pruning\.thresholds\[1\]: expected a number, text, list or mapping, got complex"),
        ({5: 1}, r"^plan: token_pruning\.thresholds\[1\]: expected names of fields as text, got 5"),
    ],
)
def test_values_that_json_has_not(value, message):
    with pytest.raises(skim.CompileError, match=message):
        skim.Plan(token_pruning=PRUNING | {"thresholds": [0.1, value]})
    # In a mapping for skim.compile too, before anything is compiled.
    with pytest.raises(skim.CompileError, match=message):
        skim.compile("absent.onnx", plan={"version": 1, "token_pruning": PRUNING | {"thresholds": [0.1, value]}})


def test_compile_refuses_other_types():
    with pytest.raises(skim.CompileError, match="plan: expected a path, a mapping or a Plan, got int"):
        skim.compile("absent.onnx", plan=5)


def test_files(tmp_path):
    plan = exits()
    path = tmp_path / "small.plan.json"
    plan.save(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["small.plan.json", "small.plan.safetensors"]
    assert stat.S_IMODE(path.stat().st_mode) & 0o444 == stat.S_IMODE(pathlib.Path(__file__).stat().st_mode) & 0o444
    document = json.loads(path.read_text())
    assert document["tensors"] == "small.plan.safetensors" and document["early_exit"] == EXIT
    stored = load_file(tmp_path / document["tensors"])
    assert sorted(stored) == sorted(plan.tensors)
    for read in (skim.Plan.load(path), skim.Plan.load(str(path)), skim.Plan.from_dict(document, tmp_path)):
        assert read == plan and read.to_dict() == plan.to_dict()
    assert skim.Plan.load(path) != skim.Plan(early_exit=EXIT)


def test_a_plan_without_tensors_is_one_file(tmp_path):
    skim.Plan(token_pruning=PRUNING).save(tmp_path / "plan.json")
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]
    assert "tensors" not in json.loads((tmp_path / "plan.json").read_text())


def test_a_failed_save_leaves_no_file(tmp_path):
    plan = exits()
    plan.data["early_exit"]["threshold"] = float("nan")
    with pytest.raises(skim.CompileError, match=r"early_exit\.threshold"):
        plan.save(tmp_path / "plan.json")
    assert not list(tmp_path.iterdir())
    with pytest.raises(OSError):
        exits().save(tmp_path / "absent" / "plan.json")


def test_bad_files(tmp_path):
    with pytest.raises(skim.CompileError, match=r"absent\.json: No such file"):
        skim.Plan.load(tmp_path / "absent.json")
    (tmp_path / "bad.json").write_text('{"version": 1,')
    with pytest.raises(skim.CompileError, match=r"bad\.json: no valid JSON: "):
        skim.Plan.load(tmp_path / "bad.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(skim.CompileError, match="expected a mapping, got list"):
        skim.Plan.load(tmp_path / "list.json")
    (tmp_path / "plan.json").write_text('{"version": 1, "tensors": "gone.safetensors"}')
    with pytest.raises(skim.CompileError, match=r"gone\.safetensors: No such file"):
        skim.Plan.load(tmp_path / "plan.json")
    (tmp_path / "gone.safetensors").write_bytes(b"\x80\x00\x00\x00\x00\x00\x00\x00{}")
    with pytest.raises(skim.CompileError, match=r"gone\.safetensors: "):
        skim.Plan.load(tmp_path / "plan.json")
    with pytest.raises(skim.CompileError, match=r"plan: tensors: expected a path, got int"):
        skim.Plan.from_dict({"version": 1, "tensors": 3})


def test_tensors_must_be_numbers():
    with pytest.raises(skim.CompileError, match=r"tensor 'a': expected an array of numbers"):
        skim.Plan(tensors={"a": np.array(["x"])})
    plan = skim.Plan(tensors={"a": [[1, 2]], "b": np.asfortranarray(np.ones((2, 3), np.float16)), "c": 3})
    assert plan.tensors["a"].dtype == np.float32 and plan.tensors["a"].shape == (1, 2)
    assert plan.tensors["b"].flags.c_contiguous and plan.tensors["c"].shape == ()


def test_joining():
    both = skim.Plan(token_pruning=PRUNING) | exits()
    assert both.data == {"version": 1, "token_pruning": PRUNING, "early_exit": EXIT}
    assert both.tensors.keys() == exits().tensors.keys()
    other = skim.Plan(token_pruning=PRUNING | {"layers": [0, 1]})
    with pytest.raises(skim.CompileError, match="plan: token_pruning: both plans have it, and they differ"):
        both | other
    assert both | skim.Plan(token_pruning=PRUNING) == both


def test_types_and_docstrings():
    for name in skim.plan.__all__:
        assert getattr(skim.plan, name).__doc__, name
        if name.startswith("from_"):
            hints = typing.get_type_hints(getattr(skim.plan, name))
            assert hints["return"] is skim.Plan
            doc = getattr(skim.plan, name).__doc__
            assert "Parameters\n" in doc and "Returns\n" in doc and "Raises\n" in doc
    for name, method in vars(skim.Plan).items():
        if callable(method) and not name.startswith("_"):
            assert method.__doc__, name
