"""The published model, all-MiniLM-L6-v2 and BERT-base: a few cases each."""

import fetch_models
import numpy as np
import pytest
from encoder_cases import assert_same_bits, compare, is_sequence, make_batch

BIG = ["published", "minilm", "bert-base"]


@pytest.mark.parametrize("name", BIG)
@pytest.mark.parametrize(("shape", "padding"), [((1, 1), "none"), ((1, 30), "left"), ((3, 40), "mixed")])
def test_matches_onnxruntime(name, shape, padding, large, compiled, session):
    path = large(name)
    model, peer = compiled(path), session(path)
    inputs, mask = make_batch(peer, *shape, padding, vocab=30000)
    compare(peer, inputs, mask, model.run(inputs))


def test_published_model_at_full_size(large, compiled, session):
    path = large("published")
    model, peer = compiled(path), session(path)
    inputs, mask = make_batch(peer, 8, 256, "right", vocab=30000)
    compare(peer, inputs, mask, model.run(inputs))


def test_published_model_passes_inputs_on(large, compiled, session):
    """Two of its outputs are copies of inputs: exact everywhere, padding included."""
    path = large("published")
    model, peer = compiled(path), session(path)
    inputs, _ = make_batch(peer, 3, 9, "left", vocab=30000)
    outputs = model.run(inputs)
    assert list(outputs) == ["output", "463", "onnx::Shape_422", "461"]
    np.testing.assert_array_equal(outputs["output"], inputs["input_ids"])
    np.testing.assert_array_equal(outputs["463"], inputs["attention_mask"])


def test_keep_padding_matches_everywhere(large, compiled, session):
    path = large("published")
    model, peer = compiled(path, keep_padding=True), session(path)
    inputs, mask = make_batch(peer, 3, 24, "mixed", vocab=30000)
    compare(peer, inputs, mask, model.run(inputs), everywhere=True)


def encode(texts, length):
    """Tokenised texts, padded on the right to the longest."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(fetch_models.fetch("tokenizer")))
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(texts)
    return {
        "input_ids": np.array([e.ids for e in encoded]),
        "attention_mask": np.array([e.attention_mask for e in encoded]),
        "token_type_ids": np.array([e.type_ids for e in encoded]),
    }


def test_minilm_on_texts(large, compiled, session):
    large("tokenizer")
    large("bbcnews")
    path = large("minilm")
    model, peer = compiled(path), session(path)
    inputs = encode([text[:400] for text in fetch_models.texts(5)] + ["A short one."], 128)
    outputs = model.run(inputs)
    compare(peer, inputs, inputs["attention_mask"], outputs)
    # The model's purpose: a text is closest to itself, and lengths are 1.
    vectors = outputs["sentence_embedding"]
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5
    assert ((vectors @ vectors.T).argmax(axis=1) == np.arange(len(vectors))).all()


@pytest.mark.parametrize("name", ["minilm", "bert-base"])
def test_external_data_gives_the_same_bits(name, large, compiled, session):
    path, outside = large(name), large(f"{name}-external")
    model, other = compiled(path), compiled(outside)
    inputs, _ = make_batch(session(path), 2, 11, "right", vocab=30000)
    expected = model.run(inputs)
    for key, value in other.run(inputs).items():
        assert_same_bits(key, value, expected[key])


@pytest.mark.parametrize("name", ["published", "minilm"])
def test_rows_have_the_same_bits_in_any_batch(name, large, compiled, session):
    path = large(name)
    model, peer = compiled(path), session(path)
    inputs, mask = make_batch(peer, 5, 70, "right", vocab=30000)
    outputs = model.run(inputs, threads=2)
    for row in range(5):
        length = int(mask[row].sum())
        alone = model.run({key: value[row : row + 1, :length] for key, value in inputs.items()}, threads=1)
        for index, (key, value) in enumerate(alone.items()):
            batched = outputs[key][row, :length] if is_sequence(peer, index) else outputs[key][row]
            assert_same_bits(key, batched, value[0])
