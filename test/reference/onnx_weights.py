"""Reads the weights of an exported encoder back out of its ONNX file.

The file's own names are mapped to BERT's PyTorch names; matrices that the
exporter has transposed are found through the bias that is added behind them.
"""

import re

import onnx
from onnx import numpy_helper

# (pattern of an exported name, BERT's name), tried in order.
NAMES = [
    (r".*\btransformer\.layer\.(\d+)\.attention\.(q|k|v)_lin", None),
    (r".*\btransformer\.layer\.(\d+)\.attention\.out_lin", r"encoder.layer.\1.attention.output.dense"),
    (r".*\btransformer\.layer\.(\d+)\.sa_layer_norm", r"encoder.layer.\1.attention.output.LayerNorm"),
    (r".*\btransformer\.layer\.(\d+)\.ffn\.lin1", r"encoder.layer.\1.intermediate.dense"),
    (r".*\btransformer\.layer\.(\d+)\.ffn\.lin2", r"encoder.layer.\1.output.dense"),
    (r".*\btransformer\.layer\.(\d+)\.output_layer_norm", r"encoder.layer.\1.output.LayerNorm"),
    (r".*\b(embeddings\..*)", r"\1"),
    (r".*\b(encoder\.layer\..*)", r"\1"),
    (r".*\b(pooler\.dense|pre_classifier|classifier.*|qa_outputs)", r"\1"),
]
PROJECTIONS = {"q": "query", "k": "key", "v": "value"}


def bert_name(name):
    """BERT's name of an exported `....weight` or `....bias`, or None."""
    stem, _, kind = name.rpartition(".")
    if kind not in ("weight", "bias"):
        return None
    for pattern, replacement in NAMES:
        if match := re.fullmatch(pattern, stem):
            if replacement is None:
                layer, which = match.groups()
                return f"encoder.layer.{layer}.attention.self.{PROJECTIONS[which]}.{kind}"
            return match.expand(replacement) + "." + kind
    return None


def read(path):
    """A dict of arrays under BERT's names, matrices as [out, in]."""
    graph = onnx.load(path).graph
    stored = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    producer = {out: node for node in graph.node for out in node.output}
    weights = {}
    for name, array in stored.items():
        if target := bert_name(name):
            weights[target] = array
    for node in graph.node:
        if node.op_type != "Add":
            continue
        bias = next((i for i in node.input if i in stored and bert_name(i)), None)
        product = next((producer[i] for i in node.input if i in producer), None)
        if bias and bias.endswith(".bias") and product is not None and product.op_type == "MatMul":
            matrix = stored.get(product.input[1])
            if matrix is not None:
                weights[bert_name(bias)[: -len("bias")] + "weight"] = matrix.T
    return weights
