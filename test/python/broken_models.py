"""Model files that must be refused, each with what its message has to name.

BROKEN maps a name to a function that writes the model into a folder and returns
(path, patterns): regular expressions that the one error message has to match.
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "models" / "bert-cls-17-sdpa.onnx"
BROKEN = {}


def broken(maker):
    BROKEN[maker.__name__] = maker
    return maker


def write(folder, data, name="broken.onnx"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.SerializeToString())
    return path


def model(nodes, inputs, outputs, initializers=(), opset=17, domains=()):
    """A model over float tensors [batch, 8]; inputs and outputs are names or value infos."""

    def info(value):
        if isinstance(value, str):
            return helper.make_tensor_value_info(value, TensorProto.FLOAT, ["batch", 8])
        return value

    graph = helper.make_graph(
        nodes,
        "broken",
        [info(v) for v in inputs],
        [info(v) for v in outputs],
        [numpy_helper.from_array(array, name) for name, array in initializers],
    )
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def weight(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@broken
def truncated(folder):
    data = SOURCE.read_bytes()
    return write(folder, data[: len(data) // 2]), []


@broken
def truncated_in_the_last_bytes(folder):
    return write(folder, SOURCE.read_bytes()[:-3]), []


@broken
def random_bytes(folder):
    return write(folder, np.random.default_rng(1).bytes(5000)), []


@broken
def empty_file(folder):
    return write(folder, b""), []


@broken
def text_file(folder):
    return write(folder, b"this is no model\n" * 20), []


@broken
def missing_file(folder):
    return folder / "absent.onnx", []


@broken
def folder_as_model(folder):
    path = folder / "folder.onnx"
    path.mkdir()
    return path, []


@broken
def no_graph(folder):
    empty = onnx.ModelProto(ir_version=8, opset_import=[helper.make_opsetid("", 17)])
    return write(folder, empty), []


def external(folder):
    """The small BERT with its weights in broken.data."""
    path = folder / "broken.onnx"
    onnx.save_model(
        onnx.load(SOURCE), str(path), save_as_external_data=True, location="broken.data", size_threshold=256
    )
    return path


@broken
def missing_external_data(folder):
    path = external(folder)
    (folder / "broken.data").unlink()
    return path, [r"broken\.data"]


@broken
def truncated_external_data(folder):
    path = external(folder)
    data = (folder / "broken.data").read_bytes()
    (folder / "broken.data").write_bytes(data[: len(data) // 2])
    return path, [r"broken\.data"]


@broken
def external_data_outside_the_folder(folder):
    path = external(folder)
    proto = onnx.load(path, load_external_data=False)
    (folder.parent / "outside.data").write_bytes((folder / "broken.data").read_bytes())
    for tensor in proto.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = "../outside.data"
    return write(folder, proto), [r"outside\.data"]


@broken
def unknown_operation(folder):
    nodes = [helper.make_node("Frobnicate", ["x"], ["y"], name="strange")]
    return write(folder, model(nodes, ["x"], ["y"])), ["Frobnicate", "strange"]


@broken
def unknown_domain(folder):
    nodes = [helper.make_node("Relu", ["x"], ["y"], name="strange", domain="org.example")]
    return write(folder, model(nodes, ["x"], ["y"], domains=["org.example"])), [r"org\.example", "strange"]


@broken
def opset_too_old(folder):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    return write(folder, model(nodes, ["x"], ["y"], opset=6)), ["opset|operator set", r"\b6\b"]


@broken
def opset_of_the_future(folder):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    return write(folder, model(nodes, ["x"], ["y"], opset=999)), ["opset|operator set", r"\b999\b"]


@broken
def no_opset(folder):
    proto = model([helper.make_node("Relu", ["x"], ["y"])], ["x"], ["y"])
    del proto.opset_import[:]
    return write(folder, proto), ["opset|operator set"]


@broken
def string_input(folder):
    info = helper.make_tensor_value_info("texts", TensorProto.STRING, ["batch"])
    out = helper.make_tensor_value_info("y", TensorProto.STRING, ["batch"])
    nodes = [helper.make_node("Identity", ["texts"], ["y"])]
    return write(folder, model(nodes, [info], [out])), ["texts", "(?i)string"]


@broken
def complex_weight(folder):
    tensor = weight(8).astype(np.complex64)
    out = helper.make_tensor_value_info("y", TensorProto.COMPLEX64, [8])
    nodes = [helper.make_node("Identity", ["phases"], ["y"])]
    return write(folder, model(nodes, ["x"], [out], [("phases", tensor)])), ["phases", "(?i)complex"]


@broken
def wrong_rank_of_gemm(folder):
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "sequence", 8])
    nodes = [helper.make_node("Gemm", ["x", "w"], ["y"], name="projection")]
    return write(folder, model(nodes, [info], ["y"], [("w", weight(8, 8))])), ["projection", "Gemm", "(?i)rank"]


@broken
def wrong_shape_of_matmul(folder):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"], name="projection")]
    return write(folder, model(nodes, ["x"], ["y"], [("w", weight(9, 8))])), [
        "projection",
        "MatMul",
        r"\b9\b",
        r"\b8\b",
    ]


@broken
def wrong_number_of_inputs(folder):
    nodes = [helper.make_node("MatMul", ["x"], ["y"], name="projection")]
    return write(folder, model(nodes, ["x"], ["y"])), ["projection", "MatMul"]


@broken
def wrong_type_of_add(folder):
    nodes = [helper.make_node("Add", ["x", "n"], ["y"], name="sum")]
    return write(folder, model(nodes, ["x"], ["y"], [("n", np.arange(8))])), ["sum", "Add"]


@broken
def convolutional_network(folder):
    info = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, 16, 16])
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["c"], name="conv1", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], name="relu1"),
        helper.make_node("MaxPool", ["r"], ["p"], name="pool1", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["f"], name="flatten"),
        helper.make_node("Gemm", ["f", "w"], ["y"], name="classifier"),
    ]
    weights = [("kernel", weight(4, 3, 3, 3)), ("w", weight(256, 8))]
    return write(folder, model(nodes, [info], ["y"], weights)), ["conv1", "Conv"]


@broken
def cycle(folder):
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], name="first"),
        helper.make_node("Mul", ["x", "a"], ["b"], name="second"),
        helper.make_node("Relu", ["b"], ["y"], name="third"),
    ]
    return write(folder, model(nodes, ["x"], ["y"])), ["first|second"]


@broken
def node_that_reads_itself(folder):
    nodes = [helper.make_node("Add", ["x", "y"], ["y"], name="loop")]
    return write(folder, model(nodes, ["x"], ["y"])), ["loop"]


@broken
def unknown_value(folder):
    nodes = [helper.make_node("Add", ["x", "nowhere"], ["y"], name="sum")]
    return write(folder, model(nodes, ["x"], ["y"])), ["sum", "nowhere"]


@broken
def unknown_output(folder):
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    return write(folder, model(nodes, ["x"], ["nothing"])), ["nothing"]


@broken
def value_defined_twice(folder):
    nodes = [helper.make_node("Relu", ["x"], ["y"], name="one"), helper.make_node("Tanh", ["x"], ["y"], name="two")]
    return write(folder, model(nodes, ["x"], ["y"])), ["two", r"\by\b"]


@broken
def weight_of_wrong_size(folder):
    proto = model([helper.make_node("Add", ["x", "w"], ["y"])], ["x"], ["y"], [("w", weight(8))])
    proto.graph.initializer[0].raw_data = proto.graph.initializer[0].raw_data[:20]
    return write(folder, proto), [r"\bw\b", r"\b32\b", r"\b20\b"]


@broken
def weight_of_negative_size(folder):
    proto = model([helper.make_node("Add", ["x", "w"], ["y"])], ["x"], ["y"], [("w", weight(8))])
    proto.graph.initializer[0].dims[0] = -8
    return write(folder, proto), [r"\bw\b", "-8"]


@broken
def weight_of_overflowing_size(folder):
    proto = model([helper.make_node("Add", ["x", "w"], ["y"])], ["x"], ["y"], [("w", weight(8))])
    proto.graph.initializer[0].dims[:] = [1 << 62, 1 << 62]
    return write(folder, proto), [r"\bw\b"]


@broken
def unknown_attribute_value(folder):
    nodes = [helper.make_node("LayerNormalization", ["x", "w", "w"], ["y"], name="norm", axis=7)]
    return write(folder, model(nodes, ["x"], ["y"], [("w", weight(8))])), ["norm", "axis", r"\b7\b"]


@broken
def scales_for_fewer_blocks(folder):
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s"], ["d"], name="restore", axis=0, block_size=2),
        helper.make_node("MatMul", ["x", "d"], ["y"]),
    ]
    arrays = [("w", np.ones((8, 8), np.int8)), ("s", weight(1, 8))]
    return write(folder, model(nodes, ["x"], ["y"], arrays, opset=21)), ["restore", r"\b4\b", "x_scale", r"\b1\b"]


@broken
def zero_points_for_fewer_rows(folder):
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["d"], name="restore", axis=0),
        helper.make_node("MatMul", ["x", "d"], ["y"]),
    ]
    arrays = [("w", np.ones((8, 8), np.int8)), ("s", weight(8)), ("z", np.ones(2, np.int8))]
    return write(folder, model(nodes, ["x"], ["y"], arrays)), ["restore", r"\b8\b", "x_zero_point", r"\b2\b"]


@broken
def control_flow(folder):
    branch = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["z"])], "branch", [], [helper.make_tensor_value_info("z", 1, ["batch", 8])]
    )
    condition = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    nodes = [helper.make_node("If", ["c"], ["y"], name="choice", then_branch=branch, else_branch=branch)]
    return write(folder, model(nodes, ["x", condition], ["y"])), ["choice", r"\bIf\b"]
