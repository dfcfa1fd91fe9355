"""The numpy reference against ONNX Runtime, where both define the same numbers."""

import pathlib

import exported
import numpy as np
import pytest
from encoder_cases import compare, make_batch
from test_onnx_models import NAMES, family, padding_id

MODELS = pathlib.Path(__file__).resolve().parent.parent / "models"
# The reference finds weights by PyTorch's names.
KNOWN = [n for n in NAMES if family(n) in exported.FAMILIES and not n.endswith(("static-17-sdpa", "tensorflow"))]


@pytest.mark.parametrize("name", KNOWN)
def test_reference_matches_onnxruntime(name, session):
    path = MODELS / f"{name}.onnx"
    peer, reference = session(path), exported.Exported(path, family(name))
    for shape, padding in (((1, 1), "none"), ((3, 20), "right"), ((4, 31), "mixed")):
        inputs, mask = make_batch(peer, *shape, padding, pad=padding_id(name))
        outputs = {key: value.astype(np.float32) for key, value in reference.outputs(inputs).items()}
        compare(peer, inputs, mask, outputs)


def test_known_families_are_covered():
    assert {family(name) for name in KNOWN} == set(exported.FAMILIES)


def test_rows_without_tokens_have_no_pooled_value():
    path = MODELS / "bert-14-sdpa.onnx"
    ids = np.full((2, 4), 7)
    outputs = exported.Exported(path, "bert").outputs(
        {"input_ids": ids, "attention_mask": np.array([[0, 0, 0, 0], [0, 1, 0, 1]])}
    )
    assert np.isnan(outputs["pooler_output"][0]).all()
    assert np.isfinite(outputs["pooler_output"][1]).all()
    assert not outputs["last_hidden_state"][0].any()
