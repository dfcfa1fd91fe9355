"""Leaving out what does not matter: MiniLM on news articles, dense and with token pruning.

    examples/adaptive.py [--texts N] [--flops F] [--threads N] [--output FILE.so]

Compiles all-MiniLM-L6-v2 with a plan, finds thresholds on some articles at which a share
of the FLOPs is left, and compares time and sentence vectors on all of them. The model
was not trained for pruning: this is what it gives as it is.
"""

import argparse
import pathlib
import tempfile

import minilm
import numpy as np
import skim
from minilm import fetch_models
from tqdm import tqdm

LENGTH = 256
LAYERS = 6
CALIBRATE = 2  # batches that thresholds are found on


def make_plan():
    """Token pruning in every layer, with the same threshold: what a token receives on average.

    Trained thresholds rise with the layer. Here nothing is trained, and thresholds that rise
    leave too few tokens for the mean at the end.
    """
    layers = list(range(LAYERS))
    return skim.Plan(
        token_pruning={
            "method": "ltp",
            "layers": layers,
            "thresholds": [1 / LENGTH for _ in layers],
            "denominator_tokens": LENGTH,
        }
    )


def measure(dense, pruned, batches, threads):
    """Best times of both in turns, statistics summed up, all vectors."""
    best, totals = np.zeros(2), {"layers": np.zeros(LAYERS, int), "flops": np.zeros(2)}
    vectors = ([], [])
    for inputs in tqdm(batches, desc="articles", unit="batch"):
        times = np.full(2, np.inf)
        for _ in range(minilm.ROUNDS):
            for side, model in enumerate((dense, pruned)):
                took, _ = minilm.seconds(lambda model=model, inputs=inputs: model.run(inputs, threads=threads))
                times[side] = min(times[side], took)
        best += times
        for side, model in enumerate((dense, pruned)):
            outputs, stats = model.run(inputs, stats=True, threads=threads)
            vectors[side].append(outputs["sentence_embedding"])
        totals["layers"] += [layer["tokens_in"] for layer in stats["layers"]]
        totals["flops"] += [stats["flops"]["dense"], stats["flops"]["executed"]]
    return best, totals, [np.concatenate(rows) for rows in vectors]


def neighbours(vectors):
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    return likeness.argmax(axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=int, default=48, help="number of articles")
    parser.add_argument("--flops", type=float, default=0.75, help="share of the FLOPs that is left")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", help="keep the library in this file, with .pruned.so for its suffix")
    args = parser.parse_args()

    path = fetch_models.fetch("minilm")
    batches = list(minilm.batches(fetch_models.texts(args.texts), LENGTH))
    dense = skim.compile(path)
    plan, _ = skim.calibrate(path, make_plan(), batches[:CALIBRATE], target_flops=args.flops)
    folder = tempfile.TemporaryDirectory()
    output = pathlib.Path(args.output).with_suffix(".pruned.so") if args.output else pathlib.Path(folder.name, "p.so")
    pruned = skim.compile(path, plan=plan, output=output)

    best, totals, vectors = measure(dense, pruned, batches, args.threads)
    flops, tokens = totals["flops"], sum(int(inputs["attention_mask"].sum()) for inputs in batches)
    alike = (vectors[0] * vectors[1]).sum(axis=1)
    same = (neighbours(vectors[0]) == neighbours(vectors[1])).mean()
    print(f"\n{args.texts} articles, {minilm.BATCH} at a time; thresholds from {CALIBRATE} batches\n")
    print(f"{'':<10}" + "".join(f"{f'layer {layer}':>9}" for layer in range(LAYERS)) + f"{'GFLOP':>9}{'ms':>9}")
    dense_row = "".join(f"{tokens:>9}" for _ in range(LAYERS))
    print(f"{'dense':<10}{dense_row}{flops[0] / 1e9:>9.1f}{1e3 * best[0]:>9.1f}")
    pruned_row = "".join(f"{count:>9}" for count in totals["layers"])
    print(f"{'pruned':<10}{pruned_row}{flops[1] / 1e9:>9.1f}{1e3 * best[1]:>9.1f}")
    share = "".join(f"{count / tokens:>9.0%}" for count in totals["layers"])
    print(f"{'share':<10}{share}{flops[1] / flops[0]:>9.0%}{best[1] / best[0]:>9.0%}\n")
    print("  layers: tokens that take part in the attention of all articles")
    print(f"  sentence vectors: cosine {alike.mean():.3f} on average, {alike.min():.3f} at worst;")
    print(f"  {same:.0%} of the articles have the same closest other article\n")


if __name__ == "__main__":
    main()
