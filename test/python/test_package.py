"""Every public call of the package: a made-up model with knobs, and a small BERT."""

import collections.abc
import concurrent.futures
import gc
import importlib.resources
import logging
import os
import pathlib
import subprocess
import sys
import time
import warnings

import numpy as np
import onnx
import pytest
import skim
from onnx import numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BERT = ROOT / "test" / "models" / "bert-cls-14-sdpa.onnx"
KNOBS = ["scale.factor", "scale.offset", "hold.milliseconds"]


@pytest.fixture(scope="session")
def fake_path():
    """The library of test/unit/Runtime/FakeModel.c: states = id * factor + offset + column."""
    path = pathlib.Path(os.environ.get("SKIM_LIB", ROOT / "build" / "lib")) / "SkimFakeModel.so"
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return path


@pytest.fixture
def fake(fake_path):
    return skim.load(fake_path)


def fake_inputs(batch=2, length=5):
    ids = np.arange(batch * length, dtype=np.int64).reshape(batch, length)
    return {
        "ids": ids,
        "mask": np.ones((batch, length), bool),
        "segments": np.zeros((batch, length), np.int32),
        "bias": np.zeros(4, np.float32),
    }


def bert_inputs(batch=3, length=11, seed=0):
    """Right padding, one row without any."""
    rng = np.random.default_rng(seed)
    lengths = np.maximum(1, length - 2 * np.arange(batch))
    mask = (np.arange(length) < lengths[:, None]).astype(np.int64)
    return {
        "input_ids": rng.integers(5, 100, (batch, length)) * mask,
        "attention_mask": mask,
        "token_type_ids": np.zeros((batch, length), np.int64),
    }


@pytest.fixture(scope="module")
def bert(compiled):
    return compiled(BERT)


# What the package is.


def test_package_has_version_types_and_docstrings():
    assert skim.__version__.count(".") == 2
    assert importlib.resources.files("skim").joinpath("py.typed").is_file()
    assert importlib.resources.files("skim").joinpath("_skim.pyi").is_file()
    for name in skim.__all__:
        assert getattr(skim, name).__doc__, f"{name} has no docstring"
    for call in (skim.compile, skim.load, skim.Model.run):
        assert "Parameters\n" in call.__doc__ and "Raises\n" in call.__doc__


def test_errors_are_the_usual_kinds():
    assert issubclass(skim.CompileError, ValueError)
    assert issubclass(skim.RunError, RuntimeError)
    assert issubclass(skim.KnobError, (skim.RunError, KeyError))
    assert issubclass(skim.CompileWarning, UserWarning)


def test_import_and_load_need_no_compiler(fake_path):
    """A process that only runs models does not load MLIR and LLVM."""
    script = f"import skim, sys; skim.load({str(fake_path)!r}); print('skim._compiler' in sys.modules)"
    maps = "print('libMLIR' in open('/proc/self/maps').read())"
    ran = subprocess.run([sys.executable, "-c", f"{script}\n{maps}"], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["False", "False"]


# Loading and describing.


def test_description(fake, fake_path):
    assert fake.path == fake_path
    assert [t.name for t in fake.inputs] == ["ids", "mask", "segments", "bias"]
    assert [t.dtype for t in fake.inputs] == [np.int64, np.bool_, np.int32, np.float32]
    assert fake.inputs[0].shape == ("batch", "sequence")
    assert fake.inputs[3].shape == (4,)
    assert [t.name for t in fake.outputs] == ["states", "lengths", "ids_out", "first_word"]
    assert fake.outputs[0].shape == ("batch", "sequence", 4)
    assert fake.outputs[3].shape == ()
    assert fake.info["compiler"] == "9.8.7" and fake.info["layers"] == 2
    assert "SkimFakeModel.so" in repr(fake) and "ids" in repr(fake) and "states" in repr(fake)


@pytest.mark.parametrize("kind", [str, pathlib.Path, os.fsencode])
def test_paths_of_every_kind(kind, fake_path):
    assert skim.load(kind(fake_path)).inputs


def test_load_refuses_a_missing_file(tmp_path):
    with pytest.raises(skim.RunError, match=r"absent\.so.*No such file"):
        skim.load(tmp_path / "absent.so")


def test_load_refuses_another_library():
    path = pathlib.Path(os.environ.get("SKIM_LIB", ROOT / "build" / "lib")) / "libskim.so"
    if not path.exists():
        pytest.skip(f"{path} is not built")
    with pytest.raises(skim.RunError, match="not a compiled model"):
        skim.load(path)


# Running.


def test_outputs_come_in_the_models_order(fake):
    outputs = fake.run(fake_inputs())
    assert list(outputs) == ["states", "lengths", "ids_out", "first_word"]
    ids = fake_inputs()["ids"]
    np.testing.assert_array_equal(outputs["states"], ids[..., None] + np.arange(4, dtype=np.float32))
    np.testing.assert_array_equal(outputs["lengths"], [5, 5])
    np.testing.assert_array_equal(outputs["ids_out"], ids)
    assert [outputs[t.name].dtype for t in fake.outputs] == [t.dtype for t in fake.outputs]
    assert outputs["first_word"].shape == ()


def test_call_by_names(fake):
    for key, value in fake(**fake_inputs()).items():
        np.testing.assert_array_equal(value, fake.run(fake_inputs())[key])


def test_order_of_inputs_does_not_matter(fake):
    inputs = dict(reversed(fake_inputs().items()))
    np.testing.assert_array_equal(fake.run(inputs)["ids_out"], fake_inputs()["ids"])


@pytest.mark.parametrize("dtype", [np.int32, np.int64, bool])
def test_ids_and_masks_of_every_integer_type(dtype, fake):
    inputs = fake_inputs()
    inputs["mask"][1, 3:] = False
    expected = fake.run(inputs)
    small = dict(inputs, mask=inputs["mask"].astype(dtype), segments=inputs["segments"].astype(dtype))
    np.testing.assert_array_equal(fake.run(small)["states"], expected["states"])
    if dtype is not bool:
        small["ids"] = inputs["ids"].astype(dtype)
        np.testing.assert_array_equal(fake.run(small)["states"], expected["states"])


def layouts(array):
    wide = np.zeros((array.shape[0] * 2, array.shape[1] * 3), array.dtype)
    wide[::2, ::3] = array
    yield "fortran", np.asfortranarray(array)
    yield "strided", wide[::2, ::3]
    yield "reversed", array[::-1, ::-1].copy()[::-1, ::-1]
    yield "broadcast", np.broadcast_to(array[:1], array.shape)
    shifted = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    shifted[:] = array
    yield "unaligned", shifted
    fixed = array.copy()
    fixed.flags.writeable = False
    yield "read only", fixed


@pytest.mark.parametrize("layout", ["fortran", "strided", "reversed", "broadcast", "unaligned", "read only"])
def test_arrays_of_every_layout(layout, fake):
    inputs = fake_inputs(3, 7)
    array = dict(layouts(inputs["ids"]))[layout]
    outputs = fake.run(dict(inputs, ids=array))
    np.testing.assert_array_equal(outputs["ids_out"], array)
    np.testing.assert_array_equal(outputs["states"][..., 0], array)


@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (0, 0)])
def test_empty_batches(shape, fake):
    outputs = fake.run(fake_inputs(*shape))
    assert outputs["states"].shape == (*shape, 4)
    assert outputs["lengths"].shape == shape[:1]


BAD_INPUTS = {
    "missing": (lambda i: i.pop("mask"), r"input 'mask': expected a numpy array of bool .*, got none"),
    "unknown": (lambda i: i.update(idz=i["ids"]), r"input 'idz': the model has no such input, it has ids, mask"),
    "list": (lambda i: i.update(ids=[[1, 2]]), r"input 'ids': expected a numpy array of int64 .*, got list"),
    "none": (lambda i: i.update(ids=None), r"input 'ids': expected .*, got NoneType"),
    "float ids": (lambda i: i.update(ids=i["ids"] * 1.0), r"input 'ids': expected .*int64 .*, got float64"),
    "unsigned ids": (lambda i: i.update(ids=i["ids"].astype(np.uint64)), r"input 'ids': expected .*, got uint64"),
    "int16 ids": (lambda i: i.update(ids=i["ids"].astype(np.int16)), r"input 'ids': expected .*, got int16"),
    "swapped bytes": (lambda i: i.update(ids=i["ids"].astype(">i8")), r"input 'ids': expected .*, got >i8"),
    "float64 bias": (lambda i: i.update(bias=i["bias"].astype(float)), r"'bias': expected .*float32, got float64"),
    "integer bias": (lambda i: i.update(bias=np.zeros(4, int)), r"'bias': expected .*float32, got int64"),
    "text": (lambda i: i.update(ids=i["ids"].astype("U3")), r"input 'ids': expected .*, got <U3"),
    "rank": (lambda i: i.update(ids=i["ids"][0]), r"input 'ids': expected rank 2, .*batch, sequence.* got rank 1"),
    "many dimensions": (lambda i: i.update(ids=np.zeros((1,) * 20, int)), r"input 'ids': expected rank 2.*rank 20"),
    "static size": (lambda i: i.update(bias=np.zeros(5, np.float32)), r"input 'bias': expected shape \[4\], got \[5\]"),
    "sizes that differ": (lambda i: i.update(mask=i["mask"][:1]), r"'mask'.*\b1\b.*\b2\b|'mask'.*\b2\b.*\b1\b"),
    "id out of the vocabulary": (lambda i: i.update(ids=i["ids"] + 995), r"id 100\d is out of the vocabulary of 1000"),
}


@pytest.mark.parametrize("case", BAD_INPUTS)
def test_run_refuses(case, fake):
    change, message = BAD_INPUTS[case]
    inputs = fake_inputs()
    change(inputs)
    with pytest.raises(skim.RunError, match=message):
        fake.run(inputs)
    np.testing.assert_array_equal(fake.run(fake_inputs())["ids_out"], fake_inputs()["ids"])


def test_run_refuses_what_is_no_mapping(fake):
    with pytest.raises(skim.RunError, match="inputs: expected a mapping .*, got ndarray"):
        fake.run(fake_inputs()["ids"])


@pytest.mark.parametrize(
    ("threads", "error"), [(0, skim.RunError), (-1, skim.RunError), (1 << 40, skim.RunError), (1.5, TypeError)]
)
def test_run_refuses_thread_counts(threads, error, fake):
    with pytest.raises(error, match="threads"):
        fake.run(fake_inputs(), threads=threads)


def test_outputs_outlive_the_model(fake_path):
    model = skim.load(fake_path)
    first = model.run(fake_inputs())
    kept = {key: value.copy() for key, value in first.items()}
    model.run({key: value * 0 for key, value in fake_inputs().items()})
    del model
    gc.collect()
    for key, value in first.items():
        np.testing.assert_array_equal(value, kept[key])
        value[...] = 7  # the caller's own memory
        assert value.flags.writeable and value.flags.c_contiguous


# Knobs.


def test_knobs_are_a_mutable_mapping(fake):
    assert isinstance(fake.knobs, collections.abc.MutableMapping)
    assert list(fake.knobs) == KNOBS and len(fake.knobs) == 3
    assert dict(fake.knobs) == {"scale.factor": 1, "scale.offset": 0, "hold.milliseconds": 0}
    assert "scale.factor" in fake.knobs and "nothing" not in fake.knobs
    fake.knobs["scale.factor"] = 3
    assert fake.knobs["scale.factor"] == 3.0
    np.testing.assert_array_equal(fake.run(fake_inputs())["states"][..., 0], fake_inputs()["ids"] * 3)
    fake.knobs.update({"scale.factor": 1, "scale.offset": 0.5})
    assert fake.run(fake_inputs())["states"][0, 0, 0] == 0.5


def test_a_prefix_sets_all_its_knobs(fake):
    fake.knobs["scale"] = 2
    assert fake.knobs["scale.factor"] == fake.knobs["scale.offset"] == 2
    assert fake.knobs["hold.milliseconds"] == 0


def test_knobs_belong_to_a_model_object(fake, fake_path):
    fake.knobs["scale.factor"] = 5
    assert skim.load(fake_path).knobs["scale.factor"] == 1


def test_knobs_of_one_call(fake):
    fake.knobs["scale.factor"] = 2
    states = fake.run(fake_inputs(), knobs={"scale.factor": 10, "scale.offset": 1})["states"]
    np.testing.assert_array_equal(states[..., 0], fake_inputs()["ids"] * 10 + 1)
    np.testing.assert_array_equal(fake.run(fake_inputs())["states"][..., 0], fake_inputs()["ids"] * 2)
    assert fake.knobs["scale.factor"] == 2


def test_unknown_knobs_are_refused(fake):
    for use in (
        lambda: fake.knobs["speed"],
        lambda: fake.knobs.__setitem__("speed", 1),
        lambda: fake.run(fake_inputs(), knobs={"speed": 1}),
        lambda: fake.knobs["scale.fac"],
    ):
        with pytest.raises(KeyError, match="scale.factor, scale.offset, hold.milliseconds") as caught:
            use()
        assert isinstance(caught.value, skim.KnobError)
    with pytest.raises(TypeError, match="scale.factor"):
        del fake.knobs["scale.factor"]


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_values_that_knobs_do_not_take(value, fake):
    with pytest.raises(ValueError, match=r"knob 'scale\.factor': expected a finite value of at least 0"):
        fake.knobs["scale.factor"] = value
    with pytest.raises(skim.RunError, match="knob 'scale.factor'"):
        fake.run(fake_inputs(), knobs={"scale.factor": value})
    assert fake.knobs["scale.factor"] == 1


# Threads.


def test_run_lets_other_threads_go_on(fake):
    """Two runs that each wait 0.3 s, and a thread that counts meanwhile."""
    fake.knobs["hold.milliseconds"] = 300
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        begin = time.monotonic()
        runs = [pool.submit(fake.run, fake_inputs()) for _ in range(2)]
        ticks = 0
        while not all(run.done() for run in runs):
            time.sleep(0.01)
            ticks += 1
        seconds = time.monotonic() - begin
    assert ticks >= 5, "the interpreter was locked during the runs"
    assert 0.3 <= seconds < 0.6, f"expected runs at the same time, took {seconds:.2f} s"


def test_many_threads_on_one_model(fake):
    def work(seed):
        for turn in range(20):
            length = 1 + (seed * 7 + turn) % 40
            inputs = fake_inputs(1 + seed % 3, length)
            factor = 1 + seed % 5
            outputs = fake.run(inputs, threads=1 + turn % 3, knobs={"scale.factor": factor})
            np.testing.assert_array_equal(outputs["states"][..., 0], inputs["ids"] * factor)
            np.testing.assert_array_equal(outputs["ids_out"], inputs["ids"])
        return True

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        assert all(pool.map(work, range(12)))


# Statistics.


def test_statistics_of_the_made_up_model(fake):
    inputs = fake_inputs(2, 5)
    inputs["mask"][1, 2:] = False
    outputs, stats = fake.run(inputs, stats=True)
    assert list(outputs) == [t.name for t in fake.outputs]
    assert stats["tokens"] == 7 and stats["padded_tokens"] == 10
    assert stats["last_layer"] == [[1] * 5, [1, 1, -1, -1, -1]]
    assert not isinstance(fake.run(inputs), tuple)


def test_statistics_of_a_dense_run(bert):
    inputs = bert_inputs()
    tokens, padded = int(inputs["attention_mask"].sum()), inputs["input_ids"].size
    _, stats = bert.run(inputs, stats=True, threads=1)
    assert set(stats) == {"tokens", "padded_tokens", "layers", "exit_layer", "last_layer", "flops", "seconds"}
    assert (stats["tokens"], stats["padded_tokens"]) == (tokens, padded)
    assert stats["layers"] == [{"tokens_in": tokens, "tokens_ffn": tokens, "tokens_out": tokens}] * 3
    assert stats["exit_layer"] == [2, 2, 2]
    expected = np.where(inputs["attention_mask"] != 0, 2, -1)
    np.testing.assert_array_equal(stats["last_layer"], expected)
    flops = stats["flops"]
    assert set(flops) == {"executed", "dense", "padded", "overhead"}
    assert 0 < flops["executed"] == flops["dense"] < flops["padded"] and flops["overhead"] == 0
    seconds = stats["seconds"]
    assert set(seconds) == {"total", "embed", "gemm", "attention", "norm", "adaptive", "other"}
    parts = sum(value for key, value in seconds.items() if key != "total")
    assert seconds["gemm"] > 0 and abs(parts - seconds["total"]) <= 0.01 * seconds["total"] + 1e-6


# Compiling.


def test_compile_keeps_a_temporary_library_as_long_as_the_model():
    model = skim.compile(BERT)
    path = model.path
    assert path.is_file()
    outputs = model.run(bert_inputs())
    del model
    gc.collect()
    assert not path.exists() and not path.parent.exists()
    assert np.isfinite(outputs["logits"]).all()


def test_temporary_library_goes_with_the_process(tmp_path):
    script = f"import skim; print(skim.compile({str(BERT)!r}).path); model = skim.compile({str(BERT)!r})"
    environment = dict(os.environ, TMPDIR=str(tmp_path))
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, env=environment)
    assert not list(tmp_path.iterdir())


def test_compile_to_a_file_and_load_it(bert, tmp_path):
    path = tmp_path / "model.so"
    model = skim.compile(BERT, output=path)
    assert model.path == path
    del model
    gc.collect()
    again = skim.load(str(path))
    for key, value in again.run(bert_inputs()).items():
        np.testing.assert_array_equal(value, bert.run(bert_inputs())[key])


def test_compile_replaces_a_library_in_use(tmp_path):
    path = tmp_path / "model.so"
    old = skim.compile(BERT, output=path)
    before = old.run(bert_inputs())["logits"]
    proto = onnx.load(BERT)
    for tensor in proto.graph.initializer:
        if tensor.name.startswith("classifier") or "classifier" in tensor.name:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * 2, tensor.name))
    onnx.save(proto, tmp_path / "doubled.onnx")
    new = skim.compile(tmp_path / "doubled.onnx", output=path)
    np.testing.assert_array_equal(old.run(bert_inputs())["logits"], before)
    np.testing.assert_array_equal(new.run(bert_inputs())["logits"], before * 2)


def test_model_without_knobs(bert):
    assert dict(bert.knobs) == {}
    with pytest.raises(KeyError, match=r"knob 'token_pruning\.scale': the model has no knobs"):
        bert.knobs["token_pruning.scale"] = 0


BAD_OPTIONS = {
    "dtype": (dict(dtype="fp64"), r"dtype.*fp32.*fp64"),
    "kernels": (dict(kernels="fast"), r"kernels.*auto.*fast"),
    "cpu": (dict(cpu="z80"), r"z80"),
    "plan as a path": (dict(plan="plan.json"), r"plan"),
    "plan as a number": (dict(plan=5), r"plan: expected a path, a mapping or a Plan, got int"),
    "outputs as a string": (dict(outputs="logits"), r"outputs: expected a list of names, got the string 'logits'"),
    "no outputs": (dict(outputs=[]), r"outputs: expected at least one name"),
    "unknown output": (dict(outputs=["logitz"]), r"logitz"),
}


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_compile_refuses(case, tmp_path):
    options, message = BAD_OPTIONS[case]
    with pytest.raises(skim.CompileError, match=message):
        skim.compile(BERT, output=tmp_path / "model.so", **options)
    assert not list(tmp_path.iterdir())


def test_compile_refuses_a_missing_model(tmp_path):
    with pytest.raises(skim.CompileError, match=r"absent\.onnx"):
        skim.compile(tmp_path / "absent.onnx")


def test_failed_compilation_leaves_no_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(skim.CompileError):
        skim.compile(BERT, dtype="fp64")
    assert not list(tmp_path.iterdir())


def test_warnings_of_the_compiler(tmp_path):
    proto = onnx.load(BERT)
    tensor = next(t for t in proto.graph.initializer if t.name.endswith("dense.bias"))
    array = numpy_helper.to_array(tensor).copy()
    array[0] = np.nan
    name = tensor.name
    tensor.CopyFrom(numpy_helper.from_array(array, name))
    onnx.save(proto, tmp_path / "nan.onnx")
    with pytest.warns(skim.CompileWarning, match=name) as caught:
        skim.compile(tmp_path / "nan.onnx")
    assert len(caught) == 1 and caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        skim.compile(BERT)


def test_stages_are_logged(caplog):
    with caplog.at_level(logging.INFO, logger="skim"):
        skim.compile(BERT)
    text = "\n".join(record.getMessage() for record in caplog.records)
    assert "import" in text and "obj" in text


def test_compiling_in_two_threads(bert):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        models = list(pool.map(skim.compile, [BERT, BERT]))
    for model in models:
        np.testing.assert_array_equal(model.run(bert_inputs())["logits"], bert.run(bert_inputs())["logits"])


def test_readme_example_runs(tmp_path):
    """The Python code of the README, on the model that it makes."""
    maker = [sys.executable, ROOT / "examples" / "make_model.py", "encoder.onnx"]
    subprocess.run(maker, check=True, cwd=tmp_path)
    text = (ROOT / "README.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    ran = subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] == "(2, 64) 7 of 8 positions"
    assert (tmp_path / "encoder.so").exists()
