"""Where tools write: links are followed, pipes and devices are written as they are, and a
run that fails leaves and overwrites nothing."""

import json
import os
import pathlib
import stat
import threading

import numpy as np
import pytest
import skim
from plan_cases import exit_tensors

MODEL = pathlib.Path(__file__).resolve().parent.parent / "models" / "bert-cls-14-sdpa.onnx"
EXIT = {"layers": [0], "output": "logits", "head": "linear", "criterion": "entropy", "threshold": 0.2}


@pytest.fixture(scope="module")
def library(compiled):
    return compiled(MODEL).path


@pytest.fixture
def pipe(tmp_path):
    """pipe(name): a named pipe, and a function that gives what was written to it."""

    def make(name="pipe"):
        path, chunks = tmp_path / name, []
        os.mkfifo(path)
        thread = threading.Thread(target=lambda: chunks.append(path.read_bytes()), daemon=True)
        thread.start()

        def contents():
            thread.join(timeout=60)
            assert stat.S_ISFIFO(path.lstat().st_mode)
            return chunks[0]

        return path, contents

    return make


def npz(data, folder):
    path = folder / "copy.npz"
    path.write_bytes(data)
    return {name: value.shape for name, value in np.load(path).items()}


def test_skim_run_writes_to_a_pipe(tool, library, pipe, tmp_path):
    stats, read_stats = pipe("stats")
    outputs, read_outputs = pipe("outputs")
    process = tool("skim-run", library, "--lengths=3,2", f"--outputs={outputs}", f"--stats={stats}")
    assert process.returncode == 0, process.stderr
    assert json.loads(read_stats())["tokens"] == 5
    assert npz(read_outputs(), tmp_path) == {"logits": (2, 3)}


def test_skim_opt_writes_to_a_pipe(tool, pipe):
    output, read = pipe()
    assert tool("skim-opt", MODEL, "--emit=packed", "-o", output).returncode == 0
    assert b"skim.pack" in read()


def test_plan_is_saved_to_a_pipe(pipe):
    path, read = pipe()
    plan = skim.Plan(restore={"fill": 1.0})
    plan.save(path)
    assert json.loads(read()) == plan.to_dict()


def test_links_are_followed(tool, library, tmp_path):
    (tmp_path / "folder").mkdir()
    for name in ("stats", "outputs", "library.so", "plan.json", "plan.safetensors"):
        (tmp_path / name).symlink_to(pathlib.Path("folder", name))
    folder = tmp_path / "folder"
    for _ in range(2):  # files that are not there yet, and that are
        options = [f"--outputs={tmp_path / 'outputs'}", f"--stats={tmp_path / 'stats'}"]
        assert tool("skim-run", library, "--lengths=3", *options).returncode == 0
        assert json.loads((folder / "stats").read_text())["tokens"] == 3
        assert npz((folder / "outputs").read_bytes(), folder) == {"logits": (1, 3)}
        assert tool("skim-opt", MODEL, "-o", tmp_path / "library.so").returncode == 0
        skim.load(folder / "library.so")
        plan = skim.Plan(early_exit=EXIT, tensors=exit_tensors(np.random.default_rng(0), EXIT, 8))
        plan.save(tmp_path / "plan.json")
        assert skim.Plan.load(folder / "plan.json") == plan
    assert all(path.is_symlink() or path == folder for path in tmp_path.iterdir())
    assert not [path for path in folder.iterdir() if ".tmp-" in path.name or ".skim-" in path.name]


@pytest.mark.parametrize(
    ("first", "second"), [("--outputs", "--stats"), ("--outputs", "--profile"), ("--stats", "--profile")]
)
def test_skim_run_refuses_one_file_for_two(first, second, tool, library, tmp_path):
    path = tmp_path / "same"
    path.write_text("old")
    process = tool("skim-run", library, "--lengths=3", f"{first}={path}", f"{second}={tmp_path}/./same")
    assert process.returncode == 1
    assert process.stderr == f"skim-run: error: {first}, {second}: expected two files, got '{path}' for both\n"
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_skim_run_does_not_overwrite_what_it_reads(tool, library):
    process = tool("skim-run", library, "--lengths=3", f"--stats={library}")
    assert process.returncode == 1 and "is the model itself" in process.stderr
    skim.load(library)


@pytest.mark.parametrize("options", [["--lengths=3"], ["--describe"], ["--repeat=2"], ["--help"], ["--stats=-"]])
def test_full_standard_output(options, tool, library, tmp_path):
    arguments = options if "--help" in options else [library, *options]
    kept = tmp_path / "stats.json"
    if options[0] in ("--lengths=3", "--repeat=2"):
        arguments.append(f"--stats={kept}")
    with open("/dev/full", "wb") as full:
        process = tool("skim-run", *arguments, stdout=full)
    assert process.returncode == 1
    assert process.stderr == "skim-run: error: cannot write 'standard output': No space left on device\n"
    assert not kept.exists()


def test_statistics_to_standard_output(tool, library):
    process = tool("skim-run", library, "--lengths=3,2", "--stats=-")
    assert process.returncode == 0 and json.loads(process.stdout)["tokens"] == 5
    for option in ("--outputs=-", "--profile=-"):
        process = tool("skim-run", library, "--lengths=3", option)
        assert process.returncode == 1 and "expected a file, got '-'" in process.stderr


def test_failed_skim_opt_keeps_both_files(tool, tmp_path):
    """The library is whole when the statistics turn out not to fit."""
    library, stats = tmp_path / "model.so", tmp_path / "folder"
    library.write_text("old")
    stats.mkdir()
    for place in (stats, "/dev/full", tmp_path / "absent" / "stats"):
        process = tool("skim-opt", MODEL, "-o", library, f"--stats-json={place}")
        assert process.returncode == 1 and f"--stats-json: cannot write '{place}'" in process.stderr
        assert library.read_text() == "old" and len(list(tmp_path.iterdir())) == 2


def test_plan_that_cannot_be_saved_keeps_both_files(tmp_path):
    path, tensors = tmp_path / "plan.json", tmp_path / "plan.safetensors"
    plan = skim.Plan(early_exit=EXIT, tensors=exit_tensors(np.random.default_rng(0), EXIT, 8))
    tensors.write_text("old")
    path.mkdir()
    with pytest.raises(OSError, match=r"plan\.json"):
        plan.save(path)
    assert tensors.read_text() == "old" and len(list(tmp_path.iterdir())) == 2
    with pytest.raises(skim.CompileError, match=r"model\.safetensors: expected a name other than"):
        plan.save(tmp_path / "model.safetensors")
