"""A compiled model, ready to run."""

import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from skim._errors import RunError, path_bytes
from skim._knobs import Knobs, checked
from skim._skim import Library

# What numpy can hold of the runtime's element types, by the same names.
_DTYPES = {
    name: np.dtype(name)
    for name in (
        *("float16", "float32", "float64", "bool"),
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    )
}
# Types of ids and masks, which stand for each other.
_IDS = {np.dtype("int32"), np.dtype("int64"), np.dtype("bool")}
# As many as the runtime takes.
_MAX_THREADS = 1024


class Tensor(NamedTuple):
    """An input or an output of a model.

    Attributes
    ----------
    name : str
        Its name in the ONNX model.
    dtype : numpy.dtype
        Type of its elements.
    shape : tuple of int or str
        One entry for each dimension: its size, or the name of a size that calls
        decide (``"batch_size"``; ``"?"`` where it has none).
    """

    name: str
    dtype: np.dtype
    shape: tuple[int | str, ...]


def _tensor(kind: str, name: str, dtype: str, shape: tuple[int | str, ...]) -> Tensor:
    if dtype not in _DTYPES:
        raise RunError(f"{kind} '{name}': numpy has no type for {dtype}")
    return Tensor(name, _DTYPES[dtype], shape)


def _expectation(tensor: Tensor) -> str:
    others = " (or int32, int64, bool)" if tensor.dtype in _IDS else ""
    return f"a numpy array of {tensor.dtype}{others}"


def _array(tensor: Tensor, value: Any) -> np.ndarray:
    """The value as the runtime takes it: a native type, C-contiguous, aligned."""
    if not isinstance(value, np.ndarray):
        raise RunError(f"input '{tensor.name}': expected {_expectation(tensor)}, got {type(value).__name__}")
    fits = value.dtype == tensor.dtype or (tensor.dtype in _IDS and value.dtype in _IDS)
    if not fits or not value.dtype.isnative:
        raise RunError(f"input '{tensor.name}': expected {_expectation(tensor)}, got {value.dtype}")
    return np.require(value, requirements=["C", "A"])


class Model:
    """A compiled model.

    `skim.compile` and `skim.load` make models. A model may be run by any number
    of threads at once.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self._library = Library(path_bytes("path", path, RunError))
        self._path = pathlib.Path(os.fsdecode(path))
        self._inputs = [_tensor("input", *fields) for fields in self._library.inputs()]
        self._outputs = [_tensor("output", *fields) for fields in self._library.outputs()]
        self._knobs = Knobs(self._library)

    @property
    def path(self) -> pathlib.Path:
        """The library's file."""
        return self._path

    @property
    def inputs(self) -> list[Tensor]:
        """The inputs in the model's order: name, dtype and shape of each."""
        return list(self._inputs)

    @property
    def outputs(self) -> list[Tensor]:
        """The outputs in the model's order: name, dtype and shape of each."""
        return list(self._outputs)

    @property
    def knobs(self) -> Knobs:
        """The numbers that change how much the model skips, a mutable mapping."""
        return self._knobs

    @property
    def info(self) -> dict[str, Any]:
        """Facts: name, compiler (its version), cpu, dtype, layers, weights_bytes."""
        return self._library.info()

    @overload
    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        stats: Literal[False] = False,
        threads: int | None = None,
        knobs: Mapping[str, float] | None = None,
    ) -> dict[str, np.ndarray]: ...

    @overload
    def run(
        self,
        inputs: Mapping[str, np.ndarray],
        stats: Literal[True],
        threads: int | None = None,
        knobs: Mapping[str, float] | None = None,
    ) -> tuple[dict[str, np.ndarray], dict[str, Any]]: ...

    def run(self, inputs, stats=False, threads=None, knobs=None):
        """Run the model.

        Other Python threads go on meanwhile, and may run the same model.

        Parameters
        ----------
        inputs : mapping of str to numpy.ndarray
            An array for each input, of the dtype and shape that `Model.inputs`
            says. int32, int64 and bool stand for each other. Arrays that are not
            C-contiguous are copied.
        stats : bool
            Whether to return statistics too.
        threads : int, optional
            Most threads to use; by default as many as the process may use CPUs.
            Results do not depend on it.
        knobs : mapping of str to float, optional
            Knobs that have other values in this call.

        Returns
        -------
        outputs : dict of str to numpy.ndarray
            The outputs in the model's order. The arrays own their memory.
        statistics : dict
            Only with `stats`: tokens, FLOPs and seconds of this call.

        Raises
        ------
        RunError
            An input is missing, unknown, or of the wrong type, dtype or shape, or
            holds an id that the model has no row for.
        KnobError
            The model has no such knob.
        """
        arrays = self._arrays(inputs)
        values, text = self._library.run(
            arrays,
            0 if threads is None else _thread_count(threads),
            checked(knobs, list(self._knobs)) if knobs else [],
            bool(stats),
        )
        outputs = {tensor.name: value for tensor, value in zip(self._outputs, values, strict=True)}
        return (outputs, json.loads(text)) if stats else outputs

    def __call__(self, /, **inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Run the model on inputs given by name: ``model(input_ids=..., attention_mask=...)``."""
        return self.run(inputs)

    def _arrays(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """The inputs' arrays in the model's order."""
        if not isinstance(inputs, Mapping):
            raise RunError(f"inputs: expected a mapping of names to arrays, got {type(inputs).__name__}")
        names = [tensor.name for tensor in self._inputs]
        for name in inputs:
            if name not in names:
                raise RunError(f"input '{name}': the model has no such input, it has {', '.join(names)}")
        for tensor in self._inputs:
            if tensor.name not in inputs:
                raise RunError(f"input '{tensor.name}': expected {_expectation(tensor)}, got none")
        return [_array(tensor, inputs[tensor.name]) for tensor in self._inputs]

    def __repr__(self) -> str:
        names = [", ".join(tensor.name for tensor in tensors) for tensors in (self._inputs, self._outputs)]
        return f"<skim.Model {self._path.name}: ({names[0]}) -> ({names[1]})>"


def _thread_count(threads: int) -> int:
    if isinstance(threads, bool) or not hasattr(threads, "__index__"):
        raise TypeError(f"threads: expected an integer or None, got {type(threads).__name__}")
    count = threads.__index__()
    if not 1 <= count <= _MAX_THREADS:
        raise RunError(f"threads: expected 1 to {_MAX_THREADS}, got {count}")
    return count
