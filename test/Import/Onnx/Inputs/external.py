"""Write models whose weights lie in another file, good and bad ones.

usage: external.py FOLDER
"""

import os
import sys

import numpy as np
from onnx import TensorProto, helper


def external(name, size, **entries):
    """Return a float tensor of `size` elements that is stored elsewhere."""
    tensor = TensorProto(name=name, dims=[size], data_type=TensorProto.FLOAT)
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def save(name, tensors):
    """Write a model that returns the tensors."""
    outputs = [helper.make_tensor_value_info(t.name, 1, t.dims) for t in tensors]
    graph = helper.make_graph([], "g", [], outputs, initializer=tensors)
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opsets)
    with open(f"{name}.onnx", "wb") as file:
        file.write(model.SerializeToString())


def main():
    os.chdir(sys.argv[1])
    os.mkdir("sub")
    first = np.arange(20, dtype=np.float32).tobytes()
    second = np.arange(4, 24, dtype=np.float32).tobytes()
    small = np.array([1, 2], np.float32).tobytes()
    with open("weights.bin", "wb") as file:
        file.write(first + b"abc" + second + small + b"12345678")
    data = {"location": "weights.bin"}
    save(
        "good",
        [
            external("aligned", 20, **data, offset=0, length=80),
            external("odd", 20, **data, offset=83),
            external("small", 2, **data, offset=163, checksum="0"),
        ],
    )
    save("missing", [external("w", 20, location="gone.bin")])
    save("outside", [external("w", 20, location="../weights.bin")])
    save("absolute", [external("w", 20, location="/etc/passwd")])
    save("beyond", [external("w", 20, **data, offset=100)])
    save("length", [external("w", 20, **data, length=40)])
    save("number", [external("w", 20, **data, offset=-4)])
    save("folder", [external("w", 20, location="sub")])
    save("nowhere", [external("w", 20)])


if __name__ == "__main__":
    main()
