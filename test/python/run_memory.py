"""What a run's buffers take, by the C library: `skim_context_memory` after a run."""

import contextlib
import ctypes
import os
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INT64 = 7


class Libskim:
    """The few functions of libskim that a run needs."""

    def __init__(self):
        folder = pathlib.Path(os.environ.get("SKIM_BIN", ROOT / "build" / "bin")).parent / "lib"
        self.functions = ctypes.CDLL(str(folder / "libskim.so"))
        self.functions.skim_last_error.restype = ctypes.c_char_p
        self.functions.skim_context_memory.restype = ctypes.c_int64

    def call(self, name, *arguments):
        if getattr(self.functions, name)(*arguments) != 0:
            raise RuntimeError(self.functions.skim_last_error().decode())

    @contextlib.contextmanager
    def context(self, library):
        """A call context of a compiled library."""
        opened, context = ctypes.c_void_p(), ctypes.c_void_p()
        self.call("skim_open", os.fsencode(library), ctypes.byref(opened))
        try:
            self.call("skim_context_create", opened, ctypes.byref(context))
            yield context
        finally:
            self.functions.skim_context_destroy(context)
            self.functions.skim_close(opened)

    def run(self, context, inputs, threads=1, knobs=None):
        """Runs and gives the bytes that the context holds then. Inputs are int64."""
        self.call("skim_context_set_threads", context, ctypes.c_int32(threads))
        for name, value in (knobs or {}).items():
            self.call("skim_context_set_knob", context, name.encode(), ctypes.c_double(value))
        kept = [(name, np.ascontiguousarray(value, np.int64)) for name, value in inputs.items()]
        for name, value in kept:
            shape = (ctypes.c_int64 * value.ndim)(*value.shape)
            data = ctypes.c_void_p(value.ctypes.data)
            arguments = (data, ctypes.c_int32(INT64), ctypes.c_int64(value.ndim), shape)
            self.call("skim_context_set_input_by_name", context, name.encode(), *arguments)
        self.call("skim_run", context)
        return self.functions.skim_context_memory(context)
