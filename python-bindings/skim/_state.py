"""Authors' checkpoints: weights by name, from a mapping or a file, and their configuration."""

import json
import os
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from skim._errors import CompileError
from skim._plan import as_float32, reason

StateLike = Mapping[str, Any] | str | os.PathLike[str]
ConfigLike = Mapping[str, Any] | str | os.PathLike[str] | None


class State:
    """A checkpoint of `method` whose errors name the key that is missing or misshapen."""

    def __init__(self, method: str, state: StateLike):
        self.method = method
        self.tensors = state if isinstance(state, Mapping) else _read(method, state)

    def error(self, text: str) -> CompileError:
        return CompileError(f"{self.method}: {text}")

    def names(self) -> Iterator[str]:
        return iter(self.tensors)

    def matches(self, pattern: str) -> dict[int, str]:
        """Number -> prefix of the names that match, by the groups ``prefix`` and ``index``.

        The prefix ends where the layer's own names begin.
        """
        found: dict[int, str] = {}
        for name in self.tensors:
            if match := re.match(pattern, name):
                found[int(match["index"])] = match["prefix"]
        return dict(sorted(found.items()))

    def get(self, name: str, *shape: int | None) -> np.ndarray:
        """A tensor as float32; its shape is checked (None: any size)."""
        if name not in self.tensors:
            raise self.error(f"key '{name}': expected it in the state dict, got {self._summary()}")
        array = as_float32(name, self.tensors[name])
        fits = len(array.shape) == len(shape) and all(
            want is None or want == size for want, size in zip(shape, array.shape, strict=True)
        )
        if not fits:
            wanted = "x".join("?" if size is None else str(size) for size in shape) or "one number"
            got = "x".join(map(str, array.shape)) or "one number"
            raise self.error(f"key '{name}': expected shape {wanted}, got {got}")
        return array

    def number(self, name: str) -> float:
        """A tensor that holds one number, 0-d or of one element."""
        if name not in self.tensors:
            return float(self.get(name))
        array = as_float32(name, self.tensors[name])
        if array.size != 1:
            raise self.error(f"key '{name}': expected one number, got shape {'x'.join(map(str, array.shape))}")
        return float(array.reshape(()))

    def linear(self, source: str, target: str, outer: int | None = None, inner: int | None = None) -> dict:
        """Weight and bias of a linear layer under other names."""
        weight = self.get(f"{source}.weight", outer, inner)
        return {f"{target}.weight": weight, f"{target}.bias": self.get(f"{source}.bias", weight.shape[0])}

    def _summary(self) -> str:
        names = list(self.tensors)
        return f"{len(names)} others ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"


def _read(method: str, path: str | os.PathLike[str]) -> Mapping[str, Any]:
    if not isinstance(path, str | os.PathLike):
        raise CompileError(f"{method}: expected a state dict or a file, got {type(path).__name__}")
    file = pathlib.Path(os.fsdecode(path))
    try:
        if file.suffix == ".safetensors":
            from safetensors.numpy import load_file

            return load_file(file)
        if file.suffix == ".npz":
            with np.load(file) as archive:
                return dict(archive)
        if file.suffix in (".pt", ".pth", ".bin"):
            return _read_torch(method, file)
    except CompileError:
        raise
    except Exception as error:  # each reader has errors of its own
        raise CompileError(f"{method}: {file}: {reason(error)}") from None
    raise CompileError(f"{method}: {file}: expected a file that ends in .safetensors, .npz, .pt, .pth or .bin")


def _read_torch(method: str, file: pathlib.Path) -> Mapping[str, Any]:
    try:
        import torch
    except ImportError:
        raise CompileError(
            f"{method}: {file}: files of PyTorch need the package torch; "
            "install it, or give the state dict or a .safetensors file"
        ) from None
    loaded = torch.load(file, map_location="cpu", weights_only=True)
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            return loaded[key]
    if not isinstance(loaded, Mapping):
        raise CompileError(f"{method}: {file}: expected a state dict, got {type(loaded).__name__}")
    return loaded


class Config:
    """The authors' configuration: a mapping, a JSON file, or an object with `to_dict`."""

    def __init__(self, method: str, config: Any):
        self.method = method
        if config is None:
            self.values: Mapping[str, Any] = {}
        elif isinstance(config, Mapping):
            self.values = config
        elif hasattr(config, "to_dict"):
            self.values = config.to_dict()
        elif isinstance(config, str | os.PathLike):
            self.values = self._read(pathlib.Path(os.fsdecode(config)))
        else:
            raise CompileError(f"{method}: config: expected a mapping or a file, got {type(config).__name__}")

    def _read(self, path: pathlib.Path) -> Mapping[str, Any]:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CompileError(f"{self.method}: {path}: {reason(error)}") from None
        if not isinstance(values, dict):
            raise CompileError(f"{self.method}: {path}: expected a JSON object, got {type(values).__name__}")
        return values

    def get(self, name: str, default: Any = None) -> Any:
        value = self.values.get(name)
        return default if value is None else value

    def number(self, name: str, default: float | None = None) -> float:
        value = self.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            got = "none" if value is None else repr(value)
            raise CompileError(f"{self.method}: config '{name}': expected a number, got {got}")
        return value

    def expect(self, name: str, allowed: tuple, why: str) -> None:
        """Refuse a setting that a plan cannot say."""
        value = self.get(name, allowed[0])
        if value not in allowed:
            raise CompileError(f"{self.method}: config '{name}': expected {allowed[0]!r}, got {value!r}: {why}")

    def integers(self, name: str, default: Any = None) -> list[int] | None:
        """A list, also where it is written as text: "0,1,2" or "0_3_5_11"."""
        return self._list(name, default, int)

    def numbers(self, name: str, default: Any = None) -> list[float] | None:
        return self._list(name, default, float)

    def _list(self, name: str, default: Any, kind: type) -> list | None:
        value = self.get(name, default)
        if value is None:
            return None
        try:
            if isinstance(value, str):
                value = [part for part in re.split(r"[,_\s]+", value) if part]
            return [kind(item) for item in value]
        except (TypeError, ValueError):
            raise CompileError(f"{self.method}: config '{name}': expected a list of numbers, got {value!r}") from None

    def layers(self, found: int) -> int:
        """The encoder's number of layers: the configuration's, else what the weights show."""
        for name in ("num_hidden_layers", "n_layers", "layers_num"):
            if self.get(name) is not None:
                return int(self.number(name))
        return found
