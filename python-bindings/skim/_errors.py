"""Exceptions and warnings of the package, and what checks paths."""

import os


class CompileError(ValueError):
    """A model that does not compile: names the file, and the node or the option."""


class CompileWarning(UserWarning):
    """Something odd in a model that compiles nonetheless, such as a weight that is NaN."""


class RunError(RuntimeError):
    """A library that does not open, or inputs that the model refuses."""


class KnobError(RunError, KeyError):
    """A knob that the model does not have."""

    # KeyError's would put quotes around the message.
    __str__ = RunError.__str__


class KnobValueError(RunError, ValueError):
    """A value that a knob does not take."""


def path_bytes(name: str, path: str | bytes | os.PathLike, error: type[Exception]) -> bytes:
    """A path as the libraries take it; `error` where it would end early or is none."""
    encoded = os.fsencode(path)
    if not encoded or b"\0" in encoded:
        raise error(f"{name}: expected a path, got {os.fspath(path)!r}")
    return encoded
