"""Encoder graphs written in the many forms that exporters use."""

import dataclasses

import build_encoder as encoders
import encoder
import numpy as np
import onnx
import onnxruntime
import pytest
from encoder_cases import assert_close, compare, make_batch

SIZES = encoders.Sizes(vocab=96, hidden=24, layers=2, heads=4, ffn=40, positions=80)
ONE_HEAD = encoders.Sizes(vocab=96, hidden=24, layers=2, heads=1, ffn=40, positions=80)
ACTIVATIONS = {
    "tanh": "gelu_tanh",
    "tanh_cube": "gelu_tanh",
    "op_tanh": "gelu_tanh",
    "relu": "relu",
    "quick": "gelu_quick",
}
POSITIONS = {
    "mask": encoder.count_mask,
    "constant_add": lambda ids, mask: np.arange(len(ids)) + 2,
}

# One style a line. Together they hold every value of encoders.STYLES.
FORMS = [
    dict(opset=11, norm="pow", gelu="erf", mask="subtract", scale="div", linear="add_matmul", head="pooler"),
    dict(opset=11, norm="mul", gelu="tanh", mask="subtract_10000", weights="transpose", head="cls", constants=True),
    dict(opset=12, norm="reciprocal", gelu="tanh_cube", mask="fill", scale="query_div", linear="gemm", head="qa"),
    dict(opset=13, norm="pow", gelu="erf_half", mask="scores", scale="query", linear="matmul_add", head="tok"),
    dict(opset=13, norm="pow", mask="outer", positions="range", keys="0213", head="mean", names=False),
    dict(opset=14, norm="pow", mask="where_inf", scale="split", guard=True, keys="3d", positions="expand"),
    dict(opset=15, norm="pow", gelu="relu", mask="expand", qkv="split", reshape="zero", head="mean_l2"),
    dict(opset=16, norm="mul", mask="where", weights="identity", qkv="slice", positions="constant_add"),
    dict(opset=17, mask="where", weights="int8", head="pooler"),
    dict(opset=17, mask="where", weights="int8_channel", linear="gemm", head="cls"),
    dict(opset=17, mask="where", weights="float16", positions="mask", head="tok"),
    dict(opset=17, mask="none", head="pooler", constants=True),
    dict(opset=18, mask="ids", weights="dequantize", head="qa"),
    dict(opset=19, norm="op", mask="subtract", scale="split", weights="transpose", head="mean_l2", names=False),
    dict(opset=20, gelu="op", mask="where_inf", guard=True, qkv="split", keys="3d", reshape="zero"),
    dict(opset=21, gelu="op_tanh", mask="expand", weights="identity", head="mean"),
    dict(opset=17, ids_type=onnx.TensorProto.INT32, mask_type=onnx.TensorProto.INT32, head="cls"),
    dict(opset=17, mask="where", mask_type=onnx.TensorProto.BOOL, head="pooler"),
    dict(opset=17, mask="subtract", mask_type=onnx.TensorProto.FLOAT),
    dict(opset=17, batch=2, sequence=12, mask="where", head="pooler"),
    dict(opset=17, sequence=20, mask="subtract", reshape="zero", head="mean"),
    dict(opset=17, linear="gemm_scaled", gelu="quick", positions="ones", head="pooler_slice"),
    dict(opset=14, heads="grouped", mask="subtract", norm="mul", head="cls"),
    dict(opset=18, heads="grouped", mask="where_inf", reshape="zero", positions="nonzero"),
    dict(opset=17, heads="whole", mask="where", head="pooler"),
    dict(opset=13, heads="whole", mask="none", norm="pow", gelu="erf_half"),
]


def label(form):
    return "-".join(str(v) for v in form.values())


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder, cache = tmp_path_factory.mktemp("forms"), {}

    def get(form, sizes=None):
        sizes = sizes or sizes_of(form)
        key = (label(form), dataclasses.astuple(sizes))
        if key not in cache:
            labels = 2 if form.get("head") == "qa" else 3
            style = encoders.Style(**form, labels=labels)
            made = encoders.build(encoders.random_weights(sizes, seed=len(cache), labels=labels), sizes, style)
            path = folder / f"form{len(cache)}.onnx"
            encoders.save(made.model, path)
            peer = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            cache[key] = (path, made, peer)
        return cache[key]

    return get


def sizes_of(form):
    return ONE_HEAD if form.get("heads") == "whole" else SIZES


def shapes(form):
    batch, sequence = form.get("batch"), form.get("sequence")
    if sequence:
        return [(batch or b, sequence) for b in (1, 3)]
    return [(1, 1), (2, 12), (3, 40), (4, 70)]


def test_forms_cover_every_style():
    for name, values in encoders.STYLES.items():
        default = values[0]
        used = {form.get(name, default) for form in FORMS}
        assert used == set(values), f"{name}: not tried: {set(values) - used}"


@pytest.mark.parametrize("form", FORMS, ids=label)
def test_form_matches_onnxruntime(form, built, compiled):
    path, _, peer = built(form)
    model = compiled(path)
    from_ids = form.get("mask") == "ids"
    for shape in shapes(form):
        for padding in ("none", "right", "mixed"):
            inputs, mask = make_batch(peer, *shape, padding, seed=1, mask_from_ids=from_ids)
            # Whether positions that only the ids mark as padding are removed is left open.
            compare(peer, inputs, mask, model.run(inputs), zeros=not from_ids)


@pytest.mark.parametrize("form", FORMS, ids=label)
def test_form_matches_the_reference(form, built, compiled):
    path, made, peer = built(form)
    model = compiled(path)
    reference = encoder.Encoder(
        made.weights,
        sizes_of(form).heads,
        SIZES.eps,
        ACTIVATIONS.get(form.get("gelu"), "gelu"),
        POSITIONS.get(form.get("positions")),
    )
    padding = "right" if form.get("mask") == "ids" else "mixed"
    inputs, mask = make_batch(peer, *shapes(form)[1], padding, seed=2, mask_from_ids=form.get("mask") == "ids")
    states = reference.states(inputs["input_ids"], mask, inputs["token_type_ids"])
    expected = head(reference, form.get("head", "none"), states, mask)
    outputs = model.run(inputs)
    assert list(outputs) == list(expected)
    for key, want in expected.items():
        got = outputs[key]
        if form.get("mask") == "ids" and want.shape[:2] == mask.shape:
            got, want = got[mask != 0], want[mask != 0]
        assert_close(key, got, want.astype(np.float32))


def head(reference, kind, states, mask):
    """The outputs of a form's head, zeros at padding, as the reference sees them."""
    token = (np.asarray(mask) != 0)[..., None]
    if kind == "cls":
        return {"logits": reference.linear("classifier", reference.pooled(states, mask))}
    if kind == "tok":
        return {"logits": reference.linear("classifier", states) * token}
    if kind == "qa":
        logits = reference.linear("classifier", states) * token
        return {"start_logits": logits[..., 0], "end_logits": logits[..., 1]}
    outputs = {"last_hidden_state": states}
    if kind.startswith("pooler"):
        outputs["pooler_output"] = reference.pooled(states, mask)
    if kind == "mean":
        outputs["sentence_embedding"] = reference.mean(states, mask)
    if kind == "mean_l2":
        outputs["sentence_embedding"] = reference.sentence(states, mask)
    return outputs


@pytest.mark.parametrize(
    "sizes",
    [
        encoders.Sizes(vocab=96, hidden=7, layers=1, heads=1, ffn=5, positions=40, types=0),
        encoders.Sizes(vocab=96, hidden=30, layers=1, heads=6, ffn=1, positions=40, types=3),
        encoders.Sizes(vocab=96, hidden=128, layers=1, heads=1, ffn=129, positions=40),
        encoders.Sizes(vocab=96, hidden=64, layers=1, heads=64, ffn=31, positions=40),
    ],
    ids=lambda sizes: f"{sizes.hidden}x{sizes.heads}x{sizes.ffn}",
)
def test_odd_sizes(sizes, built, compiled):
    path, _, peer = built(dict(opset=17, head="pooler"), sizes)
    model = compiled(path)
    for shape in [(1, 1), (3, 17), (2, 40)]:
        inputs, mask = make_batch(peer, *shape, "mixed", seed=3)
        compare(peer, inputs, mask, model.run(inputs))
