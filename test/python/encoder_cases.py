"""Batches for encoder models, and comparisons with ONNX Runtime and numpy references."""

import itertools

import numpy as np
import skim

# The tolerance of surface and issue: times the reference's largest magnitude.
TOLERANCE = 2e-5
DTYPES = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(float)": np.float32,
}
# Outputs that average the tokens; other pooled outputs read position 0.
MEANS = ("sentence_embedding", "461")
PADDINGS = ("none", "right", "left", "holes", "mixed")


def make_mask(batch, sequence, padding, rng):
    """[batch, sequence] of 0 and 1; every row keeps a token."""
    mask = np.ones((batch, sequence), np.int64)
    for row in range(batch):
        kind = PADDINGS[1 + row % 3] if padding == "mixed" else padding
        length = int(rng.integers(1, sequence + 1))
        if kind == "right":
            mask[row, length:] = 0
        elif kind == "left":
            mask[row, : sequence - length] = 0
        elif kind == "holes":
            mask[row] = rng.random(sequence) < 0.6
            mask[row, int(rng.integers(sequence))] = 1
    return mask


def make_batch(session, batch, sequence, padding, seed=0, vocab=90, pad=0, mask_from_ids=False):
    """Inputs of an ONNX Runtime session's model, and the mask behind them.

    Ids at right and left padding are the padding id, as tokenizers write them; ids
    in holes are any id, which must not matter either. With `mask_from_ids` the model
    takes the padding id for padding, wherever it is.
    """
    rng = np.random.default_rng([seed, batch, sequence, PADDINGS.index(padding)])
    names = {i.name: DTYPES[i.type] for i in session.get_inputs()}
    masked = mask_from_ids or "attention_mask" in names
    mask = make_mask(batch, sequence, padding if masked else "none", rng)
    ids = rng.integers(3, vocab, (batch, sequence))
    if mask_from_ids or padding in ("right", "left"):
        ids = np.where(mask == 1, ids, pad)
    types = np.zeros_like(ids)
    types[:, sequence // 3 :] = 1
    values = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    return {name: values[name].astype(dtype) for name, dtype in names.items()}, mask


def is_sequence(session, index):
    """Whether an output has the sequence dimension behind the batch (named in any way)."""
    shape = session.get_outputs()[index].shape
    return len(shape) > 1 and (isinstance(shape[1], str) or shape[1] == session.get_inputs()[0].shape[1])


def assert_close(name, actual, expected, scale=None):
    """Within TOLERANCE of the reference's largest magnitude, and finite."""
    assert actual.dtype == expected.dtype, f"{name}: expected {expected.dtype}, got {actual.dtype}"
    assert actual.shape == expected.shape, f"{name}: expected shape {expected.shape}, got {actual.shape}"
    if expected.size == 0:
        return
    if expected.dtype.kind in "iub":
        np.testing.assert_array_equal(actual, expected, err_msg=name)
        return
    assert np.isfinite(actual).all(), f"{name}: not finite"
    largest = np.abs(expected).max() if scale is None else scale
    worst = np.abs(actual.astype(np.float64) - expected).max()
    assert worst <= TOLERANCE * largest, f"{name}: differs by {worst:.2e}, allowed {TOLERANCE * largest:.2e}"


def compare(session, inputs, mask, outputs, everywhere=False, zeros=True):
    """Compares a run with ONNX Runtime as far as both define the same numbers.

    Sequence outputs at token positions (and `zeros` elsewhere), pooled outputs of rows
    whose position 0 is a token; integer outputs and `everywhere`: all of it.
    """
    expected = session.run(None, inputs)
    names = [o.name for o in session.get_outputs()]
    assert list(outputs) == names, f"expected outputs {names}, got {list(outputs)}"
    token = mask != 0
    for index, (name, want) in enumerate(zip(names, expected, strict=True)):
        got = outputs[name]
        assert got.shape == want.shape, f"{name}: expected shape {want.shape}, got {got.shape}"
        if everywhere or want.dtype.kind in "iub":
            assert_close(name, got, want)
        elif is_sequence(session, index):
            assert_close(name, got[token], want[token])
            assert not zeros or not np.any(got[~token]), f"{name}: expected zeros at padding positions"
        else:
            rows = token.any(axis=1) if name in MEANS else token[:, 0]
            assert_close(name, got[rows], want[rows], np.abs(want).max())


def assert_same_bits(name, actual, expected):
    assert actual.shape == expected.shape, f"{name}: expected shape {expected.shape}, got {actual.shape}"
    assert actual.tobytes() == expected.tobytes(), (
        f"{name}: differs in bits, by up to {np.abs(actual.astype(np.float64) - expected).max():.2e}"
    )


def compare_pruned(path, peer, reference, thresholds, shapes, output, **fields):
    """Prunes by `thresholds`, as ltp, and compares the model's first output with `reference`.

    `reference.run(ids, mask, thresholds)` gives that output, how many tokens of each
    sequence are left, and how near a share came to its threshold.
    """
    section = {"method": "ltp", "layers": list(thresholds), "thresholds": list(thresholds.values())}
    plan = {"version": 1, "token_pruning": section | {"denominator_tokens": "alive"}, **fields}
    model = skim.compile(path, plan=plan, output=output)
    name = peer.get_outputs()[0].name
    compared = pruned = 0
    for seed, (padding, shape) in enumerate(itertools.product(PADDINGS, shapes)):
        inputs, mask = make_batch(peer, *shape, padding, seed)
        expected, counts, closest = reference.run(inputs["input_ids"], mask, thresholds)
        if closest < 1e-6:
            continue  # fp32 may decide the other way
        assert_close(name, model.run(inputs)[name], expected.astype(np.float32))
        compared += 1
        pruned += mask.sum() - sum(counts)
    assert compared >= 10
    assert pruned > 100
