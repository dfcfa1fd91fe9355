"""ViT's forward pass in numpy, with token pruning, from the definition of the network.

Patches of an image times one matrix, behind a token for the class; norms before. In float64;
tokens that were pruned are gone.
"""

import encoder
import numpy as np
import onnx
import pruning
from onnx import numpy_helper


class VisionTransformer:
    """The weights of an exported model: matrices in the order of its products, the rest by name."""

    def __init__(self, path, heads, patch, eps=1e-12):
        graph = onnx.load(path).graph
        stored = {i.name: numpy_helper.to_array(i).astype(np.float64) for i in graph.initializer}
        self.weights = {name.removeprefix("model."): array for name, array in stored.items()}
        products = [node.input[1] for node in graph.node if node.op_type == "MatMul"]
        matrices = [stored[name] for name in products if name in stored and stored[name].ndim == 2]
        self.layers = [matrices[i : i + 6] for i in range(0, len(matrices), 6)]
        self.heads, self.patch, self.eps = heads, patch, eps

    def bias(self, name):
        return self.weights[name + ".bias"]

    def norm(self, name, rows):
        centred = rows - rows.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + self.eps)
        return scaled * self.weights[name + ".weight"] + self.bias(name)

    def embed(self, image):
        """[1 + patches, hidden] of an image [channels, height, width]."""
        channels, height, width = image.shape
        size = self.patch
        tiles = image.reshape(channels, height // size, size, width // size, size).transpose(1, 3, 0, 2, 4)
        weight = self.weights["embeddings.patch_embeddings.projection.weight"]
        patches = tiles.reshape(-1, channels * size * size) @ weight.reshape(len(weight), -1).T
        patches += self.bias("embeddings.patch_embeddings.projection")
        rows = np.concatenate([self.weights["embeddings.cls_token"][0], patches])
        return rows + self.weights["embeddings.position_embeddings"][0]

    def attend(self, layer, rows):
        """The attention's context and its probabilities [heads, n, n]."""
        query, key, value = (
            (rows @ matrix + self.bias(f"layers.{layer}.attention.{part}_proj"))
            .reshape(len(rows), self.heads, -1)
            .swapaxes(0, 1)
            for matrix, part in zip(self.layers[layer][:3], "qkv", strict=True)
        )
        weights = encoder.softmax(query @ key.swapaxes(1, 2) / np.sqrt(query.shape[-1]))
        return (weights @ value).swapaxes(0, 1).reshape(rows.shape), weights

    def sequence(self, image, thresholds):
        """The last states of an image's tokens, pruned in the layers of `thresholds` before
        the feed-forward; how many are left, and how near a share came to a threshold."""
        last, closest = self.embed(image), np.inf
        live = np.arange(len(last))
        for layer, (*_, output, wide, narrow) in enumerate(self.layers):
            name, before = f"layers.{layer}.", last[live]
            context, weights = self.attend(layer, self.norm(name + "layernorm_before", before))
            stream = before + context @ output + self.bias(name + "attention.o_proj")
            if layer in thresholds:
                kept, near = pruning.keep_tokens(weights, live, thresholds[layer])
                closest = min(closest, near)
                live, stream = live[kept], stream[kept]
            rows = self.norm(name + "layernorm_after", stream)
            inner = encoder.gelu(rows @ wide + self.bias(name + "mlp.fc1"))
            last[live] = stream + inner @ narrow + self.bias(name + "mlp.fc2")
        return self.norm("layernorm", last), len(live), closest

    def run(self, images, thresholds=None):
        """States [batch, 1 + patches, hidden] and pooled ones; the tokens left; the closest call."""
        found = [self.sequence(image.astype(np.float64), thresholds or {}) for image in images]
        states = np.stack([rows for rows, _, _ in found])
        pooled = np.tanh(states[:, 0] @ self.weights["pooler.dense.weight"].T + self.bias("pooler.dense"))
        return states, pooled, [count for _, count, _ in found], min(near for _, _, near in found)
