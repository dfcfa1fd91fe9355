"""Qwen3's and Gemma 3's forward passes in numpy, with token pruning, from the definitions of the networks.

RMS norms before, in Gemma also behind; the heads of queries and keys are normalised, then turned
by their positions, and share heads of keys and values; feed-forward with a gate of its own. One
sequence at a time, without padding, in float64; tokens that were pruned are gone, the others keep
their positions.
"""

from dataclasses import dataclass

import encoder
import numpy as np
import onnx
import pruning
from modern import turn
from onnx import numpy_helper


@dataclass
class Layer:
    """How far a query sees to either side, and the base of its rotary positions."""

    left: float = np.inf
    right: float = np.inf
    base: float = 10000.0


class Network:
    """The weights of an exported model: matrices and norms in the order of the graph."""

    def __init__(self, path, heads, key_heads, layers, activation, norms_behind=False, scaled_words=False, eps=1e-6):
        graph = onnx.load(path).graph
        stored = {i.name: numpy_helper.to_array(i).astype(np.float64) for i in graph.initializer}

        def operands(op, rank):
            names = [name for node in graph.node if node.op_type == op for name in node.input if name in stored]
            arrays = [stored[name] for name in names if "inv_freq" not in name]
            return [array for array in arrays if array.ndim == rank and array.size > 1]

        self.words = next(array for name, array in stored.items() if "embed_tokens" in name)
        self.word_scale = np.sqrt(self.words.shape[1]) if scaled_words else 1.0
        matrices = operands("MatMul", 2)
        self.matrices = [matrices[i : i + 7] for i in range(0, len(matrices), 7)]
        self.norms = operands("Mul", 1)
        self.heads, self.key_heads, self.layers, self.eps = heads, key_heads, layers, eps
        self.activation, self.norms_behind = activation, norms_behind
        assert len(self.matrices) == len(layers)

    def norm(self, scale, rows):
        return rows / np.sqrt((rows**2).mean(axis=-1, keepdims=True) + self.eps) * scale

    def attend(self, layer, rows, positions, norms):
        """The attention's part of the stream and its probabilities [heads, n, n]."""
        form, (to_query, to_key, to_value, output) = self.layers[layer], self.matrices[layer][:4]
        split = [
            (rows @ matrix).reshape(len(rows), heads, -1).swapaxes(0, 1)
            for matrix, heads in ((to_query, self.heads), (to_key, self.key_heads), (to_value, self.key_heads))
        ]
        query, key = (
            turn(self.norm(scale, heads), positions, form.base) for scale, heads in zip(norms, split[:2], strict=True)
        )
        shared = self.heads // self.key_heads
        key, value = (np.repeat(heads, shared, axis=0) for heads in (key, split[2]))
        ahead = positions[:, None] - positions[None, :]
        scores = query @ key.swapaxes(1, 2) / np.sqrt(query.shape[-1])
        scores = np.where((ahead <= form.left) & (-ahead <= form.right), scores, -np.inf)
        weights = encoder.softmax(scores)
        return (weights @ value).swapaxes(0, 1).reshape(len(rows), -1) @ output, weights

    def sequence(self, ids, positions, thresholds):
        """States of one sequence, pruned in the layers of `thresholds` before the
        feed-forward; the tokens left, and how near a share came to a threshold."""
        last = self.words[ids] * self.word_scale
        live, closest, norms = np.arange(len(ids)), np.inf, iter(self.norms)
        behind = (lambda rows: self.norm(next(norms), rows)) if self.norms_behind else lambda rows: rows
        for layer, (*_, to_gate, wide, narrow) in enumerate(self.matrices):
            before = last[live]
            rows = self.norm(next(norms), before)
            attended, weights = self.attend(layer, rows, positions[live], [next(norms), next(norms)])
            stream = before + behind(attended)
            if layer in thresholds:
                kept, near = pruning.keep_tokens(weights, live, thresholds[layer])
                closest = min(closest, near)
                live, stream = live[kept], stream[kept]
            rows = self.norm(next(norms), stream)
            last[live] = stream + behind((self.activation(rows @ to_gate) * (rows @ wide)) @ narrow)
        return self.norm(next(norms), last), live, closest

    def run(self, ids, mask, thresholds=None):
        """States [batch, sequence, hidden], 0 without a token; the tokens left; the closest call."""
        return pruning.run_states(self, ids, mask, thresholds, self.words.shape[1])


def qwen3(path, heads, key_heads, layers):
    """Causal, without padding positions: every token sees those up to itself."""
    causal = [Layer(right=0.0)] * layers
    return Network(path, heads, key_heads, causal, lambda x: x / (1 + np.exp(-x)))


def gemma3(path, heads, key_heads, windows):
    """An encoder with a window to both sides in each layer, None for all positions."""
    layers = [Layer(base=1e6) if window is None else Layer(window, window) for window in windows]
    return Network(path, heads, key_heads, layers, encoder.gelu_tanh, norms_behind=True, scaled_words=True)
