"""--kernels=auto: kernels of both emitters in one library, by the table; the bits of either alone; and no Halide."""

import json
import re
import shutil
import subprocess

import build_encoder as encoders
import numpy as np
import pytest
import skim
from conftest import ROOT
from instruction_counts import tools
from test_kernel_emitters import assert_same_bits, compile_halide, make_inputs

TABLE = ROOT / "lib" / "Codegen" / "Auto" / "KernelChoices.inc"
HEADER = ROOT / "include" / "skim" / "Codegen" / "KernelChoices.h"
MARGIN = float(re.search(r"halideMargin = ([\d.]+);", HEADER.read_text())[1])
# A processor for each width of vectors that may have entries, and one that has none.
PROCESSORS = {16: "skylake-avx512", 8: "haswell", 4: "x86-64"}
# MiniLM's kernels that have a class, by the beginning of their names.
MINILM = {
    "gemm_384x1152_bias": "gemm_k512_n1536",
    "gemm_384x384_bias_residual": "gemm_k512_n512_residual",
    "gemm_384x1536_bias_gelu_erf": "gemm_k512_n1536_gelu_erf",
    "gemm_1536x384_bias_residual": "gemm_k1536_n512_residual",
    "attention_12x32": "attention_d32",
    "norm_layer_384": "norm_layer_512",
}


def entries(width):
    """The table's ratios for a width of vectors, by class of shapes."""
    found = re.findall(r'^SKIM_KERNEL_CHOICE\((\d+), "(\w+)", ([\d.]+)\)$', TABLE.read_text(), re.M)
    return {name: float(ratio) for wide, name, ratio in found if int(wide) == width}


def kernels_of(tool, folder, model, cpu, kernels):
    """Names of the kernels that a compilation takes."""
    facts = folder / f"{cpu}-{kernels}.json"
    arguments = [model, "-o", folder / "kernels.mlir", "--emit=kernels", f"--mcpu={cpu}", f"--kernels={kernels}"]
    done = tool("skim-opt", *arguments, f"--stats-json={facts}")
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return set(re.sub(r" x \d+", "", json.loads(facts.read_text())["kernels"]).split(", "))


def halide_is_missing(tool, folder, model):
    done = tool("skim-opt", model, "-o", folder / "probe.mlir", "--emit=kernels", "--kernels=halide")
    return "this build has no Halide" in done.stderr


@pytest.mark.parametrize("width", PROCESSORS)
def test_kernels_follow_the_table(width, tool, large, tmp_path):
    if halide_is_missing(tool, tmp_path, large("minilm")):
        pytest.skip("this build has no Halide")
    ratios = entries(width)
    taken = kernels_of(tool, tmp_path, large("minilm"), PROCESSORS[width], "auto")
    for prefix, shape_class in MINILM.items():
        names = [name for name in taken if name.startswith(prefix)]
        assert names, (prefix, sorted(taken))
        faster = ratios.get(shape_class, 0) >= MARGIN
        assert all(name.endswith("_halide") == faster for name in names), (shape_class, ratios.get(shape_class), names)


def test_auto_takes_nothing_that_neither_emitter_has(tool, large, tmp_path):
    model = large("minilm")
    if halide_is_missing(tool, tmp_path, model):
        pytest.skip("this build has no Halide")
    for cpu in PROCESSORS.values():
        halide, plain, auto = (kernels_of(tool, tmp_path, model, cpu, kind) for kind in ("halide", "mlir", "auto"))
        assert auto <= halide | plain
        assert not any(name.endswith("_halide") for name in plain)
        assert {name.removesuffix("_halide") for name in auto} == plain


def test_emitters_give_the_same_bits(large):
    path = large("minilm")
    inputs = make_inputs([1, 7, 19, 40])
    auto = skim.compile(str(path), fp32_products="fma").run(inputs, threads=2)
    assert_same_bits(auto, skim.compile(str(path), kernels="mlir", fp32_products="fma").run(inputs))
    assert all(np.isfinite(value).all() for value in auto.values())
    assert_same_bits(auto, compile_halide(path).run(inputs))


def test_products_by_amx_are_not_halides(large):
    """Which has multiply-adds unless the other is asked for."""
    path = large("minilm")
    inputs = make_inputs([1, 7, 19, 40])
    compile_halide(path)  # or skips
    try:
        wanted = skim.compile(str(path), kernels="mlir", fp32_products="int8x3").run(inputs)
    except skim.CompileError as error:
        assert "has no AMX-INT8" in str(error)
        pytest.skip(str(error))
    assert_same_bits(wanted, compile_halide(path, fp32_products="int8x3").run(inputs))
    assert_same_bits(wanted, skim.compile(str(path)).run(inputs))


def test_one_library_with_kernels_of_both_emitters(tmp_path):
    """A wide model with pruning, for vectors of eight: by the table Halide's norms and gathers, MLIR's products."""
    taken = {name: ratio >= MARGIN for name, ratio in entries(8).items()}
    if not taken.get("norm_layer_4608") and not taken.get("gather_4608"):
        pytest.skip("the table takes none of this model's kernels from Halide")
    sizes = encoders.Sizes(hidden=1600, heads=25, ffn=400, vocab=90)
    path = tmp_path / "wide.onnx"
    encoders.save(encoders.build(encoders.random_weights(sizes), sizes).model, path)
    pruning = {"method": "ltp", "layers": [0], "thresholds": [0.03], "denominator_tokens": "alive"}
    options = {"plan": {"version": 1, "token_pruning": pruning}, "cpu": "x86-64-v3"}
    compile_halide(path)  # or skips
    inputs = {name: value % 90 for name, value in make_inputs([1, 7, 19, 40]).items()}
    auto, plain = (skim.compile(str(path), kernels=kernels, **options) for kernels in ("auto", "mlir"))
    (left, left_statistics), (right, right_statistics) = (model.run(inputs, stats=True) for model in (auto, plain))
    assert_same_bits(left, right)
    assert left_statistics["layers"] == right_statistics["layers"]
    assert left_statistics["layers"][0]["tokens_out"] < left_statistics["tokens"]


@pytest.mark.parametrize("width", PROCESSORS)
def test_without_halide_auto_takes_the_others(width, large, tmp_path):
    """A program away from its module is a build without Halide."""
    program = tmp_path / "skim-opt"
    shutil.copy(tools() / "skim-opt", program)
    command = [program, large("minilm"), "-o", tmp_path / "out.mlir", "--emit=kernels", f"--mcpu={PROCESSORS[width]}"]
    quiet = subprocess.run(command, capture_output=True, text=True)
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert "_halide" not in (tmp_path / "out.mlir").read_text()
    told = subprocess.run([*command, "-v"], capture_output=True, text=True)
    assert told.returncode == 0
    wanted = any(entries(width).get(shape_class, 0) >= MARGIN for shape_class in MINILM.values())
    assert ("--kernels=auto: this build has no Halide" in told.stderr) == wanted
