"""Vision transformers: patches of images, whose number is fixed, and a token for the class."""

import itertools
import pathlib
import re

import numpy as np
import pytest
import skim
import vision
from encoder_cases import assert_close, assert_same_bits

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models" / "vision"
NAMES = ["vit-17-sdpa", "vit-18-dynamo"]
TOKENS = 1 + 6 * 6


def images(batch, seed=0):
    return np.random.default_rng([seed, batch]).standard_normal((batch, 3, 48, 48)).astype(np.float32)


def reference(name):
    return vision.VisionTransformer(MODELS / f"{name}.onnx", heads=4, patch=8)


@pytest.mark.parametrize("name", NAMES)
def test_matches_onnxruntime_and_the_reference(name, session):
    path = MODELS / f"{name}.onnx"
    peer, model = session(path), skim.compile(path)
    for batch in (1, 3):
        pixels = images(batch)
        outputs = model.run({"pixel_values": pixels})
        for output, want in zip(peer.get_outputs(), peer.run(None, {"pixel_values": pixels}), strict=True):
            assert_close(output.name, outputs[output.name], want)
        states, pooled, _, _ = reference(name).run(pixels)
        assert_close("last_hidden_state", outputs["last_hidden_state"], states.astype(np.float32))
        assert_close("pooler_output", outputs["pooler_output"], pooled.astype(np.float32))


def test_scaled_layers_are_layers(session, tool, tmp_path):
    path = MODELS / "dinov2-18-dynamo.onnx"
    peer, pixels = session(path), images(3)
    outputs = skim.compile(path).run({"pixel_values": pixels})
    for output, want in zip(peer.get_outputs(), peer.run(None, {"pixel_values": pixels}), strict=True):
        assert_close(output.name, outputs[output.name], want)
    text = tool("skim-opt", path, "--emit=optimised").stdout
    assert len(re.findall(r"skim.linear .* residual", text)) == 2 * 2
    assert "skim.mul" not in text and "onnx.Mul" not in text
    assert not re.findall(r"skim.attention .* bias", text)


@pytest.mark.parametrize("name", ["dinov2-sizes-17-sdpa", "dinov3-18-dynamo", "dinov3-sizes-17-sdpa"])
def test_positions_of_patches_by_size(name, session, tool):
    """Positions that are resized, and places that turn the patches behind the tokens in front."""
    path = MODELS / f"{name}.onnx"
    peer, model = session(path), skim.compile(path)
    sizes = ((48, 48), (16, 80), (64, 8), (8, 8), (72, 40)) if "sizes" in name else ((48, 48),)
    for batch, size in itertools.product((1, 3), sizes):
        pixels = np.random.default_rng([batch, *size]).standard_normal((batch, 3, *size)).astype(np.float32)
        outputs = model.run({"pixel_values": pixels})
        for output, want in zip(peer.get_outputs(), peer.run(None, {"pixel_values": pixels}), strict=True):
            assert_close(f"{output.name} at {size}", outputs[output.name], want)
    text = tool("skim-opt", path, "--emit=optimised").stdout
    assert text.count("skim.attention") == 2
    assert len(re.findall("skim.attention .* rotary", text)) == (2 if "dinov3" in name else 0)
    assert "onnx.Softmax" not in text and "onnx.Resize" not in text


@pytest.mark.parametrize("name", NAMES)
def test_everything_but_the_embedding_is_raised(name, tool, tmp_path):
    path = MODELS / f"{name}.onnx"
    process = tool("skim-opt", path, "--emit=packed", "-o", tmp_path / "packed.mlir", "-v")
    assert process.returncode == 0, process.stderr
    assert f"every position is computed; tokens: at most batch_size x {TOKENS}" in process.stderr
    assert "keeps padding in" not in process.stderr
    text = (tmp_path / "packed.mlir").read_text()
    assert text.count("skim.attention") == 3
    assert text.count("skim.gather") == 1
    assert len(re.findall(r"skim\.pool +first", text)) == 1
    assert "onnx.Conv" not in text


@pytest.mark.parametrize("name", NAMES)
def test_pruned_patches_are_gone(name, tmp_path):
    thresholds = {0: 0.022, 1: 0.03, 2: 0.035}
    section = {"method": "ltp", "layers": list(thresholds), "thresholds": list(thresholds.values())}
    plan = {"version": 1, "token_pruning": section | {"denominator_tokens": "alive"}}
    model = skim.compile(MODELS / f"{name}.onnx", plan=plan, output=tmp_path / "pruned.so")
    compared = pruned = 0
    for seed in range(6):
        pixels = images(2, seed)
        states, pooled, counts, closest = reference(name).run(pixels, thresholds)
        if closest < 1e-6:
            continue  # fp32 may decide the other way
        outputs, stats = model.run({"pixel_values": pixels}, stats=True)
        assert_close("last_hidden_state", outputs["last_hidden_state"], states.astype(np.float32))
        assert_close("pooler_output", outputs["pooler_output"], pooled.astype(np.float32))
        assert stats["layers"][-1]["tokens_out"] == sum(counts)
        compared += 1
        pruned += 2 * TOKENS - sum(counts)
    assert compared >= 4
    assert 40 < pruned < compared * 2 * (TOKENS - 2)


def test_flops_and_bits_of_a_batch():
    model = skim.compile(MODELS / "vit-17-sdpa.onnx")
    pixels = images(3)
    whole, stats = model.run({"pixel_values": pixels}, stats=True, threads=2)
    hidden, ffn, patches = 36, 76, TOKENS - 1
    layer = TOKENS * (2 * 4 * hidden**2 + 2 * 2 * hidden * ffn) + TOKENS**2 * 2 * 2 * hidden
    once = 3 * layer + patches * 2 * 3 * 8 * 8 * hidden + 2 * hidden**2
    assert stats["tokens"] == stats["padded_tokens"] == 3 * TOKENS
    assert stats["flops"] == {"executed": 3 * once, "dense": 3 * once, "padded": 3 * once, "overhead": 0}
    for row in range(3):
        alone = model.run({"pixel_values": pixels[row : row + 1]}, threads=1)
        for name, value in whole.items():
            assert_same_bits(name, alone[name][0], value[row])


def test_other_sizes_are_refused():
    model = skim.compile(MODELS / "vit-17-sdpa.onnx")
    with pytest.raises(skim.RunError, match="pixel_values"):
        model.run({"pixel_values": np.zeros((1, 3, 48, 40), np.float32)})
