"""Writes ONNX nodes one at a time, with the names and the opset differences of exporters."""

import contextlib

import numpy as np
from onnx import helper, numpy_helper

# The IR version that exporters write with an opset.
IR_VERSIONS = {11: 6, 12: 7, 13: 7, 14: 7, 15: 8, 16: 8, 17: 8, 18: 8, 19: 9, 20: 9, 21: 10, 22: 10, 23: 11}


class Graph:
    """Nodes and initialisers in the making.

    `constants` writes small constants as Constant nodes instead of initialisers,
    `names=False` leaves nodes without names.
    """

    def __init__(self, opset, constants=False, names=True):
        self.opset, self.constants, self.names = opset, constants, names
        self.nodes, self.initializers, self.scopes = [], [], []
        self.counts, self.known = {}, set()

    @contextlib.contextmanager
    def scope(self, name):
        self.scopes.append(name)
        yield
        self.scopes.pop()

    def fresh(self, kind):
        base = "/" + "/".join([*self.scopes, kind])
        count = self.counts[base] = self.counts.get(base, -1) + 1
        return base if count == 0 else f"{base}_{count}"

    def op(self, kind, *inputs, outputs=1, out=None, **attributes):
        name = self.fresh(kind)
        names = out or [f"{name}_output_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=name if self.names else "", **attributes))
        return names[0] if len(names) == 1 else names

    def const(self, value, dtype=None):
        array = np.asarray(value, dtype=dtype)
        if self.constants:
            return self.op("Constant", value=numpy_helper.from_array(array))
        name = self.fresh("constant")
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *values):
        return self.const(values, np.int64)

    def f32(self, value):
        return self.const(value, np.float32)

    def weight(self, name, array):
        if name not in self.known:
            self.known.add(name)
            self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    # Operations whose axes moved from attributes to inputs.
    def with_axes(self, kind, since, value, axes, **attributes):
        if self.opset >= since:
            return self.op(kind, value, self.ints(*axes), **attributes)
        return self.op(kind, value, axes=list(axes), **attributes)

    def unsqueeze(self, value, *axes):
        return self.with_axes("Unsqueeze", 13, value, axes)

    def squeeze(self, value, *axes, out=None):
        return self.with_axes("Squeeze", 13, value, axes, out=out)

    def reduce(self, kind, value, *axes, keepdims=1):
        since = 13 if kind == "ReduceSum" else 18
        return self.with_axes(kind, since, value, axes, keepdims=keepdims)

    def split(self, value, sizes, axis, out=None):
        if self.opset >= 13:
            return self.op("Split", value, self.ints(*sizes), axis=axis, out=out, outputs=len(sizes))
        return self.op("Split", value, axis=axis, split=list(sizes), out=out, outputs=len(sizes))

    def dimension(self, value, axis):
        """A one-element vector with a size, as exporters read it."""
        size = self.op("Gather", self.op("Shape", value), self.const(axis, np.int64), axis=0)
        return self.unsqueeze(size, 0)
