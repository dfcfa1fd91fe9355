"""Writes a safetensors file: write_tensors.py FILE NAME=2x3:0.5 NAME=4 ...

The value fills the tensor; without one the elements count 0, 1, 2, ... eighths.
"""

import json
import struct
import sys


def main():
    header, data = {}, b""
    for argument in sys.argv[2:]:
        name, _, spec = argument.partition("=")
        sizes, _, value = spec.partition(":")
        shape = [int(size) for size in sizes.split("x")]
        count = 1
        for size in shape:
            count *= size
        numbers = [float(value)] * count if value else [index / 8 for index in range(count)]
        content = struct.pack(f"<{count}f", *numbers)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    with open(sys.argv[1], "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


main()
