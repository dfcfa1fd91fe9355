"""The heads of early exits and the criteria by which a sequence leaves, in numpy."""

import math

import encoder
import numpy as np

STUDENT = 128  # width of fastbert's head
STUDENT_HEADS = 2


def log_softmax(numbers):
    shifted = numbers - numbers.max()
    return shifted - np.log(np.exp(shifted).sum())


class ExitHeads:
    """Logits at exits. `rows` are a sequence's states, `alive` says which still live.

    A sequence without tokens reads zeros.
    """

    def __init__(self, section, tensors, width):
        self.kind, self.width = section["head"], width
        self.tensors = tensors
        self.layers = section["layers"]

    def linear(self, name, rows):
        weight = np.asarray(self.tensors[f"early_exit.{name}.weight"], np.float64)
        bias = np.asarray(self.tensors[f"early_exit.{name}.bias"], np.float64)
        return rows @ weight.T + bias

    def classes(self, layer):
        return self.tensors[f"early_exit.{layer}.classifier.weight"].shape[0]

    def first(self, rows, alive):
        places = np.flatnonzero(alive)
        return rows[places[0]] if places.size else np.zeros(self.width)

    def pooled(self, rows, alive):
        """scalar_mix: what each layer gives, exit or not."""
        return np.tanh(self.linear("pooler", self.first(rows, alive)))

    def logits(self, layer, rows, alive, pooled):
        """`pooled`: scalar_mix's pooled states of layers 0 to this one."""
        if self.kind == "mean_linear":
            state = rows[alive].mean(axis=0) if alive.any() else np.zeros(self.width)
        elif self.kind == "fastbert":
            state = self.student(layer, rows, alive)
        elif self.kind == "scalar_mix":
            weights = np.asarray(self.tensors[f"early_exit.{layer}.mix"], np.float64)
            state = sum(weight * one for weight, one in zip(weights, pooled, strict=True))
        else:
            state = self.first(rows, alive)
            if self.kind == "pooler":
                state = np.tanh(self.linear(f"{layer}.pooler", state))
        return self.linear(f"{layer}.classifier", state)

    def student(self, layer, rows, alive):
        """narrow, tanh, self-attention, mix, position 0, hidden, tanh."""
        narrow = np.tanh(self.linear(f"{layer}.narrow", rows))
        size, parts = STUDENT // STUDENT_HEADS, []
        query, key, value = (self.linear(f"{layer}.{name}", narrow) for name in ("query", "key", "value"))
        for head in range(STUDENT_HEADS):
            at = slice(head * size, (head + 1) * size)
            scores = query[:, at] @ key[:, at].T / math.sqrt(size)
            scores[:, ~alive] = -np.inf
            parts.append(encoder.softmax(scores) @ value[:, at] if alive.any() else np.zeros((len(rows), size)))
        mixed = self.linear(f"{layer}.mix", np.concatenate(parts, axis=1))
        return np.tanh(self.linear(f"{layer}.hidden", self.first_or_zero(mixed, alive)))

    def first_or_zero(self, rows, alive):
        places = np.flatnonzero(alive)
        return rows[places[0]] if places.size else np.zeros(rows.shape[1])

    def flops(self, layer, tokens):
        """2 x MAC of one sequence's head at an exit; scalar_mix's poolers are `pooled_flops`."""
        width, classes = self.width, self.classes(layer)
        if self.kind == "pooler":
            return 2 * width * (width + classes)
        if self.kind == "fastbert":
            # Query and mix of the first token where there is one, narrow, key and value of all.
            each = width * STUDENT + 2 * STUDENT * STUDENT + 2 * STUDENT
            first = 2 * STUDENT * STUDENT if tokens else 0
            return 2 * (tokens * each + first + STUDENT * STUDENT + STUDENT * classes)
        return 2 * width * classes

    def pooled_flops(self):
        return 2 * self.width * self.width


def per_layer(value, layers, layer):
    """A number of the plan that is one for all layers or a list."""
    return value[layers.index(layer)] if isinstance(value, list) else value


class Criterion:
    """Decides for one sequence, exit after exit."""

    def __init__(self, kind):
        self.kind, self.previous, self.count = kind, None, 0

    def decide(self, logits, threshold, temperature):
        """Whether the sequence leaves, and how far that decision is from the other."""
        logs = log_softmax(logits / temperature)
        if self.kind == "patience":
            return self.patience(logits, threshold)
        if self.kind == "max_probability":
            most = np.exp(logs.max())
            return most >= threshold, abs(most - threshold)
        entropy = -(np.exp(logs) * logs).sum()
        if self.kind == "normalised_entropy":
            entropy = entropy / math.log(len(logits))
        if threshold == 0:
            return False, math.inf
        return entropy < threshold, abs(entropy - threshold)

    def patience(self, logits, threshold):
        best = int(logits.argmax())
        self.count = self.count + 1 if best == self.previous else 0
        self.previous = best
        ranked = np.sort(logits)
        distance = ranked[-1] - ranked[-2] if len(ranked) > 1 else math.inf
        return threshold > 0 and self.count == threshold, distance
