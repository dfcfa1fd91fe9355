"""DeBERTa-v2's classifier in numpy, with token pruning, from the definition of the network.

Scores are the sum of queries times keys, queries times the keys of relative positions, and keys
times the queries of relative positions, all divided by the root of three head widths. One
sequence at a time, without padding, in float64; tokens that were pruned are gone, the others
keep their positions.
"""

import encoder
import numpy as np
import onnx
import pruning
from onnx import numpy_helper


def buckets(distance, size, farthest):
    """Distances up to size / 2 are exact, farther ones by their logarithm."""
    middle = size // 2
    # The graph computes it in float32, and where it rounds up that decides.
    far = np.maximum(np.abs(distance), middle).astype(np.float32)
    steps = np.log(far / np.float32(middle)) / np.float32(np.log((farthest - 1) / middle)) * np.float32(middle - 1)
    bucket = np.ceil(steps).astype(np.int64) + middle
    return np.where(np.abs(distance) <= middle, distance, np.sign(distance) * bucket)


class Classifier:
    """The weights of an exported model: matrices in the order of its products."""

    def __init__(self, path, heads, size, farthest, eps=1e-7):
        graph = onnx.load(path).graph
        stored = {i.name: numpy_helper.to_array(i).astype(np.float64) for i in graph.initializer}
        self.weights = {name.removeprefix("model.").removeprefix("deberta."): array for name, array in stored.items()}
        # Positions are projected by the same matrices.
        products = dict.fromkeys(node.input[1] for node in graph.node if node.op_type == "MatMul")
        matrices = [stored[name] for name in products if name in stored]
        self.layers = [matrices[i : i + 6] for i in range(0, len(matrices), 6)]
        self.heads, self.size, self.farthest, self.eps = heads, size, farthest, eps
        self.relative = self.norm("encoder.LayerNorm", self.weights["encoder.rel_embeddings.weight"])

    def norm(self, name, rows):
        centred = rows - rows.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.eps)
        return scaled * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def split(self, rows):
        return rows.reshape(len(rows), self.heads, -1).swapaxes(0, 1)

    def attend(self, layer, rows, positions):
        """The attention's context and its probabilities [heads, n, n]."""
        name = f"encoder.layer.{layer}.attention.self."
        projections = [
            lambda x, w=w, b=self.weights[f"{name}{part}_proj.bias"]: self.split(x @ w + b)
            for w, part in zip(self.layers[layer][:3], ("query", "key", "value"), strict=True)
        ]
        query, key, value = (project(rows) for project in projections)
        far_query, far_key, _ = (project(self.relative) for project in projections)
        distance = positions[:, None] - positions[None, :]
        place = np.clip(buckets(distance, self.size, self.farthest) + self.size, 0, 2 * self.size - 1)
        i, j = np.indices(distance.shape)
        scores = query @ key.swapaxes(1, 2)
        scores += (query @ far_key.swapaxes(1, 2))[:, i, place]
        scores += (key @ far_query.swapaxes(1, 2))[:, j, place]
        weights = encoder.softmax(scores / np.sqrt(3 * query.shape[-1]))
        return (weights @ value).swapaxes(0, 1).reshape(rows.shape), weights

    def sequence(self, ids, positions, thresholds):
        """Logits of one sequence, pruned in the layers of `thresholds` before the feed-forward;
        the tokens left, and how near a share came to a threshold."""
        words = self.weights["embeddings.word_embeddings.weight"][ids]
        places = self.weights["embeddings.position_embeddings.weight"][positions]
        rows, closest = self.norm("embeddings.LayerNorm", words + places), np.inf
        for layer, (*_, output, wide, narrow) in enumerate(self.layers):
            name = f"encoder.layer.{layer}."
            context, weights = self.attend(layer, rows, positions)
            attended = context @ output + self.weights[name + "attention.output.dense.bias"]
            rows = self.norm(name + "attention.output.LayerNorm", attended + rows)
            if layer in thresholds:
                kept, near = pruning.keep_tokens(weights, np.arange(len(rows)), thresholds[layer])
                closest = min(closest, near)
                rows, positions = rows[kept], positions[kept]
            inner = encoder.gelu(rows @ wide + self.weights[name + "intermediate.dense.bias"])
            fed = inner @ narrow + self.weights[name + "output.dense.bias"]
            rows = self.norm(name + "output.LayerNorm", fed + rows)
        pooled = encoder.gelu(rows[0] @ self.weights["pooler.dense.weight"].T + self.weights["pooler.dense.bias"])
        return pooled @ self.weights["classifier.weight"].T + self.weights["classifier.bias"], len(rows), closest

    def run(self, ids, mask, thresholds=None):
        """Logits [batch, classes], 0 without a token; the tokens left; the closest call."""
        out = np.zeros((len(ids), len(self.weights["classifier.bias"])))
        counts, closest = [], np.inf
        for row in range(len(ids)):
            at = np.flatnonzero(mask[row])
            if not len(at):
                counts.append(0)
                continue
            out[row], left, near = self.sequence(ids[row, at], at, thresholds or {})
            counts.append(left)
            closest = min(closest, near)
        return out, counts, closest
