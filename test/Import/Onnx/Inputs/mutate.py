"""Write damaged copies of a model: cut short, with bytes flipped, with runs of
bytes copied elsewhere. The same seed gives the same files.

usage: mutate.py MODEL.onnx FOLDER COUNT SEED
"""

import random
import sys
from pathlib import Path


def mutate(data, rng):
    """Return one damaged copy of `data`."""
    kind = rng.randrange(4)
    if kind == 0:
        return data[: rng.randrange(len(data))]
    result = bytearray(data)
    # Weights fill most of a file; damage what describes the graph as well.
    limit = len(data) if kind == 1 else min(len(data), 1 << rng.randrange(6, 20))
    for _ in range(1 << rng.randrange(6)):
        position = rng.randrange(limit)
        if kind == 3:
            source, length = rng.randrange(limit), rng.randrange(1, 24)
            result[position : position + length] = data[source : source + length]
        else:
            result[position] ^= 1 << rng.randrange(8)
    return bytes(result)


def main():
    model, folder, count, seed = sys.argv[1:]
    data = Path(model).read_bytes()
    rng = random.Random(int(seed))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for index in range(int(count)):
        Path(folder, f"{index}.onnx").write_bytes(mutate(data, rng))


if __name__ == "__main__":
    main()
