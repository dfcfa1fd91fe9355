"""Builds encoder graphs with onnx.helper, in many of the forms that exporters use.

`build(weights, sizes, style)` returns an onnx.ModelProto. Weights are a dict of
float32 arrays under BERT's PyTorch names, [out, in] as PyTorch keeps them, so a
published safetensors file can be given as it is; `random_weights` draws some.
"""

from dataclasses import dataclass, field

import numpy as np
import onnx
from graph_builder import IR_VERSIONS, Graph
from onnx import TensorProto, helper

BATCH, SEQUENCE = "batch_size", "sequence_length"
F32_MIN = float(np.finfo(np.float32).min)


@dataclass
class Sizes:
    vocab: int = 101
    hidden: int = 32
    layers: int = 2
    heads: int = 4
    ffn: int = 64
    positions: int = 264
    types: int = 2  # 0: no segments
    eps: float = 1e-12

    @property
    def head(self):
        return self.hidden // self.heads


MINILM = Sizes(vocab=30522, hidden=384, layers=6, heads=12, ffn=1536, positions=512)
BERT_BASE = Sizes(vocab=30522, hidden=768, layers=12, heads=12, ffn=3072, positions=512)

STYLES = {
    "norm": ("op", "pow", "mul", "reciprocal"),
    "gelu": ("erf", "erf_half", "tanh", "tanh_cube", "op", "op_tanh", "relu", "quick"),
    "mask": ("where", "where_inf", "subtract", "subtract_10000", "expand", "fill", "scores",
             "outer", "ids", "none"),
    "scale": ("mul", "div", "split", "query", "query_div"),
    "linear": ("add_matmul", "matmul_add", "gemm", "gemm_scaled"),
    "weights": ("plain", "transpose", "identity", "float16", "int8", "int8_channel", "dequantize"),
    "qkv": ("separate", "split", "slice"),
    "heads": ("split", "whole", "grouped"),
    "keys": ("0231", "0213", "3d"),
    "reshape": ("shape", "zero"),
    "positions": ("slice", "range", "expand", "mask", "constant_add", "ones", "nonzero"),
    "head": ("none", "pooler", "pooler_slice", "mean", "mean_l2", "cls", "tok", "qa"),
}


@dataclass
class Style:
    """How the graph is written; the first value of each entry of STYLES is the default."""

    opset: int = 17
    norm: str = "op"
    gelu: str = "erf"
    mask: str = "where"
    scale: str = "mul"
    linear: str = "add_matmul"
    weights: str = "plain"
    qkv: str = "separate"
    heads: str = "split"  # whole: one head that is not split off; grouped: half as many of keys
    keys: str = "0231"
    reshape: str = "shape"
    positions: str = "slice"
    head: str = "none"
    guard: bool = False  # Where(IsNaN(p), 0, p) after the softmax
    constants: bool = False  # small constants as Constant nodes, not initialisers
    names: bool = True  # False: nodes without names
    ids_type: int = TensorProto.INT64
    mask_type: int = TensorProto.INT64
    batch: object = BATCH  # a number makes the dimension static
    sequence: object = SEQUENCE
    labels: int = 3

    def __post_init__(self):
        for name, values in STYLES.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name}: expected one of {values}, got {getattr(self, name)!r}")


def layer_names(layer):
    """PyTorch names of a layer's linear maps."""
    base = f"encoder.layer.{layer}."
    return {"query": base + "attention.self.query", "key": base + "attention.self.key",
            "value": base + "attention.self.value", "context": base + "attention.output.dense",
            "norm1": base + "attention.output.LayerNorm", "up": base + "intermediate.dense",
            "down": base + "output.dense", "norm2": base + "output.LayerNorm"}


def random_weights(sizes, seed=0, labels=3, gain=1.2):
    """Weights that leave no term of the network without effect."""
    rng = np.random.default_rng(seed)

    def normal(*shape, std):
        return (rng.standard_normal(shape, dtype=np.float32) * np.float32(std))

    weights = {}

    def linear(name, rows, columns):
        weights[name + ".weight"] = normal(rows, columns, std=gain / columns ** 0.5)
        weights[name + ".bias"] = normal(rows, std=0.2)

    def norm(name):
        weights[name + ".weight"] = 1 + normal(sizes.hidden, std=0.2)
        weights[name + ".bias"] = normal(sizes.hidden, std=0.2)

    def table(name, rows):
        weights[f"embeddings.{name}.weight"] = normal(rows, sizes.hidden, std=0.5)

    table("word_embeddings", sizes.vocab)
    table("position_embeddings", sizes.positions)
    if sizes.types:
        table("token_type_embeddings", sizes.types)
    norm("embeddings.LayerNorm")
    for layer in range(sizes.layers):
        names = layer_names(layer)
        for name in ("query", "key", "value", "context"):
            linear(names[name], sizes.hidden, sizes.hidden)
        norm(names["norm1"])
        linear(names["up"], sizes.ffn, sizes.hidden)
        linear(names["down"], sizes.hidden, sizes.ffn)
        norm(names["norm2"])
    linear("pooler.dense", sizes.hidden, sizes.hidden)
    linear("classifier", labels, sizes.hidden)
    return weights


@dataclass
class Built:
    """A graph's model and the weights that it computes with (after int8 or float16)."""

    model: onnx.ModelProto
    weights: dict = field(default_factory=dict)


class Encoder:
    def __init__(self, weights, sizes, style):
        self.source, self.sizes, self.style = weights, sizes, style
        self.graph = Graph(style.opset, style.constants, style.names)
        self.used = {}

    # Weights and linear maps.
    def plain(self, name):
        self.used[name] = self.source[name]
        return self.graph.weight(name, self.source[name])

    def matrix(self, name):
        """The [in, out] matrix of a linear map, behind what the style puts before it."""
        graph, kind = self.graph, self.style.weights
        stored = self.source[name + ".weight"]
        self.used[name + ".weight"] = stored
        if kind == "transpose":
            return graph.op("Transpose", graph.weight(name + ".weight", stored), perm=[1, 0])
        array = np.ascontiguousarray(stored.T)
        key = name + ".weight_t"
        if kind == "plain":
            return graph.weight(key, array)
        if kind == "identity":
            return graph.op("Identity", graph.weight(key, array))
        if kind == "float16":
            half = array.astype(np.float16)
            self.used[name + ".weight"] = half.astype(np.float32).T
            return graph.op("Cast", graph.weight(key, half), to=TensorProto.FLOAT)
        return self.quantised(name, key, array)

    def quantised(self, name, key, array):
        graph, kind = self.graph, self.style.weights
        axis = 0 if kind == "int8_channel" else None
        scale = (np.abs(array).max(axis=axis) / 127).astype(np.float32)
        levels = np.clip(np.rint(array / scale), -127, 127).astype(np.int8)
        self.used[name + ".weight"] = (levels.astype(np.float32) * scale).T
        stored = graph.weight(key + "_quantized", levels)
        factor = graph.weight(key + "_scale", scale)
        if kind == "dequantize":
            return graph.op("DequantizeLinear", stored, factor,
                            graph.weight(key + "_zero", np.int8(0)))
        return graph.op("Mul", graph.op("Cast", stored, to=TensorProto.FLOAT), factor)

    def linear(self, name, value, out=None):
        graph, form = self.graph, self.style.linear
        with graph.scope(name.split(".")[-1]):
            if form.startswith("gemm"):
                return self.gemm(name, value, out)
            product = graph.op("MatMul", value, self.matrix(name))
            bias = self.plain(name + ".bias")
            pair = (bias, product) if form == "add_matmul" else (product, bias)
            return graph.op("Add", *pair, out=out)

    def gemm(self, name, value, out):
        """Gemm takes two dimensions: rows are flattened before and split after it."""
        graph = self.graph
        columns = self.source[name + ".weight"].shape[0]
        shape = graph.op("Concat", graph.dimension(value, 0), graph.dimension(value, 1),
                         graph.ints(columns), axis=0)
        rows = graph.op("Reshape", value, graph.ints(-1, self.source[name + ".weight"].shape[1]))
        factors = {"alpha": 0.5, "beta": 4.0} if self.style.linear == "gemm_scaled" else {}
        product = graph.op("Gemm", rows, self.matrix(name), self.plain(name + ".bias"), **factors)
        if factors:  # powers of two, so that nothing is rounded
            self.used[name + ".weight"] = self.used[name + ".weight"] * np.float32(0.5)
            self.used[name + ".bias"] = self.used[name + ".bias"] * np.float32(4)
        return graph.op("Reshape", product, shape, out=out)

    def dense2d(self, name, value, out=None):
        """A linear map of one vector a sequence: Gemm over the stored weight."""
        graph = self.graph
        with graph.scope(name.split(".")[-1]):
            self.used[name + ".weight"] = self.source[name + ".weight"]
            return graph.op("Gemm", value, self.plain(name + ".weight"),
                            self.plain(name + ".bias"), transB=1, out=out)

    # Pieces of the network.
    def norm(self, name, value, out=None):
        graph, form = self.graph, self.style.norm
        scale, bias = self.plain(name + ".weight"), self.plain(name + ".bias")
        with graph.scope("LayerNorm"):
            if form == "op":
                return graph.op("LayerNormalization", value, scale, bias, axis=-1,
                                epsilon=self.sizes.eps, out=out)
            centred = graph.op("Sub", value, graph.reduce("ReduceMean", value, -1))
            square = (graph.op("Mul", centred, centred) if form == "mul"
                      else graph.op("Pow", centred, graph.f32(2.0)))
            variance = graph.op("Add", graph.reduce("ReduceMean", square, -1),
                                graph.f32(self.sizes.eps))
            deviation = graph.op("Sqrt", variance)
            unit = (graph.op("Mul", centred, graph.op("Reciprocal", deviation))
                    if form == "reciprocal" else graph.op("Div", centred, deviation))
            return graph.op("Add", graph.op("Mul", unit, scale), bias, out=out)

    def activation(self, x):
        graph, form = self.graph, self.style.gelu
        with graph.scope("intermediate_act_fn"):
            if form == "relu":
                return graph.op("Relu", x)
            if form == "quick":
                return graph.op("Mul", x, graph.op("Sigmoid", graph.op("Mul", x, graph.f32(1.702))))
            if form in ("op", "op_tanh"):
                return graph.op("Gelu", x, approximate="tanh" if form == "op_tanh" else "none")
            if form == "erf":
                erf = graph.op("Erf", graph.op("Div", x, graph.f32(np.sqrt(2))))
                product = graph.op("Mul", x, graph.op("Add", erf, graph.f32(1)))
                return graph.op("Mul", product, graph.f32(0.5))
            if form == "erf_half":
                erf = graph.op("Erf", graph.op("Mul", x, graph.f32(np.sqrt(0.5))))
                half = graph.op("Mul", graph.f32(0.5), graph.op("Add", graph.f32(1), erf))
                return graph.op("Mul", x, half)
            cube = (graph.op("Pow", x, graph.f32(3)) if form == "tanh"
                    else graph.op("Mul", graph.op("Mul", x, x), x))
            inner = graph.op("Add", x, graph.op("Mul", cube, graph.f32(0.044715)))
            tanh = graph.op("Tanh", graph.op("Mul", inner, graph.f32(np.sqrt(2 / np.pi))))
            half = graph.op("Mul", x, graph.f32(0.5))
            return graph.op("Mul", half, graph.op("Add", tanh, graph.f32(1)))

    def position_ids(self):
        graph, form, count = self.graph, self.style.positions, self.sizes.positions
        table = np.arange(count, dtype=np.int64)[None]
        if form == "mask":  # number of tokens so far, as RoBERTa counts
            mask = graph.op("Cast", "attention_mask", to=TensorProto.INT64)
            total = graph.op("CumSum", mask, graph.const(1, np.int64))
            return graph.op("Mul", total, mask)
        if form == "ones":  # a running sum of ones
            wide = graph.op("ConstantOfShape", graph.op("Shape", "input_ids"),
                            value=helper.make_tensor("value", TensorProto.INT64, [1], [1]))
            total = graph.op("CumSum", wide, graph.const(1, np.int64))
            return graph.op("Sub", total, graph.const(1, np.int64))
        if form == "nonzero":  # arange before opset 11
            wide = graph.op("ConstantOfShape", graph.dimension("input_ids", 1),
                            value=helper.make_tensor("value", TensorProto.INT64, [1], [1]))
            rows = graph.op("Transpose", graph.op("NonZero", wide), perm=[1, 0])
            return graph.unsqueeze(graph.squeeze(rows, 1), 0)
        if form == "range":
            size = graph.squeeze(graph.dimension("input_ids", 1), 0)
            zero, one = graph.const(0, np.int64), graph.const(1, np.int64)
            return graph.unsqueeze(graph.op("Range", zero, size, one), 0)
        length = graph.dimension("input_ids", 1)
        ids = graph.op("Slice", graph.weight("embeddings.position_ids", table), graph.ints(0),
                       length, graph.ints(1), graph.ints(1))
        if form == "expand":
            return graph.op("Expand", ids, graph.op("Shape", "input_ids"))
        if form == "constant_add":  # an offset, as in OPT and RoBERTa's older exports
            return graph.op("Add", ids, graph.const(2, np.int64))
        return ids

    def embedding(self):
        graph = self.graph
        with graph.scope("embeddings"):
            words = graph.op("Gather", self.plain("embeddings.word_embeddings.weight"),
                             "input_ids", axis=0)
            if self.sizes.types:
                types = graph.op("Gather", self.plain("embeddings.token_type_embeddings.weight"),
                                 "token_type_ids", axis=0)
                words = graph.op("Add", words, types)
            position = graph.op("Gather", self.plain("embeddings.position_embeddings.weight"),
                                self.position_ids(), axis=0)
            return self.norm("embeddings.LayerNorm", graph.op("Add", words, position))

    def mask(self):
        """What attention adds to the scores (or the boolean that it selects by)."""
        graph, form = self.graph, self.style.mask
        if form == "none":
            return None
        if form == "ids":
            equal = graph.op("Equal", "input_ids", graph.const(0, self.ids_dtype()))
            token = graph.unsqueeze(graph.unsqueeze(graph.op("Not", equal), 1), 2)
            return graph.op("Where", token, graph.f32(0), graph.f32(F32_MIN))
        if form == "outer":
            pairs = graph.op("Mul", graph.unsqueeze(self.float_mask(), 1),
                             graph.unsqueeze(self.float_mask(), 2))
            inverse = graph.op("Sub", graph.f32(1), graph.unsqueeze(pairs, 1))
            return graph.op("Mul", inverse, graph.f32(-10000))
        if form in ("subtract", "subtract_10000"):
            wide = graph.unsqueeze(graph.unsqueeze("attention_mask", 1), 2)
            inverse = graph.op("Sub", graph.f32(1), graph.op("Cast", wide, to=TensorProto.FLOAT))
            least = -10000 if form == "subtract_10000" else F32_MIN
            return graph.op("Mul", inverse, graph.f32(least))
        if form == "fill":
            return graph.op("Equal", self.float_mask(), graph.f32(0))
        token = graph.op("Cast", "attention_mask", to=TensorProto.BOOL)
        token = graph.unsqueeze(graph.unsqueeze(token, 1), 2)
        if form == "scores":
            return token
        if form == "expand":
            batch, length = graph.dimension("input_ids", 0), graph.dimension("input_ids", 1)
            token = graph.op("Expand", token,
                             graph.op("Concat", batch, graph.ints(1), length, length, axis=0))
        least = -np.inf if form == "where_inf" else F32_MIN
        return graph.op("Where", token, graph.f32(0), graph.f32(least))

    def ids_dtype(self):
        return np.int32 if self.style.ids_type == TensorProto.INT32 else np.int64

    def float_mask(self):
        return self.graph.op("Cast", "attention_mask", to=TensorProto.FLOAT)

    def masked(self, scores, mask):
        graph, form = self.graph, self.style.mask
        if form == "none":
            return scores
        if form == "scores":
            return graph.op("Where", mask, scores, graph.f32(F32_MIN))
        if form == "fill":
            shape = graph.op("Concat", graph.dimension("input_ids", 0), graph.ints(1, 1),
                             graph.dimension("input_ids", 1), axis=0)
            wide = graph.op("Expand", graph.op("Reshape", mask, shape), graph.op("Shape", scores))
            return graph.op("Where", wide, graph.f32(F32_MIN), scores)
        return graph.op("Add", scores, mask)

    def heads(self, value):
        """[B, S, H] to [B, S, heads, head]."""
        graph, sizes = self.graph, self.sizes
        if self.style.reshape == "zero":
            return graph.op("Reshape", value, graph.ints(0, 0, sizes.heads, sizes.head))
        shape = graph.op("Concat", graph.dimension(value, 0), graph.dimension(value, 1),
                         graph.ints(-1), graph.ints(sizes.head), axis=0)
        return graph.op("Reshape", value, shape)

    def repeated(self, value):
        """[B, groups, S, head] to [B, heads, S, head]."""
        graph, sizes = self.graph, self.sizes
        groups = sizes.heads // 2
        batch, length = graph.dimension(value, 0), graph.dimension(value, 2)
        wide = graph.op("Concat", batch, graph.ints(groups, 2), length, graph.ints(sizes.head),
                        axis=0)
        value = graph.op("Expand", graph.unsqueeze(value, 2), wide)
        shape = graph.op("Concat", batch, graph.ints(sizes.heads), length, graph.ints(sizes.head),
                         axis=0)
        return graph.op("Reshape", value, shape)

    def grouped(self, names, name, value):
        """Keys or values whose heads serve two of the queries' each, [B, heads, S, head]."""
        graph, sizes = self.graph, self.sizes
        groups, name = sizes.heads // 2, names[name]
        for kind in (".weight", ".bias"):
            self.source[name + kind] = self.source[name + kind][:groups * sizes.head]
        narrow = self.linear(name, value)
        for kind in (".weight", ".bias"):
            array = self.used[name + kind]
            array = array.reshape(groups, 1, sizes.head, *array.shape[1:])
            self.used[name + kind] = np.repeat(array, 2, axis=1).reshape(sizes.hidden,
                                                                         *array.shape[3:])
        split = graph.op("Reshape", narrow, graph.ints(0, 0, groups, sizes.head))
        return self.repeated(graph.op("Transpose", split, perm=[0, 2, 1, 3]))

    def whole(self, names, value, mask):
        """Attention of one head, on [B, S, H]."""
        graph, style = self.graph, self.style
        query, key, state = self.projections(names, value)
        scores = graph.op("MatMul", query, graph.op("Transpose", key, perm=[0, 2, 1]))
        scores = graph.op("Mul", scores, graph.f32(self.sizes.head ** -0.5))
        if style.mask != "none":
            scores = graph.op("Add", scores, graph.squeeze(mask, 1))
        return graph.op("MatMul", graph.op("Softmax", scores, axis=2), state)

    def keys(self, value):
        """[B, S, heads, head] to [B, heads, head, S]."""
        graph, form = self.graph, self.style.keys
        if form == "0231":
            return graph.op("Transpose", value, perm=[0, 2, 3, 1])
        split = graph.op("Transpose", value, perm=[0, 2, 1, 3])
        if form == "0213":
            return graph.op("Transpose", split, perm=[0, 1, 3, 2])
        shape = graph.op("Shape", split)
        ahead = graph.op("Slice", shape, graph.ints(0), graph.ints(2))
        length = graph.op("Slice", shape, graph.ints(2), graph.ints(3))
        width = graph.op("Slice", shape, graph.ints(3), graph.ints(4))
        flat = graph.op("Reshape", split, graph.op("Concat", graph.ints(-1), length, width, axis=0))
        turned = graph.op("Transpose", flat, perm=[0, 2, 1])
        return graph.op("Reshape", turned, graph.op("Concat", ahead, width, length, axis=0))

    def projections(self, names, value):
        graph, style = self.graph, self.style
        if style.qkv == "separate":
            return [self.linear(names[n], value) for n in ("query", "key", "value")]
        parts = [names[n] for n in ("query", "key", "value")]
        joined = names["query"].replace("query", "qkv")
        for kind in (".weight", ".bias"):
            self.source[joined + kind] = np.concatenate([self.source[p + kind] for p in parts])
        product = self.linear(joined, value)
        hidden = self.sizes.hidden
        for i, part in enumerate(parts):  # what the reference reads
            for kind in (".weight", ".bias"):
                self.used[part + kind] = self.used[joined + kind][i * hidden:(i + 1) * hidden]
        if style.qkv == "split":
            return graph.split(product, [hidden] * 3, axis=2)
        return [graph.op("Slice", product, graph.ints(i * hidden), graph.ints((i + 1) * hidden),
                         graph.ints(2)) for i in range(3)]

    def attention(self, names, value, mask):
        graph, style, width = self.graph, self.style, self.sizes.head
        if style.heads == "whole":
            return self.whole(names, value, mask)
        if style.heads == "grouped":
            query = self.linear(names["query"], value)
            key, state = self.grouped(names, "key", value), self.grouped(names, "value", value)
        else:
            query, key, state = self.projections(names, value)
            state = graph.op("Transpose", self.heads(state), perm=[0, 2, 1, 3])
        if style.scale == "query":
            query = graph.op("Mul", query, graph.f32(width ** -0.5))
        query = graph.op("Transpose", self.heads(query), perm=[0, 2, 1, 3])
        key = (graph.op("Transpose", key, perm=[0, 1, 3, 2]) if style.heads == "grouped"
               else self.keys(self.heads(key)))
        if style.scale == "split":
            query = graph.op("Mul", query, graph.f32(width ** -0.25))
            key = graph.op("Mul", key, graph.f32(width ** -0.25))
        if style.scale == "query_div":
            query = graph.op("Div", query, graph.f32(width ** 0.5))
        scores = graph.op("MatMul", query, key)
        if style.scale == "mul":
            scores = graph.op("Mul", scores, graph.f32(width ** -0.5))
        if style.scale == "div":
            scores = graph.op("Div", scores, graph.f32(width ** 0.5))
        weights = graph.op("Softmax", self.masked(scores, mask), axis=3)
        if style.guard:
            weights = graph.op("Where", graph.op("IsNaN", weights), graph.f32(0), weights)
        context = graph.op("Transpose", graph.op("MatMul", weights, state), perm=[0, 2, 1, 3])
        if style.reshape == "zero":
            return graph.op("Reshape", context, graph.ints(0, 0, self.sizes.hidden))
        shape = graph.op("Concat", graph.dimension(context, 0), graph.dimension(context, 1),
                         graph.ints(self.sizes.hidden), axis=0)
        return graph.op("Reshape", context, shape)

    def layer(self, index, value, mask, out=None):
        graph, names = self.graph, layer_names(index)
        with graph.scope(f"encoder/layer.{index}"):
            with graph.scope("attention"):
                with graph.scope("self"):
                    context = self.attention(names, value, mask)
                with graph.scope("output"):
                    dense = self.linear(names["context"], context)
                    value = self.norm(names["norm1"], graph.op("Add", dense, value))
            with graph.scope("intermediate"):
                up = self.activation(self.linear(names["up"], value))
            with graph.scope("output"):
                down = self.linear(names["down"], up)
                return self.norm(names["norm2"], graph.op("Add", down, value), out=out)

    # Heads and the whole.
    def mean(self, value, out=None):
        graph = self.graph
        mask = graph.op("Expand", graph.unsqueeze("attention_mask", -1), graph.op("Shape", value))
        mask = graph.op("Cast", mask, to=TensorProto.FLOAT)
        total = graph.reduce("ReduceSum", graph.op("Mul", value, mask), 1, keepdims=0)
        count = graph.op("Clip", graph.reduce("ReduceSum", mask, 1, keepdims=0), graph.f32(1e-9))
        return graph.op("Div", total, count, out=out)

    def first(self, value):
        return self.graph.op("Gather", value, self.graph.const(0, np.int64), axis=1)

    def head(self, value):
        """The outputs beside last_hidden_state: name and dimensions."""
        graph, sizes, style = self.graph, self.sizes, self.style
        rows, batch = [style.batch, style.sequence], [style.batch]
        if style.head == "pooler_slice":
            first = graph.op("Slice", value, graph.ints(0), graph.ints(1), graph.ints(1))
            dense = graph.op("Tanh", self.linear("pooler.dense", first))
            graph.squeeze(dense, 1, out=["pooler_output"])
            return {"pooler_output": [*batch, sizes.hidden]}
        if style.head == "pooler":
            dense = self.dense2d("pooler.dense", self.first(value))
            graph.op("Tanh", dense, out=["pooler_output"])
            return {"pooler_output": [*batch, sizes.hidden]}
        if style.head == "mean":
            self.mean(value, out=["sentence_embedding"])
            return {"sentence_embedding": [*batch, sizes.hidden]}
        if style.head == "mean_l2":
            mean = self.mean(value)
            length = graph.op("Clip", graph.reduce("ReduceL2", mean, 1), graph.f32(1e-12))
            wide = graph.op("Expand", length, graph.op("Shape", mean))
            graph.op("Div", mean, wide, out=["sentence_embedding"])
            return {"sentence_embedding": [*batch, sizes.hidden]}
        if style.head == "cls":
            pooled = graph.op("Tanh", self.dense2d("pooler.dense", self.first(value)))
            self.dense2d("classifier", pooled, out=["logits"])
            return {"logits": [*batch, style.labels]}
        if style.head == "tok":
            self.linear("classifier", value, out=["logits"])
            return {"logits": [*rows, style.labels]}
        if style.head == "qa":
            parts = graph.split(self.linear("classifier", value), [1, 1], axis=-1)
            for part, name in zip(parts, ("start_logits", "end_logits")):
                graph.squeeze(part, -1, out=[name])
            return {"start_logits": rows, "end_logits": rows}
        return {}

    def build(self):
        style = self.style
        rows = [style.batch, style.sequence]
        inputs = {"input_ids": style.ids_type}
        needs_mask = style.mask not in ("ids", "none") or style.positions == "mask"
        if needs_mask or style.head.startswith("mean"):
            inputs["attention_mask"] = style.mask_type
        if self.sizes.types:
            inputs["token_type_ids"] = style.ids_type
        value, mask = self.embedding(), self.mask()
        for index in range(self.sizes.layers):
            last = index == self.sizes.layers - 1
            value = self.layer(index, value, mask, out=["last_hidden_state"] if last else None)
        outputs = {"last_hidden_state": [*rows, self.sizes.hidden], **self.head(value)}
        if style.head in ("cls", "tok", "qa"):
            del outputs["last_hidden_state"]
        graph = helper.make_graph(
            self.graph.nodes, "encoder",
            [helper.make_tensor_value_info(n, t, rows) for n, t in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in outputs.items()],
            self.graph.initializers)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", style.opset)],
            ir_version=IR_VERSIONS[style.opset], producer_name="build_encoder")
        return Built(model, self.used)


def build(weights, sizes=None, style=None):
    """A Built: the model, and the weights that it computes with."""
    return Encoder(dict(weights), sizes or Sizes(), style or Style()).build()


def save(model, path, external=False):
    """Writes a model, or the model and its weights beside it as `<name>.data`."""
    if external:
        onnx.save_model(model, str(path), save_as_external_data=True, all_tensors_to_one_file=True,
                        location=f"{path.name}.data", size_threshold=1024)
    else:
        onnx.save_model(model, str(path))
