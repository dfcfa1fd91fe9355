"""Plans: what a compiled model may leave out, and by which thresholds."""

import copy
import json
import math
import os
import pathlib
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from skim._errors import CompileError

SECTIONS = ("token_pruning", "block_skim", "early_exit")
VERSION = 1


class Plan:
    """What a model leaves out: token pruning, block skimming, early exit.

    A plan is a JSON document and, where it has predictors or heads, the tensors of
    a safetensors file beside it. docs/adaptive.md describes every field.

    Parameters
    ----------
    token_pruning, block_skim, early_exit : mapping, optional
        The sections.
    restore : "hold" or mapping, optional
        What outputs hold at tokens that were cut: ``"hold"`` or ``{"fill": number}``.
    tensors : mapping of str to array, optional
        Weights of predictors and heads, by their names in the safetensors file.

    Attributes
    ----------
    data : dict
        The document, without the name of the tensor file. May be changed.
    tensors : dict of str to numpy.ndarray
        The tensors, float32. May be changed.

    Examples
    --------
    >>> plan = skim.Plan(
    ...     token_pruning={
    ...         "method": "ltp",
    ...         "layers": [1, 2],
    ...         "thresholds": [0.001, 0.002],
    ...         "denominator_tokens": 128,
    ...     }
    ... )
    >>> plan.check()
    >>> model = skim.compile("bert.onnx", plan=plan)
    """

    def __init__(
        self,
        *,
        token_pruning: Mapping[str, Any] | None = None,
        block_skim: Mapping[str, Any] | None = None,
        early_exit: Mapping[str, Any] | None = None,
        restore: str | Mapping[str, float] | None = None,
        tensors: Mapping[str, Any] | None = None,
    ):
        sections = {"token_pruning": token_pruning, "block_skim": block_skim, "early_exit": early_exit}
        data: dict[str, Any] = {"version": VERSION}
        data.update({name: section for name, section in sections.items() if section is not None})
        if restore is not None:
            data["restore"] = restore
        self.data: dict[str, Any] = plain(data)
        self.tensors = {name: as_float32(name, value) for name, value in (tensors or {}).items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], directory: str | os.PathLike[str] = ".") -> "Plan":
        """A plan of a document; its `tensors` are a path relative to `directory`.

        Raises
        ------
        CompileError
            A value is none that JSON has, or the tensor file cannot be read.
        """
        if not isinstance(data, Mapping):
            raise CompileError(f"plan: expected a mapping, got {type(data).__name__}")
        plan = cls()
        plan.data = plain(data)
        file = plan.data.pop("tensors", None)
        if isinstance(file, str):
            plan.tensors = read_tensors(pathlib.Path(os.fsdecode(directory), file))
        elif file is not None:
            raise CompileError(f"plan: tensors: expected a path, got {type(file).__name__}")
        return plan

    @classmethod
    def from_json(cls, text: str, directory: str | os.PathLike[str] = ".") -> "Plan":
        """A plan of a JSON text; see `from_dict`."""
        return cls.from_dict(parse(text, "plan"), directory)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Plan":
        """The plan of a file, with the tensors of the file that it names.

        Raises
        ------
        CompileError
            A file cannot be read, or is no JSON or safetensors file.
        """
        path = pathlib.Path(os.fsdecode(path))
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CompileError(f"{path}: {reason(error)}") from None
        return cls.from_dict(parse(text, str(path)), path.parent)

    def to_dict(self, tensors: str | None = None) -> dict[str, Any]:
        """The document; with the name of a tensor file where one is given."""
        data = copy.deepcopy(self.data)
        return data if tensors is None else {"version": data.pop("version", VERSION), "tensors": tensors, **data}

    def to_json(self, tensors: str | None = None) -> str:
        """The document as a JSON text."""
        return json.dumps(plain(self.to_dict(tensors)), indent=2) + "\n"

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the plan, and its tensors to a file of its name that ends in ``.safetensors``.

        Files are written beside their places and then moved there: a plan that cannot
        be saved replaces none. Symbolic links are followed; a path that is no regular
        file, such as a pipe, is written as it is.

        Raises
        ------
        OSError
            A file cannot be written.
        """
        path = pathlib.Path(os.fsdecode(path))
        file = path.with_suffix(".safetensors") if self.tensors else None
        contents = {path: self.to_json(file.name if file else None).encode()}
        if file == path:
            raise CompileError(f"{path}: expected a name other than that of the tensors' file")
        if file is not None:
            contents = {file: tensor_bytes(self.tensors), **contents}
        write_files(contents)

    def check(self) -> None:
        """Check every field, and the tensors' names and shapes as far as they need no model.

        Raises
        ------
        CompileError
            Names the field by its path in the document.
        """
        from skim import _compiler

        with tempfile.TemporaryDirectory(prefix="skim-plan-") as folder:
            error = _compiler.check_plan(self.store(folder), os.fsencode(folder))
        if error is not None:
            raise CompileError(error)

    def store(self, folder: str | os.PathLike[str]) -> str:
        """Put the tensors into a folder; the text of the plan that finds them there."""
        if not self.tensors:
            return self.to_json()
        pathlib.Path(folder, "plan.safetensors").write_bytes(tensor_bytes(self.tensors))
        return self.to_json("plan.safetensors")

    def copy(self) -> "Plan":
        """A plan of its own with the same document; tensors are shared."""
        plan = Plan()
        plan.data, plan.tensors = copy.deepcopy(self.data), dict(self.tensors)
        return plan

    def __or__(self, other: "Plan") -> "Plan":
        """Both plans' sections in one: pruning of one, exits of the other."""
        if not isinstance(other, Plan):
            return NotImplemented
        plan = self.copy()
        for name, value in other.data.items():
            if name in plan.data and plan.data[name] != value:
                raise CompileError(f"plan: {name}: both plans have it, and they differ")
            plan.data[name] = copy.deepcopy(value)
        plan.tensors.update(other.tensors)
        return plan

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plan):
            return NotImplemented
        return (
            self.data == other.data
            and self.tensors.keys() == other.tensors.keys()
            and all(np.array_equal(value, other.tensors[name]) for name, value in self.tensors.items())
        )

    __hash__ = None

    def __repr__(self) -> str:
        parts = [f"{name} in layers {self.data[name].get('layers')}" for name in SECTIONS if name in self.data]
        size = sum(value.nbytes for value in self.tensors.values())
        return f"<skim.Plan: {', '.join(parts) or 'empty'}; {len(self.tensors)} tensors, {size} bytes>"


def plain(value: Any, path: str = "") -> Any:
    """A value in JSON's types, numpy's numbers and tuples among them; errors name the place."""
    where = f"plan: {path}: " if path else "plan: "
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise CompileError(f"{where}expected names of fields as text, got {key!r}")
        return {key: plain(item, f"{path}.{key}" if path else key) for key, item in value.items()}
    if isinstance(value, list | tuple | range) or (isinstance(value, np.ndarray) and value.ndim > 0):
        return [plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, np.generic | np.ndarray):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise CompileError(f"{where}expected a finite number, got {value}")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise CompileError(f"{where}expected a number, text, list or mapping, got {type(value).__name__}")


def parse(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CompileError(f"{name}: no valid JSON: {error}") from None


def reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def as_float32(name: str, value: Any) -> np.ndarray:
    """An array of a numpy array, a list or a PyTorch tensor, without importing torch."""
    if hasattr(value, "detach"):  # a tensor of PyTorch, half precision among them
        value = value.detach().cpu().float().numpy()
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
            raise TypeError(f"numpy type {array.dtype}")
        return np.ascontiguousarray(array, dtype=np.float32).reshape(array.shape)
    except (TypeError, ValueError) as error:
        raise CompileError(f"tensor '{name}': expected an array of numbers, got {error}") from None


def read_tensors(path: pathlib.Path) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: as_float32(name, value) for name, value in load_file(path).items()}
    except (OSError, SafetensorError) as error:
        raise CompileError(f"{path}: {reason(error)}") from None


def tensor_bytes(tensors: Mapping[str, np.ndarray]) -> bytes:
    """What a safetensors file of the tensors holds."""
    from safetensors.numpy import save

    return save({name: as_float32(name, value) for name, value in tensors.items()})


def write_files(contents: Mapping[pathlib.Path, bytes]) -> None:
    """Write files that appear when all are whole; what is no regular file is written in its place."""
    staged: list[tuple[str, str]] = []
    path = pathlib.Path()
    try:
        for path, data in contents.items():
            if path.exists() and not path.is_file():
                path.write_bytes(data)
            else:
                _stage(os.path.realpath(path), data, staged)
        while staged:
            os.replace(*staged[0])
            del staged[0]
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        for name, _ in staged:
            pathlib.Path(name).unlink(missing_ok=True)


def _stage(path: str, data: bytes, staged: list[tuple[str, str]]) -> None:
    """Write a temporary file beside `path`, and note what is to become of it."""
    descriptor, name = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".skim-plan-")
    staged.append((name, path))
    with open(descriptor, "wb") as file:
        file.write(data)
    # mkstemp's files are for their owner alone.
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(name, 0o666 & ~mask)
