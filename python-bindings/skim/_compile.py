"""Making models: compile and load."""

import json
import logging
import os
import pathlib
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from skim._errors import CompileError, CompileWarning, path_bytes
from skim._model import Model
from skim._plan import Plan, plain

_logger = logging.getLogger("skim")


def compile(
    path: str | os.PathLike[str],
    plan: str | os.PathLike[str] | Mapping[str, Any] | Plan | None = None,
    output: str | os.PathLike[str] | None = None,
    cpu: str = "native",
    dtype: str = "fp32",
    kernels: str = "auto",
    keep_padding: bool = False,
    outputs: Iterable[str] | None = None,
    dtype_fallback: str = "error",
    fp32_products: str = "auto",
) -> Model:
    """Compile an ONNX model to a shared library and open it.

    Other Python threads go on meanwhile.

    Parameters
    ----------
    path : str or path
        The ONNX file. External data is looked for beside it.
    plan : str, path, mapping or Plan, optional
        What the model may leave out: a plan file, or what one holds (`tensors` is
        then a path relative to the working directory), or a `Plan`.
    output : str or path, optional
        The library to write, replaced where it exists. By default the library is
        kept in a temporary folder for as long as the model object lives.
    cpu : str
        ``"native"``, or a processor as LLVM names it: ``"x86-64-v3"``, ``"znver5"``.
    dtype : {"fp32", "bf16", "int8"}
        What linear layers multiply; in the last two attention multiplies narrower
        numbers, too. Everything else is fp32.
    kernels : {"auto", "mlir", "halide"}
        Who writes the kernels; with the same `fp32_products` the results are the same.
        ``"auto"`` takes each from the one that was measured to be faster.
    keep_padding : bool
        Compute padded positions as ONNX does, instead of leaving them out.
    outputs : iterable of str, optional
        Names of the outputs to keep; by default all.
    dtype_fallback : {"error", "fp32", "emulate"}
        Where the processor has no instructions for `dtype`: refuse, compile in fp32
        instead, or compute the same numbers with other instructions, slowly.
    fp32_products : {"auto", "fma", "int8x3"}
        How linear layers multiply fp32 numbers: by multiply-adds, or by the tiles of
        AMX, as integers of several digits, each with the scale of its row or column:
        in less time and, unless a row's numbers are of very different sizes, with
        smaller errors. ``"auto"`` is AMX where the processor has it and `kernels` is
        not ``"halide"``, whose products are multiply-adds.

    Returns
    -------
    Model

    Raises
    ------
    CompileError
        The model or an option is wrong or not supported, or the library cannot be
        written. No file is left behind, and none is replaced.
    RunError
        The library was made for another processor than this one and does not run
        here; it has been written.

    Warns
    -----
    CompileWarning
        For example where a weight is NaN.
    """
    arguments = {
        "plan": plan,
        "cpu": _text("cpu", cpu),
        "dtype": _text("dtype", dtype),
        "dtype_fallback": _text("dtype_fallback", dtype_fallback),
        "fp32_products": _text("fp32_products", fp32_products),
        "kernels": _text("kernels", kernels),
        "keep_padding": bool(keep_padding),
        "outputs": _names(outputs),
    }
    if output is not None:
        _compile(path, output, arguments)
        return load(output)

    folder = tempfile.mkdtemp(prefix="skim-")
    try:
        library = pathlib.Path(folder, f"{pathlib.Path(os.fsdecode(path)).stem}.so")
        _compile(path, library, arguments)
        model = load(library)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(model, _remove, folder, os.getpid())
    return model


def load(path: str | os.PathLike[str]) -> Model:
    """Open a library that was compiled before.

    Parameters
    ----------
    path : str or path
        The library.

    Returns
    -------
    Model

    Raises
    ------
    RunError
        The file is missing or no such library, was made by another version, or
        needs instructions that this processor lacks.
    """
    return Model(path)


def _text(name: str, value: str) -> str:
    if not isinstance(value, str):
        raise CompileError(f"{name}: expected text, got {type(value).__name__}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise CompileError(f"{name}: expected text, got {value!r}")
    return value


def _names(outputs: Iterable[str] | None) -> list[str]:
    if outputs is None:
        return []
    if isinstance(outputs, str):
        raise CompileError(f"outputs: expected a list of names, got the string '{outputs}'")
    names = [_text("outputs", name) for name in outputs]
    if not names:
        raise CompileError("outputs: expected at least one name, got none")
    return names


def _plan_arguments(plan: Any, folder: str) -> dict[str, str | bytes]:
    """A plan as the compiler takes it: a file, or a text and the folder of its tensors."""
    if plan is None:
        return {"plan": b""}
    if isinstance(plan, str | bytes | os.PathLike):
        return {"plan": path_bytes("plan", plan, CompileError)}
    if isinstance(plan, Plan):
        return {"plan": b"", "plan_text": plan.store(folder), "plan_directory": os.fsencode(folder)}
    if isinstance(plan, Mapping):
        return {"plan": b"", "plan_text": json.dumps(plain(plan)), "plan_directory": os.getcwdb()}
    raise CompileError(f"plan: expected a path, a mapping or a Plan, got {type(plan).__name__}")


def _compile(path: str | os.PathLike[str], output: str | os.PathLike[str], arguments: dict[str, Any]) -> None:
    # Loads MLIR and LLVM, which models that are only run do not need.
    from skim import _compiler

    with tempfile.TemporaryDirectory(prefix="skim-plan-") as folder:
        plan = _plan_arguments(arguments["plan"], folder)
        error, lines = _compiler.compile(
            path_bytes("path", path, CompileError),
            path_bytes("output", output, CompileError),
            on_stage=_logger.info if _logger.isEnabledFor(logging.INFO) else None,
            **(arguments | plan),
        )
    for line in lines:
        warnings.warn(line, CompileWarning, stacklevel=3)
    if error is not None:
        raise CompileError(error)


def _remove(folder: str, owner: int) -> None:
    """Remove a temporary folder, but not from a process forked off its owner."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
