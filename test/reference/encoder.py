"""An encoder's forward pass in numpy, written from the definition of the network.

Rows are ragged: a position whose mask is 0 takes no part and gives 0. Everything
is computed in float64, one sequence at a time, so that the result shows what the
exact numbers would be and not the rounding of one particular order.
"""

import math

import numpy as np

_erf = np.vectorize(math.erf, otypes=[np.float64])


def gelu(x):
    return 0.5 * x * (1 + _erf(x / math.sqrt(2)))


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def gelu_quick(x):
    return x / (1 + np.exp(-1.702 * x))


def relu(x):
    return np.maximum(x, 0)


ACTIVATIONS = {"gelu": gelu, "gelu_tanh": gelu_tanh, "gelu_quick": gelu_quick, "relu": relu}


def softmax(scores):
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


class Encoder:
    """BERT-like: post-norm layers, absolute positions, optional segments.

    `weights` holds arrays under BERT's PyTorch names, [out, in]. `position_ids`
    maps a sequence's ids and mask (whole rows, padding included) to its positions.
    """

    def __init__(self, weights, heads, eps=1e-12, activation="gelu", position_ids=None):
        self.weights = {name: np.asarray(w, dtype=np.float64) for name, w in weights.items()}
        self.heads, self.eps = heads, eps
        self.activation = ACTIVATIONS[activation]
        self.position_ids = position_ids or (lambda ids, mask: np.arange(len(ids)))
        self.layers = 0
        while f"encoder.layer.{self.layers}.output.dense.weight" in self.weights:
            self.layers += 1

    def linear(self, name, rows):
        return rows @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def norm(self, name, rows):
        centred = rows - rows.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)
        unit = centred / np.sqrt(variance + self.eps)
        return unit * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def embed(self, ids, positions, types):
        table = {
            kind: self.weights.get(f"embeddings.{kind}_embeddings.weight")
            for kind in ("word", "position", "token_type")
        }
        rows = table["word"][ids]
        if table["position"] is not None:
            rows = rows + table["position"][positions]
        if table["token_type"] is not None:
            rows = rows + table["token_type"][types]
        return self.norm("embeddings.LayerNorm", rows)

    def attend(self, base, rows):
        count, width = rows.shape
        size = width // self.heads

        def split(name):
            return self.linear(base + name, rows).reshape(count, self.heads, size).swapaxes(0, 1)

        query, key, value = split("self.query"), split("self.key"), split("self.value")
        weights = softmax(query @ key.swapaxes(1, 2) / math.sqrt(size))
        context = (weights @ value).swapaxes(0, 1).reshape(count, width)
        return self.linear(base + "output.dense", context)

    def layer(self, index, rows):
        base = f"encoder.layer.{index}."
        rows = self.norm(base + "attention.output.LayerNorm", rows + self.attend(base + "attention.", rows))
        inner = self.activation(self.linear(base + "intermediate.dense", rows))
        return self.norm(base + "output.LayerNorm", rows + self.linear(base + "output.dense", inner))

    def sequence(self, ids, positions, types):
        """States of one sequence without padding: [tokens, hidden]."""
        rows = self.embed(ids, positions, types)
        for index in range(self.layers):
            rows = self.layer(index, rows)
        return rows

    def states(self, ids, mask=None, types=None):
        """[batch, sequence, hidden], 0 where there is no token."""
        ids = np.asarray(ids)
        mask = np.ones_like(ids) if mask is None else np.asarray(mask)
        types = np.zeros_like(ids) if types is None else np.asarray(types)
        width = self.weights["embeddings.LayerNorm.weight"].shape[0]
        out = np.zeros((*ids.shape, width))
        for row in range(ids.shape[0]):
            token = mask[row] != 0
            if not token.any():
                continue
            positions = self.position_ids(ids[row], mask[row])
            out[row, token] = self.sequence(ids[row][token], positions[token], types[row][token])
        return out

    # What heads make of the states. A row without tokens has no value: NaN.
    def first(self, states, mask):
        """The state of each sequence's first token: [batch, hidden]."""
        rows = np.full((states.shape[0], states.shape[2]), np.nan)
        for row in range(states.shape[0]):
            tokens = np.flatnonzero(mask[row])
            if tokens.size:
                rows[row] = states[row, tokens[0]]
        return rows

    def pooled(self, states, mask):
        return np.tanh(self.linear("pooler.dense", self.first(states, mask)))

    def mean(self, states, mask):
        count = (np.asarray(mask) != 0).sum(axis=1, keepdims=True).astype(np.float64)
        count[count == 0] = np.nan
        return states.sum(axis=1) / count

    def sentence(self, states, mask):
        mean = self.mean(states, mask)
        return mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)


def count_ids(padding):
    """RoBERTa's positions: the ids that are not padding are counted from padding + 1."""

    def positions(ids, mask):
        token = ids != padding
        return np.cumsum(token) * token + padding

    return positions


def count_mask(ids, mask):
    """Positions that count the tokens so far (0 at padding)."""
    return np.cumsum(mask) * (mask != 0)
