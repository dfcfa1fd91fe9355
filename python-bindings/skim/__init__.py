"""Compile ONNX transformer encoders to shared libraries and run them.

>>> import numpy as np
>>> import skim
>>> model = skim.compile("bert.onnx", output="bert.so")
>>> ids = np.array([[101, 7592, 102, 0]])
>>> outputs = model.run({"input_ids": ids, "attention_mask": (ids != 0).astype(np.int64)})

`compile` makes a library and opens it, `load` opens one that was made before;
both give a `Model`. Errors are `CompileError` and `RunError`, warnings of the
compiler are `CompileWarning`. Stages of a compilation are logged to the logger
``skim`` at level ``INFO``.

A `Plan` says what a model may leave out; `skim.plan` makes plans of the authors'
checkpoints, `calibrate` finds thresholds from data.
"""

from skim import plan
from skim._calibrate import Calibration, Curve, calibrate
from skim._compile import compile, load
from skim._errors import CompileError, CompileWarning, KnobError, KnobValueError, RunError
from skim._model import Model, Tensor
from skim._plan import Plan
from skim._skim import version as _version

__version__ = _version()

__all__ = [
    "Calibration",
    "CompileError",
    "CompileWarning",
    "Curve",
    "KnobError",
    "KnobValueError",
    "Model",
    "Plan",
    "RunError",
    "Tensor",
    "calibrate",
    "compile",
    "load",
    "plan",
]
