"""Learned token pruning as its authors have it: masks inside an ONNX graph.

Every token is computed in every layer; a token that is cut is masked as a key from
the next layer on, and no longer counts as a query. ONNX Runtime runs the graph.
Beside an encoder's outputs there is `alive`, 1 where a token lives at the end.
"""

import numpy as np
from build_encoder import F32_MIN, Built, Encoder, Sizes, Style
from graph_builder import IR_VERSIONS
from onnx import TensorProto, helper

FLOOR = 1e-5


class MaskedEncoder(Encoder):
    """An encoder of build_encoder.py whose layers hand on a mask of live tokens."""

    def __init__(self, weights, sizes, style, section):
        super().__init__(weights, sizes, style)
        self.section = section
        self.probabilities = None
        if section.get("protect", [0]) not in ([0], []):
            raise ValueError(f"expected protect [0] or [], got {section['protect']}")

    def masked(self, scores, mask):
        """`mask` is alive [B, S] as floats here."""
        graph = self.graph
        inverse = graph.op("Sub", graph.f32(1), graph.unsqueeze(graph.unsqueeze(mask, 1), 2))
        return graph.op("Add", scores, graph.op("Mul", inverse, graph.f32(F32_MIN / 2)))

    def attention(self, names, value, mask):
        """As the base's; remembers the probabilities."""
        context = super().attention(names, value, mask)
        softmax = [node for node in self.graph.nodes if node.op_type == "Softmax"]
        self.probabilities = softmax[-1].output[0]
        return context

    def first_token(self):
        """1 at each sequence's first token."""
        graph = self.graph
        mask = self.float_mask()
        running = graph.op("CumSum", mask, graph.const(1, np.int64))
        first = graph.op("Equal", running, graph.f32(1))
        return graph.op("Mul", graph.op("Cast", first, to=TensorProto.FLOAT), mask)

    def pruned(self, layer, alive):
        """The live tokens behind a layer."""
        graph, section = self.graph, self.section
        if layer not in section["layers"]:
            return alive
        theta = section["thresholds"][section["layers"].index(layer)]
        queries = graph.unsqueeze(graph.unsqueeze(alive, 1), 3)
        received = graph.reduce("ReduceSum", graph.op("Mul", self.probabilities, queries), 1, 2, keepdims=0)
        if section["denominator_tokens"] == "alive":
            count = graph.reduce("ReduceSum", alive, 1)
            share = graph.op("Div", received, graph.op("Mul", count, graph.f32(self.sizes.heads)))
        else:
            share = graph.op("Div", received, graph.f32(self.sizes.heads * section["denominator_tokens"]))
        cut = graph.op("Less", share, graph.f32(max(FLOOR, theta)))
        if section.get("protect", [0]):
            cut = graph.op("And", cut, graph.op("Equal", self.first_index, graph.f32(0)))
        return graph.op("Mul", alive, graph.op("Cast", graph.op("Not", cut), to=TensorProto.FLOAT))

    def build(self):
        """As the base's, with the mask of live tokens carried through the layers."""
        style = self.style
        rows = [style.batch, style.sequence]
        value, alive = self.embedding(), self.float_mask()
        self.first_index = self.first_token()
        last = self.sizes.layers - 1
        for index in range(self.sizes.layers):
            value = self.layer(index, value, alive, out=["last_hidden_state"] if index == last else None)
            alive = self.pruned(index, alive)
        self.graph.op("Identity", alive, out=["alive"])
        outputs = {"last_hidden_state": [*rows, self.sizes.hidden], **self.head(value), "alive": rows}
        inputs = dict.fromkeys(("input_ids", "token_type_ids") if self.sizes.types else ("input_ids",), style.ids_type)
        inputs["attention_mask"] = style.mask_type
        graph = helper.make_graph(
            self.graph.nodes,
            "masked",
            [helper.make_tensor_value_info(n, t, rows) for n, t in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in outputs.items()],
            self.graph.initializers,
        )
        opset = [helper.make_opsetid("", style.opset)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSIONS[style.opset])
        return Built(model, self.used)


def build(weights, section, sizes=None, style=None):
    """A Built: the model of a plan's token_pruning section under masks."""
    return MaskedEncoder(dict(weights), sizes or Sizes(), style or Style(), section).build()
