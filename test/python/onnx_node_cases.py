"""The node tests of the ONNX standard that are in scope, run through skim-opt and skim-run.

As a program it runs them all, or those whose name contains an argument, and prints
what fails and how many pass:

    .venv/bin/python test/python/onnx_node_cases.py [PART ...]
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FAILURES = pathlib.Path(__file__).with_name("onnx_node_failures.txt")

# Ops that exported encoders use, or that exporters of them may write.
OPS = frozenset(
    """
    Abs Add And ArgMax Attention AveragePool BatchNormalization Cast CastLike Ceil Clip Concat Constant
    ConstantOfShape ConvInteger Cos CumSum DequantizeLinear Div Dropout DynamicQuantizeLinear Einsum Equal Erf
    Exp Expand Flatten Floor Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
    GreaterOrEqual GroupNormalization Identity InstanceNormalization IsNaN LayerNormalization Less LessOrEqual
    Log MatMul MatMulInteger Max MaxPool Min Mod Mul Neg NonZero Not OneHot Or Pad Pow QLinearConv
    QLinearMatMul QuantizeLinear RMSNormalization Range Reciprocal ReduceL2 ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize RotaryEmbedding Round ScatterElements ScatterND
    Shape Sigmoid Sign Sin Size Slice Softmax Split Sqrt Squeeze Sub Tanh Tile TopK Transpose Trilu Unsqueeze
    Where
    """.split()
)
TYPES = frozenset(
    (
        TensorProto.BFLOAT16,
        TensorProto.BOOL,
        TensorProto.FLOAT,
        TensorProto.FLOAT16,
        TensorProto.INT32,
        TensorProto.INT64,
        TensorProto.INT8,
        TensorProto.UINT8,
    )
)
# Two units in the last place of a bfloat16, as the standard's own runner takes.
BFLOAT16_RTOL = 2.0**-6


class Mismatch(Exception):
    """A test that does not pass, and why."""


def in_scope(model):
    """Whether all ops and all types of the model's interface are ours."""
    nodes = model.graph.node
    if not nodes or any(n.domain not in ("", "ai.onnx") or n.op_type not in OPS for n in nodes):
        return False
    graph = model.graph
    values = [*graph.input, *graph.output, *graph.value_info]
    return all(v.type.HasField("tensor_type") and v.type.tensor_type.elem_type in TYPES for v in values)


def cases():
    """The tests in scope by name, as the standard's package lists them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests

        tests = load_model_tests(kind="node")
    found = {}
    for test in tests:
        model = test.model or onnx.load(os.path.join(test.model_dir, "model.onnx"))
        if in_scope(model):
            found[test.name] = test
    return dict(sorted(found.items()))


def known_failures():
    """Name and reason of the tests that are known to fail."""
    lines = FAILURES.read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def read_tensor(path):
    tensor = TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return numpy_helper.to_array(tensor)


def as_array(value):
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def read_tensors(folder, kind):
    """The tensors KIND_0.pb, KIND_1.pb, ... of a folder."""
    files = sorted(folder.glob(f"{kind}_*.pb"), key=lambda path: int(path.stem.split("_")[1]))
    return [read_tensor(path) for path in files]


def data_sets(test):
    """Pairs of lists, inputs and outputs."""
    if test.data_sets is not None:
        return [([as_array(x) for x in i], [as_array(x) for x in o]) for i, o in test.data_sets]
    folders = sorted(pathlib.Path(test.model_dir).glob("test_data_set_*"))
    return [(read_tensors(f, "input"), read_tensors(f, "output")) for f in folders]


def is_bfloat16(array):
    return array.dtype.name == "bfloat16"


def tool(name):
    return os.path.join(os.environ.get("SKIM_BIN", ROOT / "build" / "bin"), name)


def call(*command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        text = (result.stderr.strip() or f"exit {result.returncode}").splitlines()
        raise Mismatch(f"{pathlib.Path(command[0]).name}: {text[0]}")


def compare(name, got, wanted, rtol, atol):
    if got.shape != wanted.shape:
        raise Mismatch(f"output '{name}': expected shape {wanted.shape}, got {got.shape}")
    if is_bfloat16(wanted):
        # npz has no bfloat16: its bytes come back as they are.
        got = got.view(wanted.dtype).astype(np.float32)
        wanted = wanted.astype(np.float32)
        rtol = max(rtol, BFLOAT16_RTOL)
    if got.dtype != wanted.dtype:
        raise Mismatch(f"output '{name}': expected {wanted.dtype}, got {got.dtype}")
    try:
        np.testing.assert_allclose(got, wanted, rtol=rtol, atol=atol)
    except AssertionError as error:
        text = " ".join(line.strip() for line in str(error).splitlines() if "difference" in line or "ismatch" in line)
        raise Mismatch(f"output '{name}': {text}") from None


def run(test):
    """Compiles and runs a test; raises Mismatch where it does not pass."""
    model = test.model or onnx.load(os.path.join(test.model_dir, "model.onnx"))
    held = {x.name for x in model.graph.initializer}
    inputs = [x.name for x in model.graph.input if x.name not in held]
    outputs = [x.name for x in model.graph.output]
    with tempfile.TemporaryDirectory() as folder:
        source, library = f"{folder}/model.onnx", f"{folder}/model.so"
        onnx.save(model, source)
        call(tool("skim-opt"), source, "-o", library)
        for given, wanted in data_sets(test):
            arrays = {n: (x.view("V2") if is_bfloat16(x) else x) for n, x in zip(inputs, given, strict=True)}
            np.savez(f"{folder}/in.npz", **arrays)
            call(tool("skim-run"), library, f"--inputs={folder}/in.npz", f"--outputs={folder}/out.npz")
            with np.load(f"{folder}/out.npz") as got:
                for name, expected in zip(outputs, wanted, strict=True):
                    compare(name, got[name], expected, test.rtol, test.atol)


def main(parts):
    tests = {n: t for n, t in cases().items() if not parts or any(p in n for p in parts)}
    passed = 0
    for name, test in tests.items():
        try:
            run(test)
            passed += 1
        except Exception as error:  # one broken test must not hide the others
            print(f"{name}: {error}", flush=True)
    print(f"{passed} of {len(tests)} node tests pass")
    return 0 if passed == len(tests) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
