"""ModernBERT's forward pass in numpy, with token pruning, from the definition of the network.

Norms before, rotary positions (halves against halves), gated feed-forward, windows in all
layers but each third. One sequence at a time, without padding, in float64; tokens that were
pruned are gone, the others keep their positions.
"""

import encoder
import numpy as np
import onnx
import pruning
from onnx import numpy_helper


def turn(heads, positions, base):
    """Pairs (d, d + D / 2) of each head by the angle position * base^(-2 d / D)."""
    half = heads.shape[-1] // 2
    angles = positions[:, None] * base ** (-np.arange(half) / half)
    low, high = heads[..., :half], heads[..., half:]
    cos, sin = np.cos(angles), np.sin(angles)
    return np.concatenate([low * cos - high * sin, high * cos + low * sin], axis=-1)


class ModernBert:
    """The weights of an exported model: matrices in the order of its products."""

    def __init__(self, path, heads, window, global_every=3, eps=1e-5, bases=(160000.0, 10000.0)):
        graph = onnx.load(path).graph
        stored = {i.name: numpy_helper.to_array(i).astype(np.float64) for i in graph.initializer}
        self.norms = {name.removeprefix("model."): array for name, array in stored.items() if "norm" in name}
        self.words = next(array for name, array in stored.items() if "tok_embeddings" in name)
        products = [node.input[1] for node in graph.node if node.op_type == "MatMul"]
        matrices = [stored[name] for name in products if name in stored and stored[name].ndim == 2]
        self.layers = [matrices[i : i + 4] for i in range(0, len(matrices), 4)]
        self.heads, self.window, self.global_every, self.eps = heads, window, global_every, eps
        self.bases = bases

    def norm(self, name, rows):
        centred = rows - rows.mean(axis=-1, keepdims=True)
        return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.eps) * self.norms[name + ".weight"]

    def attend(self, layer, rows, positions):
        """The attention's part of the stream and its probabilities [heads, n, n]."""
        projection, output = self.layers[layer][:2]
        count, width = rows.shape
        parts = (rows @ projection).reshape(count, 3, self.heads, width // self.heads)
        query, key, value = parts.transpose(1, 2, 0, 3)
        local = layer % self.global_every != 0
        query, key = (turn(heads, positions, self.bases[local]) for heads in (query, key))
        scores = query @ key.swapaxes(1, 2) / np.sqrt(width // self.heads)
        if local:
            far = np.abs(positions[:, None] - positions[None, :]) > self.window
            scores = np.where(far, -np.inf, scores)
        weights = encoder.softmax(scores)
        context = (weights @ value).swapaxes(0, 1).reshape(count, width)
        return context @ output, weights

    def sequence(self, ids, positions, thresholds):
        """States of one sequence, pruned in the layers of `thresholds` before the
        feed-forward; each token's last state, and how near a share came to a threshold."""
        last = self.norm("embeddings.norm", self.words[ids])
        live, closest = np.arange(len(ids)), np.inf
        for layer, (_, _, wide, narrow) in enumerate(self.layers):
            before = last[live]
            rows = self.norm(f"layers.{layer}.attn_norm", before) if layer else before
            attended, weights = self.attend(layer, rows, positions[live])
            stream = before + attended
            if layer in thresholds:
                kept, near = pruning.keep_tokens(weights, live, thresholds[layer])
                closest = min(closest, near)
                live, stream = live[kept], stream[kept]
            gated, gate = np.split(self.norm(f"layers.{layer}.mlp_norm", stream) @ wide, 2, axis=-1)
            last[live] = stream + (encoder.gelu(gated) * gate) @ narrow
        return self.norm("final_norm", last), live, closest

    def run(self, ids, mask, thresholds=None):
        """States [batch, sequence, hidden], 0 without a token; the tokens left; the closest call."""
        return pruning.run_states(self, ids, mask, thresholds, self.words.shape[1])
