"""Resize and the pools against ONNX Runtime, at sizes that are known and that are not."""

import numpy as np
import onnx
import onnxruntime
import pytest
import skim
from encoder_cases import assert_close
from onnx import TensorProto, helper, numpy_helper

CUBIC = dict(mode="cubic", cubic_coeff_a=-0.75)
# Input, new sizes or scales, attributes.
RESIZES = {
    "positions": ((1, 5, 6, 6), (1, 5, 9, 7), dict(**CUBIC, coordinate_transformation_mode="half_pixel")),
    "corners": ((1, 3, 4, 5), (1, 3, 8, 3), dict(**CUBIC, coordinate_transformation_mode="align_corners")),
    "to_one": ((1, 3, 4, 5), (1, 3, 1, 1), dict(mode="linear", coordinate_transformation_mode="align_corners")),
    "pytorch": ((2, 3, 4, 5), (2, 3, 1, 7), dict(mode="linear", coordinate_transformation_mode="pytorch_half_pixel")),
    "asymmetric": ((2, 3, 4, 5), (2, 3, 6, 9), dict(mode="linear", coordinate_transformation_mode="asymmetric")),
    "from_one": ((2, 3, 1, 5), (2, 3, 3, 9), dict(**CUBIC, coordinate_transformation_mode="half_pixel")),
    "from_two": ((2, 3, 2, 3), (2, 3, 7, 8), dict(**CUBIC, exclude_outside=1)),
    "twice": ((2, 3, 4, 5), (1.0, 1.0, 2.0, 2.0), dict(mode="linear")),
    "part": ((2, 3, 9, 8), (1.0, 1.0, 0.6, 0.7), dict(**CUBIC)),
    "half": ((2, 3, 9, 8), (1.0, 1.0, 0.5, 0.5), dict(mode="linear")),
    "symmetric": (
        (1, 3, 7, 5),
        (1.0, 1.0, 1.3, 2.2),
        dict(mode="linear", coordinate_transformation_mode="half_pixel_symmetric"),
    ),
    "antialias": ((1, 3, 16, 13), (1, 3, 7, 5), dict(mode="linear", antialias=1)),
    "antialias_cubic": ((1, 3, 16, 13), (1, 3, 5, 15), dict(**CUBIC, antialias=1)),
    "antialias_up": ((1, 3, 4, 5), (1, 3, 9, 9), dict(mode="linear", antialias=1)),
    "antialias_without_outside": ((1, 3, 16, 13), (1, 3, 5, 4), dict(**CUBIC, antialias=1, exclude_outside=1)),
    "axes": ((2, 4, 3, 5), (9, 7), dict(mode="linear", axes=[2, 3])),
    "two_dimensions": ((4, 5), (9, 3), dict(mode="linear")),
    "channels_last": ((1, 4, 5, 3), (1, 8, 7, 3), dict(mode="linear")),
    "volume": ((1, 2, 4, 5, 6), (1, 2, 6, 7, 9), dict(mode="linear")),
    "nearest": (
        (2, 3, 4, 5),
        (2, 3, 7, 3),
        dict(mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"),
    ),
    "nearest_ceil": ((2, 3, 4, 5), (2, 3, 9, 11), dict(mode="nearest", nearest_mode="ceil")),
    "nearest_next": ((2, 3, 4, 5), (1.0, 1.0, 2.0, 3.0), dict(mode="nearest", nearest_mode="round_prefer_ceil")),
    "nearest_default": ((2, 3, 4, 5), (1.0, 1.0, 2.0, 0.5), dict()),
}
# Input, attributes.
POOLS = {
    "plain": ((2, 3, 9), dict(kernel_shape=[4], strides=[4])),
    "image": ((2, 3, 9, 8), dict(kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 2, 1])),
    "open": ((2, 3, 10, 7), dict(kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1)),
    "open_and_padded": ((2, 3, 10, 7), dict(kernel_shape=[3, 3], strides=[2, 4], pads=[1, 1, 1, 1], ceil_mode=1)),
    "dilations": ((2, 3, 12), dict(kernel_shape=[3], dilations=[3], pads=[2, 1])),
    "same": ((1, 3, 7, 8), dict(kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")),
    "wide": ((1, 2, 20, 20), dict(kernel_shape=[13, 11])),
    "three_dimensions": ((1, 2, 4, 5, 6), dict(kernel_shape=[2, 2, 2], strides=[1, 2, 2])),
}


def save(path, nodes, shape, dynamic, initialisers=(), element=TensorProto.FLOAT, opset=19):
    dims = [f"d{i}" if i in dynamic else extent for i, extent in enumerate(shape)]
    graph = helper.make_graph(
        nodes,
        "spatial",
        [helper.make_tensor_value_info("x", element, dims)],
        [helper.make_tensor_value_info("y", element, None)],
        list(initialisers),
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9), path)


def check(path, x):
    expected = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    assert_close(path.stem, skim.compile(path).run({"x": x})["y"], expected)


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("name", RESIZES)
def test_resize(name, dynamic, tmp_path):
    shape, sizes, attributes = RESIZES[name]
    rng = np.random.default_rng(1)
    is_scale = isinstance(sizes[0], float)
    given = numpy_helper.from_array(np.array(sizes, np.float32 if is_scale else np.int64), "sizes")
    node = helper.make_node("Resize", ["x", "", "sizes"] if is_scale else ["x", "", "", "sizes"], ["y"], **attributes)
    path = tmp_path / "resize.onnx"
    save(path, [node], shape, range(len(shape)) if dynamic else (), [given])
    check(path, rng.standard_normal(shape).astype(np.float32))


def test_sizes_of_another_input(tmp_path):
    """As torch exports an interpolation to the size of a tensor: batch and channels are the operand's own."""
    nodes = [
        helper.make_node("Shape", ["x"], ["all"]),
        helper.make_node("Slice", ["all", "zero", "two"], ["front"]),
        helper.make_node("Mul", ["front", "front"], ["unused"]),
        helper.make_node("Slice", ["all", "two", "four"], ["back"]),
        helper.make_node("Mul", ["back", "three"], ["larger"]),
        helper.make_node("Concat", ["front", "larger"], ["sizes"], axis=0),
        helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="cubic", cubic_coeff_a=-0.75),
    ]
    numbers = [
        numpy_helper.from_array(np.array([value]), name)
        for name, value in (("zero", 0), ("two", 2), ("three", 3), ("four", 4))
    ]
    path = tmp_path / "resize.onnx"
    save(path, nodes, (2, 3, 4, 5), range(4), numbers)
    check(path, np.random.default_rng(2).standard_normal((2, 3, 4, 5)).astype(np.float32))


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_scales_that_are_computed(mode, tmp_path):
    """Of sizes, as older exporters have it: nothing is known of them but their number."""
    nodes = [
        helper.make_node("Shape", ["x"], ["old"]),
        helper.make_node("Cast", ["old"], ["from"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["new"], ["to"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["to", "from"], ["scales"]),
        helper.make_node("Resize", ["x", "", "scales"], ["y"], mode=mode),
    ]
    path = tmp_path / "resize.onnx"
    save(path, nodes, (2, 3, 4, 5), range(4), [numpy_helper.from_array(np.array([2, 3, 7, 9]), "new")])
    check(path, np.random.default_rng(4).standard_normal((2, 3, 4, 5)).astype(np.float32))


def test_nearest_of_integers(tmp_path):
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="nearest")
    path = tmp_path / "resize.onnx"
    save(
        path,
        [node],
        (1, 2, 3, 4),
        (2,),
        [numpy_helper.from_array(np.float32([1, 1, 2, 2]), "scales")],
        TensorProto.INT32,
    )
    check(path, np.arange(24, dtype=np.int32).reshape(1, 2, 3, 4))


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "AveragePool with pads"])
def test_pool(op, name, dynamic, tmp_path):
    shape, attributes = POOLS[name]
    if op.endswith("pads"):
        attributes = attributes | dict(count_include_pad=1)
    free = (0,) if "auto_pad" in attributes else range(len(shape))
    path = tmp_path / "pool.onnx"
    save(path, [helper.make_node(op.split()[0], ["x"], ["y"], **attributes)], shape, free if dynamic else ())
    check(path, np.random.default_rng(3).standard_normal(shape).astype(np.float32))


REFUSED = {
    "policy": (
        dict(mode="linear", keep_aspect_ratio_policy="not_larger"),
        "expected 'stretch' as keep_aspect_ratio_policy, got 'not_larger'",
    ),
    "crop": (
        dict(mode="linear", coordinate_transformation_mode="tf_crop_and_resize"),
        "expected 'coordinate_transformation_mode' to be",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name, tmp_path):
    attributes, message = REFUSED[name]
    path = tmp_path / "resize.onnx"
    sizes = numpy_helper.from_array(np.array([1, 1, 2, 2]), "sizes")
    node = helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], name="resize", **attributes)
    save(path, [node], (1, 1, 4, 4), (), [sizes])
    with pytest.raises(skim.CompileError, match=r"node 'resize' \(Resize\): ") as error:
        skim.compile(path)
    assert message in str(error.value)
