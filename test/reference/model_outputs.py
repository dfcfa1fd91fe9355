"""What the heads of a model make of states: the outputs, and what they cost."""

from dataclasses import dataclass

import encoder
import numpy as np

ACTIVATIONS = {"tanh": np.tanh, "relu": encoder.relu, None: lambda x: x}


@dataclass(frozen=True)
class Output:
    """`reads` tokens, first or mean; then linear maps (name, activation); one column, or L2 norm."""

    name: str
    reads: str
    maps: tuple = ()
    column: int | None = None
    normalise: bool = False

    def of(self, model, rows):
        """The output's values of states, a row each."""
        for name, activation in self.maps:
            rows = ACTIVATIONS[activation](model.linear(name, rows))
        if self.normalise:
            rows = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
        return rows if self.column is None else rows[..., self.column]


STATES = Output("last_hidden_state", "tokens")
POOLED = (("pooler.dense", "tanh"),)
CLASSIFIER = (("classifier", None),)
# By the names of test/models/build_encoder.py's heads.
HEADS = {
    "none": [STATES],
    "pooler": [STATES, Output("pooler_output", "first", POOLED)],
    "mean": [STATES, Output("sentence_embedding", "mean")],
    "mean_l2": [STATES, Output("sentence_embedding", "mean", normalise=True)],
    "cls": [Output("logits", "first", POOLED + CLASSIFIER)],
    "tok": [Output("logits", "tokens", CLASSIFIER)],
    "qa": [
        Output("start_logits", "tokens", CLASSIFIER, column=0),
        Output("end_logits", "tokens", CLASSIFIER, column=1),
    ],
}


def map_flops(model, outputs, reads):
    """2 x MAC for each token (`reads` tokens) or sequence; a map that outputs share counts once."""
    maps = {(output.reads == "tokens", name) for output in outputs for name, _ in output.maps}
    wanted = {name for tokens, name in maps if tokens == (reads == "tokens")}
    return sum(2 * model.weights[name + ".weight"].size for name in wanted)


def only_first(outputs):
    """Whether position 0 of each sequence is all that is read of the last layer."""
    return all(output.reads == "first" for output in outputs)
