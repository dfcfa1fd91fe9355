"""Bad input: one clear message that names the place, no crash, no partial file."""

import contextlib
import os
import re
import subprocess

import numpy as np
import onnx
import pytest
from broken_models import BROKEN, SOURCE
from encoder_cases import assert_same_bits, make_batch
from onnx import numpy_helper

CRASH = re.compile(r"LLVM ERROR|Assertion|PLEASE submit a bug report|Stack dump|terminate called|Segmentation")


def errors(text):
    return [line for line in text.splitlines() if re.search(r"\berror\b", line, re.IGNORECASE)]


def assert_refused(process, patterns, name=None):
    """Exit code 1 and one error message that matches all patterns."""
    message = process.stderr
    assert process.returncode == 1, f"expected exit code 1, got {process.returncode}: {message[-2000:]}"
    assert not CRASH.search(message), message
    assert len(errors(message)) == 1, f"expected one error message, got: {message!r}"
    assert process.stdout == "", f"expected nothing on stdout, got {process.stdout[:300]!r}"
    for pattern in [*patterns, *([re.escape(name)] if name else [])]:
        assert re.search(pattern, message), f"expected {pattern!r} in {message!r}"


@pytest.mark.parametrize("case", BROKEN)
def test_skim_opt_refuses(case, tool, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    path, patterns = BROKEN[case](folder)
    output = tmp_path / "out" / "model.so"
    output.parent.mkdir()
    assert_refused(tool("skim-opt", path, "-o", output), patterns, path.name)
    assert not list(output.parent.iterdir()), "expected no file left behind"


@pytest.mark.parametrize("case", BROKEN)
def test_compile_refuses(case, tmp_path):
    import skim

    folder = tmp_path / "in"
    folder.mkdir()
    path, patterns = BROKEN[case](folder)
    output = tmp_path / "out" / "model.so"
    output.parent.mkdir()
    with pytest.raises(skim.CompileError) as caught:
        skim.compile(str(path), output=str(output))
    assert isinstance(caught.value, ValueError)
    for pattern in [*patterns, re.escape(path.name)]:
        assert re.search(pattern, str(caught.value)), f"expected {pattern!r} in {caught.value!s}"
    assert not list(output.parent.iterdir()), "expected no file left behind"


def test_both_ways_give_the_same_message(tool, tmp_path):
    import skim

    path, _ = BROKEN["unknown_operation"](tmp_path)
    with pytest.raises(skim.CompileError) as caught:
        skim.compile(str(path))
    assert str(caught.value).strip() in tool("skim-opt", path, "-o", tmp_path / "m.so").stderr


def test_failed_run_keeps_an_old_output(tool, tmp_path):
    path, _ = BROKEN["unknown_operation"](tmp_path)
    output = tmp_path / "model.so"
    output.write_bytes(b"what was there")
    assert tool("skim-opt", path, "-o", output).returncode == 1
    assert output.read_bytes() == b"what was there"


def mutants(data, count):
    """Copies with a few bytes changed, cut out or put in, near the start more often."""
    rng = np.random.default_rng(2)
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(int(rng.integers(1, 6))):
            place = int(len(copy) * rng.random() ** 2)
            kind = rng.integers(3)
            if kind == 0:
                copy[place] = int(rng.integers(256))
            elif kind == 1:
                del copy[place : place + int(rng.integers(1, 9))]
            else:
                copy[place:place] = rng.bytes(int(rng.integers(1, 9)))
        yield bytes(copy)


def test_mutated_files_never_crash(tool, tmp_path):
    path = tmp_path / "mutant.onnx"
    for index, data in enumerate(mutants(SOURCE.read_bytes(), 40)):
        path.write_bytes(data)
        process = tool("skim-opt", path, "--emit=onnx", "-o", tmp_path / "out.mlir", timeout=60)
        where = f"mutant {index}: {process.stderr[-1500:]}"
        assert process.returncode in (0, 1), where
        assert not CRASH.search(process.stderr), where
        assert process.returncode == 0 or errors(process.stderr), where


def spoil(graph, rng):
    """One change that leaves a readable file with, mostly, a wrong graph."""
    nodes, node = graph.node, graph.node[int(rng.integers(len(graph.node)))]
    kind = int(rng.integers(8))
    if kind == 0:
        nodes.remove(node)
    elif kind == 1 and node.input:
        node.input[int(rng.integers(len(node.input)))] = str(rng.choice([n.output[0] for n in nodes]))
    elif kind == 2:
        node.op_type = str(rng.choice([n.op_type for n in nodes]))
    elif kind == 3 and node.attribute:
        del node.attribute[int(rng.integers(len(node.attribute)))]
    elif kind == 4 and node.attribute:
        attribute = node.attribute[int(rng.integers(len(node.attribute)))]
        value = int(rng.integers(-5, 40))
        if attribute.type == onnx.AttributeProto.INTS:
            attribute.ints[:] = [value] * int(rng.integers(0, 6))
        else:
            attribute.i = value
    elif kind == 5:
        dims = graph.initializer[int(rng.integers(len(graph.initializer)))].dims
        dims[:] = [int(d) for d in rng.permutation([*dims, 1])]
    elif kind == 6:
        value = graph.input[int(rng.integers(len(graph.input)))].type.tensor_type
        value.elem_type = int(rng.integers(0, 17))
    else:
        value = graph.input[int(rng.integers(len(graph.input)))].type.tensor_type
        value.shape.dim.add().dim_value = int(rng.integers(-3, 9))


@pytest.mark.parametrize("name", ["bert-11-eager", "roberta-cls-18-dynamo", "sentence-14-sdpa"])
def test_spoilt_graphs_never_crash(name, tool, tmp_path):
    proto = onnx.load(SOURCE.parent / f"{name}.onnx")
    path, rng = tmp_path / "spoilt.onnx", np.random.default_rng(3)
    for index in range(25):
        copy = onnx.ModelProto()
        copy.CopyFrom(proto)
        for _ in range(int(rng.integers(1, 3))):
            spoil(copy.graph, rng)
        path.write_bytes(copy.SerializeToString())
        process = tool("skim-opt", path, "--emit=packed", "-o", tmp_path / "out.mlir", timeout=60)
        where = f"graph {index}: {process.stderr[-1500:]}"
        assert process.returncode in (0, 1), where
        assert not CRASH.search(process.stderr), where
        assert process.returncode == 0 or errors(process.stderr), where


# Where the output goes.


@pytest.mark.parametrize("place", ["absent/model.so", "folder", "file/model.so"])
def test_output_that_cannot_be_written(place, tool, tmp_path):
    import skim

    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("a file")
    output = tmp_path / place
    assert_refused(tool("skim-opt", SOURCE, "-o", output), [], str(output))
    with pytest.raises(skim.CompileError, match=re.escape(str(output))):
        skim.compile(str(SOURCE), output=str(output))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
    assert not list((tmp_path / "folder").iterdir())


@contextlib.contextmanager
def small_disk(folder, size):
    """A file system of `size` bytes mounted on a folder, where this process may do so."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(tool, tmp_path):
    import skim

    with small_disk(tmp_path / "disk", 64 * 1024) as disk:
        output = disk / "model.so"
        assert_refused(tool("skim-opt", SOURCE, "-o", output), ["(?i)space"], str(output))
        assert not list(disk.iterdir()), "expected no file left behind"
        with pytest.raises(skim.CompileError, match="(?i)space"):
            skim.compile(str(SOURCE), output=str(output))
        assert not list(disk.iterdir()), "expected no file left behind"


def test_unknown_name_in_outputs(tool, tmp_path):
    import skim

    output = tmp_path / "model.so"
    assert_refused(tool("skim-opt", SOURCE, "-o", output, "--outputs=logits,nothing"), ["nothing", "logits"])
    with pytest.raises(skim.CompileError, match="nothing"):
        skim.compile(str(SOURCE), outputs=["nothing"])
    assert not output.exists()


# Weights that are no numbers.


def model_with(value, folder):
    """The small BERT with one value of a weight replaced; returns the path and the weight's name."""
    proto = onnx.load(SOURCE)
    tensor = next(i for i in proto.graph.initializer if len(i.dims) == 1 and i.name.endswith("dense.bias"))
    array = numpy_helper.to_array(tensor).copy()
    array[1] = value
    name = tensor.name
    tensor.CopyFrom(numpy_helper.from_array(array, name))
    path = folder / "odd.onnx"
    onnx.save(proto, path)
    return path, name


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_give_a_warning(value, tool, tmp_path):
    path, name = model_with(value, tmp_path)
    output = tmp_path / "model.so"
    process = tool("skim-opt", path, "-o", output)
    assert process.returncode == 0, process.stderr
    warnings = [line for line in process.stderr.splitlines() if "warning" in line]
    assert len(warnings) == 1 and name in warnings[0], process.stderr
    assert output.exists()


def test_good_weights_give_no_warning(tool, tmp_path):
    process = tool("skim-opt", SOURCE, "-o", tmp_path / "model.so")
    assert process.returncode == 0 and process.stderr == ""


# Runs.


@pytest.fixture
def good(compiled, session):
    """A compiled model, good inputs and what they give."""
    model = compiled(SOURCE)
    inputs, _ = make_batch(session(SOURCE), 2, 10, "right")
    return model, inputs, model.run(inputs)


def without(inputs, name):
    return {key: value for key, value in inputs.items() if key != name}


def replaced(name, change):
    return lambda inputs: dict(inputs, **{name: change(inputs[name])})


def put(value):
    """Sets the id of one token."""

    def change(ids):
        ids = ids.copy()
        ids[1, 0] = value
        return ids

    return change


BAD_RUNS = {
    "missing_input": (lambda i: without(i, "attention_mask"), ["attention_mask"]),
    "unknown_input": (lambda i: dict(i, input_idz=i["input_ids"]), ["input_idz"]),
    "renamed_input": (lambda i: dict(without(i, "input_ids"), ids=i["input_ids"]), ["input_ids|ids"]),
    "no_inputs": (lambda i: {}, ["input_ids"]),
    "float_ids": (replaced("input_ids", lambda a: a.astype(np.float32)), ["input_ids", "float32"]),
    "float64_mask": (replaced("attention_mask", lambda a: a.astype(np.float64)), ["attention_mask", "float64"]),
    "text_ids": (replaced("input_ids", lambda a: a.astype("U4")), ["input_ids"]),
    "object_ids": (replaced("input_ids", lambda a: a.astype(object)), ["input_ids"]),
    "rank_one": (replaced("input_ids", lambda a: a[0]), ["input_ids", r"\b1\b", r"\b2\b"]),
    "rank_three": (replaced("input_ids", lambda a: a[..., None]), ["input_ids", r"\b3\b", r"\b2\b"]),
    "other_batch": (replaced("attention_mask", lambda a: a[:1]), ["attention_mask", r"\b1\b", r"\b2\b"]),
    "other_length": (replaced("token_type_ids", lambda a: a[:, :7]), ["token_type_ids", r"\b7\b", r"\b10\b"]),
    "id_beyond_the_vocabulary": (replaced("input_ids", put(101)), [r"\b101\b"]),
    "huge_id": (replaced("input_ids", put(1 << 40)), [str(1 << 40)]),
    "negative_id": (replaced("input_ids", put(-102)), [r"-102\b"]),
    "segment_beyond_the_table": (replaced("token_type_ids", put(2)), [r"\b2\b"]),
}


@pytest.mark.parametrize("case", BAD_RUNS)
def test_run_refuses(case, good):
    import skim

    model, inputs, expected = good
    change, patterns = BAD_RUNS[case]
    with pytest.raises(skim.RunError) as caught:
        model.run(change(inputs))
    assert isinstance(caught.value, RuntimeError)
    for pattern in patterns:
        assert re.search(pattern, str(caught.value)), f"expected {pattern!r} in {caught.value!s}"
    for key, value in model.run(inputs).items():  # the model is as good as before
        assert_same_bits(key, value, expected[key])


@pytest.mark.parametrize("length", [265, 300])
@pytest.mark.parametrize("name", ["bert-cls-17-sdpa", "bert-11-eager", "bert-cls-20-dynamo", "albert-cls-14-sdpa"])
def test_sequence_longer_than_the_position_table(name, length, compiled, session):
    """Refused at once, whatever is padding."""
    import skim

    path = SOURCE.parent / f"{name}.onnx"
    inputs, _ = make_batch(session(path), 2, length, "right")
    message = rf"input 'input_ids': sequence of {length} positions, expected at most 264 \(position table of node '.+'"
    with pytest.raises(skim.RunError, match=message):
        compiled(path).run(inputs)


@pytest.mark.parametrize("name", ["roberta-cls-17-sdpa", "roberta-cls-18-dynamo", "mpnet-14-eager"])
def test_more_tokens_than_the_position_table_holds(name, compiled, session):
    """Positions are counted from the ids here: padding takes none."""
    import skim

    path = SOURCE.parent / f"{name}.onnx"
    model, peer = compiled(path), session(path)
    inputs, mask = make_batch(peer, 1, 300, "none", pad=1)
    with pytest.raises(skim.RunError, match=r"input 'input_ids': sequence too long for the position table of node '"):
        model.run(inputs)
    inputs["input_ids"][:, 264:] = 1
    inputs["attention_mask"][:, 264:] = 0
    want = peer.run(None, inputs)[0]
    got = next(iter(model.run(inputs).values()))
    if want.ndim == 3:
        got, want = got[:, :264], want[:, :264]
    assert np.abs(got - want).max() <= 2e-5 * np.abs(want).max()


def test_sequence_as_long_as_the_position_table(good, session):
    model, _, _ = good
    inputs, _ = make_batch(session(SOURCE), 1, 264, "none")
    want = session(SOURCE).run(None, inputs)[0]
    assert np.abs(model.run(inputs)["logits"] - want).max() <= 2e-5 * np.abs(want).max()


def test_skim_run_refuses_bad_ids(tool, tmp_path, session):
    library, inputs = tmp_path / "model.so", tmp_path / "in.npz"
    assert tool("skim-opt", SOURCE, "-o", library).returncode == 0
    batch, _ = make_batch(session(SOURCE), 2, 10, "right")
    np.savez(inputs, **dict(batch, input_ids=put(101)(batch["input_ids"])))
    outputs = tmp_path / "out.npz"
    process = tool("skim-run", library, f"--inputs={inputs}", f"--outputs={outputs}")
    assert_refused(process, [r"\b101\b"])
    assert not outputs.exists()


def test_library_that_is_none(tool, tmp_path):
    import skim

    for name, data in (("text.so", b"no library"), ("empty.so", b""), ("model.so", SOURCE.read_bytes())):
        path = tmp_path / name
        path.write_bytes(data)
        assert_refused(tool("skim-run", path, "--describe"), [], name)
        with pytest.raises(skim.RunError, match=re.escape(name)):
            skim.load(str(path))


def test_truncated_library(tool, tmp_path):
    """Cut in the weights or in the code: refused when loaded, not a crash at the first run."""
    library = tmp_path / "model.so"
    assert tool("skim-opt", SOURCE, "-o", library).returncode == 0
    data = library.read_bytes()
    for keep in (len(data) - 4096, len(data) // 2, 5000):
        path = tmp_path / f"cut{keep}.so"
        path.write_bytes(data[:keep])
        assert_refused(tool("skim-run", path, "--random-batch=2x8"), [], path.name)
