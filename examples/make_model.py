"""Writes a small encoder with random weights, for the examples and for playing.

    python examples/make_model.py encoder.onnx [--hidden 64 --layers 2 --heads 4 ...]

The graph is what an exporter writes; it needs onnx and numpy, no torch.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "test" / "models"))

import build_encoder as encoders  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=pathlib.Path)
    for name, value in (("vocab", 1000), ("hidden", 64), ("layers", 2), ("heads", 4), ("ffn", 256), ("positions", 512)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--head", choices=encoders.STYLES["head"], default="pooler")
    parser.add_argument("--opset", type=int, default=17)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.hidden % args.heads:
        parser.error(f"--hidden: expected a multiple of {args.heads} heads, got {args.hidden}")
    sizes = encoders.Sizes(args.vocab, args.hidden, args.layers, args.heads, args.ffn, args.positions)
    norm = "op" if args.opset >= 17 else "pow"
    style = encoders.Style(opset=args.opset, norm=norm, head=args.head, labels=2)
    built = encoders.build(encoders.random_weights(sizes, args.seed, labels=2), sizes, style)
    encoders.save(built.model, args.path)
    print(f"{args.path}: {args.path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
