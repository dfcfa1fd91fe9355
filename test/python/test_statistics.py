"""Statistics of dense runs, and memory that tokens bound, not positions."""

import json
import subprocess
import sys

import numpy as np
import pytest
from encoder_cases import make_batch
from test_onnx_models import MODELS, NAMES, STATIC, padding_id


@pytest.mark.parametrize("keep_padding", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_without_a_plan_executed_is_dense(name, keep_padding, compiled, session):
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path, keep_padding=keep_padding), session(path)
    for shape in STATIC.get(name, [(1, 1), (3, 20), (5, 33)]):
        inputs, mask = make_batch(peer, *shape, "mixed", seed=8, pad=padding_id(name))
        tokens, positions = int(mask.sum()), mask.size
        computed = positions if keep_padding else tokens
        _, stats = model.run(inputs, stats=True, threads=2)
        assert (stats["tokens"], stats["padded_tokens"]) == (computed, positions)
        flops = stats["flops"]
        assert flops["executed"] == flops["dense"] > 0 and flops["overhead"] == 0
        assert flops["padded"] >= flops["dense"] and (computed < positions) == (flops["padded"] > flops["dense"])
        layers = stats["layers"]
        assert layers == [{key: computed for key in ("tokens_in", "tokens_ffn", "tokens_out")}] * len(layers)
        assert stats["exit_layer"] == [len(layers) - 1] * len(mask)
        live = np.ones_like(mask) if keep_padding else mask
        np.testing.assert_array_equal(stats["last_layer"], np.where(live != 0, len(layers) - 1, -1))


# Runs in a child: prints how much memory a run adds, without its outputs.
PROBE = """
import json, sys
import numpy as np
import skim

def resident():
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:"))

library, width, lengths = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
model = skim.load(library)
mask = (np.arange(width) < np.array(lengths)[:, None]).astype(np.int64)
ids = np.random.default_rng(0).integers(3, 90, mask.shape)
inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": 0 * ids}
model.run({key: value[:1, :1] for key, value in inputs.items()}, threads=1)
before = resident()
outputs = model.run(inputs, threads=1)
print(resident() - before - sum(o.nbytes for o in outputs.values()))
"""


def grown(library, width, lengths):
    command = [sys.executable, "-c", PROBE, str(library), str(width), json.dumps(lengths)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)


def test_memory_of_a_run_is_bounded_by_its_tokens_and_by_a_micro_batch(tool, tmp_path):
    library = tmp_path / "model.so"
    assert tool("skim-opt", MODELS / "bert-cls-17-sdpa.onnx", "-o", library).returncode == 0
    one, many = grown(library, 256, [256] * 2), grown(library, 256, [256] * 128)
    padded, dense = grown(library, 256, [4] * 2), grown(library, 4, [4] * 2)
    # 512 positions at a time, whether there are 2 sequences or 128.
    assert one > 1 << 18, "expected 512 tokens to show in the process's memory"
    assert many < one + (1 << 20), f"512 tokens take {one} bytes, 32768 take {many}"
    assert padded - dense < 1 << 17, f"504 positions of padding add {padded - dense} bytes"
