"""Compiled models against ONNX Runtime and the reference: the numbers."""

import pathlib

import exported
import numpy as np
import pytest
from encoder_cases import (
    PADDINGS,
    TOLERANCE,
    assert_close,
    assert_same_bits,
    compare,
    is_sequence,
    make_batch,
)

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
MAIN = [
    f"{family}-{form}"
    for family in ("bert", "bert-cls", "bert-qa", "bert-tok", "distilbert-cls", "roberta-cls")
    for form in ("11-eager", "14-sdpa", "17-sdpa")
]
NAMES = sorted(path.stem for path in MODELS.glob("*.onnx"))
SHAPES = [(1, 1), (1, 7), (3, 16), (2, 65), (5, 33), (8, 256)]
STATIC = {"bert-static-17-sdpa": [(2, 16)], "torch-layers-static-17-sdpa": [(2, 16)]}
# Rotary positions, windows, relative positions and causal conditions beside a mask.
PLACED = [
    n
    for n in NAMES
    if n.startswith(("modernbert", "roformer", "eurobert", "qwen3", "gemma3", "t5", "mpnet", "deberta", "gpt2"))
]
POOLED = [
    n
    for n in NAMES
    if n.startswith(("bert-1", "bert-cls", "distilbert", "roberta", "sentence")) and not n.endswith("tensorflow")
]


def family(name):
    """bert-cls-int32-14-sdpa: bert-cls."""
    stem = name.rsplit("-", 2)[0]
    return stem if stem in exported.FAMILIES else stem.rsplit("-", 1)[0]


def padding_id(name):
    return 1 if name.startswith(("roberta", "mpnet")) else 0


def batches(name, session, padding, seed=0):
    for shape in STATIC.get(name, SHAPES):
        yield make_batch(session, *shape, padding, seed, pad=padding_id(name))


def test_every_main_model_is_there():
    assert set(MAIN) <= set(NAMES)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("name", NAMES)
def test_matches_onnxruntime(name, padding, compiled, session):
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path), session(path)
    for inputs, mask in batches(name, peer, padding):
        compare(peer, inputs, mask, model.run(inputs))


@pytest.mark.parametrize("name", NAMES)
def test_signature_is_the_models(name, compiled, session):
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path), session(path)
    for ours, theirs in ((model.inputs, peer.get_inputs()), (model.outputs, peer.get_outputs())):
        assert [v.name for v in ours] == [v.name for v in theirs]
        for our, their in zip(ours, theirs, strict=True):
            # The exporter's names and numbers of dimensions that it did not work out.
            known = [size for size in their.shape if not str(size).startswith(("Reshape", "unk__", "DynamicDim"))]
            assert [our.shape[i] for i, size in enumerate(their.shape) if size in known] == known
            assert len(our.shape) == len(their.shape)


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("name", MAIN + ["sentence-14-sdpa", "bert-cls-18-dynamo", *PLACED])
def test_keep_padding_matches_everywhere(name, padding, compiled, session):
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path, keep_padding=True), session(path)
    for inputs, mask in batches(name, peer, padding):
        compare(peer, inputs, mask, model.run(inputs), everywhere=True)


@pytest.mark.parametrize("name", ["bert-11-eager", "bert-14-sdpa", "roberta-cls-17-sdpa", "bert-cls-18-dynamo"])
def test_keep_padding_computes_rows_without_tokens(name, compiled, session):
    """An eager mask spreads such a row's attention evenly, an SDPA mask leaves none."""
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path, keep_padding=True), session(path)
    inputs, mask = make_batch(peer, 3, 11, "right", pad=padding_id(name))
    inputs["attention_mask"][1] = 0
    compare(peer, inputs, inputs["attention_mask"], model.run(inputs), everywhere=True)


@pytest.mark.parametrize("padding", ["left", "holes", "mixed"])
@pytest.mark.parametrize("name", POOLED)
def test_pooled_outputs_read_the_first_token(name, padding, compiled, session):
    path = MODELS / f"{name}.onnx"
    model, reference = compiled(path), exported.Exported(path, family(name))
    for shape in [(1, 5), (4, 19), (6, 48)]:
        inputs, mask = make_batch(session(path), *shape, padding, seed=3, pad=padding_id(name))
        outputs, expected = model.run(inputs), reference.outputs(inputs)
        assert list(outputs) == list(expected)
        for key, want in expected.items():
            assert_close(key, outputs[key], want.astype(np.float32))


@pytest.mark.parametrize("name", MAIN + ["sentence-14-sdpa", "sentence-18-dynamo", "electra-cls-14-sdpa"])
def test_rows_without_tokens(name, compiled, session):
    """They give zeros and finite pooled values and leave the other rows alone."""
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path), session(path)
    inputs, _ = make_batch(peer, 5, 12, "right", seed=4, pad=padding_id(name))
    others = [0, 2, 3]
    for row in (1, 4):
        inputs["attention_mask"][row] = 0
    outputs = model.run(inputs)
    alone = model.run({key: np.ascontiguousarray(value[others]) for key, value in inputs.items()})
    for index, (key, value) in enumerate(outputs.items()):
        assert np.isfinite(value).all(), f"{key}: not finite"
        assert_same_bits(key, value[others], alone[key])
        if is_sequence(peer, index):
            assert not np.any(value[[1, 4]]), f"{key}: expected zeros in rows without a token"


@pytest.mark.parametrize("name", ["bert-11-eager", "bert-qa-14-sdpa", "roberta-cls-17-sdpa", "sentence-14-sdpa"])
def test_batch_without_any_token(name, compiled, session):
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path), session(path)
    inputs, _ = make_batch(peer, 3, 9, "right", pad=padding_id(name))
    inputs["attention_mask"][:] = 0
    for index, (key, value) in enumerate(model.run(inputs).items()):
        assert np.isfinite(value).all(), f"{key}: not finite"
        if is_sequence(peer, index):
            assert not np.any(value), f"{key}: expected zeros"


def row_bits(session, outputs, mask, row):
    """What a row's tokens got: sequence outputs at its tokens, pooled outputs."""
    token = mask[row] != 0
    return {
        key: value[row][token] if is_sequence(session, index) else value[row]
        for index, (key, value) in enumerate(outputs.items())
    }


@pytest.mark.parametrize("name", MAIN + ["sentence-14-sdpa", "albert-cls-14-sdpa", "bert-cls-20-dynamo"])
def test_rows_have_the_same_bits_in_any_batch(name, compiled, session):
    """Rows run alone without padding, then in random batches, padded, with 1 to 3 threads."""
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path), session(path)
    rng = np.random.default_rng(11)
    lengths = [1, 2, 3, 5, 8, 13, 16, 17, 31, 32, 33, 47, 64, 100]
    rows, alone = [], []
    for seed, length in enumerate(lengths):
        inputs, mask = make_batch(peer, 1, length, "none", seed=seed)
        rows.append({key: value[0] for key, value in inputs.items()})
        alone.append(row_bits(peer, model.run(inputs, threads=1), mask, 0))
    for trial in range(6):
        chosen = rng.choice(len(rows), size=int(rng.integers(2, 9)))
        width = max(lengths[i] for i in chosen) + int(rng.integers(0, 9))
        batch, mask = {}, np.zeros((len(chosen), width), np.int64)
        for key in rows[0]:
            fill = padding_id(name) if key == "input_ids" else 0
            batch[key] = np.full((len(chosen), width), fill, rows[0][key].dtype)
            for slot, i in enumerate(chosen):
                batch[key][slot, : lengths[i]] = rows[i][key]
        for slot, i in enumerate(chosen):
            mask[slot, : lengths[i]] = 1
        outputs = model.run(batch, threads=1 + trial % 3)
        for slot, i in enumerate(chosen):
            for key, want in alone[i].items():
                assert_same_bits(f"{key} of a row of {lengths[i]}", row_bits(peer, outputs, mask, slot)[key], want)


@pytest.mark.parametrize("keep_padding", [False, True])
@pytest.mark.parametrize("padding", ["left", "holes"])
@pytest.mark.parametrize("name", ["bert-11-eager", "bert-tok-14-sdpa", "roberta-cls-17-sdpa"])
def test_batch_mates_and_threads_change_no_bit(name, padding, keep_padding, compiled, session):
    """Rows of one width, where left padding and holes keep their positions."""
    path = MODELS / f"{name}.onnx"
    model, peer = compiled(path, keep_padding=keep_padding), session(path)
    inputs, mask = make_batch(peer, 7, 40, padding, seed=5, pad=padding_id(name))
    outputs = model.run(inputs, threads=1)
    for threads in (2, 3):
        for key, value in model.run(inputs, threads=threads).items():
            assert_same_bits(f"{key} with {threads} threads", value, outputs[key])
    order = np.array([6, 2, 2, 0])
    mates = model.run({key: value[order] for key, value in inputs.items()}, threads=2)
    for key, value in mates.items():
        assert_same_bits(key, value, outputs[key][order])


def test_ids_that_padding_hides_do_not_matter(compiled, session):
    path = MODELS / "bert-14-sdpa.onnx"
    model, peer = compiled(path), session(path)
    inputs, mask = make_batch(peer, 4, 21, "holes", seed=6)
    expected = model.run(inputs)
    other = dict(inputs, input_ids=np.where(mask == 1, inputs["input_ids"], 50))
    assert not np.array_equal(other["input_ids"], inputs["input_ids"])
    for key, value in model.run(other).items():
        assert_same_bits(key, value, expected[key])


def test_mask_values_other_than_one(compiled, session):
    """A token is a position whose mask is not 0; these graphs cast the mask to bool."""
    path = MODELS / "bert-14-sdpa.onnx"
    model, peer = compiled(path), session(path)
    inputs, mask = make_batch(peer, 3, 17, "right", seed=7)
    expected = model.run(inputs)
    for key, value in model.run(dict(inputs, attention_mask=mask * 5)).items():
        assert_same_bits(key, value, expected[key])


def test_integer_types_and_layouts_are_taken_as_they_come(compiled, session):
    path = MODELS / "bert-cls-14-sdpa.onnx"
    model, peer = compiled(path), session(path)
    inputs, mask = make_batch(peer, 4, 18, "right", seed=8)
    expected = model.run(inputs)["logits"]
    small = {key: value.astype(np.int32) for key, value in inputs.items()}
    strided = {key: np.asfortranarray(value) for key, value in inputs.items()}
    boolean = dict(inputs, attention_mask=mask != 0)
    for variant in (small, strided, boolean):
        assert_same_bits("logits", model.run(variant)["logits"], expected)


def test_outputs_option_keeps_only_those_named(compiled, session):
    path = MODELS / "bert-17-sdpa.onnx"
    model, both, peer = compiled(path, outputs=("pooler_output",)), compiled(path), session(path)
    inputs, _ = make_batch(peer, 3, 12, "right", seed=9)
    outputs = model.run(inputs)
    assert list(outputs) == ["pooler_output"]
    want = both.run(inputs)["pooler_output"]
    assert np.abs(outputs["pooler_output"] - want).max() <= TOLERANCE * np.abs(want).max()
