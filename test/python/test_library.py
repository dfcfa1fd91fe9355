"""A compiled library from outside: what it needs, other processors, a C program, an empty root."""

import os
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest
from encoder_cases import assert_close, make_batch

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / "test" / "models" / "bert-cls-17-sdpa.onnx"
ALLOWED = {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libpthread.so.0", "ld-linux-x86-64.so.2"}


@pytest.fixture(scope="module")
def library(tool, tmp_path_factory):
    path = tmp_path_factory.mktemp("library") / "model.so"
    process = tool("skim-opt", MODEL, "-o", path)
    assert process.returncode == 0, process.stderr
    return path


def build_lib():
    """The folder of libskim, beside the tools."""
    folder = pathlib.Path(os.environ.get("SKIM_BIN", ROOT / "build" / "bin")).parent / "lib"
    if not (folder / "libskim.so").exists():
        pytest.skip(f"no libskim.so in {folder}")
    return folder


def needs(path):
    output = subprocess.run(["ldd", str(path)], check=True, capture_output=True, text=True).stdout
    return {m for m in re.findall(r"([\w+.-]+\.so[\w.-]*)\s", output) if not m.startswith("linux-vdso")}


def test_library_needs_nothing_but_the_c_libraries(library):
    assert {pathlib.Path(name).name for name in needs(library)} <= ALLOWED
    symbols = subprocess.run(["nm", "-D", "--defined-only", str(library)], check=True, capture_output=True, text=True)
    assert [line.split()[-1] for line in symbols.stdout.splitlines()] == ["skim_library_table"]


@pytest.mark.parametrize("cpu", ["x86-64", "x86-64-v3"])
def test_other_processors_give_the_numbers(cpu, compiled, session):
    flags = pathlib.Path("/proc/cpuinfo").read_text()
    if cpu == "x86-64-v3" and " avx2 " not in flags:
        pytest.skip("this CPU has no AVX2")
    model, peer = compiled(MODEL, cpu=cpu), session(MODEL)
    inputs, _ = make_batch(peer, 3, 40, "right", seed=2)
    assert_close("logits", model.run(inputs)["logits"], peer.run(None, inputs)[0])


def test_library_of_a_better_cpu_is_refused(tool, tmp_path):
    if " avx512f " in pathlib.Path("/proc/cpuinfo").read_text():
        pytest.skip("this CPU has AVX-512")
    path = tmp_path / "model.so"
    assert tool("skim-opt", MODEL, "-o", path, "--mcpu=x86-64-v4").returncode == 0
    process = tool("skim-run", path)
    assert process.returncode == 1
    assert re.search(r"model\.so: compiled for x86-64-v4, this CPU lacks .*avx512f", process.stderr)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The C example, linked with libskim."""
    folder = build_lib()
    compiler = shutil.which("cc") or shutil.which("clang-22") or pytest.skip("no C compiler")
    path = tmp_path_factory.mktemp("example") / "run"
    source = ROOT / "examples" / "c" / "run.c"
    command = [compiler, f"-I{ROOT / 'include'}", str(source), f"-L{folder}", "-lskim", f"-Wl,-rpath,{folder}"]
    subprocess.run([*command, "-o", str(path)], check=True, capture_output=True)
    return path


def test_c_example_runs(program, library):
    output = subprocess.run([str(program), str(library)], check=True, capture_output=True, text=True).stdout
    assert re.fullmatch(r"logits: rank 2, first value -?\d+\.\d+\n", output)


def test_library_runs_in_an_empty_root(program, library, tmp_path):
    """With the C libraries, libskim and the program alone, as in a bare container."""
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    root = tmp_path / "root"
    wanted = subprocess.run(["ldd", str(program)], check=True, capture_output=True, text=True).stdout
    files = [pathlib.Path(p) for p in re.findall(r"(/\S+) \(0x", wanted)]
    assert {f.name for f in files} <= ALLOWED | {"libskim.so.0"}
    for file in files:
        place = root / file.relative_to("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    for file in (program, library):
        shutil.copy(file, root / file.name)
    command = ["chroot", str(root), "/run", "/model.so"]
    inside = subprocess.run(command, capture_output=True, text=True)
    assert inside.returncode == 0, inside.stderr
    assert inside.stdout == subprocess.run([program, library], check=True, capture_output=True, text=True).stdout


def test_what_verbose_says(tool, tmp_path):
    """One line a stage, with its time and what it did."""
    process = tool("skim-opt", MODEL, "-o", tmp_path / "model.so", "-v")
    stages = [line.split()[0] for line in process.stderr.splitlines() if not line.startswith(" ")]
    assert stages == ["import", "onnx", "skim", "packed", "planned", "optimised", "kernels", "llvm", "obj", "so"]
    for part in ("attention 3", "left unraised: none", "tokens: at most batch_size x sequence_length", "weight bytes"):
        assert part in process.stderr


def test_inputs_of_the_wrong_shape_end_skim_run(tool, library, tmp_path):
    path = tmp_path / "in.npz"
    ids = np.ones((2, 3), np.int64)
    np.savez(path, input_ids=ids, attention_mask=ids[:, :2], token_type_ids=0 * ids)
    process = tool("skim-run", library, f"--inputs={path}", f"--outputs={tmp_path / 'out.npz'}")
    assert process.returncode == 1 and "attention_mask" in process.stderr
    assert not (tmp_path / "out.npz").exists()
