"""Exceptions and warnings of the package."""


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
