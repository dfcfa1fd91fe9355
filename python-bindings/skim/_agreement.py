"""How alike two runs' outputs are: what a model's outputs predict, and who agrees."""

from collections.abc import Mapping, Sequence

import numpy as np

from skim._errors import RunError
from skim._model import Model, Tensor

_CLASSES = ("logit", "score", "prob")


class Judge:
    """Compares runs of a model by some of its outputs.

    Outputs with a row a sequence are taken where there are any, else those with a
    row a token. Logits agree where their largest class is the same, start and end
    logits where the place of the largest is, other outputs by the cosine of the
    angle between rows. Where several outputs predict, all must agree.
    """

    def __init__(self, model: Model, outputs: Sequence[str] | None, classes: Sequence[str]):
        known = {tensor.name: tensor for tensor in model.outputs if tensor.dtype.kind == "f" and len(tensor.shape) > 1}
        for name in outputs or ():
            if name not in known:
                raise RunError(f"output '{name}': expected one of {', '.join(known)}")
        chosen = [known[name] for name in outputs] if outputs else list(known.values())
        self.classes = tuple(classes)
        self.length = model.inputs[0].shape[1] if len(model.inputs[0].shape) > 1 else None
        pooled = [tensor for tensor in chosen if not self._is_sequence(tensor)]
        self.tensors = chosen if outputs else pooled or chosen
        if not self.tensors:
            raise RunError("outputs: expected one of floats with a row a sequence or token, the model has none")

    def _is_sequence(self, tensor: Tensor) -> bool:
        return tensor.shape[1] == self.length or isinstance(tensor.shape[1], str)

    def _is_classes(self, tensor: Tensor) -> bool:
        return tensor.name in self.classes or any(part in tensor.name.lower() for part in _CLASSES)

    def predictions(self, inputs: Mapping[str, np.ndarray], outputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """For each output classes (integers), or rows to compare (floats)."""
        mask = np.asarray(inputs.get("attention_mask", np.ones(next(iter(inputs.values())).shape))) != 0
        found = []
        for tensor in self.tensors:
            value = outputs[tensor.name]
            if self._is_sequence(tensor):
                if value.ndim == 2:
                    found.append(np.where(mask, value, -np.inf).argmax(axis=1) if value.size else np.zeros(0, int))
                    continue
                value = value[mask]
            found.append(value.argmax(axis=-1) if self._is_classes(tensor) else value)
        return found

    def agreement(self, ours: list[np.ndarray], dense: list[np.ndarray]) -> tuple[float, int]:
        """The sum of agreements, and of how many sequences or tokens."""
        equal: list[np.ndarray] = []
        cosines: list[np.ndarray] = []
        for one, other in zip(ours, dense, strict=True):
            if one.dtype.kind == "i":
                equal.append(one == other)
            else:
                cosines.append(_cosine(one.astype(np.float64), other.astype(np.float64)))
        if equal:
            alike = np.logical_and.reduce(equal)
            return float(alike.sum()), alike.size
        alike = np.mean(cosines, axis=0)
        return float(alike.sum()), alike.size

    def correct(self, ours: list[np.ndarray], labels: np.ndarray) -> int:
        """How many predictions are the labels."""
        if len(ours) != 1 or ours[0].dtype.kind != "i":
            raise RunError("labels: expected one output of class logits; name it by `outputs`")
        if ours[0].shape != labels.shape:
            raise RunError(f"labels: expected shape {ours[0].shape} for a batch, got {labels.shape}")
        return int((ours[0] == labels).sum())


def _cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of rows; 1 where they are the same, rows of zeros among them."""
    lengths = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    angles = (one * other).sum(axis=-1) / np.maximum(lengths, 1e-300)
    return np.where((one == other).all(axis=-1), 1.0, angles)
