"""skim and the other runtimes behind one interface: an engine runs inputs, gives states.

An engine that cannot run a case raises Missing with the reason; the benchmark prints it
and goes on.
"""

import pathlib
import tempfile

import build_encoder as encoders
import fetch_models
import measure
import numpy as np


class Missing(Exception):
    """Why an engine has no row."""


class Model:
    """A model that all engines run: its file, weights, sizes, and which outputs to compare."""

    def __init__(self, name):
        self.name, self.path = name, fetch_models.fetch(name)
        self.sizes = encoders.MINILM if name == "minilm" else encoders.BERT_BASE
        self.output = "last_hidden_state"

    def weights(self):
        return fetch_models.minilm_weights() if self.name == "minilm" else fetch_models.bert_base_weights()


class Skim:
    products = "auto"  # how fp32 numbers are multiplied

    def __init__(self, model, dtype, threads, kernels):
        import skim

        try:
            options = {"kernels": kernels} | ({"fp32_products": self.products} if dtype == "fp32" else {"dtype": dtype})
            self.model = skim.compile(str(model.path), **options)
        except (skim.CompileError, TypeError) as error:
            raise Missing(str(error)) from error
        self.threads, self.output = threads, model.output

    def run(self, inputs):
        return self.model.run(inputs, threads=self.threads)[self.output]


class SkimChains(Skim):
    """skim in fp32 by multiply-adds, where the CPU has AMX."""

    products = "fma"


def session(path, threads):
    """An ONNX Runtime session on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin after a run would take the next engine's time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if threads == 1 else "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class OnnxRuntime:
    def __init__(self, model, dtype, threads, _):
        if dtype == "bf16":
            raise Missing("ONNX Runtime has no bf16 kernels for CPUs")
        self.session = session(_quantized(model) if dtype == "int8" else model.path, threads)
        self.outputs = [model.output]

    def run(self, inputs):
        return self.session.run(self.outputs, inputs)[0]


def _quantized(model):
    """The model with ONNX Runtime's dynamic int8 weights, one scale a channel."""
    import logging

    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it recommends other preparations

    def make(path):
        quantize_dynamic(str(model.path), str(path), per_channel=True, weight_type=QuantType.QInt8)

    path = fetch_models.cache() / f"{model.name}-int8.onnx"
    if not path.exists():
        fetch_models.write(path, make)
    return path


class OpenVino:
    def __init__(self, model, dtype, threads, _):
        import openvino

        core = openvino.Core()
        if dtype == "int8":
            raise Missing("OpenVINO has no dynamic int8 form without calibration by NNCF")
        if dtype == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise Missing("OpenVINO has no bf16 on this CPU")
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32" if dtype == "fp32" else "bf16",
        }
        compiled = core.compile_model(str(model.path), "CPU", settings)
        self.request, self.output = compiled.create_infer_request(), compiled.output(model.output)

    def run(self, inputs):
        return self.request.infer(inputs)[self.output]


class CTranslate2:
    def __init__(self, model, dtype, threads, _):
        import ctranslate2
        import ctranslate2_model

        compute = {"fp32": "float32", "bf16": "bfloat16", "int8": "int8"}[dtype]
        if compute not in ctranslate2.get_supported_compute_types("cpu"):
            raise Missing(f"CTranslate2 has no {dtype} on this CPU")
        folder = fetch_models.cache() / f"{model.name}-ctranslate2"
        if not folder.exists():
            fetch_models.write(folder, lambda path: ctranslate2_model.write(model.weights(), model.sizes, path))
        self.encoder = ctranslate2_model.Encoder(folder, threads, compute)

    def run(self, inputs):
        return self.encoder.run(inputs)


OWN = {"skim": Skim, "skim fma": SkimChains}
PEERS = {"ONNX Runtime": OnnxRuntime, "OpenVINO": OpenVino, "CTranslate2": CTranslate2}
ENGINES = OWN | PEERS


def make(model, dtype, threads, wanted, kernels):
    """Engines by name, and the reasons of those that cannot run, by name."""
    engines, missing = {}, {}
    for name in wanted:
        if name == "skim fma" and not (dtype == "fp32" and measure.has_amx()):
            continue
        try:
            engines[name] = ENGINES[name](model, dtype, threads, kernels)
        except ImportError as error:
            missing[name] = f"not installed: {error}"
        except Exception as error:  # a peer's failure ends no run
            missing[name] = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return engines, missing


def difference(states, wanted, inputs):
    """The largest difference at token positions, relative to the largest magnitude."""
    mask = inputs["attention_mask"] != 0
    got, want = np.asarray(states)[mask], np.asarray(wanted)[mask]
    return float(np.abs(got - want).max() / np.abs(want).max())


def versions():
    """Versions of what is installed of the engines."""
    from importlib import metadata

    found = {}
    for package in ("onnxruntime", "openvino", "ctranslate2", "numpy"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def limits():
    """What one core reaches: multiply-adds in FLOP/s, and reads from memory in bytes a second.

    Measured by bench/kernels, which reads several streams at once; without it by
    skim-run, and by a single stream, which many a core does not read fastest.
    """
    import json
    import subprocess

    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "limits.json")
        kernels = measure.tools() / "skim-bench-kernels"
        if kernels.exists():
            command = [kernels, "limits only", "10", f"--json={file}"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            found = json.loads(file.read_text())["machine"]
            return {name: found[name] for name in ("peak_GFLOP/s", "read_GB/s")} | {"streams": "1 to 8"}
        library = pathlib.Path(folder, "model.so")
        small = fetch_models.HERE / "bert-cls-17-sdpa.onnx"
        subprocess.run([measure.tools() / "skim-opt", small, "-o", library], check=True)
        command = [measure.tools() / "skim-run", library, "--threads=1", f"--profile={file}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        peak = json.loads(file.read_text())["otherData"]["peak_GFLOP/s"]
    return {"peak_GFLOP/s": peak, "read_GB/s": measure.read_bandwidth() * 1e-9, "streams": 1}
