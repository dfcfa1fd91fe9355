"""Writes GRAPHS.md: what exporters emit for embeddings, masks, a layer and the head.

python describe.py                 all models in this folder, into GRAPHS.md
python describe.py --also M...     the same with some more models at the end
python describe.py MODEL.onnx...   the listing of some models only, to stdout
"""

import collections
import pathlib
import re
import sys

import numpy as np
import onnx
from onnx import numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
DTYPES = {
    "float32": "f32",
    "float64": "f64",
    "int64": "i64",
    "int32": "i32",
    "bool": "i1",
    "int8": "i8",
    "uint8": "u8",
    "float16": "f16",
}

WEIGHT_OPERATIONS = ("Transpose", "Identity", "Cast", "Mul", "DequantizeLinear")
HEAD = """# What the exporters write

Made by `describe.py` from the models in this folder. Constants stand at their uses; a value of another
section is named by the operation that makes it (`Expand'`), the state that enters layer 0 is `hidden`.
README.md has the summary.
"""


class Graph:
    """A model's nodes in file order with constants inlined into their users."""

    def __init__(self, path):
        self.model = onnx.load(path)
        graph = self.model.graph
        self.constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self.nodes = []
        for node in graph.node:
            if node.op_type == "Constant":
                self.constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
            else:
                self.nodes.append(node)
        self.inputs = [i.name for i in graph.input if i.name not in self.constants]
        self.outputs = [o.name for o in graph.output]
        self.producer = {out: i for i, node in enumerate(self.nodes) for out in node.output}
        self.names = {name: name for name in (*self.inputs, *self.outputs)}
        for node in self.nodes:
            for out in node.output:
                self.names.setdefault(out, f"%{len(self.names)}")

    def is_linear(self, node):
        """A product with a weight matrix, which may sit behind unary operations."""
        if node.op_type not in ("MatMul", "Gemm"):
            return False
        weight = node.input[1]
        while weight in self.producer:
            source = self.nodes[self.producer[weight]]
            if source.op_type not in WEIGHT_OPERATIONS:
                return False
            weight = source.input[0]
        return weight in self.constants and self.constants[weight].ndim == 2

    def is_threefold(self, node):
        weight = self.constants.get(node.input[1])
        return weight is not None and weight.shape[1] == 3 * weight.shape[0]

    def ancestors(self, value):
        seen, stack = set(), [value]
        while stack:
            index = self.producer.get(stack.pop())
            if index is None or index in seen:
                continue
            seen.add(index)
            stack.extend(self.nodes[index].input)
        return seen

    def sections(self):
        """(title, node indices): embedding, mask, layer 0 and what follows the last layer."""
        linear = [i for i, node in enumerate(self.nodes) if self.is_linear(node)]
        users = collections.Counter(self.nodes[i].input[0] for i in linear)
        starts = [i for i in linear if users[self.nodes[i].input[0]] >= 3][::3]  # query, key, value
        starts = starts or [i for i in linear if self.is_threefold(self.nodes[i])]  # all in one
        first, end = starts[:2]
        products = linear.index(end) - linear.index(first)
        self.names[self.nodes[first].input[0]] = "hidden"
        embedding = self.ancestors(self.nodes[first].input[0])
        last_product = linear[linear.index(starts[-1]) + products - 1]
        norm = self.last_norm(last_product)
        return [
            ("embedding", sorted(embedding)),
            ("mask and shapes", [i for i in range(first) if i not in embedding]),
            ("layer 0", list(range(first, end))),
            ("after the last layer", list(range(norm + 1, len(self.nodes)))),
        ]

    def last_norm(self, start):
        """Index of the node that ends the last norm after node `start`."""
        for i in range(len(self.nodes) - 1, start, -1):
            if self.nodes[i].op_type == "LayerNormalization":
                return i
            if self.nodes[i].op_type == "Sqrt":
                return i + 3  # Div, Mul, Add
        return start

    def show(self, value, local):
        if value == "":
            return "-"
        if value not in self.constants:
            # A value of another section is named by the operation that makes it.
            outside = value in self.producer and value not in local
            name = self.names[value]
            return f"{self.nodes[self.producer[value]].op_type}'" if outside and name[0] == "%" else name
        array = self.constants[value]
        kind = DTYPES.get(str(array.dtype), str(array.dtype))
        if array.size > 4:
            return f"{kind}{list(array.shape)}".replace(" ", "")
        text = np.array2string(array, separator=",", precision=8).replace("\n", "").replace(" ", "")
        return f"{kind} {text}"

    def line(self, node, local):
        attributes = []
        for attribute in node.attribute:
            value = onnx.helper.get_attribute_value(attribute)
            if isinstance(value, onnx.TensorProto):
                value = numpy_helper.to_array(value).tolist()
            if attribute.name == "to":
                value = onnx.TensorProto.DataType.Name(value).lower()
            if attribute.name not in ("allowzero", "stash_type", "noop_with_empty_axes"):
                attributes.append(f"{attribute.name}={value}".replace(" ", ""))
        outs = ", ".join(self.names[o] for o in node.output if o)
        ins = ", ".join(self.show(i, local) for i in node.input)
        domain = f"{node.domain}." if node.domain else ""
        return f"{outs} = {domain}{node.op_type}({ins})" + "".join(f" {a}" for a in attributes)

    def text(self, indices):
        local = {out for i in indices for out in self.nodes[i].output}
        return "\n".join(self.line(self.nodes[i], local) for i in indices)


def operations(graph):
    counts = collections.Counter((f"{n.domain}." if n.domain else "") + n.op_type for n in graph.nodes)
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


def renumber(text):
    """Numbers the values of one listing from 0, so that equal subgraphs read equal."""
    names = {}
    return re.sub(r"%\d+", lambda m: names.setdefault(m[0], f"%{len(names)}"), text)


def describe(paths, out):
    seen = {}
    for path in paths:
        graph = Graph(path)
        opsets = ", ".join(f"{o.domain or 'ai.onnx'} {o.version}" for o in graph.model.opset_import)
        out.append(f"## {path.stem}\n")
        out.append(
            f"{opsets}; IR {graph.model.ir_version}; {len(graph.nodes)} nodes without constants: {operations(graph)}.\n"
        )
        for title, indices in graph.sections():
            text = renumber(graph.text(indices))
            if not text:
                out.append(f"### {title}: none\n")
            elif (title, text) in seen:
                out.append(f"### {title}: as in {seen[title, text]}\n")
            else:
                seen[title, text] = path.stem
                out.append(f"### {title}\n\n```\n{text}\n```\n")


def main():
    more = [pathlib.Path(p) for p in sys.argv[2:]] if sys.argv[1:2] == ["--also"] else []
    if len(sys.argv) > 1 and not more:
        out = []
        describe([pathlib.Path(p) for p in sys.argv[1:]], out)
        print("\n".join(out))
        return
    out = [HEAD]
    # Of the others the parts that this names cannot be told apart.
    others = ("gpt2", "squeezebert", "torch", "xlm")
    paths = [path for path in sorted(HERE.glob("*.onnx")) if not path.name.startswith(others)]
    describe([*paths, *more], out)
    (HERE / "GRAPHS.md").write_text("\n".join(out))


if __name__ == "__main__":
    main()
