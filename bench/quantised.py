"""Models that ONNX Runtime's quantisers have been over, by skim as they are and in its int8, beside ONNX Runtime.

    bench/quantised [--models minilm,bert-base] [--forms "int8 by column; uint8"] [--seconds 4] [--json FILE]

Random ids, one thread, the engines in turns. For each form of a model and each shape: how much longer ONNX Runtime
takes than skim, by medians, and the mean cosine of the states of either to those of the model that was quantised.
"""

import argparse
import logging
import pathlib
import statistics
import tempfile

import measure
import numpy as np
import peers
import skim
from cases import random_batch
from onnxruntime import quantization

SHAPES = [(1, 16), (1, 128), (8, 128)]
INT8, UINT8 = quantization.QuantType.QInt8, quantization.QuantType.QUInt8
# By tensor unless they say otherwise; static ones are calibrated by random ids.
DYNAMIC = {
    "int8": dict(weight_type=INT8),
    "int8 by column": dict(weight_type=INT8, per_channel=True),
    "uint8": dict(weight_type=UINT8),
}
STATIC = {
    "static, products": dict(op_types_to_quantize=["MatMul"], per_channel=True),
    "static, every op": {},
}


class Calibration(quantization.CalibrationDataReader):
    """A few random batches."""

    def __init__(self, names):
        batches = [random_batch(2, 64) for _ in range(2)]
        self.batches = iter([{name: batch[name] for name in names} for batch in batches])

    def get_next(self):
        return next(self.batches, None)


def quantise(model, form, path):
    if form in DYNAMIC:
        quantization.quantize_dynamic(str(model.path), str(path), **DYNAMIC[form])
        return
    names = [given.name for given in peers.session(model.path, 1).get_inputs()]
    quantization.quantize_static(str(model.path), str(path), Calibration(names), **STATIC[form])


def cosine(a, b):
    return float(((a * b).sum(-1) / np.linalg.norm(a, axis=-1) / np.linalg.norm(b, axis=-1)).mean())


def rows(models, forms, seconds):
    for name in models:
        model = peers.Model(name)
        exact = peers.session(model.path, 1)

        def states(session, inputs, output=model.output):
            names = {given.name for given in session.get_inputs()}
            return session.run([output], {key: value for key, value in inputs.items() if key in names})[0]

        sample = random_batch(4, 64)
        wanted = states(exact, sample)
        for form in forms:
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "quantised.onnx")
                quantise(model, form, path)
                peer = peers.session(path, 1)
                ours = {dtype: skim.compile(path, dtype=dtype) for dtype in ("fp32", "int8")}
            near = {dtype: cosine(run.run(sample)[model.output], wanted) for dtype, run in ours.items()}
            theirs = cosine(states(peer, sample), wanted)
            for batch, sequence in SHAPES:
                inputs = random_batch(batch, sequence)
                functions = {"peer": lambda p=peer, i=inputs, s=states: s(p, i)}
                functions |= {d: lambda m=m, i=inputs: m.run(i, threads=1) for d, m in ours.items()}
                times = {n: statistics.median(t) for n, t in measure.timed_turns(functions, seconds).items()}
                for dtype in ours:
                    yield {
                        "model": name,
                        "quantised": form,
                        "batch": f"{batch}x{sequence}",
                        "skim": "as it is" if dtype == "fp32" else "--dtype=int8",
                        "skim_ms": times[dtype] * 1e3,
                        "onnxruntime_ms": times["peer"] * 1e3,
                        "times_skim_median": times["peer"] / times[dtype],
                        "cosine_onnxruntime": f"{theirs:.4f}",
                        "cosine_skim": f"{near[dtype]:.4f}",
                    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default="minilm,bert-base")
    parser.add_argument("--forms", help="some of: " + "; ".join(DYNAMIC | STATIC) + "; divided by ';'")
    parser.add_argument("--seconds", type=float, default=6, help="of timing, for each shape")
    parser.add_argument("--json", help="write the numbers to this file")
    args = parser.parse_args()
    forms = [form.strip() for form in args.forms.split(";")] if args.forms else list(DYNAMIC | STATIC)
    for form in forms:
        if form not in DYNAMIC | STATIC:
            parser.error(f"--forms: expected some of {', '.join(map(repr, DYNAMIC | STATIC))}, got {form!r}")
    logging.getLogger().setLevel(logging.ERROR)  # the quantisers recommend other preparations
    table = rows(args.models.split(","), forms, args.seconds)
    measure.report("quantised models", measure.machine(), table, args.json)


if __name__ == "__main__":
    main()
