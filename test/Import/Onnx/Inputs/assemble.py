"""Turn models in ONNX's text form into .onnx files beside them.

usage: assemble.py FILE.txt...

A line `# do STATEMENT` is Python that runs on the parsed model `m`, for what
the text form cannot say: `# do m.graph.node[0].name = "x"`. The model ends at
the last line that is a closing brace; what follows are the test's checks.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper, parser


def assemble(path):
    """Write the model of one text file."""
    lines = path.read_text().splitlines()
    end = max(i for i, line in enumerate(lines) if line == "}")
    text = "\n".join(line for line in lines[: end + 1] if not line.startswith("#"))
    model = parser.parse_model(text)
    names = {"m": model, "g": model.graph, "np": np, "onnx": onnx}
    names.update(helper=helper, numpy_helper=numpy_helper)
    for line in lines:
        if line.startswith("# do "):
            exec(line[5:], names)
    path.with_suffix(".onnx").write_bytes(model.SerializeToString())


for name in sys.argv[1:]:
    assemble(Path(name))
